//! The command line: help, exit statuses, closed pipes.

mod common;

use std::io::Read;
use std::process::Stdio;

use common::Rings;
use ringbuf_core::{Clock, CreateOptions, Element, Field, Retain, Schema, UntypedProducer};

#[test]
fn wrong_usage_exits_2() {
    let rings = Rings::new();
    for arguments in [
        &[][..],
        &["frobnicate"],
        &["info"],
        &["info", "no spaces"],
        &["rm"],
        &["list", "imu"],
        &["echo", "no spaces"],
        &["hz"],
        &["completions", "korn"],
    ] {
        let run = rings.run(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{run:?}");
        assert!(run.stderr.contains("--help"), "says where to look: {run:?}");
    }
    let run = rings.run(&["info", "no spaces"]);
    assert!(run.stderr.contains("is not the name of a ring"), "{run:?}");
}

#[test]
fn the_examples_in_the_help_work_as_they_stand() {
    let rings = Rings::new();
    for page in [
        &["--help"][..],
        &["list", "--help"],
        &["info", "--help"],
        &["echo", "--help"],
        &["hz", "--help"],
        &["bw", "--help"],
        &["delay", "--help"],
        &["rm", "--help"],
        &["gc", "--help"],
    ] {
        let help = rings.run(page);
        assert_eq!(help.code, Some(0), "{help:?}");
        let (_, examples) = help.stdout.split_once("Examples").unwrap();
        let mut ran = 0;
        for line in examples
            .lines()
            .filter_map(|line| line.strip_prefix("  ringctl "))
        {
            // An earlier example may have taken it away.
            produce_demo(&rings);
            let run = rings.run(&line.split(' ').collect::<Vec<_>>());
            assert_eq!(run.code, Some(0), "{line}: {run:?}");
            ran += 1;
        }
        assert!(ran > 0, "{}", help.stdout);
    }
}

/// As much like that of the examples as they need.
fn produce_demo(rings: &Rings) {
    let fields = [
        Field::new("time", Element::DateTimeNs).time(Clock::Unix),
        Field::new("value", Element::F64),
    ];
    let schema = Schema::packed(fields).unwrap();
    let (reference, retain) = (rings.reference("demo"), Retain::records(1000));
    let options = CreateOptions::default().stamp(true).replace(true);
    let mut producer = UntypedProducer::create_with(&reference, schema, retain, &options).unwrap();
    producer.publish_bytes(&[1; 16 * 1000]).unwrap();
    producer.close();
}

#[test]
fn a_closed_pipe_is_a_normal_end() {
    let rings = Rings::new();
    let _imu = rings.produce("imu", 10);
    for arguments in [
        &["list"][..],
        &["list", "--json"],
        &["info", "imu"],
        &["echo", "imu", "--from", "oldest"],
        &["gc", "--json"],
        &["completions", "bash"],
        &["--help"],
    ] {
        let mut command = rings.command(arguments);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::from(closed_pipe()))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut stderr)
            .unwrap();
        assert_eq!(
            child.wait().unwrap().code(),
            Some(0),
            "{arguments:?}: {stderr}"
        );
        assert!(
            !stderr.contains("panicked") && !stderr.contains("ipe"),
            "{stderr}"
        );
    }
}

#[test]
fn a_closed_pipe_leaves_no_ring_behind() {
    let rings = Rings::new();
    rings.produce("one", 1).close();
    rings.produce("two", 1).close();
    let mut command = rings.command(&["rm", "--json", "one", "two"]);
    let status = command.stdout(Stdio::from(closed_pipe())).status().unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(rings.files().is_empty());
}

/// The writing end of a pipe whose reading end is gone.
fn closed_pipe() -> std::io::PipeWriter {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer
}
