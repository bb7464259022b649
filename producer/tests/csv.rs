//! Real recordings, through a ring.

mod common;

use common::{Heard, Outcome, Rings, attach, drain, hear, recording, run};

const MINUTE: i128 = 60_000_000_000;

fn played(name: &str, timing: &[&str]) -> (Heard, Outcome) {
    let rings = Rings::new();
    let file = recording(name);
    let (heard, outcome) = hear(&rings.ring("r"), &[&["csv", &file], timing].concat());
    assert!(outcome.status.success(), "{outcome:?}");
    assert_eq!(outcome.published(), heard.records().len() as u64);
    (heard, outcome)
}

#[test]
fn all_rows_of_every_recording_come_through() {
    let rows = [
        ("nab/machine_temperature_system_failure.csv", 22_695),
        ("nab/ambient_temperature_system_failure.csv", 7267),
        ("xio-fusion/sensor_data.csv", 13_514),
        ("broad/24_disturbed_tapping_A.csv", 17_143),
    ];
    for (name, count) in rows {
        let (heard, _) = played(name, &["--rate", "0", "--capacity", "1000"]);
        assert_eq!(heard.records().len(), count, "{name}");
    }
}

#[test]
fn steps_back_and_holes_come_through() {
    let steps = |name| {
        let (heard, _) = played(name, &["--speed", "1e9"]);
        heard
            .times()
            .windows(2)
            .map(|w| w[1] - w[0])
            .collect::<Vec<_>>()
    };
    let machine = steps("nab/machine_temperature_system_failure.csv");
    assert_eq!(machine.iter().min(), Some(&(-55 * MINUTE)));
    let ambient = steps("nab/ambient_temperature_system_failure.csv");
    assert_eq!(ambient.iter().max(), Some(&(174 * 60 * MINUTE)));
}

#[test]
fn recorded_timing_is_kept() {
    let (heard, outcome) = played("xio-fusion/sensor_data.csv", &["--speed", "100"]);
    let recorded = heard.times().last().copied().unwrap_or_default() as f64 / 1e9;
    let elapsed = outcome.summary()["elapsed_s"].as_f64().expect("a number");
    assert!(
        (recorded / 100.0..recorded / 10.0).contains(&elapsed),
        "{elapsed} s"
    );
}

#[test]
fn columns_keep_their_names_and_units() {
    let (heard, _) = played(
        "xio-fusion/sensor_data.csv",
        &["--rate", "0", "--count", "2"],
    );
    assert_eq!(heard.times(), [0, 10_078_907]);
    let name = "Accelerometer Z (g)";
    assert_eq!(heard.numbers(name), [0.997_080_7, 0.999_041_7]);
    assert_eq!(
        heard.schema.field(name).and_then(|field| field.get_unit()),
        Some("g")
    );
}

#[test]
fn the_rows_before_a_bad_one_are_published() {
    let rings = Rings::new();
    let (ring, file) = (
        rings.ring("r"),
        rings.file("bad.csv", "t_s,v\n0,1\n0.001,2\n0.002,oops\n"),
    );
    let outcome = run(&["csv", &file, "--ring", &ring, "--json"]);
    assert_eq!(outcome.status.code(), Some(1));
    assert_eq!(outcome.published(), 2);
    let expected = "bad.csv: line 4, column 2 (\"v\"): found \"oops\", expected a number";
    assert!(outcome.stderr.contains(expected), "{}", outcome.stderr);
    assert_eq!(drain(attach(&ring)).numbers("v"), [1.0, 2.0]);
}

#[test]
fn a_recording_without_a_time_column_cannot_be_timed_by_it() {
    let rings = Rings::new();
    let file = rings.file("plain.csv", "v\n1\n2\n");
    let outcome = run(&["csv", &file, "--ring", &rings.ring("r"), "--speed", "2"]);
    assert_eq!(outcome.status.code(), Some(1));
    assert!(
        outcome.stderr.contains("there is no time column"),
        "{}",
        outcome.stderr
    );
    let outcome = run(&["csv", &file, "--ring", &rings.ring("r"), "--json"]);
    assert_eq!(outcome.published(), 2);
}
