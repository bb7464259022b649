//! This machine's own figures, through a ring.

#![cfg(target_os = "linux")]

mod common;

use std::{
    fs, io,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use common::{Heard, Outcome, PATIENCE, Producer, Rings, attach, drain, hear, ring_that, run};
use ringbuf_core::{Field, UntypedReader};

fn names(heard: &Heard) -> Vec<&str> {
    heard.schema.fields().iter().map(Field::name).collect()
}

fn system<'a>(ring: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["system", "--ring", ring, "--json"], more].concat()
}

fn skipped(outcome: &Outcome) -> u64 {
    outcome.summary()["skipped"].as_u64().expect("a number")
}

fn unix_ns() -> i128 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("a time after 1970").as_nanos() as i128
}

fn of_proc(path: &str) -> String {
    fs::read_to_string(path).expect("Linux has it")
}

/// A value of `/proc/meminfo` in bytes.
fn meminfo(name: &str) -> f64 {
    let text = of_proc("/proc/meminfo");
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .expect("a line");
    let kilobytes: f64 = line
        .split_whitespace()
        .next()
        .expect("a number")
        .parse()
        .expect("a number");
    kilobytes * 1024.0
}

/// What the kernel tells of its load now.
fn loads() -> [f64; 3] {
    let text = of_proc("/proc/loadavg");
    let mut words = text.split(' ').map(|word| word.parse().expect("a number"));
    std::array::from_fn(|_| words.next().expect("three of them"))
}

/// All loads that it tells from before something is done until after it: they change every five seconds.
fn loads_while<T>(work: impl FnOnce() -> T) -> (T, Vec<[f64; 3]>) {
    let (end, ended) = mpsc::channel::<()>();
    let mut seen = vec![loads()];
    let watch = thread::spawn(move || {
        while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(Duration::from_millis(50)) {
            seen.push(loads());
        }
        seen.push(loads());
        seen
    });
    let done = work();
    drop(end);
    (done, watch.join().expect("reads"))
}

#[test]
fn figures_agree_with_what_the_kernel_says_when_asked_by_others() {
    let rings = Rings::new();
    let began = unix_ns();
    let arguments = [
        "system", "--rate", "50", "--count", "80", "--window", "500ms",
    ];
    let ((heard, outcome), loads) = loads_while(|| hear(&rings.ring("r"), &arguments));
    let ended = unix_ns();
    assert!(outcome.status.success(), "{outcome:?}");
    assert_eq!(outcome.published(), 80);

    let times = heard.times();
    assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
    assert!(began <= times[0] && times[79] <= ended);

    let stat = of_proc("/proc/stat");
    let is_core = |line: &&str| line.starts_with("cpu") && !line.starts_with("cpu ");
    let cores: Vec<_> = stat
        .lines()
        .filter(is_core)
        .filter_map(|line| line.split(' ').next())
        .collect();
    let is_core = |name: &&str| {
        name.strip_prefix("cpu")
            .is_some_and(|rest| rest.parse::<u32>().is_ok())
    };
    let fields: Vec<_> = names(&heard).into_iter().filter(is_core).collect();
    assert_eq!(fields, cores);

    assert_eq!(heard.numbers("memory_total"), [meminfo("MemTotal:"); 80]);
    assert_eq!(heard.numbers("swap_total"), [meminfo("SwapTotal:"); 80]);
    let total = meminfo("MemTotal:");
    let sums = heard
        .numbers("memory_used")
        .into_iter()
        .zip(heard.numbers("memory_available"));
    assert!(
        sums.map(|(used, available)| used + available)
            .all(|sum| sum == total)
    );
    for (place, name) in ["load1", "load5", "load15"].into_iter().enumerate() {
        let is_one = |load: &f64| loads.iter().any(|loads| loads[place] == *load);
        let found = heard.numbers(name);
        assert!(
            found.iter().all(is_one),
            "{name}: {found:?}, the kernel: {loads:?}"
        );
    }
    // The first record has had half a second to take its share from.
    for share in heard.numbers("cpu") {
        assert!((0.0..=100.0).contains(&share), "{share}");
    }
}

/// Reads records until one is as wanted.
fn until(reader: &mut UntypedReader, field: &str, wanted: impl Fn(f64) -> bool) {
    let end = Instant::now() + PATIENCE;
    let column = reader.schema().column(field).expect("a column");
    while let Some(batch) = reader.next().expect("reads") {
        let values: Vec<_> = batch.records().numbers(&column).collect();
        if values.iter().any(|&value| wanted(value)) {
            return;
        }
        assert!(Instant::now() < end, "{field} stays {values:?}");
    }
    panic!("the ring ends");
}

/// A process that keeps a core busy until it is dropped.
struct Burner(Child);

impl Burner {
    fn start() -> Burner {
        let burner = Command::new("sh")
            .args(["-c", "while :; do :; done"])
            .spawn();
        Burner(burner.expect("starts"))
    }
}

impl Drop for Burner {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_process_that_burns_a_core_is_seen() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let more = ["--only", "cpu", "--rate", "50", "--window", "200ms"];
    let producer = Producer::start(&system(&ring, &more));
    let mut reader = attach(&ring);
    let cores = thread::available_parallelism().expect("a number").get();
    let burner = Burner::start();
    // Others use this machine as well: only that it is this busy is certain.
    until(&mut reader, "cpu", |share| share >= 70.0 / cores as f64);
    until(&mut reader, "cpu_user", |share| {
        share >= 30.0 / cores as f64
    });
    drop(burner);
    producer.signal("TERM");
    assert!(producer.finish().status.success());
}

/// Waits until the process is in this state, as `/proc` tells it.
fn in_state(process: u32, state: char) {
    let end = Instant::now() + PATIENCE;
    loop {
        let stat = of_proc(&format!("/proc/{process}/stat"));
        let found = stat
            .rsplit_once(") ")
            .and_then(|(_, rest)| rest.chars().next());
        if found == Some(state) {
            return;
        }
        assert!(Instant::now() < end, "the process stays {found:?}");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn what_a_stopped_process_missed_is_skipped_and_counted() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let more = [
        "--rate",
        "200",
        "--wait-for-readers",
        "1",
        "--leave-out",
        "temperature",
    ];
    let producer = Producer::start(&system(&ring, &more));
    let reader = attach(&ring);
    let began = ring_that(&ring, |info| info.published > 20).published;
    producer.signal("STOP");
    in_state(producer.id(), 'T');
    let stopped = unix_ns();
    thread::sleep(Duration::from_secs(1));
    let continued = unix_ns();
    producer.signal("CONT");
    ring_that(&ring, |info| info.published > began + 30);
    producer.signal("TERM");
    let outcome = producer.finish();
    assert!(outcome.status.success(), "{outcome:?}");

    let times = drain(reader).times();
    assert_eq!(times.len() as u64, outcome.published());
    assert!(!times.iter().any(|time| (stopped..continued).contains(time)));
    let (early, late) = (times.first().expect("one"), times.last().expect("one"));
    assert!(*early < stopped && *late > continued);
    // A second of 200 ticks; one of them may just have been served, and one is served afterwards.
    assert!(skipped(&outcome) >= 198, "{outcome:?}");
    // Every tick was served or skipped, and none was served twice.
    let ticks = ((late - early) as f64 / 5e6).round() as u64 + 1;
    let counted = outcome.published() + skipped(&outcome);
    let elapsed = outcome.summary()["elapsed_s"].as_f64().expect("a number");
    assert!(counted as f64 <= elapsed * 200.0 + 1.0, "{outcome:?}");
    assert!(counted + 1 >= ticks, "{counted} of {ticks}");
}

#[test]
fn what_a_reader_in_the_way_delays_is_skipped_and_the_values_are_of_their_time() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let more = [
        "--only",
        "load",
        "--rate",
        "100",
        "--capacity",
        "10",
        "--wait-for-readers",
        "1",
    ];
    let producer = Producer::start(&system(&ring, &more));
    let mut reader = attach(&ring);
    // Full: the next one waits.
    ring_that(&ring, |info| info.published == 10);
    thread::sleep(Duration::from_millis(700));
    let free = unix_ns();
    let mut heard = Vec::new();
    let column = reader.schema().column("time").expect("a time");
    while heard.len() < 40 {
        let batch = reader.next().expect("reads").expect("more");
        let records = batch.records();
        heard.extend((0..records.len()).filter_map(|i| records.integer(i, &column)));
    }
    producer.signal("TERM");
    drop(reader);
    let outcome = producer.finish();
    // One that was measured before, and then none until there was room.
    let before = heard.iter().filter(|time| **time < free).count();
    assert_eq!(before, 11, "{heard:?} {free}");
    assert!(skipped(&outcome) >= 65, "{outcome:?}");
}

#[test]
fn a_run_has_as_many_as_its_time_and_its_count_allow() {
    let rings = Rings::new();
    let run = |more: &[&str]| {
        let outcome = run(&system(&rings.ring("r"), &[&["--replace"], more].concat()));
        assert!(outcome.status.success(), "{outcome:?}");
        (outcome.published(), skipped(&outcome))
    };
    let (published, skipped) = run(&["--duration", "1s", "--rate", "100"]);
    assert_eq!(published + skipped, 100);
    let (published, _) = run(&["--count", "7", "--rate", "1000"]);
    assert_eq!(published, 7);
    assert_eq!(run(&["--count", "0"]), (0, 0));
    // At a thousand a second every record still goes out alone.
    let (published, skipped) = run(&["--duration", "500ms", "--rate", "1000"]);
    assert_eq!(published + skipped, 500);
}

#[test]
fn groups_are_chosen_and_a_missing_one_is_told() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let (heard, _) = hear(&ring, &["system", "--only", "load,memory", "--count", "1"]);
    let found = names(&heard);
    assert_eq!(
        (found[1], *found.last().expect("some")),
        ("memory_total", "load15")
    );
    let outcome = run(&[
        "system", "--ring", &ring, "--only", "disk", "--root", "/nowhere",
    ]);
    assert_eq!(outcome.status.code(), Some(1));
    let said = &outcome.stderr;
    for part in [
        "there is no disk to measure",
        "/nowhere/proc/diskstats",
        "--only",
    ] {
        assert!(said.contains(part), "{said}");
    }
    let outcome = run(&["system", "--ring", &ring, "--only", "everything"]);
    assert_eq!(outcome.status.code(), Some(2));
}

#[test]
fn traffic_is_counted_by_interface() -> io::Result<()> {
    // A tree of its own: what goes through the interfaces of this machine is not this test's.
    let rings = Rings::new();
    let root = rings.path().join("host");
    fs::create_dir_all(root.join("proc/net"))?;
    let dev = root.join("proc/net/dev");
    let line = |bytes: u64| {
        format!(
            "  eth0: {bytes:>12} 1 0 0 0 0 0 0 {:>12} 1 0 0 0 0 0 0\n",
            bytes * 2
        )
    };
    fs::write(&dev, line(0))?;
    let ring = rings.ring("r");
    let root = root.display().to_string();
    let more = ["--root", &root, "--rate", "50", "--window", "400ms"];
    let producer = Producer::start(&system(&ring, &more));
    let mut reader = attach(&ring);
    until(&mut reader, "net_eth0_rx", |rate| rate == 0.0);
    // In one piece and of the same length: nobody sees half of it.
    let file = fs::OpenOptions::new().write(true).open(&dev)?;
    std::os::unix::fs::FileExt::write_all_at(&file, line(400_000).as_bytes(), 0)?;
    until(&mut reader, "net_eth0_tx", |rate| rate > 100_000.0);
    until(&mut reader, "net_eth0_tx", |rate| rate == 0.0);
    producer.signal("INT");
    let outcome = producer.finish();
    assert!(outcome.status.success(), "{outcome:?}");
    for part in ["without cpu: ", "without temperature: "] {
        assert!(outcome.stderr.contains(part), "{outcome:?}");
    }
    Ok(())
}

#[test]
fn the_help_says_what_there_is() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_producer"));
    let output = command
        .args(["system", "--help"])
        .stdin(Stdio::null())
        .output();
    let text = String::from_utf8(output.expect("runs").stdout).expect("text");
    for part in [
        "--only",
        "--leave-out",
        "--window",
        "default: 10",
        "pressure_io_full",
        "Examples:",
    ] {
        assert!(text.contains(part), "{part}");
    }
}
