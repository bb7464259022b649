//! `ringctl hz`: its figures against publication times that were read independently.
#![cfg(unix)] // signals

mod common;

use std::time::{Duration, Instant};

use common::peek::code;
use common::{Rings, sample};
use serde_json::Value;

fn number(object: &Value, key: &str) -> f64 {
    let number = object[key].as_f64();
    number.unwrap_or_else(|| panic!("{key} in {object}"))
}

/// Seconds between neighbours.
fn intervals(times: &[i64]) -> Vec<f64> {
    let pairs = times.windows(2);
    pairs.map(|pair| (pair[1] - pair[0]) as f64 / 1e9).collect()
}

#[track_caller]
fn close(found: f64, expected: f64) {
    let most = 1e-9 + expected.abs() * 1e-9;
    assert!((found - expected).abs() < most, "{found}, not {expected}");
}

/// The figures of these intervals, as they are defined.
#[track_caller]
fn agree(object: &Value, intervals: &[f64]) {
    let count = intervals.len() as f64;
    let mean = intervals.iter().sum::<f64>() / count;
    let squares = intervals.iter().map(|s| (s - mean).powi(2)).sum::<f64>();
    close(number(object, "rate_hz"), 1.0 / mean);
    close(
        number(object, "min_s"),
        intervals.iter().copied().fold(f64::MAX, f64::min),
    );
    close(
        number(object, "max_s"),
        intervals.iter().copied().fold(0.0, f64::max),
    );
    close(number(object, "std_s"), (squares / count).sqrt());
    assert_eq!(object["window"], intervals.len());
}

/// About so fast; how fast exactly is in the ring.
fn paced(rings: &Rings, count: u64) {
    let mut producer = rings.produce_stamped("imu", 0);
    for t in 0..count {
        producer.publish(&sample(t)).unwrap();
        std::thread::sleep(Duration::from_micros(300 + t % 7 * 100));
    }
    producer.close();
}

#[test]
fn the_rate_is_that_of_the_publication_times() {
    let rings = Rings::new();
    paced(&rings, 80);
    let intervals = intervals(&rings.published_ns("imu"));
    assert_eq!(intervals.len(), 79);
    let objects = rings.json(&["hz", "imu"]);
    let [told] = objects.as_slice() else {
        panic!("one line: {objects:?}")
    };
    agree(told, &intervals);
    assert_eq!(
        (&told["ring"], &told["final"], &told["by"]),
        (&"imu".into(), &true.into(), &"published".into())
    );
    assert_eq!((&told["read"], &told["missed"]), (&80.into(), &0.into()));
    let narrow = &rings.json(&["hz", "imu", "-w", "10"])[0];
    agree(narrow, &intervals[69..]);
}

#[test]
fn people_read_it_as_in_ros() {
    let rings = Rings::new();
    paced(&rings, 20);
    let run = rings.run(&["hz", "imu"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let said = "ringctl: the producer has closed the ring\nringctl: imu: by the publication times of records\n";
    assert_eq!(run.stderr, said);
    let told = &rings.json(&["hz", "imu"])[0];
    let rate = number(told, "rate_hz");
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines[0], format!("average rate: {rate:.3}"));
    let rest = lines[1].strip_prefix("\tmin: ").unwrap();
    let words: Vec<&str> = rest.split(' ').collect();
    let [min, "max:", max, "std", "dev:", std, "window:", "19"] = words.as_slice() else {
        panic!("{rest}")
    };
    for (word, key) in [(min, "min_s"), (max, "max_s"), (std, "std_s")] {
        let seconds: f64 = word.strip_suffix('s').unwrap().parse().unwrap();
        assert!((seconds - number(told, key)).abs() < 1e-4, "{key}: {run:?}");
    }
    assert_eq!(lines.len(), 2);
}

#[test]
fn figures_come_every_second_and_once_more_at_ctrl_c() {
    let rings = Rings::new();
    let mut producer = rings.produce_stamped("imu", 0);
    let mut hz = rings.peek(&["hz", "imu", "--json"]);
    rings.joined("imu", 1);
    for t in 0..10 {
        producer.publish(&sample(t)).unwrap();
    }
    let first: Value = serde_json::from_str(&hz.line()).unwrap();
    assert_eq!(first["final"], false);
    assert!(number(&first, "rate_hz") > 0.0);
    assert!(number(&first, "elapsed_s") >= 1.0);
    hz.says("no new records");
    // Through more than one second in which nothing comes.
    std::thread::sleep(Duration::from_millis(2500));
    hz.signal("INT");
    let run = hz.finish();
    assert_eq!(run.code, Some(0), "{run:?}");
    let last = run.objects().pop().unwrap();
    assert_eq!((&last["final"], &last["read"]), (&true.into(), &10.into()));
    assert_eq!(last["rate_hz"], first["rate_hz"]);
    assert_eq!(run.stderr.matches("no new records").count(), 1, "{run:?}");
}

/// Whoever is overtaken knows how fast records came all the same.
#[cfg(target_os = "linux")]
#[test]
fn what_was_missed_counts_in_the_rate_and_exits_3() {
    let rings = Rings::new();
    let mut producer = rings.produce_stamped("imu", 0);
    let hz = rings.peek(&["hz", "imu", "--json"]);
    rings.joined("imu", 1);
    producer.publish(&sample(0)).unwrap();
    let first = rings.published_ns("imu")[0];
    rings.readers("imu", |readers| {
        readers[0].ledger.is_some_and(|ledger| ledger.cursor == 1)
    });
    hz.suspend();
    for t in 1..500 {
        producer.publish(&sample(t)).unwrap();
        if t % 50 == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    hz.signal("CONT");
    producer.close();
    let run = hz.finish();
    assert_eq!(run.code, Some(3), "{run:?}");
    let last = run.objects().pop().unwrap();
    let newest = *rings.published_ns("imu").last().unwrap();
    close(
        number(&last, "rate_hz"),
        499.0 * 1e9 / (newest - first) as f64,
    );
    let [read, missed] = ["read", "missed"].map(|key| last[key].as_u64().unwrap());
    assert_eq!(read + missed, 500, "{last}");
    assert!(missed >= 350, "{last}");
    assert!(run.stderr.contains("missed "), "{run:?}");
}

/// Between two producers nothing is published, and nobody is slow.
#[test]
fn the_pause_between_two_producers_is_no_interval() {
    let rings = Rings::new();
    rings.produce_stamped("imu", 10).close();
    std::thread::sleep(Duration::from_millis(300));
    rings.produce_stamped("imu", 10).close();
    let mut intervals = intervals(&rings.published_ns("imu"));
    assert!(intervals.remove(9) > 0.3);
    agree(&rings.json(&["hz", "imu"])[0], &intervals);
}

#[test]
fn a_ring_without_publication_times_is_told_of_by_arrival() {
    let rings = Rings::new();
    let mut producer = rings.produce("imu", 5);
    let mut hz = rings.peek(&["hz", "imu", "--json"]);
    hz.says("imu: by arrival, since the ring has no publication times");
    rings.joined("imu", 1);
    let began = Instant::now();
    producer.publish(&sample(5)).unwrap();
    rings.readers("imu", |readers| {
        readers[0].ledger.is_some_and(|ledger| ledger.read == 1)
    });
    std::thread::sleep(Duration::from_millis(20));
    producer.publish(&sample(6)).unwrap();
    producer.close();
    let run = hz.finish();
    let elapsed = began.elapsed().as_secs_f64();
    assert_eq!(run.code, Some(0), "{run:?}");
    let last = run.objects().pop().unwrap();
    assert_eq!(last["by"], "arrival");
    assert_eq!(last["read"], 2, "what was there before does not arrive");
    assert!((0.02..elapsed).contains(&number(&last, "min_s")), "{last}");

    let run = rings.run(&["hz", "imu"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{run:?}");
    assert!(
        run.stderr
            .contains("neither publication times nor a living producer"),
        "{run:?}"
    );
}

#[test]
fn a_closed_pipe_is_the_end() {
    let rings = Rings::new();
    let mut producer = rings.produce_stamped("imu", 0);
    let (reader, writer) = std::io::pipe().unwrap();
    let hz = rings
        .command(&["hz", "imu"])
        .stdout(writer)
        .spawn()
        .unwrap();
    rings.joined("imu", 1);
    drop(reader);
    for t in 0..3 {
        producer.publish(&sample(t)).unwrap();
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(code(hz), Some(0));
}

#[test]
fn a_ring_at_rest_has_no_rate() {
    let rings = Rings::new();
    rings.produce_stamped("imu", 0).close();
    let run = rings.run(&["hz", "imu"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""), "{run:?}");
    assert!(run.stderr.ends_with("no records came\n"), "{run:?}");
    let none = &rings.json(&["hz", "imu"])[0];
    assert_eq!(
        (&none["rate_hz"], &none["window"]),
        (&Value::Null, &0.into())
    );
}
