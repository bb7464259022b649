//! What it costs to wait, and to publish to nobody.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use ringbuf_core::{CreateOptions, Preset, Producer, Reader, ReaderOptions, Retain};

use crate::support::process::{say, start};
use crate::support::{Rings, limit, system};

/// Reads to the end and says how many records it got, and its processor time in microseconds.
pub fn slow_reader(arguments: &[String]) {
    let mut reader = Reader::<f64>::attach(&arguments[0], ReaderOptions::lossy()).unwrap();
    say("attached");
    let before = system::thread_time();
    let mut read = 0;
    while let Some(batch) = reader.next().unwrap() {
        read += batch.records().len();
    }
    let spent = system::thread_time() - before;
    say(read);
    say(spent.as_micros());
}

#[test]
fn a_reader_of_a_slow_sensor_hardly_uses_the_processor() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("idle");
    let mut producer = Producer::<f64>::create(&ring, Retain::records(16)).unwrap();
    let reader = start("slow reader", &[&ring]);
    reader.says("attached");
    for i in 0..20 {
        thread::sleep(Duration::from_millis(200));
        producer.publish(&f64::from(i)).unwrap();
    }
    producer.close();
    let said = reader.finish();
    let (read, spent) = (said[0].as_str(), said[1].parse::<u64>().unwrap());
    println!("20 records in 4 s: {spent} µs of processor time");
    assert_eq!(read, "20");
    // Who burns a core uses 4,000,000.
    assert!(spent < 40_000, "{spent} µs");
}

/// Publishes in a thread that may not call the system, and says whether it came through.
pub fn silent_producer(arguments: &[String]) {
    static DONE: AtomicBool = AtomicBool::new(false);
    let retain = Retain::records(1000);
    let mut options = CreateOptions::default();
    if arguments[2] == "for latency" {
        options = options.preset(Preset::Latency);
    }
    let mut producer = Producer::<[u64; 8]>::create_with(&arguments[0], retain, &options).unwrap();
    let mut reader = Reader::<[u64; 8]>::attach(&arguments[0], ReaderOptions::lossless()).unwrap();
    let breaks_the_ban = arguments[1] == "breaks the ban";
    let (banned, is_banned) = std::sync::mpsc::channel();
    thread::spawn(move || {
        if !system::forbid_system_calls() {
            banned.send(false).unwrap();
            return;
        }
        for i in 0..100_000 {
            producer.publish(&[i; 8]).unwrap();
            if i % 100 == 0 {
                producer.publish_slice(&[[i; 8]; 300]).unwrap();
                producer.claim(10).unwrap().commit_first(5);
                // The reader keeps up, without sleeping.
                while let Some(batch) = reader.poll().unwrap() {
                    std::hint::black_box(batch.records());
                }
            }
        }
        if breaks_the_ban {
            thread::sleep(Duration::from_millis(1));
        }
        DONE.store(true, Ordering::Release);
        system::exit_thread();
    });
    if is_banned.recv_timeout(Duration::from_millis(200)) == Ok(false) {
        say("skipped: this system cannot ban system calls");
        return;
    }
    let mut waited = 0;
    while !DONE.load(Ordering::Acquire) && waited < 5_000 {
        thread::sleep(Duration::from_millis(5));
        waited += 5;
    }
    let is_done = DONE.load(Ordering::Acquire);
    say(if is_done { "done" } else { "killed" });
    // The thread never gave back what it had.
    std::process::exit(0);
}

#[test]
fn publishing_calls_the_system_only_to_wake_somebody() {
    let _limit = limit();
    let rings = Rings::new();
    for (name, what, preset, expected) in [
        ("publishes", "publishes", "for throughput", "done"),
        ("at-once", "publishes", "for latency", "done"),
        // That the ban is one.
        ("breaks", "breaks the ban", "for throughput", "killed"),
    ] {
        let said = start("silent producer", &[&rings.reference(name), what, preset]).finish();
        if said[0].starts_with("skipped") {
            println!("{}", said[0]);
            return;
        }
        assert_eq!(said, [expected]);
    }
}
