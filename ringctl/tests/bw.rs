//! `ringctl bw`: its figures against sizes that are known and publication times that were read independently.

mod common;

use std::time::Duration;

use common::{Rings, sample};
use ringbuf_core::{CreateOptions, FrameProducer, FrameReader, FrameRetain, ReaderOptions};

const SIZES: [usize; 6] = [100, 0, 5000, 1, 64, 1234];

/// A closed ring of frames of these sizes, and the seconds in which they were published.
fn frames(rings: &Rings) -> f64 {
    let reference = rings.reference("cam");
    let options = CreateOptions::default().stamp(true);
    let retain = FrameRetain::bytes(1 << 16).at_most(100);
    let mut producer = FrameProducer::create_with(&reference, retain, &options).unwrap();
    for size in SIZES {
        producer.publish(&vec![7; size]).unwrap();
        std::thread::sleep(Duration::from_millis(2));
    }
    producer.close();
    let options = ReaderOptions::lossy().from_oldest();
    let mut reader = FrameReader::attach(&reference, options).unwrap();
    let mut times = Vec::new();
    while let Some(batch) = reader.poll().unwrap() {
        times.extend(batch.frames().map(|frame| frame.published_ns().unwrap()));
    }
    (times[SIZES.len() - 1] - times[0]) as f64 / 1e9
}

#[test]
fn bytes_of_frames_are_their_lengths() {
    let rings = Rings::new();
    let seconds = frames(&rings);
    let told = &rings.json(&["bw", "cam"])[0];
    let all: usize = SIZES.iter().sum();
    // In the time between the first and the last all but the first came.
    let expected = (all - SIZES[0]) as f64 / seconds;
    let found = told["bytes_per_s"].as_f64().unwrap();
    assert!((found / expected - 1.0).abs() < 1e-9, "{found} {expected}");
    let mean = all as f64 / SIZES.len() as f64;
    assert!((told["mean_bytes"].as_f64().unwrap() - mean).abs() < 1e-9);
    assert_eq!(
        (&told["min_bytes"], &told["max_bytes"], &told["window"]),
        (&0.into(), &5000.into(), &6.into())
    );
    let last_two = &rings.json(&["bw", "cam", "--window", "2"])[0];
    assert_eq!(
        (&last_two["min_bytes"], &last_two["max_bytes"]),
        (&64.into(), &1234.into())
    );

    let run = rings.run(&["bw", "cam"]);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{run:?}");
    assert!(lines[0].ends_with(" from 6 frames"), "{run:?}");
    assert!(lines[1].starts_with("\tFrame size mean: "), "{run:?}");
    assert!(
        run.stderr.contains("publication times of frames"),
        "{run:?}"
    );
}

#[test]
fn bytes_of_records_are_those_of_the_schema() {
    let rings = Rings::new();
    let mut producer = rings.produce_stamped("imu", 0);
    for t in 0..10 {
        producer.publish(&sample(t)).unwrap();
        std::thread::sleep(Duration::from_millis(1));
    }
    producer.close();
    let times = rings.published_ns("imu");
    let seconds = (times[9] - times[0]) as f64 / 1e9;
    let run = rings.run(&["bw", "imu"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let flow = 9.0 * 16.0 / seconds;
    let flow = match flow {
        ..1e3 => format!("{flow:.0} B/s"),
        _ => format!("{:.2} KB/s", flow / 1e3),
    };
    let expected =
        format!("{flow} from 10 records\n\tRecord size mean: 16 B min: 16 B max: 16 B\n");
    assert_eq!(run.stdout, expected);
}
