//! `producer stdin`: records through a pipe.

#![cfg(unix)] // signals

mod common;

use std::{
    fs::File,
    io::{self, PipeWriter, Write},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use common::{Heard, Outcome, Producer, Rings, attach, drain, hear, recording, ring_that, run};
use ringbuf_core::{Element, inspect::ProducerState};

fn stdin<'a>(ring: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["stdin", "--ring", ring, "--json"], more].concat()
}

/// Starts a producer at the end of a pipe.
fn start(ring: &str, more: &[&str]) -> (Producer, PipeWriter) {
    let (reader, writer) = io::pipe().expect("a pipe");
    (Producer::start_on(reader, &stdin(ring, more)), writer)
}

/// All the records that this input makes, and how the run ended.
fn hear_input(input: &[u8], more: &[&str]) -> (Heard, Outcome) {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let (producer, mut writer) = start(&ring, &[&["--wait-for-readers", "1"], more].concat());
    let heard = thread::scope(|scope| {
        // It may go away before it has had everything.
        scope.spawn(move || drop(writer.write_all(input)));
        drain(attach(&ring))
    });
    (heard, producer.finish())
}

/// How a run ends that never gets as far as a ring.
fn ends(input: &[u8], more: &[&str]) -> Outcome {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let (producer, mut writer) = start(&ring, more);
    writer.write_all(input).expect("writes");
    drop(writer);
    let outcome = producer.finish();
    let made = std::fs::read_dir(rings.path()).expect("a directory");
    assert_eq!(made.count(), 0, "{outcome:?}");
    outcome
}

#[test]
fn every_recording_comes_through_as_from_its_file() {
    for name in [
        "nab/machine_temperature_system_failure.csv",
        "nab/ambient_temperature_system_failure.csv",
        "xio-fusion/sensor_data.csv",
        "broad/24_disturbed_tapping_A.csv",
    ] {
        let rings = Rings::new();
        let file = recording(name);
        let from_file = hear(&rings.ring("f"), &["csv", &file, "--rate", "0"]).0;
        let input = File::open(&file).expect("a recording");
        let ring = rings.ring("s");
        let arguments = stdin(&ring, &["--wait-for-readers", "1"]);
        let redirected = Producer::start_on(input, &arguments);
        let heard = drain(attach(&ring));
        let outcome = redirected.finish();
        assert!(outcome.status.success(), "{outcome:?}");
        let piped = hear_input(&std::fs::read(&file).expect("reads"), &[]).0;
        for heard in [heard, piped] {
            assert_eq!(heard.schema, from_file.schema, "{name}");
            assert!(heard.bytes == from_file.bytes, "{name}");
        }
        assert_eq!(outcome.published(), from_file.records().len() as u64);
    }
}

#[test]
fn records_are_published_as_they_come() {
    for (format, header, lines) in [
        ("csv", "t,v\n", ["0,1\n", "1,2\n", "2,3\n"]),
        ("ndjson", "", ["{\"v\":1}\n", "{\"v\":2}\n", "{\"v\":3}\n"]),
    ] {
        let rings = Rings::new();
        let ring = rings.ring("r");
        let (producer, mut writer) = start(&ring, &["--format", format]);
        writer.write_all(header.as_bytes()).expect("writes");
        for (line, so_many) in lines.iter().zip(1..) {
            let (first, rest) = line.split_at(line.len() / 2);
            writer.write_all(first.as_bytes()).expect("writes");
            thread::sleep(Duration::from_millis(30));
            writer.write_all(rest.as_bytes()).expect("writes");
            ring_that(&ring, |info| info.published == so_many);
        }
        writer.write_all(b"4").expect("writes");
        producer.signal("INT");
        let outcome = producer.finish();
        assert!(outcome.status.success(), "{outcome:?}");
        assert_eq!(outcome.published(), 3);
        let info = ring_that(&ring, |_| true);
        assert_eq!(info.producer, ProducerState::Closed);
        drop(writer);
    }
}

#[test]
fn raw_records_are_published_when_they_are_whole() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let more = [
        "--format",
        "raw",
        "--schema",
        "t:u64:ns:unix,accel:f32[3]:g",
    ];
    let (producer, mut writer) = start(&ring, &more);
    let info = ring_that(&ring, |_| true);
    assert_eq!((info.schema.size(), info.published), (20, 0));
    let record = |n: u8| [n; 20];
    writer.write_all(&record(1)).expect("writes");
    ring_that(&ring, |info| info.published == 1);
    writer.write_all(&record(2)[..19]).expect("writes");
    thread::sleep(Duration::from_millis(30));
    let two = [&record(2)[19..], &record(3), b"rest"].concat();
    writer.write_all(&two).expect("writes");
    let info = ring_that(&ring, |info| info.published == 3);
    assert_eq!(
        info.schema.time_field().map(|field| field.name()),
        Some("t")
    );
    drop(writer);
    let outcome = producer.finish();
    assert_eq!(outcome.status.code(), Some(1));
    assert_eq!(outcome.published(), 3);
    let expected = "standard input: it ended inside of record 3 (the first is 0): 4 bytes were left over, expected 20";
    assert!(outcome.stderr.contains(expected), "{outcome:?}");
    let heard = drain(attach(&ring));
    assert_eq!(heard.bytes, [record(1), record(2), record(3)].concat());
}

#[test]
fn what_one_ring_says_another_one_can_be_made_of() {
    let rings = Rings::new();
    let first = rings.ring("a");
    let (heard, _) = hear(&first, &["synth", "--rate", "0", "--count", "5000"]);
    let json = rings.file("schema.json", &heard.schema.to_json());
    let info = rings.file(
        "info.json",
        &format!("{{\"ring\":\"a\",\"schema\":{}}}\n", heard.schema.to_json()),
    );
    for schema in [heard.schema.to_json(), json, info] {
        let (again, outcome) = hear_input(&heard.bytes, &["--format", "raw", "--schema", &schema]);
        assert!(outcome.status.success(), "{outcome:?}");
        assert_eq!((&again.schema, &again.bytes), (&heard.schema, &heard.bytes));
    }
}

#[test]
fn a_bad_line_ends_the_run_behind_those_before_it() {
    let cases: [(&[&str], &str, &str); 3] = [
        (
            &[],
            "t_s,v\n0,1\n\n1,2\n2,oops\n3,4\n",
            "standard input: line 5, column 2 (\"v\"): found \"oops\", expected a number",
        ),
        (
            &["--format", "ndjson"],
            "{\"v\":1}\n\n{\"v\":2}\n{\"v\":\"oops\"}\n{\"v\":4}\n",
            "standard input: line 4, key \"v\": found \"\\\"oops\\\"\", expected a number",
        ),
        (
            &["--schema", "v:u8"],
            "v\n1\n2\n256\n",
            "standard input: line 4, column 1 (\"v\"): found \"256\", expected a whole number within the range of u8",
        ),
    ];
    for (more, input, expected) in cases {
        let (heard, outcome) = hear_input(input.as_bytes(), more);
        assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
        assert_eq!(outcome.published(), 2);
        assert_eq!(heard.numbers("v"), [1.0, 2.0]);
        assert!(outcome.stderr.contains(expected), "{}", outcome.stderr);
        let said = outcome.stderr.lines().filter(|line| line.contains("line "));
        assert_eq!(said.count(), 1, "{}", outcome.stderr);
    }
}

#[test]
fn no_ring_is_made_of_what_is_wrong_from_the_beginning() {
    let cases: [(&[&str], &str, &str); 7] = [
        (
            &[],
            "",
            "standard input: it is empty, expected a line with the column names",
        ),
        (&[], "1,2\n3,4\n", "add a first line that names the columns"),
        (&[], "t,v\n0,oops\n", "line 2, column 2"),
        (
            &["--format", "ndjson"],
            "\n",
            "it is empty, expected one JSON object a line",
        ),
        (&["--format", "ndjson"], "{\"a\":\"x\"}\n", "--text"),
        (
            &["--format", "ndjson"],
            "<a>\n",
            "line 1, column 1: found \"<a>\", expected one JSON object a line",
        ),
        (&["--speed", "1"], "v\n1\n", "there is no time column"),
    ];
    for (more, input, expected) in cases {
        let outcome = ends(input.as_bytes(), more);
        assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
        assert!(outcome.stderr.contains(expected), "{}", outcome.stderr);
        assert_eq!(outcome.stdout, "");
    }
}

#[test]
fn a_signal_ends_the_wait_for_the_first_record() {
    for more in [
        &[][..],
        &["--format", "ndjson"],
        &["--schema", "t:datetime"],
    ] {
        for signal in ["INT", "TERM"] {
            let rings = Rings::new();
            let ring = rings.ring("r");
            let (producer, mut writer) = start(&ring, more);
            writer.write_all(b"t").expect("writes");
            thread::sleep(Duration::from_millis(200));
            producer.signal(signal);
            let outcome = producer.finish();
            assert!(outcome.status.success(), "{outcome:?}");
            assert_eq!(outcome.published(), 0);
            drop(writer);
        }
    }
}

#[test]
fn the_duration_ends_the_wait_for_records() {
    for input in ["", "v\n", "v\n1\n"] {
        let rings = Rings::new();
        let ring = rings.ring("r");
        let (producer, mut writer) = start(&ring, &["--duration", "300ms"]);
        writer.write_all(input.as_bytes()).expect("writes");
        let outcome = producer.finish();
        assert!(outcome.status.success(), "{outcome:?}");
        assert_eq!(outcome.published(), u64::from(input.ends_with("1\n")));
        drop(writer);
    }
}

#[test]
fn the_count_ends_it_while_more_could_come() {
    for more in [&[][..], &["--rate", "1000"]] {
        let rings = Rings::new();
        let ring = rings.ring("r");
        let (producer, mut writer) = start(&ring, &[&["--count", "2"], more].concat());
        writer.write_all(b"v\n1\n2\n").expect("writes");
        let outcome = producer.finish();
        assert!(outcome.status.success(), "{outcome:?}");
        assert_eq!(outcome.published(), 2);
        drop(writer);
    }
}

#[test]
fn the_pace_can_be_recorded_or_a_rate() {
    let input = "t_s,v\n0,1\n100,2\n200,3\n";
    let (heard, outcome) = hear_input(input.as_bytes(), &["--speed", "1000"]);
    assert_eq!(heard.numbers("v"), [1.0, 2.0, 3.0]);
    assert!(
        outcome.summary()["elapsed_s"].as_f64() >= Some(0.2),
        "{outcome:?}"
    );
    // A number that is marked as the time is one too, whatever its type.
    let json = "{\"t\":0.0,\"v\":1}\n{\"t\":250.0,\"v\":2}\n";
    let more = [
        "--format",
        "ndjson",
        "--schema",
        "t:f32:ms:recording,v:i8",
        "--speed",
        "1",
    ];
    let (heard, outcome) = hear_input(json.as_bytes(), &more);
    assert_eq!(heard.numbers("v"), [1.0, 2.0]);
    assert!(
        outcome.summary()["elapsed_s"].as_f64() >= Some(0.25),
        "{outcome:?}"
    );
    let rows: String = (0..50).map(|n| format!("{n}\n")).collect();
    let (heard, outcome) = hear_input(format!("v\n{rows}").as_bytes(), &["--rate", "100"]);
    assert_eq!(heard.records().len(), 50);
    let summary = outcome.summary();
    assert!(summary["elapsed_s"].as_f64() >= Some(0.49), "{summary}");
    assert_eq!(summary["rate_hz"].as_f64(), Some(100.0));
    let late = ["late_p50_us", "late_p99_us", "late_max_us"]
        .map(|name| summary[name].as_f64().expect(name));
    assert!(late.is_sorted() && late[0] > 0.0, "{summary}");
    // Without a schedule nothing is late.
    let (_, outcome) = hear_input(b"v\n1\n", &[]);
    let summary = outcome.summary();
    for name in ["rate_hz", "late_p50_us", "behind_s"] {
        assert!(summary.get(name).is_none(), "{summary}");
    }
}

#[test]
fn silence_is_no_gap_of_the_recording() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let (producer, mut writer) = start(&ring, &["--speed", "1"]);
    writer.write_all(b"t,v\n0,1\n").expect("writes");
    ring_that(&ring, |info| info.published == 1);
    thread::sleep(Duration::from_millis(100));
    writer.write_all(b"0.1,2\n").expect("writes");
    drop(writer);
    let outcome = producer.finish();
    assert_eq!(outcome.published(), 2);
    assert!(
        !outcome.stderr.contains("next record is due"),
        "{outcome:?}"
    );
}

#[test]
fn a_rate_that_was_not_reached_is_told_with_the_reason() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let (producer, mut writer) = start(&ring, &["--rate", "1000"]);
    writer.write_all(b"v\n1\n").expect("writes");
    ring_that(&ring, |info| info.published == 1);
    thread::sleep(Duration::from_millis(600));
    writer.write_all(b"2\n").expect("writes");
    drop(writer);
    let outcome = producer.finish();
    assert!(outcome.status.success(), "{outcome:?}");
    for part in [
        "the rate of 1000 records a second was not reached: it was ",
        " behind at the end; the input was silent for ",
    ] {
        assert!(outcome.stderr.contains(part), "{outcome:?}");
    }
    assert!(
        outcome.summary()["behind_s"].as_f64() > Some(0.5),
        "{outcome:?}"
    );

    // A reader that reads nothing.
    let more = [
        "synth",
        "--rate",
        "1000",
        "--capacity",
        "10",
        "--duration",
        "800ms",
        "--json",
    ];
    let ring = rings.ring("s");
    let producer =
        Producer::start(&[&more[..], &["--ring", &ring, "--wait-for-readers", "1"]].concat());
    let stuck = attach(&ring);
    let outcome = producer.finish();
    assert!(outcome.status.success(), "{outcome:?}");
    let part = " behind at the end; readers held it up for ";
    assert!(outcome.stderr.contains(part), "{outcome:?}");
    drop(stuck);
}

#[cfg(target_os = "linux")]
#[test]
fn long_pipes_take_little_memory() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let (producer, mut writer) = start(&ring, &["--format", "ndjson", "--capacity", "100"]);
    let line = format!("{{\"v\":1,\"w\":[{}0]}}\n", "0,".repeat(100));
    let many = line.repeat(1000);
    for _ in 0..30 {
        writer.write_all(many.as_bytes()).expect("writes");
    }
    ring_that(&ring, |info| info.published == 30_000);
    let kib = producer.peak_memory_kib();
    drop(writer);
    let outcome = producer.finish();
    assert_eq!(outcome.published(), 30_000);
    let kept = 100 * 102 * 8 / 1024;
    assert!(kib < 32 * 1024 + kept, "{kib} KiB at most");
}

#[test]
fn types_are_those_of_the_schema() {
    let more = ["--schema", "id:u64,state:text(5),on:u8,f:f32[2]"];
    let input = "f[0],f[1],id,state,on\n0.5,,18446744073709551615,idle,1\n";
    let (heard, outcome) = hear_input(input.as_bytes(), &more);
    assert!(outcome.status.success(), "{outcome:?}");
    let elements: Vec<Element> = heard
        .schema
        .fields()
        .iter()
        .map(|field| field.element())
        .collect();
    assert_eq!(
        elements,
        [Element::U64, Element::Text(5), Element::U8, Element::F32]
    );
    let expected = [
        &u64::MAX.to_le_bytes()[..],
        b"idle\0",
        &[1],
        &0.5_f32.to_le_bytes(),
        &f32::NAN.to_le_bytes(),
    ];
    assert_eq!(heard.bytes, expected.concat());
}

#[test]
fn wrong_usage_is_told_before_anything_is_read() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    for (more, expected) in [
        (&["--format", "raw"][..], "--format raw needs --schema"),
        (&["--format", "xml"], "csv, ndjson, raw"),
        (&["--schema", "a:f4"], "sizes in bits"),
        (
            &["--schema", "no-such-file"],
            "found \"no-such-file\", expected NAME:TYPE",
        ),
        (&["--retain", "5s"], "--capacity"),
        (&["--text", "a", "--schema", "a:u8"], "cannot be used with"),
    ] {
        let outcome = run(&stdin(&ring, more));
        assert_eq!(outcome.status.code(), Some(2), "{outcome:?}");
        assert!(
            outcome.stderr.contains(expected),
            "{more:?}: {}",
            outcome.stderr
        );
    }
}

/// The examples of `--help`, as they stand there: every one that feeds a producer from this machine alone.
#[test]
fn an_example_of_the_help_works_when_pasted() {
    let help = run(&["stdin", "--help"]);
    let example = help
        .stdout
        .split("  (echo time,cpu;")
        .nth(1)
        .expect("an example");
    let example = example.split("\n  ssh").next().expect("an end");
    let rings = Rings::new();
    let shell = Command::new("bash")
        .arg("-c")
        .arg(format!("(echo time,cpu;{example} --count 2"))
        .env("RINGBUF_DIR", rings.path())
        .env("PATH", path_with_producer())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a shell");
    let ring = rings.ring("load");
    let heard = drain(attach(&ring));
    let output = shell.wait_with_output().expect("ends");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(heard.records().len(), 2);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.expect("after 1970").as_secs() as i128 * 1_000_000_000;
    assert!(
        heard
            .times()
            .iter()
            .all(|time| (now - time).abs() < 3_600_000_000_000)
    );
    assert!(heard.numbers("cpu").iter().all(|load| *load >= 0.0));
}

fn path_with_producer() -> std::ffi::OsString {
    let producer = std::path::Path::new(env!("CARGO_BIN_EXE_producer"));
    let directory = producer.parent().expect("a directory").to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(directory).chain(std::env::split_paths(&path)))
        .expect("a path")
}
