use std::f64::consts::TAU;

use super::super::tests::subject;
use super::super::{Kind, View};
use super::*;
use crate::output::tests::Written;
use crate::progress::tests::summary_of;
use ringbuf_core::{Clock, Element, Field, Schema};
use serde_json::Value;

const RATE: f64 = 1000.0;
const STEP: i64 = 1_000_000;

fn options(window: usize) -> Options {
    Options {
        window,
        rate_hz: None,
        peaks: DEFAULT_PEAKS,
        density: true,
    }
}

fn schema() -> Schema {
    Schema::packed([
        Field::new("t", Element::I64).time(Clock::Monotonic),
        Field::new("x", Element::F64).unit("g"),
        Field::new("y", Element::F64),
    ])
    .unwrap()
}

/// A time, and two values.
type Row = (i64, f64, f64);

/// So many rows at an even rate, with x as told and y constant.
fn rows(n: usize, x: impl Fn(usize) -> f64) -> Vec<Row> {
    (0..n).map(|i| (i as i64 * STEP, x(i), 5.0)).collect()
}

fn bytes_of(rows: &[Row]) -> Vec<u8> {
    let bytes = rows
        .iter()
        .flat_map(|&(t, x, y)| [t.to_le_bytes(), x.to_le_bytes(), y.to_le_bytes()].concat());
    bytes.collect()
}

/// What happens to an analysis.
enum Step<'a> {
    Rows(&'a [Row]),
    Missed(u64),
    Restarted,
    /// A period ends.
    Period,
}

fn said(options: Options, format: Format, steps: &[Step<'_>]) -> Written {
    let (schema, written) = (schema(), Written::default());
    let mut output = written.output(format);
    let kind = Kind::Spectrum(options);
    let mut spectrum = kind.of(&subject(&schema)).unwrap();
    let (mut missed, mut read, mut all) = (0, 0, 0);
    for step in steps {
        match step {
            Step::Rows(rows) => {
                let bytes = bytes_of(rows);
                let view = View {
                    records: Records::new(&schema, &bytes),
                    first_sequence: all,
                    missed: std::mem::take(&mut missed),
                    published: &|_| None,
                    now: &|| None,
                };
                spectrum.update(&view, &mut output).unwrap();
                read += rows.len() as u64;
                all += rows.len() as u64;
            }
            Step::Missed(n) => missed = *n,
            Step::Restarted => spectrum.restarted(),
            Step::Period => {
                let summary = summary_of(std::mem::take(&mut read), false);
                spectrum.report(&summary, &mut output).unwrap();
            }
        }
    }
    spectrum
        .report(&summary_of(all, true), &mut output)
        .unwrap();
    output.flush().unwrap();
    written
}

fn reports(options: Options, steps: &[Step<'_>]) -> Vec<Value> {
    said(options, Format::Json, steps).objects()
}

fn report(options: Options, steps: &[Step<'_>]) -> Value {
    reports(options, steps).pop().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    let values = value.as_array().unwrap().iter();
    values.map(|value| value.as_f64().unwrap()).collect()
}

fn counts(report: &Value, field: &str) -> (u64, u64) {
    let field = &report["fields"][field];
    let count = |name: &str| field[name].as_u64().unwrap();
    (count("segments"), count("dropped_segments"))
}

#[track_caller]
fn close(found: f64, expected: f64, tolerance: f64) {
    let error = (found - expected).abs() / expected.abs();
    assert!(error <= tolerance, "found {found}, expected {expected}");
}

/// Even noise between -1 and 1, the same every time.
fn noise(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let next = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..n).map(next).collect()
}

/// Of `scipy.signal.welch(x, fs, nperseg=n)` (SciPy 1.17.1, NumPy 2.4): the density at some of its frequencies, and the
/// sum of it.
struct Golden {
    rate_hz: f64,
    window: usize,
    segments: u64,
    density: [(usize, f64); 8],
    sum: f64,
}

fn agrees(x: &[f64], golden: &Golden) {
    let options = Options {
        rate_hz: Some(golden.rate_hz),
        ..options(golden.window)
    };
    let rows = rows(x.len(), |i| x[i]);
    let report = report(options, &[Step::Rows(&rows)]);
    assert_eq!(counts(&report, "x"), (golden.segments, 0));
    let psd = numbers(&report["fields"]["x"]["psd"]);
    assert_eq!(psd.len(), golden.window / 2 + 1);
    for (bin, expected) in golden.density {
        close(psd[bin], expected, 1e-9);
    }
    close(psd.iter().sum(), golden.sum, 1e-9);
}

#[test]
fn densities_are_those_of_scipy() {
    let noise = noise(5000, 42);
    agrees(
        &noise,
        &Golden {
            rate_hz: 1000.0,
            window: 256,
            segments: 38,
            density: [
                (0, 9.308087782146294e-05),
                (1, 0.0005255128929950177),
                (2, 0.0006982023714779141),
                (7, 0.0006313567699489076),
                (50, 0.0005589936027727487),
                (100, 0.0008768148747264852),
                (127, 0.0007197161534870333),
                (128, 0.00032006044420171886),
            ],
            sum: 0.08250879763376728,
        },
    );
    agrees(
        &noise,
        &Golden {
            rate_hz: 1000.0,
            window: 255,
            segments: 38,
            density: [
                (0, 9.668891945301869e-05),
                (1, 0.0005292606474370477),
                (2, 0.0006988978636887085),
                (7, 0.0006351384930048652),
                (50, 0.0005793367060056445),
                (100, 0.000955686248677192),
                (126, 0.0006479330601990428),
                (127, 0.000688663119205821),
            ],
            sum: 0.08220275285295005,
        },
    );
}

/// Times and values of a column of the recording of an inertial sensor.
fn recorded(column: usize) -> Vec<Row> {
    let path = format!(
        "{}/../data/xio-fusion/sensor_data.csv",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(path).unwrap();
    let row = |line: &str| {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        ((cells[0] * 1e9).round() as i64, cells[column], 0.0)
    };
    text.lines().skip(1).map(row).collect()
}

#[test]
fn the_density_of_a_recording_is_that_of_scipy() {
    let accel: Vec<f64> = recorded(4).iter().map(|row| row.1).collect();
    agrees(
        &accel,
        &Golden {
            rate_hz: 100.0,
            window: 1024,
            segments: 25,
            density: [
                (0, 0.020996653329859494),
                (1, 0.3011804636132512),
                (2, 0.11920700838796866),
                (7, 0.003111610131729769),
                (50, 1.1281545981453749e-05),
                (100, 5.725804902071304e-06),
                (511, 9.169430317736945e-07),
                (512, 4.177558960438105e-07),
            ],
            sum: 0.5143709714592813,
        },
    );
}

#[test]
fn samples_that_a_sensor_lost_are_gaps() {
    // Ten times two samples are not there, and two of these are in one segment.
    let rows = recorded(6);
    let by_time = report(options(256), &[Step::Rows(&rows)]);
    assert_eq!(counts(&by_time, "x"), (90, 9));
    let sampling = &by_time["sampling"];
    assert_eq!(sampling["gaps"], 10);
    close(sampling["rate_hz"].as_f64().unwrap(), 100.0, 1e-4);
    assert!(
        sampling["longest_step_s"].as_f64().unwrap() < 0.0102,
        "{sampling}"
    );
    // Something turns there: 11 dB over the noise.
    let peaks = by_time["fields"]["x"]["peaks"].as_array().unwrap();
    assert_eq!(peaks.len(), 1, "{peaks:?}");
    close(peaks[0]["frequency_hz"].as_f64().unwrap(), 44.737, 1e-4);
    // Longer segments than between two of them.
    let long = report(options(1024), &[Step::Rows(&rows)]);
    assert_eq!(counts(&long, "x"), (13, 8));
    assert_eq!(long["sampling"]["gaps"], 10);
}

#[test]
fn tones_are_found_where_they_are_and_as_strong_as_they_are() {
    let noise = noise(8192, 7);
    for (first, second) in [
        (50.0, 120.0),
        (50.3, 120.7),
        (49.8046875, 120.1),
        (5.2, 480.3),
    ] {
        let tone = |hertz: f64, i: usize| (TAU * hertz * i as f64 / RATE + 0.7).sin();
        let rows = rows(8192, |i| {
            3.0 + tone(first, i) + 0.2 * tone(second, i) + 0.05 * noise[i]
        });
        let report = report(options(1024), &[Step::Rows(&rows)]);
        close(report["sampling"]["rate_hz"].as_f64().unwrap(), RATE, 1e-12);
        let peaks = report["fields"]["x"]["peaks"].as_array().unwrap();
        assert_eq!(peaks.len(), 2, "{peaks:?}");
        for (peak, (hertz, amplitude)) in peaks.iter().zip([(first, 1.0), (second, 0.2)]) {
            let number = |name: &str| peak[name].as_f64().unwrap();
            let off = (number("frequency_hz") - hertz).abs();
            assert!(off < 0.02, "found {peak}, expected {hertz} Hz");
            close(number("amplitude"), amplitude, 0.005);
            assert!(number("over_noise_db") > 15.0, "{peak}");
            // Of all power: two sines, and even noise.
            let all = 0.5 + 0.02 + 0.05 * 0.05 / 3.0;
            close(number("share"), amplitude * amplitude / 2.0 / all, 0.01);
        }
        assert_eq!(report["fields"]["y"]["peaks"].as_array().unwrap().len(), 0);
    }
}

#[test]
fn all_of_the_power_is_in_it() {
    for window in [64, 65] {
        let x = noise(window, 3);
        let rows = rows(window, |i| x[i]);
        let field = &report(options(window), &[Step::Rows(&rows)])["fields"]["x"];
        let psd = numbers(&field["psd"]);
        let total = psd.iter().sum::<f64>() * field["resolution_hz"].as_f64().unwrap();
        // What the window leaves of the squares.
        let mean = x.iter().sum::<f64>() / window as f64;
        let hann = |i: usize| (TAU / 2.0 * i as f64 / window as f64).sin().powi(2);
        let weighed = |i: usize| (hann(i) * (x[i] - mean)).powi(2);
        let weight: f64 = (0..window).map(|i| hann(i).powi(2)).sum();
        let expected = (0..window).map(weighed).sum::<f64>() / weight;
        close(total, expected, 1e-12);
    }
}

#[test]
fn a_gap_leaves_out_what_it_cuts_off() {
    let x = noise(3000, 5);
    let rows = rows(3000, |i| x[i]);
    let window = 128;
    let of = |rows: &[Row]| report(options(window), &[Step::Rows(rows)]);
    for at in [0, 1, 127, 128, 129, 191, 192, 193, 1000, 2872] {
        let (before, after) = rows.split_at(at);
        // The second of them a clock that jumps, the third one that goes back.
        let later: Vec<Row> = after.iter().map(|&(t, x, y)| (t + STEP, x, y)).collect();
        let earlier: Vec<Row> = after
            .iter()
            .map(|&(t, x, y)| (t - 2 * STEP, x, y))
            .collect();
        let gaps = [
            [Step::Rows(before), Step::Missed(9), Step::Rows(after)],
            [Step::Rows(before), Step::Restarted, Step::Rows(after)],
            [Step::Rows(before), Step::Rows(&later), Step::Rows(&[])],
            [Step::Rows(before), Step::Rows(&earlier), Step::Rows(&[])],
        ];
        let apart = [of(before), of(after)];
        let segments = apart.each_ref().map(|report| counts(report, "x").0);
        let expected: Vec<f64> = (0..=window / 2)
            .map(|bin| {
                let sum = |(report, &n): (&Value, &u64)| {
                    let psd = &report["fields"]["x"]["psd"][bin];
                    psd.as_f64().unwrap_or(0.0) * n as f64
                };
                let sums: f64 = apart.iter().zip(&segments).map(sum).sum();
                sums / segments.iter().sum::<u64>() as f64
            })
            .collect();
        for (kind, steps) in gaps.iter().enumerate() {
            let report = report(options(window), steps);
            let field = &report["fields"]["x"];
            let found = numbers(&field["psd"]);
            for (&found, &expected) in found.iter().zip(&expected) {
                close(found, expected, 1e-9);
            }
            // Half of a segment that is done lies there for the next one, and nothing more.
            let is_cut_off = at % (window / 2) != 0 || at == window / 2;
            let (all, dropped) = counts(&report, "x");
            assert_eq!(all, segments.iter().sum::<u64>(), "{kind} at {at}");
            assert_eq!(dropped, u64::from(is_cut_off), "{kind} at {at}");
            let in_segments = |n: usize| if n < window { 0 } else { n - n % (window / 2) };
            let used = (in_segments(at) + in_segments(3000 - at)) as f64 / 3000.0;
            close(field["used"].as_f64().unwrap(), used, 1e-12);
            let is_gap = at > 0;
            assert_eq!(
                report["sampling"]["gaps"],
                u64::from(is_gap),
                "{kind} at {at}"
            );
        }
    }
}

#[test]
fn what_is_not_finite_costs_its_field_the_segments_it_is_in() {
    for bad in [f64::NAN, f64::INFINITY, f64::MAX] {
        let x = noise(1024, 5);
        let mut rows = rows(1024, |i| x[i]);
        for row in &mut rows {
            row.2 = row.1;
        }
        rows[200].1 = bad;
        let report = report(options(128), &[Step::Rows(&rows)]);
        assert_eq!(counts(&report, "x"), (13, 2));
        assert_eq!(counts(&report, "y"), (15, 0));
        // Those from 128 on and from 192 on are left out, and nothing else has what is in both.
        let used = report["fields"]["x"]["used"].as_f64().unwrap();
        close(used, (1024.0 - 64.0) / 1024.0, 1e-12);
    }
}

#[test]
fn however_records_arrive_the_same_is_found() {
    let x = noise(2000, 11);
    let mut rows = rows(2000, |i| x[i]);
    rows[700].1 = f64::NAN;
    for row in &mut rows[900..] {
        row.0 += 5 * STEP;
    }
    let whole = report(options(100), &[Step::Rows(&rows)]);
    for seed in 0..50 {
        let mut steps = Vec::new();
        let mut rest = &rows[..];
        for size in noise(2000, seed) {
            let size = ((size + 1.0) * 60.0) as usize;
            let (some, others) = rest.split_at(size.min(rest.len()));
            steps.push(Step::Rows(some));
            rest = others;
        }
        assert!(rest.is_empty());
        assert_eq!(report(options(100), &steps), whole, "seed {seed}");
    }
}

#[test]
fn periods_add_up_to_the_total() {
    let x = noise(3000, 1);
    let rows = rows(3000, |i| x[i]);
    let (a, b) = rows.split_at(1333);
    let steps = [Step::Rows(a), Step::Period, Step::Rows(b), Step::Period];
    let reports = reports(options(256), &steps);
    let [first, second, total] = &reports[..] else {
        panic!("{}", reports.len());
    };
    let whole = report(options(256), &[Step::Rows(&rows)]);
    assert_eq!(
        total["fields"]["x"]["segments"],
        whole["fields"]["x"]["segments"]
    );
    let counts = [first, second, total].map(|report| counts(report, "x").0);
    assert_eq!(counts[0] + counts[1], counts[2]);
    assert_eq!(counts[0], 9);
    for bin in 1..128 {
        let psd = |report: &Value| report["fields"]["x"]["psd"][bin].as_f64().unwrap();
        let both = psd(first) * counts[0] as f64 + psd(second) * counts[1] as f64;
        close(psd(total), both / counts[2] as f64, 1e-12);
        close(psd(total), psd(&whole), 1e-12);
    }
}

#[test]
fn uneven_times_are_told_and_how_far_they_blur() {
    let jitter = noise(4096, 9);
    let mut rows = rows(4096, |i| (TAU * 20.0 * i as f64 / RATE).sin());
    for (row, jitter) in rows.iter_mut().zip(&jitter) {
        row.0 += (jitter * 0.45 * STEP as f64) as i64;
    }
    let sampling = &report(options(1024), &[Step::Rows(&rows)])["sampling"];
    let number = |name: &str| sampling[name].as_f64().unwrap();
    close(number("rate_hz"), RATE, 1e-4);
    // The deviation of even noise.
    close(number("time_error_s"), 0.45e-3 / 3f64.sqrt(), 0.02);
    close(
        number("blurred_above_hz"),
        0.5 / (TAU * number("time_error_s")),
        1e-9,
    );
    assert!(number("shortest_step_s") < 0.3e-3 && number("longest_step_s") > 1.7e-3);
    assert_eq!(
        (&sampling["by"], &sampling["gaps"]),
        (&"time_field".into(), &0.into())
    );
    let lines = said(options(1024), Format::Human, &[Step::Rows(&rows)]).lines();
    assert!(lines[3].starts_with("uneven: times are 25"), "{}", lines[3]);
    // What it says is so: at that frequency the amplitude is an eighth lower.
    let hertz = number("blurred_above_hz");
    for row in &mut rows {
        row.1 = (TAU * hertz * row.0 as f64 / 1e9).sin();
    }
    let field = &report(options(1024), &[Step::Rows(&rows)])["fields"]["x"];
    close(
        field["peaks"][0]["amplitude"].as_f64().unwrap(),
        (-0.125f64).exp(),
        0.02,
    );
}

#[test]
fn a_clock_with_few_digits_has_no_gaps() {
    let mut rows = rows(4096, |i| (TAU * 50.0 * i as f64 / 700.0).sin());
    for (i, row) in rows.iter_mut().enumerate() {
        // To the millisecond, 700 times a second.
        row.0 = (i as f64 * 1000.0 / 700.0) as i64 * STEP;
    }
    let report = report(options(1024), &[Step::Rows(&rows)]);
    assert_eq!(counts(&report, "x"), (7, 0));
    let hertz = &report["fields"]["x"]["peaks"][0]["frequency_hz"];
    close(hertz.as_f64().unwrap(), 50.0, 1e-3);
}

/// Records without a time field that were published then.
fn published(times: &[Option<i64>]) -> Value {
    let schema = Schema::packed([Field::new("x", Element::F64)]).unwrap();
    let written = Written::default();
    let mut output = written.output(Format::Json);
    let what = Subject {
        is_stamped: true,
        ..subject(&schema)
    };
    let mut spectrum = Spectrum::of(&what, &options(64)).unwrap();
    let value = |i: usize| (TAU * 10.0 * i as f64 / RATE).sin().to_le_bytes();
    let bytes: Vec<u8> = (0..times.len()).flat_map(value).collect();
    let view = View {
        records: Records::new(&schema, &bytes),
        first_sequence: 0,
        missed: 0,
        published: &|record| times[record],
        now: &|| None,
    };
    spectrum.update(&view, &mut output).unwrap();
    spectrum
        .report(&summary_of(times.len() as u64, true), &mut output)
        .unwrap();
    output.flush().unwrap();
    written.objects().pop().unwrap()
}

#[test]
fn without_a_time_field_the_rate_is_that_of_publication() {
    // Ten at a time.
    let mut times: Vec<_> = (0..640).map(|i| Some(i / 10 * 10 * STEP)).collect();
    let found = published(&times);
    assert_eq!(found["sampling"]["by"], "publication_time");
    close(found["sampling"]["rate_hz"].as_f64().unwrap(), RATE, 0.02);
    assert_eq!(counts(&found, "x"), (19, 0));
    // A pause longer than a segment, and a record that does not say.
    for time in times[400..].iter_mut().flatten() {
        *time += 100 * STEP;
    }
    assert_eq!(counts(&published(&times), "x"), (17, 1));
    times[500] = None;
    assert_eq!(published(&times)["sampling"]["gaps"], 2);
    // Time that stands still tells no rate.
    let none = published(&[Some(7); 640]);
    assert!(none["sampling"]["rate_hz"].is_null() && none["fields"]["x"]["rms"].is_null());
}

#[test]
fn without_a_rate_there_are_no_frequencies() {
    let schema = Schema::packed([Field::new("x", Element::F64)]).unwrap();
    let refused = |options| Spectrum::of(&subject(&schema), &options).err().unwrap().0;
    assert!(refused(options(64)).contains("give --rate HZ"));
    let given = Options {
        rate_hz: Some(10.0),
        ..options(64)
    };
    assert!(Spectrum::of(&subject(&schema), &given).is_ok());
    let field = Field::new("x", Element::F64).shape(&[1000]);
    let wide = Schema::packed([field]).unwrap();
    let large = Options {
        window: 1 << 16,
        ..given
    };
    let error = Spectrum::of(&subject(&wide), &large).err().unwrap().0;
    assert!(error.contains("choose with --field"), "{error}");
}

#[test]
fn nothing_in_records_is_too_much() {
    let extremes = [
        f64::MAX,
        f64::MIN,
        1e300,
        -1e-300,
        f64::MIN_POSITIVE,
        5e-324,
        0.0,
        -0.0,
        f64::NAN,
        f64::INFINITY,
        1e154,
        1.0,
    ];
    let times = [i64::MIN, i64::MAX, 0, -1, 1, 1 << 62];
    for seed in 0..60 {
        let noise = noise(600, seed);
        let pick = |i: usize, n: usize| ((noise[i] + 1.0) / 2.0 * n as f64) as usize % n;
        let is_wild = |i: usize| pick(i, 1000) < seed as usize;
        let rows: Vec<Row> = (0..600)
            .map(|i| {
                let even = i as i64 * STEP;
                let time = if is_wild(i) {
                    times[i % times.len()]
                } else {
                    even
                };
                let small = extremes[4..8][i % 4];
                (time, extremes[pick(i, extremes.len())], small)
            })
            .collect();
        for format in [Format::Json, Format::Human] {
            let written = said(options(16), format, &[Step::Rows(&rows), Step::Period]);
            assert!(!written.lines().is_empty());
        }
    }
    // A second beside all that there are.
    let rows: Vec<Row> = (0..64)
        .map(|i| (i64::MIN + i * STEP, i as f64, 0.0))
        .collect();
    assert_eq!(counts(&report(options(64), &[Step::Rows(&rows)]), "x").0, 1);
}

#[test]
fn people_get_a_table() {
    let rows = rows(3000, |i| (TAU * 50.0 * i as f64 / RATE).sin());
    let mut options = options(1024);
    options.density = false;
    let lines = said(options.clone(), Format::Human, &[Step::Rows(&rows)]).lines();
    assert_eq!(
        lines[1],
        "1000 Hz by the time field, steps of 1.00 ms to 1.00 ms"
    );
    let expected =
        "segments of 1024 records, a frequency every 0.976562 Hz, peaks from 2.92969 Hz on";
    assert_eq!(lines[2], expected);
    let cells: Vec<&str> = lines[4].split_whitespace().collect();
    assert_eq!(cells[..5], ["x", "4", "0", "85.3", "%"]);
    assert_eq!(cells.last(), Some(&"g"));
    // What did not move has no frequencies.
    let cells: Vec<&str> = lines[5].split_whitespace().collect();
    assert_eq!(
        cells,
        ["y", "4", "0", "85.3", "%", "0", "-", "-", "-", "-", "-"]
    );
    let few = said(options, Format::Human, &[Step::Rows(&rows[..500])]).lines();
    assert!(
        few.iter()
            .any(|line| line.starts_with("a segment takes 1024 records")),
        "{few:?}"
    );
}
