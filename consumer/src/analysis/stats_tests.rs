use super::super::Kind;
use super::super::tests::{subject, view};
use super::*;
use crate::output::tests::Written;
use crate::progress::tests::summary_of;
use ringbuf_core::{Element, Field, Records, Schema};
use serde_json::Value;

fn schema() -> Schema {
    Schema::packed([Field::new("value", Element::F64).unit("°C")]).unwrap()
}

fn bytes_of(values: &[f64]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// The reports over these periods and the last one.
fn reports(format: Format, periods: &[&[f64]]) -> Written {
    let (schema, written) = (schema(), Written::default());
    let mut output = written.output(format);
    let mut stats = Kind::Stats(Options::default())
        .of(&subject(&schema))
        .unwrap();
    let mut read = 0;
    for &period in periods {
        let bytes = bytes_of(period);
        let view = view(Records::new(&schema, &bytes), read, 0);
        stats.update(&view, &mut output).unwrap();
        read += period.len() as u64;
        let summary = summary_of(period.len() as u64, false);
        stats.report(&summary, &mut output).unwrap();
    }
    stats.report(&summary_of(read, true), &mut output).unwrap();
    output.flush().unwrap();
    written
}

fn figures(periods: &[&[f64]]) -> Vec<Value> {
    let objects = reports(Format::Json, periods).objects().into_iter();
    objects
        .map(|mut object| object["fields"]["value"].take())
        .collect()
}

/// Mean and sample standard deviation in two passes, summed with compensation (Neumaier).
fn reference(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = sum(values.iter().copied()) / n;
    let squares = sum(values.iter().map(|value| (value - mean) * (value - mean)));
    (mean, (squares / (n - 1.0)).sqrt())
}

fn sum(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut rest) = (0.0f64, 0.0);
    for value in values {
        let next = sum + value;
        rest += if sum.abs() >= value.abs() {
            (sum - next) + value
        } else {
            (value - next) + sum
        };
        sum = next;
    }
    sum + rest
}

fn close(found: &Value, expected: f64, tolerance: f64) {
    let found = found.as_f64().unwrap();
    let error = (found - expected).abs() / expected.abs();
    assert!(error <= tolerance, "found {found}, expected {expected}");
}

/// One column of a recording.
fn recorded(file: &str, column: usize) -> Vec<f64> {
    let path = format!("{}/../data/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let cells = text.lines().skip(1).map(|line| line.split(',').nth(column));
    cells.map(|cell| cell.unwrap().parse().unwrap()).collect()
}

#[test]
fn recordings_agree_with_a_reference() {
    let recordings = [
        ("nab/machine_temperature_system_failure.csv", 1),
        ("nab/ambient_temperature_system_failure.csv", 1),
        ("xio-fusion/sensor_data.csv", 1),
        ("xio-fusion/sensor_data.csv", 9),
        ("broad/24_disturbed_tapping_A.csv", 3),
    ];
    for (file, column) in recordings {
        let values = recorded(file, column);
        let (mean, std) = reference(&values);
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |q: f64| {
            let place = q * (sorted.len() - 1) as f64;
            let (below, above) = (sorted[place as usize], sorted[place as usize + 1]);
            below + (above - below) * place.fract()
        };
        let pieces: Vec<&[f64]> = values.chunks(5_000).collect();
        let last = figures(&pieces).pop().unwrap();
        assert_eq!(last["count"], values.len());
        close(&last["mean"], mean, 1e-9);
        close(&last["std"], std, 1e-9);
        // The JSON reader used here is off by a last bit now and then.
        close(&last["min"], sorted[0], 1e-15);
        close(&last["max"], sorted[sorted.len() - 1], 1e-15);
        close(&last["p50"], at(0.5), 0.0025);
        close(&last["p99"], at(0.99), 0.0025);
    }
}

#[test]
fn a_small_movement_of_a_large_value_is_not_lost() {
    let values: Vec<f64> = (0..100_000)
        .map(|i| 1e6 + f64::from(i % 7) * 1e-3)
        .collect();
    let (mean, std) = reference(&values);
    let last = figures(&[&values]).pop().unwrap();
    close(&last["mean"], mean, 1e-9);
    close(&last["std"], std, 1e-9);
}

#[test]
fn a_period_covers_itself_and_the_last_report_everything() {
    let found = figures(&[&[1.0, 2.0, 3.0], &[], &[10.0, -10.0]]);
    let count = |report: usize| found[report]["count"].as_u64().unwrap();
    assert_eq!([0, 1, 2, 3].map(count), [3, 0, 2, 5]);
    assert_eq!(found[0]["mean"], 2.0);
    assert_eq!(found[0]["std"], 1.0);
    assert_eq!(found[2]["min"], -10.0);
    assert_eq!(found[3]["max"], 10.0);
    assert_eq!(found[3]["p50"], 2.0);
}

#[test]
fn what_there_is_not_is_null() {
    let empty = figures(&[&[]]).pop().unwrap();
    assert_eq!(empty["count"], 0);
    for name in ["mean", "std", "min", "max", "p1", "p50", "p99", "p99_9"] {
        assert!(empty[name].is_null(), "{name}");
    }
    let one = figures(&[&[5.0]]).pop().unwrap();
    assert!(one["std"].is_null());
    assert_eq!((&one["mean"], &one["p99"]), (&5.0.into(), &5.0.into()));
}

#[test]
fn what_is_not_finite_is_counted_apart() {
    let values = [f64::NAN, 1.0, f64::INFINITY, 3.0, f64::NEG_INFINITY];
    let last = figures(&[&values]).pop().unwrap();
    assert_eq!(
        (&last["count"], &last["not_finite"]),
        (&2.into(), &3.into())
    );
    assert_eq!((&last["mean"], &last["max"]), (&2.0.into(), &3.0.into()));
}

#[test]
fn people_get_a_table() {
    let lines = reports(Format::Human, &[&[1.0, 2.5]]).lines();
    assert_eq!(lines[0], "2 records in 1.0 s (0..2)");
    assert_eq!(lines[1].split_whitespace().count(), 9);
    let row: Vec<&str> = lines[2].split_whitespace().collect();
    let expected = [
        "value", "2", "1.75000", "1.06066", "1", "1.75000", "2.48500", "2.50000", "°C",
    ];
    assert_eq!(row, expected);
    assert_eq!(lines[4], "total: 2 records in 1.0 s (0..2)");
}

#[test]
fn programs_get_many_quantiles_and_the_missing_part() {
    let values: Vec<f64> = (0..=1_000).map(f64::from).collect();
    let reports = reports(Format::Json, &[&values]).objects();
    let figures = &reports[1]["fields"]["value"];
    let expected = [
        ("p1", 10.0),
        ("p5", 50.0),
        ("p25", 250.0),
        ("p50", 500.0),
        ("p75", 750.0),
        ("p95", 950.0),
        ("p99", 990.0),
        ("p99_9", 999.0),
    ];
    for (name, value) in expected {
        close(&figures[name], value, 1e-12);
    }
    assert_eq!(reports[1]["missing"], 0.0);
    let names: Vec<&String> = figures.as_object().unwrap().keys().collect();
    assert_eq!(names.len(), 7 + expected.len(), "{names:?}");
    assert_eq!(figures["unit"], "°C");
}

#[test]
fn the_missing_part_is_that_of_the_period() {
    let (schema, written) = (schema(), Written::default());
    let mut output = written.output(Format::Json);
    let mut stats = Kind::Stats(Options::default())
        .of(&subject(&schema))
        .unwrap();
    let mut summary = summary_of(3, false);
    summary.missed = 1;
    stats.report(&summary, &mut output).unwrap();
    stats.report(&summary_of(4, true), &mut output).unwrap();
    output.flush().unwrap();
    let missing = |report: usize| written.objects()[report]["missing"].as_f64();
    assert_eq!((missing(0), missing(1)), (Some(0.25), Some(0.0)));
}

#[test]
fn people_see_the_quantiles_they_ask_for() {
    let (schema, written) = (schema(), Written::default());
    let mut output = written.output(Format::Human);
    let wanted = [0.999, 0.1].map(|fraction| Quantile::of(fraction).unwrap());
    let kind = Kind::Stats(Options::with(&wanted));
    let mut stats = kind.of(&subject(&schema)).unwrap();
    stats.report(&summary_of(0, true), &mut output).unwrap();
    output.flush().unwrap();
    let header: Vec<String> = written.lines()[1]
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let expected = [
        "field", "count", "mean", "std", "min", "p10", "p99.9", "max", "unit",
    ];
    assert_eq!(header, expected);
}
