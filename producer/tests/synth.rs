//! The made-up sensor, through a ring.

mod common;

use common::{Rings, hear};
use ringbuf_core::Element;

const SCENARIO_A: [&str; 7] = [
    "synth",
    "--channel",
    "value=gaussian:50,10",
    "--no-time",
    "--capacity",
    "10000",
    "--rate",
];

#[test]
fn one_float64_a_hundred_times_a_second() {
    let rings = Rings::new();
    let arguments = [&SCENARIO_A[..], &["100", "--duration", "1s"]].concat();
    let (heard, outcome) = hear(&rings.ring("a"), &arguments);
    assert!(outcome.status.success(), "{outcome:?}");
    let fields: Vec<_> = heard
        .schema
        .fields()
        .iter()
        .map(|f| (f.name(), f.element()))
        .collect();
    assert_eq!(fields, [("value", Element::F64)]);
    let values = heard.numbers("value");
    assert_eq!(values.len(), 100);
    let mean = values.iter().sum::<f64>() / 100.0;
    assert!((mean - 50.0).abs() < 5.0, "{mean}");
    let summary = outcome.summary();
    assert_eq!(
        (summary["published"].as_u64(), summary["refused"].as_u64()),
        (Some(100), Some(0))
    );
    assert_eq!(summary["final"], true);
    assert!(
        summary["elapsed_s"]
            .as_f64()
            .is_some_and(|s| (1.0..20.0).contains(&s)),
        "{summary}"
    );
}

#[test]
fn the_same_seed_is_the_same_stream_at_any_rate() {
    let rings = Rings::new();
    let streams = ["0", "20000", "1000000"].map(|rate| {
        let arguments = [&SCENARIO_A[..], &[rate, "--count", "2000", "--seed", "7"]].concat();
        hear(&rings.ring(rate), &arguments).0.bytes
    });
    assert_eq!(streams[0].len(), 2000 * 8);
    assert_eq!(streams[0], streams[1]);
    assert_eq!(streams[0], streams[2]);
}

#[test]
fn every_channel_has_its_field_and_its_times_have_no_drift() {
    let rings = Rings::new();
    let arguments = ["synth", "--rate", "1000", "--count", "500"];
    let (heard, outcome) = hear(&rings.ring("r"), &arguments);
    assert!(outcome.status.success(), "{outcome:?}");
    let names: Vec<_> = heard
        .schema
        .fields()
        .iter()
        .map(ringbuf_core::Field::name)
        .collect();
    assert_eq!(names, ["time", "value", "wave", "level", "flaky"]);
    let times = heard.times();
    assert!(
        times
            .iter()
            .zip(0..)
            .all(|(time, n)| time - times[0] == n * 1_000_000)
    );
    assert_eq!(heard.numbers("level"), [20.0; 500]);
    assert!(heard.numbers("flaky").iter().any(|value| value.is_nan()));
}

#[test]
fn a_small_ring_loses_nothing() {
    let rings = Rings::new();
    let arguments = [
        "synth",
        "--rate",
        "0",
        "--count",
        "20000",
        "--capacity",
        "5",
    ];
    let (heard, outcome) = hear(&rings.ring("r"), &arguments);
    assert_eq!(heard.records().len(), 20_000);
    assert_eq!(outcome.published(), 20_000);
}
