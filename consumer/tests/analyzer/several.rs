//! Several rings in one analyzer: each is followed as if it were the only one, and every line says of which it speaks.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use ringbuf_core::{Retain, UntypedProducer};
use serde_json::Value;

use crate::common::{Finished, Place, eventually, finish, records, schema, signal};

/// A ring with this many records beside the usual one.
fn ring(place: &Place, name: &str, capacity: u64, published: u64) -> UntypedProducer {
    let path = place.path().join(name).display().to_string();
    let mut producer = UntypedProducer::create(&path, schema(), Retain::records(capacity)).unwrap();
    producer.publish_bytes(&records(0..published)).unwrap();
    producer
}

/// An analyzer of these rings, by their paths.
fn analyzer(place: &Place, analysis: &str, rings: &[&str], options: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_analyzer"));
    command.arg(analysis);
    command.args(rings.iter().map(|ring| place.path().join(ring)));
    command.args(options.split_whitespace());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(place: &Place, analysis: &str, rings: &[&str], options: &str) -> Finished {
    finish(analyzer(place, analysis, rings, options).spawn().unwrap())
}

/// The last line of every ring.
fn totals(finished: &Finished) -> HashMap<String, Value> {
    let lines = finished.objects().into_iter();
    let totals = lines.filter(|line| line["final"] == true);
    let named = |line: Value| (line["ring"].as_str().unwrap().to_owned(), line);
    totals.map(named).collect()
}

#[test]
fn every_ring_has_its_own_ledger() {
    let place = Place::new();
    for (name, published) in [("a", 10), ("b", 20), ("c", 5)] {
        ring(&place, name, 100, published).close();
    }
    let finished = run(&place, "stats", &["a", "b", "c"], "--json");
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    let totals = totals(&finished);
    assert_eq!(totals.len(), 3);
    for (name, read) in [("a", 10), ("b", 20), ("c", 5)] {
        assert_eq!(totals[name]["read"], read);
        assert_eq!(totals[name]["fields"]["value"]["count"], read);
    }
}

#[test]
fn people_are_told_of_which_ring() {
    let place = Place::new();
    ring(&place, "a", 100, 10).close();
    ring(&place, "b", 100, 20).close();
    let finished = run(&place, "stats", &["a", "b"], "");
    for total in ["a: total: 10 records", "b: total: 20 records"] {
        assert!(finished.stdout.contains(total), "{}", finished.stdout);
    }
    // A report is not torn apart by the other.
    let lines: Vec<&str> = finished.stdout.lines().collect();
    for (line, next) in lines.iter().zip(&lines[1..]) {
        assert!(
            !line.contains("total:") || next.starts_with("field"),
            "{lines:?}"
        );
    }
    for said in ["a: the producer has closed", "b: the producer has closed"] {
        assert!(finished.stderr.contains(said), "{}", finished.stderr);
    }
    let alone = run(&place, "stats", &["a"], "");
    assert!(!alone.stdout.contains("a:") && !alone.stderr.contains("a:"));
}

#[test]
fn findings_and_records_name_their_ring() {
    let place = Place::new();
    ring(&place, "a", 100, 10).close();
    ring(&place, "b", 100, 20).close();
    for (analysis, options, in_a, in_b) in [
        ("tail", "--json", 10, 20),
        ("anomaly", "--json --center 0 --band 7.5", 2, 12),
    ] {
        let finished = run(&place, analysis, &["a", "b"], options);
        let of = |name: &str| {
            let lines = finished.objects().into_iter();
            lines
                .filter(|line| line["ring"] == name && line["final"].is_null())
                .count()
        };
        assert_eq!((of("a"), of("b")), (in_a, in_b), "{analysis}");
        let alone = run(&place, analysis, &["a"], options);
        let unnamed = alone
            .objects()
            .into_iter()
            .filter(|line| line["ring"].is_null());
        assert_eq!(unnamed.count(), in_a, "{analysis}");
    }
}

#[test]
fn one_that_fails_does_not_stop_the_others() {
    let place = Place::new();
    ring(&place, "a", 100, 10).close();
    let finished = run(&place, "stats", &["a", "none"], "--json --no-wait");
    assert_eq!(finished.code(), 1, "{}", finished.stderr);
    assert!(
        finished.stderr.contains("analyzer: none: "),
        "{}",
        finished.stderr
    );
    assert_eq!(totals(&finished)["a"]["read"], 10);
    // And what is wrong with the command is worse than that.
    let finished = run(
        &place,
        "stats",
        &["a", "none"],
        "--json --no-wait --field gyro",
    );
    assert_eq!(finished.code(), 2, "{}", finished.stderr);
}

#[test]
fn what_one_missed_makes_all_of_it_incomplete() {
    let place = Place::new();
    ring(&place, "a", 100, 10).close();
    ring(&place, "b", 8, 20).close();
    let finished = run(&place, "stats", &["a", "b"], "--json --from 0");
    assert_eq!(finished.code(), 3, "{}", finished.stderr);
    let totals = totals(&finished);
    assert_eq!(
        (&totals["a"]["missed"], &totals["b"]["missed"]),
        (&0.into(), &12.into())
    );
    assert!(
        finished.stderr.contains("b: missed 12 records"),
        "{}",
        finished.stderr
    );
}

#[test]
fn a_signal_finishes_all_reports() {
    let place = Place::new();
    let (a, b) = (ring(&place, "a", 100, 10), ring(&place, "b", 100, 20));
    let child = analyzer(&place, "stats", &["a", "b"], "--json --from oldest")
        .spawn()
        .unwrap();
    eventually("both are followed", || {
        a.registered_readers() == 1 && b.registered_readers() == 1
    });
    signal(&child, "-TERM");
    let finished = finish(child);
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert_eq!(totals(&finished).len(), 2);
}

#[test]
fn who_has_seen_enough_ends_all() {
    let place = Place::new();
    let mut busy = ring(&place, "a", 100, 10);
    let silent = ring(&place, "b", 100, 1);
    let mut child = analyzer(&place, "tail", &["a", "b"], "--json")
        .spawn()
        .unwrap();
    eventually("both are followed", || {
        busy.registered_readers() == 1 && silent.registered_readers() == 1
    });
    busy.publish_bytes(&records(10..11)).unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    drop(out);
    eventually("it ends", || {
        busy.publish_bytes(&records(11..12)).unwrap();
        child.try_wait().unwrap().is_some()
    });
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn fields_may_be_patterns() {
    let place = Place::new();
    ring(&place, "a", 100, 10).close();
    let finished = run(&place, "stats", &["a"], "--json --field val*");
    assert_eq!(totals(&finished)["a"]["fields"]["value"]["count"], 10);
    let finished = run(&place, "stats", &["a"], "--json --field gyro*");
    assert_eq!(finished.code(), 2);
    assert!(
        finished.stderr.contains("no field that gyro* fits"),
        "{}",
        finished.stderr
    );
}
