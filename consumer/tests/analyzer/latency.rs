//! `latency`: how long what comes through a ring takes.
//!
//! Clocks are compared, and nothing is said of how fast anything is: what stood still for a while has waited at least
//! as long, and nothing has waited longer than since it was published.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{Place, finish, joined, records, suspend};
use ringbuf_core::CreateOptions;
use serde_json::Value;

const STILL: Duration = Duration::from_millis(150);

fn stamped() -> CreateOptions {
    CreateOptions::default().stamp(true)
}

fn us(report: &Value, name: &str) -> f64 {
    report[name]
        .as_f64()
        .unwrap_or_else(|| panic!("{name} in {report}"))
}

fn in_us(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1e3
}

/// What holds of any latencies, all of which lie between these.
fn are_between(report: &Value, shortest: f64, longest: f64) {
    let names = ["min_us", "p50_us", "p90_us", "p99_us", "p99_9_us", "max_us"];
    let all = names.map(|name| us(report, name));
    assert!(all.is_sorted(), "{report}");
    assert!(
        all[0] >= shortest && all[5] <= longest,
        "{report}: {shortest} to {longest}"
    );
    let mean = us(report, "mean_us");
    assert!(all[0] <= mean && mean <= all[5], "{report}");
}

#[test]
fn what_waits_for_a_reader_that_stands_still_has_waited() {
    let place = Place::new();
    let mut producer = place.producer_with(1_000, &stamped());
    let picture = place.path().join("picture.svg");
    for options in ["", " --lossless"] {
        let plot = picture.display();
        let analyzer = place.start(&format!(
            "latency --json --count 300 --plot {plot}{options}"
        ));
        joined(&producer, 1);
        let suspended = suspend(&analyzer);
        let began = Instant::now();
        producer.publish_bytes(&records(0..300)).unwrap();
        thread::sleep(STILL);
        drop(suspended);
        let finished = finish(analyzer);
        let longest = began.elapsed();
        assert_eq!(finished.code(), 0, "{}", finished.stderr);
        let last = finished.last();
        assert_eq!(
            (&last["count"], &last["before_attach"]),
            (&300.into(), &0.into())
        );
        are_between(&last, in_us(STILL), in_us(longest));
        let drawn = fs::read_to_string(&picture).unwrap();
        for text in ["p99", "latency (ms)", "latency over time"] {
            assert!(drawn.contains(text), "{text}");
        }
        fs::remove_file(&picture).unwrap();
        joined(&producer, 0);
    }
}

#[test]
fn what_lay_there_before_is_left_out() {
    let place = Place::new();
    let mut producer = place.producer_with(1_000, &stamped());
    producer.publish_bytes(&records(0..200)).unwrap();
    thread::sleep(STILL);
    let began = Instant::now();
    let analyzer = place.start("latency --json --from oldest");
    joined(&producer, 1);
    producer.publish_bytes(&records(200..250)).unwrap();
    producer.close();
    let finished = finish(analyzer);
    let longest = began.elapsed();
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    let last = finished.last();
    assert_eq!(last["read"], 250);
    assert_eq!(
        (&last["count"], &last["before_attach"]),
        (&50.into(), &200.into())
    );
    are_between(&last, 0.0, in_us(longest));
    // Of a ring without a producer there is only the past.
    let past = place.run("latency --json").last();
    assert_eq!(
        (&past["count"], &past["before_attach"]),
        (&0.into(), &250.into())
    );
    assert!(past["p50_us"].is_null() && past["max_us"].is_null());
    let told = place.run("latency");
    assert!(
        told.stdout.contains("250 records published before"),
        "{}",
        told.stdout
    );
}

#[test]
fn what_was_missed_has_no_latency() {
    let place = Place::new();
    let mut producer = place.producer_with(100, &stamped());
    let analyzer = place.start("latency");
    joined(&producer, 1);
    let suspended = suspend(&analyzer);
    for _ in 0..20 {
        producer.publish_bytes(&records(0..50)).unwrap();
    }
    drop(suspended);
    producer.close();
    let finished = finish(analyzer);
    assert_eq!(finished.code(), 3, "{}", finished.stderr);
    assert!(
        finished
            .stdout
            .contains(" records missed: they have no latency"),
        "{}",
        finished.stdout
    );
}

#[test]
fn frames_have_latencies_too() {
    let place = Place::new();
    let mut producer = place.frames(1 << 20);
    let analyzer = place.start("latency --json");
    let registered = || producer.registered_readers() == 1;
    crate::common::eventually("the analyzer attaches", registered);
    let suspended = suspend(&analyzer);
    let began = Instant::now();
    for n in 0..40 {
        producer.publish(format!("{n}").as_bytes()).unwrap();
    }
    thread::sleep(STILL);
    drop(suspended);
    producer.close();
    let finished = finish(analyzer);
    let longest = began.elapsed();
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    let last = finished.last();
    assert_eq!(last["count"], 40);
    are_between(&last, in_us(STILL), in_us(longest));
}

#[test]
fn rings_without_publication_times_are_refused_with_what_to_do() {
    let place = Place::new();
    let producer = place.producer(10);
    let refused = place.run("latency");
    assert_eq!(refused.code(), 2, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("without --no-stamp"),
        "{}",
        refused.stderr
    );
    drop(producer);
    let place = Place::new();
    let _producer = place.frames_with(1 << 16, &CreateOptions::default());
    let refused = place.run("latency");
    assert_eq!(refused.code(), 2, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("without --no-stamp"),
        "{}",
        refused.stderr
    );
}
