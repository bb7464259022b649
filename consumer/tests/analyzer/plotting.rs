//! Pictures, drawn by analyzers as processes.

use std::fs;
use std::path::Path;

use crate::common::{Finished, Place, eventually, finish, joined, records, signal, suspend};

/// What is in a directory beside the ring.
fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

/// A directory for pictures.
fn pictures(place: &Place) -> std::path::PathBuf {
    let directory = place.path().join("pictures");
    fs::create_dir(&directory).unwrap();
    directory
}

fn drawn(directory: &Path) -> String {
    assert_eq!(names(directory), ["a.svg"]);
    let picture = fs::read_to_string(directory.join("a.svg")).unwrap();
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
    picture
}

fn plot(place: &Place, file: &Path, arguments: &str) -> Finished {
    finish(plotting(place, file, arguments).spawn().unwrap())
}

fn plotting(place: &Place, file: &Path, arguments: &str) -> std::process::Command {
    let mut command = place.analyzer(arguments);
    command.arg("--plot").arg(file);
    command
}

#[test]
fn stats_are_drawn_at_the_end() {
    let place = Place::new();
    let directory = pictures(&place);
    let mut producer = place.producer(1_000);
    producer.publish_bytes(&records(0..100)).unwrap();
    producer.close();
    let finished = plot(&place, &directory.join("a.svg"), "stats --json");
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    let picture = drawn(&directory);
    for text in [
        "stats of r",
        "value (g)",
        "distribution",
        "p50 49.5000",
        "1970-01-01",
    ] {
        assert!(picture.contains(text), "{text}");
    }
    assert!(!picture.contains("missing"));
    let figures = &finished.last()["fields"]["value"];
    assert_eq!(
        (&figures["p25"], &figures["p99_9"]),
        (&24.75.into(), &98.901.into())
    );
}

#[test]
fn a_signal_ends_it_with_a_picture() {
    let place = Place::new();
    let directory = pictures(&place);
    let mut producer = place.producer(1_000);
    let mut stats = plotting(&place, &directory.join("a.svg"), "stats --json --lossless");
    let stats = stats.spawn().unwrap();
    joined(&producer, 1);
    producer.publish_bytes(&records(0..100)).unwrap();
    place.read_up_to(100);
    assert!(names(&directory).is_empty(), "drawn before there is an end");
    signal(&stats, "-TERM");
    let finished = finish(stats);
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert_eq!(finished.last()["ended"], "stopped");
    assert!(drawn(&directory).contains("100 values"));
}

#[test]
fn what_was_missed_is_drawn() {
    let place = Place::new();
    let directory = pictures(&place);
    let mut producer = place.producer(100);
    let stats = plotting(&place, &directory.join("a.svg"), "stats --json")
        .spawn()
        .unwrap();
    joined(&producer, 1);
    producer.publish_bytes(&records(0..50)).unwrap();
    place.read_up_to(50);
    let suspended = suspend(&stats);
    producer.publish_bytes(&records(50..10_000)).unwrap();
    producer.close();
    drop(suspended);
    let finished = finish(stats);
    assert_eq!(finished.code(), 3, "{}", finished.stderr);
    assert!(finished.last()["missing"].as_f64().unwrap() > 0.5);
    let picture = drawn(&directory);
    assert!(picture.contains("missing\n</text>") && picture.contains("of all records missing"));
}

#[test]
fn where_no_picture_can_be_made_is_told_at_once() {
    let place = Place::new();
    let directory = pictures(&place);
    fs::create_dir(directory.join("is.svg")).unwrap();
    // There is no ring: whoever looked for one first would wait for ever.
    for (file, what) in [
        ("no/such/a.svg", "no file can be made"),
        ("is.svg", "not a file"),
    ] {
        let finished = plot(&place, &directory.join(file), "stats");
        assert_eq!(finished.code(), 1, "{file}: {}", finished.stderr);
        assert!(finished.stderr.contains("--plot"), "{}", finished.stderr);
        assert!(finished.stderr.contains(what), "{}", finished.stderr);
        assert!(finished.stdout.is_empty());
    }
    let finished = plot(&place, &directory.join("a.png"), "stats");
    assert_eq!(finished.code(), 2, "{}", finished.stderr);
    assert_eq!(names(&directory), ["is.svg"]);
}

#[test]
fn who_does_not_read_on_is_told_that_there_is_no_picture() {
    let place = Place::new();
    let directory = pictures(&place);
    let mut producer = place.producer(1_000);
    let file = directory.join("a.svg").display().to_string();
    let mut tail = place.start(&format!("anomaly --center 0 --band 1 --json --plot {file}"));
    joined(&producer, 1);
    drop(tail.stdout.take());
    eventually("the analyzer ends", || {
        producer.publish_bytes(&records(100..200)).unwrap();
        tail.try_wait().unwrap().is_some()
    });
    let finished = finish(tail);
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    assert!(
        finished.stderr.contains("nobody read the output"),
        "{}",
        finished.stderr
    );
    assert!(names(&directory).is_empty());
}

#[test]
fn a_picture_that_was_there_stays_if_there_is_nothing_to_draw() {
    let place = Place::new();
    let directory = pictures(&place);
    fs::write(directory.join("a.svg"), "from before").unwrap();
    let finished = plot(&place, &directory.join("a.svg"), "stats --no-wait");
    assert_eq!(finished.code(), 1, "{}", finished.stderr);
    assert!(finished.stderr.contains("nothing to plot"));
    assert_eq!(names(&directory), ["a.svg"]);
    assert_eq!(
        fs::read_to_string(directory.join("a.svg")).unwrap(),
        "from before"
    );
}

#[test]
fn quantiles_are_those_that_were_asked_for() {
    let place = Place::new();
    let mut producer = place.producer(1_000);
    producer.publish_bytes(&records(0..101)).unwrap();
    producer.close();
    let finished = place.run("stats --json --quantiles 0.999,0.1");
    let figures = &finished.last()["fields"]["value"];
    assert_eq!(
        (&figures["p10"], &figures["p50"]),
        (&10.0.into(), &50.0.into())
    );
    assert!(figures["p99_9"].is_number() && figures["p99"].is_number() && figures["p25"].is_null());
    let finished = place.run("stats --quantiles 0.999,0.1");
    assert!(
        finished.stdout.contains("p10  ") && finished.stdout.contains("p99.9"),
        "{}",
        finished.stdout
    );
    let finished = place.run("stats --quantiles 99");
    assert_eq!(finished.code(), 2);
    assert!(
        finished.stderr.contains("expected a number from 0 to 1"),
        "{}",
        finished.stderr
    );
}
