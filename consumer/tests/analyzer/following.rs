//! An analyzer from its start to its end, as a process on a real ring.

use std::io::Read;
use std::thread;
use std::time::Duration;

use crate::common::{Place, eventually, finish, joined, records, signal};

#[test]
fn a_closed_ring_is_read_from_its_oldest_record() {
    let place = Place::new();
    let mut producer = place.producer(1_000);
    producer.publish_bytes(&records(0..100)).unwrap();
    producer.close();
    let finished = place.run("stats --json");
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    let last = finished.last();
    assert_eq!(finished.objects().len(), 1);
    assert_eq!(last["reader"], "stats");
    assert_eq!(last["read"], 100);
    assert_eq!(last["fields"]["value"]["mean"], 49.5);
    assert!(last["fields"]["t"].is_null());
}

#[test]
fn an_analyzer_may_come_before_its_ring() {
    let place = Place::new();
    let early = place.start("tail --json --lossless --name early");
    thread::sleep(Duration::from_millis(100));
    let mut producer = place.producer(64);
    producer.publish_bytes(&records(0..10)).unwrap();
    joined(&producer, 1);
    // The producer waits for the analyzer, and that for whoever takes its lines.
    let finishing = thread::spawn(|| finish(early));
    producer.publish_bytes(&records(10..1_000)).unwrap();
    producer.close();
    let finished = finishing.join().unwrap();
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert_eq!(finished.stderr.matches("waiting for ring").count(), 1);
    let last = finished.last();
    assert_eq!(
        (&last["read"], &last["reader"]),
        (&1_000.into(), &"early".into())
    );
    let lines = finished.objects();
    for (i, line) in lines[..1_000].iter().enumerate() {
        assert_eq!(line["sequence"], i);
        assert_eq!(line["fields"]["value"], i as f64);
    }
    assert_eq!(lines[61]["time"], "1970-01-01T00:01:01Z");
}

#[test]
fn what_is_missed_is_counted_and_told() {
    let place = Place::new();
    let mut producer = place.producer(100);
    // Nobody takes its lines, so it stops taking records.
    let slow = place.start("tail --json");
    joined(&producer, 1);
    producer.publish_bytes(&records(0..200_000)).unwrap();
    producer.close();
    let finished = finish(slow);
    assert_eq!(finished.code(), 3, "{}", finished.stderr);
    assert!(finished.stderr.contains("missed"));
    let last = finished.last();
    assert!(last["missed"].as_u64().unwrap() > 0);
    assert_eq!(last["next_sequence"], 200_000);
    assert_eq!(last["read"], finished.objects().len() - 1);
}

#[test]
fn periods_add_up_to_the_total() {
    let place = Place::new();
    let mut producer = place.producer(1_000);
    let stats = place.start("stats --json --every 50ms");
    joined(&producer, 1);
    for part in 0..20 {
        producer
            .publish_bytes(&records(part * 10..part * 10 + 10))
            .unwrap();
        thread::sleep(Duration::from_millis(20));
    }
    producer.close();
    let finished = finish(stats);
    let last = finished.last();
    let mut lines = finished.objects();
    lines.pop();
    assert!(lines.len() >= 4, "{}", finished.stdout);
    let mut next = last["first_sequence"].clone();
    for line in &lines {
        assert_eq!(
            (&line["final"], &line["first_sequence"]),
            (&false.into(), &next)
        );
        assert_eq!(line["read"], line["fields"]["value"]["count"]);
        next = line["next_sequence"].clone();
    }
    assert_eq!(
        (&next, &last["read"]),
        (&last["next_sequence"], &200.into())
    );
    assert_eq!(last["fields"]["value"]["count"], 200);
}

#[test]
fn a_signal_finishes_the_report() {
    for name in ["-INT", "-TERM"] {
        let place = Place::new();
        let mut producer = place.producer(1_000);
        let mut stats = place.start("stats --json --every 10ms");
        joined(&producer, 1);
        producer.publish_bytes(&records(0..10)).unwrap();
        // The first line says that it is at work.
        stats.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        signal(&stats, name);
        let finished = finish(stats);
        assert_eq!(finished.code(), 0, "{}", finished.stderr);
        assert!(
            finished
                .stdout
                .lines()
                .last()
                .unwrap()
                .contains(r#""final":true"#)
        );
    }
}

#[test]
fn a_closed_pipe_is_a_normal_end() {
    let place = Place::new();
    let mut producer = place.producer(1_000);
    let mut tail = place.start("tail");
    joined(&producer, 1);
    drop(tail.stdout.take());
    eventually("the analyzer ends", || {
        producer.publish_bytes(&records(0..100)).unwrap();
        tail.try_wait().unwrap().is_some()
    });
    assert_eq!(finish(tail).code(), 0);
}

#[test]
fn enough_is_enough() {
    let place = Place::new();
    let mut producer = place.producer(1_000);
    producer.publish_bytes(&records(0..500)).unwrap();
    let counted = place.run("stats --json --from oldest --count 123");
    assert_eq!((counted.code(), &counted.last()["read"]), (0, &123.into()));
    assert_eq!(counted.last()["fields"]["value"]["max"], 122.0);
    let timed = place.run("stats --json --duration 200ms");
    assert_eq!((timed.code(), &timed.last()["read"]), (0, &0.into()));
    assert_eq!(timed.last()["first_sequence"], 500);
    assert!(timed.last()["elapsed_s"].as_f64().unwrap() >= 0.2);
    assert!(timed.last()["fields"]["value"]["mean"].is_null());
}

#[test]
fn errors_have_their_codes() {
    let place = Place::new();
    let none = place.run("stats --no-wait");
    assert_eq!(none.code(), 1);
    assert!(
        none.stderr.contains("there is no ring r"),
        "{}",
        none.stderr
    );
    let late = place.run("stats --wait-for-ring 50ms");
    assert_eq!(late.code(), 1);
    let producer = place.producer(10);
    let typo = place.run("stats --field valeu");
    assert_eq!(typo.code(), 2);
    assert!(typo.stderr.contains("it has: t, value"), "{}", typo.stderr);
    assert_eq!(place.run("stats --every never").code(), 2);
    assert_eq!(place.run("guess").code(), 2);
    producer.close();
    std::fs::write(place.path().join("r.ring"), "junk").unwrap();
    assert_eq!(place.run("stats").code(), 1);
}

#[test]
fn anomalies_are_told_as_they_come() {
    let place = Place::new();
    let mut producer = place.producer(1_000);
    let mut anomaly = place.start("anomaly --json --center 0 --band 4.5");
    joined(&producer, 1);
    producer.publish_bytes(&records(0..6)).unwrap();
    let mut line = [0; 12];
    let stdout = anomaly.stdout.as_mut().unwrap();
    stdout.read_exact(&mut line).unwrap();
    assert_eq!(&line, br#"{"sequence":"#);
    producer.publish_bytes(&records(6..10)).unwrap();
    producer.close();
    let finished = finish(anomaly);
    let last = finished.stdout.lines().last().unwrap();
    assert!(last.contains(r#""anomalies":5"#), "{last}");
}
