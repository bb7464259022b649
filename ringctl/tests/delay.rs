//! `ringctl delay`: how old records are, against the clock of the test.
#![cfg(unix)] // signals

mod common;

use std::time::{Duration, SystemTime};

use common::peek::Peek;
use common::{Rings, Sample, temperature};
use ringbuf_core::{CreateOptions, FrameProducer, FrameRetain, Producer, Retain, UntypedProducer};
use serde_json::Value;

fn now() -> Duration {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
}

/// Publishes one record that was measured then, and waits for the last line about it. Between these two moments lies
/// when it was read.
fn one(
    rings: &Rings,
    producer: &mut Producer<Sample>,
    peek: Peek,
    t: Duration,
) -> (Value, [f64; 2]) {
    let before = now();
    let t = u64::try_from(t.as_nanos()).unwrap();
    let accel = [0.0; 2];
    producer.publish(&Sample { t, accel }).unwrap();
    rings.readers("imu", |readers| {
        readers[0].ledger.is_some_and(|ledger| ledger.read == 1)
    });
    let after = now();
    peek.signal("INT");
    let run = peek.finish();
    assert_eq!(run.code, Some(0), "{run:?}");
    let since = |moment: Duration| (moment.as_nanos() as f64 - t as f64) / 1e9;
    let read = [since(before), since(after)];
    (run.objects().pop().unwrap(), read)
}

#[test]
fn the_delay_is_the_time_since_the_measurement() {
    let rings = Rings::new();
    let mut producer = rings.produce_stamped("imu", 5);
    for lag in [5.0, -3.0] {
        let mut delay = rings.peek(&["delay", "imu", "--json"]);
        delay.says("imu: since the time in field t");
        rings.joined("imu", 1);
        let t = Duration::from_secs_f64(now().as_secs_f64() - lag);
        let (told, [least, most]) = one(&rings, &mut producer, delay, t);
        let mean = told["mean_s"].as_f64().unwrap();
        // A record may be counted as read before the clock was looked at.
        assert!((least..most + 1.0).contains(&mean), "{least} {most} {told}");
        assert!((mean - lag).abs() < 60.0);
        assert_eq!(
            (&told["by"], &told["window"]),
            (&"measured".into(), &1.into())
        );
        assert_eq!(
            (&told["min_s"], &told["max_s"]),
            (&told["mean_s"], &told["mean_s"])
        );
    }
}

#[test]
fn the_delay_since_publication_is_short_whatever_was_measured() {
    let rings = Rings::new();
    let mut producer = rings.produce_stamped("imu", 5);
    let mut delay = rings.peek(&["delay", "imu", "--published", "--json"]);
    delay.says("imu: since publication");
    rings.joined("imu", 1);
    let (told, [least, most]) = one(&rings, &mut producer, delay, Duration::from_secs(7));
    let mean = told["mean_s"].as_f64().unwrap();
    assert!((-0.1..most - least + 1.0).contains(&mean), "{told}");
    assert_eq!(told["by"], "published");
}

#[test]
fn frames_are_as_old_as_their_publication() {
    let rings = Rings::new();
    let options = CreateOptions::default().stamp(true);
    let retain = FrameRetain::bytes(4096);
    let mut producer =
        FrameProducer::create_with(&rings.reference("cam"), retain, &options).unwrap();
    let mut delay = rings.peek(&["delay", "cam"]);
    delay.says("cam: since publication");
    rings.joined("cam", 1);
    producer.publish(b"one").unwrap();
    producer.close();
    let run = delay.finish();
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.starts_with("average delay: "), "{run:?}");
    assert!(run.stdout.ends_with(" window: 1\n"), "{run:?}");
}

#[test]
fn without_any_time_there_is_no_delay() {
    let rings = Rings::new();
    let reference = rings.reference("room");
    let _producer =
        UntypedProducer::create(&reference, temperature(), Retain::records(10)).unwrap();
    let run = rings.run(&["delay", "room"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{run:?}");
    let words = "neither a time field on the wall clock nor publication times";
    assert!(run.stderr.contains(words), "{run:?}");
    let _imu = rings.produce("imu", 1);
    let run = rings.run(&["delay", "imu", "--published"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("without --published"), "{run:?}");
}

#[test]
fn what_was_there_before_has_no_delay() {
    let rings = Rings::new();
    rings.produce_stamped("imu", 5).close();
    let run = rings.run(&["delay", "imu"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""), "{run:?}");
    assert!(run.stderr.ends_with("no records came\n"), "{run:?}");
}
