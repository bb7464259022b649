//! Rings of frames: they are told by their frames, not by what the ring notes of them.

mod common;

use common::Rings;
use ringbuf_core::{CreateOptions, FrameInfo, FrameProducer, FrameRetain, WhenFull};
use serde_json::Value;

/// A ring with room for 64 KiB and 100 frames, after 30 frames of 4000 bytes: 16 of them are kept.
fn produce(rings: &Rings) -> FrameProducer {
    let options = CreateOptions::default()
        .stamp(true)
        .when_full(WhenFull::Drop);
    let retain = FrameRetain::bytes(64 * 1024).at_most(100);
    let mut producer =
        FrameProducer::create_with(&rings.reference("cam"), retain, &options).unwrap();
    for _ in 0..30 {
        let image = FrameInfo::image(40, 100, 1);
        producer.publish_with(&[7; 4000], image).unwrap();
    }
    producer
}

#[test]
fn info_tells_people_of_frames() {
    let rings = Rings::new();
    let _producer = produce(&rings);
    let run = rings.run(&["info", "cam"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
    for words in [
        "frames    30 published, 16 kept: 14..30, ",
        "capacity  100 frames\n",
        "arena     64.0 KiB (65,536 bytes), 64.0 KiB in use\n",
        "when full drops, 0 refused\n",
        "no registered readers\n",
    ] {
        assert!(run.stdout.contains(words), "{words:?} in:\n{}", run.stdout);
    }
    for field in ["dtype", "ndim", "start", "64 bytes", "record"] {
        assert!(!run.stdout.contains(field), "{field:?} in:\n{}", run.stdout);
    }
}

#[test]
fn programs_are_told_what_is_kept_in_bytes_too() {
    let rings = Rings::new();
    let _producer = produce(&rings);
    let _records = rings.produce("imu", 5);
    let info = &rings.json(&["info", "cam"])[0];
    let frames = &info["frames"];
    assert_eq!(
        (&frames["arena_bytes"], &frames["kept"]),
        (&65536.into(), &16.into())
    );
    let bytes = frames["kept_bytes"].as_u64().unwrap();
    assert!((16 * 4000..=65536).contains(&bytes), "{bytes}");
    assert_eq!(
        (&info["published"], &info["oldest"]),
        (&30.into(), &14.into())
    );
    let listed = rings.json(&["list"]);
    assert_eq!(&listed[0]["frames"], frames);
    assert_eq!(
        (&listed[1]["ring"], &listed[1]["frames"]),
        (&"imu".into(), &Value::Null)
    );
}

#[test]
fn a_list_holds_both_kinds() {
    let rings = Rings::new();
    let _producer = produce(&rings);
    let _records = rings.produce("imu", 5);
    let run = rings.run(&["list"]);
    let rows: Vec<Vec<&str>> = run
        .stdout
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(rows[0][5], "RECORD");
    assert_eq!(rows[1][..6], ["cam", "live", "0", "30", "100", "frames"]);
    assert_eq!(rows[2][..6], ["imu", "live", "0", "5", "100", "16"]);
}
