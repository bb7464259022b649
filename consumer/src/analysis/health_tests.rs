use super::finding::Check::{self, *};
use super::*;
use crate::analysis::tests::subject;
use crate::output::Format;
use crate::output::tests::Written;
use crate::progress::tests::summary_of;
use ringbuf_core::{Clock, Element, Field, Schema};
use serde_json::Value;

const MS: i64 = 1_000_000;
/// From record to record, where nothing is said.
const STEP: i64 = 10 * MS;

const OPTIONS: Options = Options {
    expect: None,
    rate: None,
    tolerance: 0.05,
    stuck: Patience::Usual,
    range: None,
};

#[derive(Clone, Copy, Debug)]
struct Sample {
    t: i64,
    published: i64,
    value: f64,
}

/// Numbers without a pattern.
fn random(state: &mut u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// A sensor that behaves: noise, and a clock in step with that of publication.
fn clean(count: usize) -> Vec<Sample> {
    let mut state = 1;
    let sample = |n| {
        let t = n as i64 * STEP;
        Sample {
            t,
            published: t + 3 * MS + (random(&mut state) % 100) as i64 * 1000,
            value: (random(&mut state) % 1_000_000) as f64 / 1e3,
        }
    };
    (0..count).map(sample).collect()
}

fn schema() -> Schema {
    Schema::packed([
        Field::new("t", Element::DateTimeNs).time(Clock::Unix),
        Field::new("value", Element::F64),
    ])
    .unwrap()
}

fn bytes(samples: &[Sample]) -> Vec<u8> {
    let record = |sample: &Sample| [sample.t.to_le_bytes(), sample.value.to_le_bytes()].concat();
    samples.iter().flat_map(record).collect()
}

/// Health at work, record by record.
struct At<'a> {
    health: Health,
    schema: &'a Schema,
    written: Written,
    output: Output,
    next: u64,
}

impl<'a> At<'a> {
    fn new(schema: &'a Schema, options: &Options) -> At<'a> {
        let mut what = subject(schema);
        what.is_stamped = true;
        let written = Written::default();
        At {
            health: Health::of(&what, options).unwrap(),
            schema,
            output: written.output(Format::Json),
            written,
            next: 0,
        }
    }

    /// These at once, after so many were missed.
    fn sees(&mut self, samples: &[Sample], missed: u64) {
        self.next += missed;
        let bytes = bytes(samples);
        let view = View {
            records: Records::new(self.schema, &bytes),
            first_sequence: self.next,
            missed,
            published: &|record| samples.get(record).map(|sample| sample.published),
            now: &|| None,
        };
        self.health.update(&view, &mut self.output).unwrap();
        self.next += samples.len() as u64;
    }

    /// What was found, and the report.
    fn ends(mut self) -> (Vec<Value>, Value) {
        let summary = summary_of(self.next, true);
        self.health.report(&summary, &mut self.output).unwrap();
        self.output.flush().unwrap();
        let mut objects = self.written.objects();
        let report = objects.pop().unwrap();
        (objects, report)
    }
}

/// What is found in these, all at once.
fn found_with(options: &Options, samples: &[Sample]) -> Vec<Value> {
    let schema = schema();
    let mut at = At::new(&schema, options);
    at.sees(samples, 0);
    at.ends().0
}

fn found(samples: &[Sample]) -> Vec<Value> {
    found_with(&OPTIONS, samples)
}

/// Check, state and sequence of every line.
fn briefly(found: &[Value]) -> Vec<(String, String, u64)> {
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let line = |line| {
        let sequence = line_sequence(line);
        (text(line, "check"), text(line, "state"), sequence)
    };
    found.iter().map(line).collect()
}

fn line_sequence(line: &Value) -> u64 {
    line["sequence"].as_u64().unwrap()
}

#[track_caller]
fn assert_found(found: &[Value], expected: &[(Check, &str, u64)]) {
    let expected = expected
        .iter()
        .map(|&(check, state, sequence)| (check.name().to_owned(), state.to_owned(), sequence));
    assert_eq!(briefly(found), expected.collect::<Vec<_>>(), "{found:?}");
}

/// From this record on every time is so much later, or earlier.
fn shift(samples: &mut [Sample], t: i64, published: i64) {
    for sample in samples {
        sample.t += t;
        sample.published += published;
    }
}

#[test]
fn a_sensor_that_behaves_is_ok() {
    let schema = schema();
    let mut at = At::new(&schema, &OPTIONS);
    at.sees(&clean(20_000), 0);
    let (found, report) = at.ends();
    assert_found(&found, &[]);
    assert_eq!(report["ok"], true);
    assert_eq!(report["clock"], "t");
    assert_eq!(report["rate_hz"], 100.0);
    assert_eq!(report["step_s"]["p99"], 0.01);
    let field = &report["fields"]["value"];
    assert_eq!(
        (&field["kind"], &field["count"]),
        (&"measured".into(), &20_000.into())
    );
}

#[test]
fn standing_still_for_unusually_long_is_stuck() {
    let mut samples = clean(3000);
    samples[1000..1100].fill_with_value(5.0);
    let lines = found(&samples);
    assert_found(&lines, &[(Stuck, "begin", 1000), (Stuck, "end", 1100)]);
    assert_eq!(
        (&lines[0]["records"], &lines[1]["records"]),
        (&16.into(), &100.into())
    );
    assert_eq!(
        (&lines[1]["value"], &lines[1]["for_s"]),
        (&5.0.into(), &1.0.into())
    );
    // Who holds every value for 20 records does so by nature.
    let mut slow = clean(3000);
    for start in (0..3000).step_by(20) {
        let value = slow[start].value;
        slow[start..start + 20].fill_with_value(value);
    }
    assert_found(&found(&slow), &[]);
    // Until it is 8 times as long.
    slow[2000..2200].fill_with_value(5.0);
    assert_found(
        &found(&slow),
        &[(Stuck, "begin", 2000), (Stuck, "end", 2200)],
    );
}

/// Puts one value into all of them.
trait FillWithValue {
    fn fill_with_value(&mut self, value: f64);
}

impl FillWithValue for [Sample] {
    fn fill_with_value(&mut self, value: f64) {
        self.iter_mut().for_each(|sample| sample.value = value);
    }
}

#[test]
fn constants_states_and_counters_are_not_stuck() {
    let shapes: [fn(usize) -> f64; 4] = [
        |_| 7.0,
        |n| (n / 1000 % 2) as f64,
        |n| (n / 700 % 10) as f64,
        // It counts now and then.
        |n| if n < 3000 { n as f64 / 2.0 } else { 1500.0 }.floor(),
    ];
    for (which, shape) in shapes.iter().enumerate() {
        let mut samples = clean(20_000);
        for (n, sample) in samples.iter_mut().enumerate() {
            sample.value = shape(n);
        }
        assert_eq!(briefly(&found(&samples)), [], "{which}");
        let strict = Options {
            stuck: Patience::Records(2000),
            ..OPTIONS
        };
        let is_long = which == 0 || which == 3;
        assert_eq!(
            !found_with(&strict, &samples).is_empty(),
            is_long,
            "{which}"
        );
    }
}

#[test]
fn how_long_is_stuck_can_be_said() {
    let mut samples = clean(100);
    samples[50..56].fill_with_value(5.0);
    let stuck = |stuck| found_with(&Options { stuck, ..OPTIONS }, &samples);
    let both = [(Stuck, "begin", 50), (Stuck, "end", 56)];
    assert_found(&stuck(Patience::Records(6)), &both);
    assert_found(&stuck(Patience::Records(7)), &[]);
    assert_found(&stuck(Patience::Time((5 * STEP).into())), &both);
    assert_found(&stuck(Patience::Time((6 * STEP).into())), &[]);
}

#[test]
fn nobody_is_stuck_across_a_gap() {
    let schema = schema();
    let run = |missed| {
        let mut samples = clean(2000);
        samples[1000..1020].fill_with_value(5.0);
        let mut at = At::new(&schema, &OPTIONS);
        at.sees(&samples[..1010], 0);
        shift(
            &mut samples[1010..],
            missed as i64 * STEP,
            missed as i64 * STEP,
        );
        at.sees(&samples[1010..], missed);
        at.ends().0
    };
    assert_found(&run(0), &[(Stuck, "begin", 1000), (Stuck, "end", 1020)]);
    assert_found(&run(1), &[]);
    // A hole neither.
    assert_found(&run(500), &[]);
}

#[test]
fn who_recovers_again_and_again_does_so_by_nature() {
    let mut samples = clean(20_000);
    for start in (1000..20_000).step_by(1000) {
        samples[start..start + 100].fill_with_value(start as f64 / 100.0);
    }
    assert_eq!(found(&samples).len(), 2 * 4);
}

#[test]
fn a_run_at_the_edge_has_to_be_longer() {
    for (length, lines) in [(100, 0), (200, 2)] {
        let mut samples = clean(2000);
        samples[1000..1000 + length].fill_with_value(-1.0);
        assert_eq!(found(&samples).len(), lines, "{length}");
    }
}

#[test]
fn what_is_no_number_is_told_with_its_end() {
    let schema = schema();
    let mut samples = clean(2000);
    samples[100..110].fill_with_value(f64::NAN);
    samples[120].value = f64::NEG_INFINITY;
    samples[1990].value = f64::NAN;
    let mut at = At::new(&schema, &OPTIONS);
    at.sees(&samples, 0);
    let (found, report) = at.ends();
    let expected = [(Nan, "begin", 100), (Nan, "end", 376), (Nan, "begin", 1990)];
    assert_found(&found, &expected);
    assert_eq!(
        (&found[1]["records"], &found[1]["last_sequence"]),
        (&11.into(), &120.into())
    );
    let field = &report["fields"]["value"];
    assert_eq!((&field["nan"], &field["infinite"]), (&11.into(), &1.into()));
    assert_eq!(
        (&field["open"][0], &report["ok"]),
        (&"nan".into(), &false.into())
    );
}

#[test]
fn clipped_values_are_saturated() {
    let mut samples = clean(5000);
    for sample in &mut samples[2000..3000] {
        sample.value = sample.value.min(900.0);
    }
    // Larger ones came before, so this is no wall.
    assert_found(&found(&samples), &[]);
    for sample in &mut samples {
        sample.value = sample.value.min(900.0);
    }
    let lines = found(&samples);
    assert_eq!(briefly(&lines).len(), 1);
    assert_eq!(
        (&lines[0]["check"], &lines[0]["value"]),
        (&"saturated".into(), &900.0.into())
    );
    let ranged = Options {
        range: Some((0.0, 500.0)),
        ..OPTIONS
    };
    let mut inside = clean(1000);
    inside[400..].fill_with_value(400.0);
    inside[..400].fill_with_value(400.5);
    inside[10].value = 500.0;
    let expected = [(Saturated, "begin", 10), (Saturated, "end", 266)];
    assert_found(&found_with(&ranged, &inside), &expected);
}

/// A ring in whose times nothing tells one of the clocks from the other: a recording, as fast as it goes.
fn replayed(mut samples: Vec<Sample>) -> Vec<Sample> {
    for (n, sample) in samples.iter_mut().enumerate() {
        sample.published = n as i64 * 1000;
    }
    samples
}

#[test]
fn late_records_are_told_from_a_clock_that_was_set() {
    let mut samples = clean(1000);
    samples[500..510].rotate_left(3);
    let lines = found(&replayed(samples));
    // That three records are missing shows before they come.
    assert_found(&lines, &[(Hole, "once", 500), (OutOfOrder, "once", 507)]);
    assert_eq!(
        (&lines[1]["records"], &lines[1]["back_s"]),
        (&3.into(), &0.09.into())
    );
    for played in [clean(1000), replayed(clean(1000))] {
        let mut samples = played;
        shift(&mut samples[500..], -50 * STEP, 0);
        let lines = found(&samples);
        assert_found(&lines, &[(ClockStep, "once", 500)]);
        assert_eq!(lines[0]["step_s"], -0.49);
    }
    // Nothing comes that would show which it is.
    let mut samples = clean(503);
    shift(&mut samples[500..], -50 * STEP, 0);
    assert_found(&found(&samples), &[(OutOfOrder, "once", 500)]);
}

#[test]
fn a_pause_is_told_from_a_clock_that_was_set() {
    let jumped = |t, published| {
        let mut samples = clean(2000);
        shift(&mut samples[1000..], t, published);
        samples
    };
    let hour = 3_600_000 * MS;
    let lines = found(&jumped(hour, hour));
    assert_found(&lines, &[(Hole, "once", 1000)]);
    assert_eq!(
        (&lines[0]["step_s"], &lines[0]["usual_s"]),
        (&3600.01.into(), &0.01.into())
    );
    let lines = found(&jumped(hour, 0));
    assert_found(&lines, &[(ClockStep, "once", 1000)]);
    assert_eq!(lines[0]["step_s"], 3600.01);
    // Who plays a recording waits for nothing, so only a hole can be seen.
    assert_found(&found(&replayed(jumped(hour, 0))), &[(Hole, "once", 1000)]);
    // The system held the producer up: not the sensor's fault.
    assert_found(&found(&jumped(0, hour)), &[]);
}

#[test]
fn records_that_were_missed_are_nobodys_fault() {
    let schema = schema();
    let samples = clean(3000);
    let mut at = At::new(&schema, &OPTIONS);
    at.sees(&samples[..1000], 0);
    at.sees(&samples[1500..1600], 500);
    at.sees(&samples[2800..], 1200);
    let (found, report) = at.ends();
    assert_found(&found, &[]);
    assert_eq!(
        (&report["ok"], &report["step_s"]["max"]),
        (&true.into(), &0.01.into())
    );
}

#[test]
fn the_same_time_twice_is_told_while_it_lasts() {
    let mut samples = clean(1000);
    for n in (500..520).step_by(2) {
        samples[n + 1].t = samples[n].t;
    }
    let lines = found(&samples);
    assert_eq!(lines[0]["check"], "duplicate_time");
    let duplicates: Vec<_> = lines
        .iter()
        .filter(|line| line["check"] == "duplicate_time")
        .collect();
    assert_eq!(duplicates.len(), 2);
    assert_eq!(
        (line_sequence(duplicates[0]), &duplicates[1]["records"]),
        (501, &10.into())
    );
}

#[test]
fn records_without_a_time_are_told() {
    let mut samples = clean(1000);
    for sample in &mut samples[500..505] {
        sample.t = i64::MIN;
    }
    let lines = found(&samples);
    let expected = [(MissingTime, "begin", 500), (MissingTime, "end", 760)];
    assert_found(&lines, &expected);
    assert_eq!(lines[0]["time"], Value::Null);
    assert_eq!(lines[1]["records"], 5);
}

/// The times of a rate that changes at record 5000.
fn changing(percent: i64, published: bool) -> Vec<Sample> {
    let mut samples = clean(10_000);
    let mut t = 0;
    for (n, sample) in samples.iter_mut().enumerate() {
        t += if n < 5000 { STEP } else { STEP * 100 / percent };
        sample.published = if published { t } else { sample.t };
        sample.t = t;
    }
    samples
}

#[test]
fn a_rate_that_changes_drifts() {
    assert_eq!(briefly(&found(&changing(97, true))), []);
    for percent in [90, 110, 200] {
        let lines = found(&changing(percent, true));
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(
            (&lines[0]["check"], &lines[0]["usual_hz"]),
            (&"rate_drift".into(), &100.0.into())
        );
    }
    // At half the rate every step is a hole, until that is known.
    let lines = found(&changing(50, true));
    assert_eq!(
        lines
            .iter()
            .filter(|line| line["check"] == "rate_drift")
            .count(),
        1
    );
    assert!(lines.len() < 20, "{}", lines.len());
    let declared = Options {
        rate: Some(110.0),
        ..OPTIONS
    };
    let lines = found_with(&declared, &clean(2000));
    assert_eq!((lines.len(), &lines[0]["check"]), (1, &"rate_drift".into()));
    let tolerant = Options {
        tolerance: 0.15,
        ..declared
    };
    assert_eq!(briefly(&found_with(&tolerant, &clean(2000))), []);
}

#[test]
fn a_clock_that_leaves_the_pace_drifts() {
    let mut samples = changing(90, false);
    for (n, sample) in samples.iter_mut().enumerate() {
        std::mem::swap(&mut sample.t, &mut sample.published);
        assert_eq!(sample.t, n as i64 * STEP);
    }
    let lines = found(&samples);
    assert_eq!(
        (lines.len(), &lines[0]["check"]),
        (1, &"clock_drift".into())
    );
    // A recording that is played at another speed from there on.
    for sample in &mut samples {
        sample.published /= 3;
    }
    assert_eq!(briefly(&found(&samples)), []);
}

#[test]
fn without_a_time_field_publication_counts() {
    let schema = Schema::packed([Field::new("value", Element::F64)]).unwrap();
    let report = |is_stamped: bool| {
        let samples = clean(5000);
        let values: Vec<u8> = samples.iter().flat_map(|s| s.value.to_le_bytes()).collect();
        let mut what = subject(&schema);
        what.is_stamped = is_stamped;
        let mut health = Health::of(&what, &OPTIONS).unwrap();
        let written = Written::default();
        let mut output = written.output(Format::Json);
        let view = View {
            records: Records::new(&schema, &values),
            first_sequence: 0,
            missed: 0,
            published: &|record| {
                samples
                    .get(record)
                    .filter(|_| is_stamped)
                    .map(|s| s.published)
            },
            now: &|| None,
        };
        health.update(&view, &mut output).unwrap();
        health.report(&summary_of(5000, true), &mut output).unwrap();
        output.flush().unwrap();
        let objects = written.objects();
        assert_eq!(objects.len(), 1, "{objects:?}");
        objects[0].clone()
    };
    let stamped = report(true);
    assert_eq!(
        (&stamped["clock"], &stamped["ok"]),
        (&"publication".into(), &true.into())
    );
    let rate = stamped["rate_hz"].as_f64().unwrap();
    assert!((rate - 100.0).abs() < 0.1, "{rate}");
    let unstamped = report(false);
    assert_eq!(
        (&unstamped["clock"], &unstamped["ok"]),
        (&Value::Null, &true.into())
    );
    assert_eq!(unstamped["rate_hz"], Value::Null);
}

#[test]
fn the_next_producer_need_not_follow() {
    let schema = schema();
    let mut samples = clean(2000);
    samples[990..1010].fill_with_value(5.0);
    shift(&mut samples[1000..], -500 * STEP, 0);
    let mut at = At::new(&schema, &OPTIONS);
    at.sees(&samples[..1000], 0);
    at.health.died();
    at.sees(&[], 0);
    at.health.restarted();
    at.sees(&samples[1000..], 0);
    let (found, report) = at.ends();
    assert_found(&found, &[(Died, "begin", 1000), (Died, "end", 1000)]);
    assert_eq!(
        (&report["checks"]["died"], &report["findings"]),
        (&1.into(), &1.into())
    );
}

#[test]
fn the_steps_of_a_slower_producer_are_no_holes() {
    let schema = schema();
    let (first, mut slower) = (clean(500), clean(500));
    let later = first[499].t + 1000 * STEP;
    for sample in &mut slower {
        sample.t = later + 20 * sample.t;
        sample.published = sample.t + MS;
    }
    let mut at = At::new(&schema, &OPTIONS);
    at.sees(&first, 0);
    at.health.died();
    at.health.restarted();
    at.sees(&slower, 0);
    let (_, report) = at.ends();
    assert_eq!(report["checks"]["hole"], 0, "{report}");
}

#[test]
fn silence_is_told_by_the_timer() {
    let schema = schema();
    let expect = Some(Duration::from_millis(50));
    let mut at = At::new(&schema, &Options { expect, ..OPTIONS });
    let mut samples = clean(20);
    at.sees(&samples[..10], 0);
    let alarm = at.health.alarm().unwrap();
    at.health.silence(alarm, &mut at.output).unwrap();
    assert_eq!(at.health.alarm(), None);
    shift(&mut samples[10..], 0, 1000 * MS);
    at.sees(&samples[10..15], 0);
    assert!(at.health.alarm().is_some());
    // This one was over before anybody could tell.
    shift(&mut samples[15..], 0, 100 * MS);
    at.sees(&samples[15..], 0);
    let (found, report) = at.ends();
    let expected = [
        (Check::Silence, "begin", 10),
        (Check::Silence, "end", 10),
        (Check::Silence, "once", 15),
    ];
    assert_found(&found, &expected);
    assert!(found[1]["silent_s"].as_f64().unwrap() > 1.0);
    assert_eq!(report["checks"]["silence"], 2);
}

#[test]
fn only_the_first_record_follows_a_gap() {
    let schema = schema();
    let expect = Some(Duration::from_millis(500));
    for pause in [0, CHUNK] {
        let mut samples = clean(CHUNK + 12);
        shift(&mut samples[pause + 2..], 0, 1000 * MS);
        let mut at = At::new(&schema, &Options { expect, ..OPTIONS });
        at.sees(&samples[..1], 0);
        at.sees(&samples[2..], 1);
        // Records were missed in the first of these pauses, so it was none.
        let expected = [(Check::Silence, "once", CHUNK as u64 + 2)];
        assert_found(&at.ends().0, if pause == 0 { &[] } else { &expected });
    }
}

#[test]
fn periods_add_up() {
    let schema = schema();
    let mut samples = clean(3000);
    samples[500..600].fill_with_value(5.0);
    samples[2500].value = f64::NAN;
    shift(&mut samples[2700..], 1000 * STEP, 1000 * STEP);
    let mut at = At::new(&schema, &OPTIONS);
    for chunk in samples.chunks(1000) {
        at.sees(chunk, 0);
        at.health
            .report(&summary_of(1000, false), &mut at.output)
            .unwrap();
    }
    let (lines, total) = at.ends();
    let periods: Vec<_> = lines.iter().filter(|line| line["final"] == false).collect();
    assert_eq!(periods.len(), 3);
    for check in ["stuck", "nan", "hole"] {
        let sum: u64 = periods
            .iter()
            .map(|line| line["checks"][check].as_u64().unwrap())
            .sum();
        assert_eq!((sum, &total["checks"][check]), (1, &1.into()), "{check}");
    }
    assert_eq!(total["fields"]["value"]["count"], 2999);
    let ok: Vec<_> = periods
        .iter()
        .map(|line| line["ok"].as_bool().unwrap())
        .collect();
    assert_eq!(ok, [false, true, false]);
}

/// Everything goes wrong now and then.
fn troubled(seed: u64) -> Vec<Sample> {
    let mut samples = clean(12_000);
    let mut state = seed;
    let mut any = |below: u64| random(&mut state) % below;
    for _ in 0..30 {
        let start = any(11_000) as usize;
        let some = &mut samples[start..start + 1 + any(400) as usize];
        match any(8) {
            0 => some.fill_with_value(any(1000) as f64),
            1 => some[0].value = f64::NAN,
            2 => some
                .iter_mut()
                .step_by(3)
                .for_each(|sample| sample.value = f64::INFINITY),
            3 => some
                .iter_mut()
                .for_each(|sample| sample.value = sample.value.min(700.0)),
            4 => some[0].t -= (any(100) as i64) * STEP,
            5 => shift(some, any(100) as i64 * STEP, 0),
            6 => shift(
                &mut samples[start..],
                any(1000) as i64 * MS,
                any(1000) as i64 * MS,
            ),
            _ => some[0].t = i64::MIN,
        }
    }
    samples
}

/// Health of these but those missed, in batches of up to so many.
fn cut(samples: &[Sample], most: u64, state: &mut u64) -> (Vec<Value>, Value) {
    let schema = schema();
    let expect = Some(Duration::from_millis(500));
    let mut at = At::new(&schema, &Options { expect, ..OPTIONS });
    // The same ones are missed however the others are cut.
    let gaps = [(3000..3100), (7000..7001), (9000..9500)];
    let mut begin = 0;
    let mut missed = 0;
    while begin < samples.len() {
        if let Some(gap) = gaps.iter().find(|gap| gap.start == begin) {
            (begin, missed) = (gap.end, gap.len() as u64);
        }
        let next_gap = gaps
            .iter()
            .map(|gap| gap.start)
            .find(|&start| start > begin);
        let end = begin + 1 + (random(state) % most) as usize;
        let end = end.min(next_gap.unwrap_or(samples.len()));
        at.sees(&samples[begin..end], missed);
        (begin, missed) = (end, 0);
    }
    at.ends()
}

#[test]
fn the_same_is_found_however_records_are_cut() {
    let mut found = 0;
    for seed in 0..40 {
        let samples = troubled(seed);
        let mut state = seed;
        let whole = cut(&samples, u64::MAX >> 40, &mut state);
        found += whole.0.len();
        for most in [1, 7, 300, 5000] {
            assert_eq!(cut(&samples, most, &mut state), whole, "{seed} {most}");
        }
    }
    assert!(found > 400, "{found}");
}

#[test]
fn people_get_lines() {
    let schema = schema();
    let mut samples = clean(1000);
    samples[500..600].fill_with_value(5.0);
    shift(&mut samples[700..], 36_000 * STEP, 36_000 * STEP);
    let written = Written::default();
    let mut at = At::new(&schema, &OPTIONS);
    at.output = written.output(Format::Human);
    at.sees(&samples, 0);
    let summary = summary_of(1000, true);
    at.health.report(&summary, &mut at.output).unwrap();
    at.output.flush().unwrap();
    let lines = written.lines();
    let expected = [
        "       500      1970-01-01T00:00:05Z  value  stuck at 5: 16 records, 150 ms so far",
        "       600      1970-01-01T00:00:06Z  value  was stuck at 5: 100 records, 1 s",
        "       700      1970-01-01T00:06:07Z  t      hole: 6 min to this record, usually 10 ms; none was missed",
        "total: 1000 records in 1.0 s (0..1000): 2 findings: stuck 1, hole 1",
        "rate: 99.9",
    ];
    for (line, expected) in lines.iter().zip(expected) {
        assert!(
            line.starts_with(expected),
            "{line:?}, expected {expected:?}"
        );
    }
    assert_eq!(lines.len(), 8, "{lines:?}");
}
