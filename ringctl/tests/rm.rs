//! `ringctl rm`

mod common;

use common::Rings;
use ringbuf_core::{ReadError, Reader, ReaderOptions};

#[test]
fn a_closed_ring_is_removed() {
    let rings = Rings::new();
    rings.produce("imu", 5).close();
    let run = rings.run(&["rm", "imu"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""), "{run:?}");
    assert_eq!(run.stderr, "ringctl: removed imu\n");
    assert!(rings.files().is_empty());
}

#[test]
fn what_is_not_there_is_said_with_how_to_see_what_is() {
    let rings = Rings::new();
    rings.produce("other", 5).close();
    let run = rings.run(&["rm", "imu"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{run:?}");
    assert!(run.stderr.contains("there is no ring imu ("), "{run:?}");
    assert!(run.stderr.contains("`ringctl list`"), "{run:?}");
    assert!(!run.stderr.contains("producer"), "{run:?}");

    let elsewhere = rings.run(&["rm", &rings.reference("imu")]);
    let list = format!("`RINGBUF_DIR={} ringctl list`", rings.path().display());
    assert!(elsewhere.stderr.contains(&list), "{elsewhere:?}");
    assert_eq!(rings.files(), ["other.readers", "other.ring"]);
}

#[cfg(all(target_os = "linux", not(ringbuf_portable)))]
#[test]
fn an_unverified_ring_is_removed_by_its_name() {
    let rings = Rings::new();
    rings.produce("imu", 5).close();
    rings.boot("imu");
    assert_eq!(rings.json(&["list"])[0]["unverified"], true);
    let run = rings.run(&["rm", "imu"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(rings.files().is_empty());
}

#[test]
fn a_ring_with_a_living_producer_is_not() {
    let rings = Rings::new();
    let mut producer = rings.produce("imu", 5);
    let run = rings.run(&["rm", "imu"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{run:?}");
    assert!(
        run.stderr
            .contains("ring imu is in use: its producer lives"),
        "{run:?}"
    );
    assert_eq!(rings.files(), ["imu.readers", "imu.ring"]);
    producer.publish(&common::sample(5)).unwrap();
    assert_eq!(rings.json(&["info", "imu"])[0]["published"], 6);
}

#[test]
fn several_are_removed_as_far_as_possible() {
    let rings = Rings::new();
    let _living = rings.produce("living", 5);
    rings.produce("one", 5).close();
    rings.produce("two", 5).close();
    let run = rings.run(&["rm", "--json", "one", "missing", "living", "two"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    let removed: Vec<_> = run
        .objects()
        .iter()
        .map(|object| (object["ring"].clone(), object["removed"].clone()))
        .collect();
    let expected = [
        ("one", true),
        ("missing", false),
        ("living", false),
        ("two", true),
    ];
    assert_eq!(
        removed,
        expected.map(|(ring, removed)| (ring.into(), removed.into()))
    );
    assert!(
        run.objects()[1]["error"]
            .as_str()
            .unwrap()
            .contains("no ring missing")
    );
    assert_eq!(rings.files(), ["living.readers", "living.ring"]);
}

#[test]
fn readers_are_told() {
    let rings = Rings::new();
    let producer = rings.produce("imu", 5);
    let options = ReaderOptions::lossy().from_oldest();
    let mut reader = Reader::<common::Sample>::attach(&rings.reference("imu"), options).unwrap();
    producer.close();
    assert_eq!(rings.run(&["rm", "imu"]).code, Some(0));
    assert_eq!(reader.next().unwrap().unwrap().records().len(), 5);
    assert!(matches!(reader.next(), Err(ReadError::Removed)));
}

#[test]
fn what_cannot_be_read_is_left_with_words_on_how_to_remove_it() {
    let rings = Rings::new();
    rings.produce("imu", 5).close();
    std::fs::write(rings.file("imu.ring"), "RINGBUF1").unwrap();
    let run = rings.run(&["rm", "imu"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    let by_hand = run.stderr.lines().last().unwrap();
    assert_eq!(rings.files(), ["imu.readers", "imu.ring"]);
    let shell = std::process::Command::new("sh")
        .args(["-c", by_hand])
        .status();
    assert!(shell.unwrap().success(), "{by_hand}");
    assert!(rings.files().is_empty(), "{by_hand}");
}

/// `NAME.readers` holds no records: a ring that has lost it is read all the same, and who removes it hears how.
#[test]
fn the_records_beside_a_readers_file_that_was_cut_short_can_be_saved() {
    let rings = Rings::new();
    rings.produce("imu", 10).close();
    let readers = rings.file("imu.readers");
    let file = std::fs::File::options().write(true).open(&readers).unwrap();
    file.set_len(0).unwrap();
    let run = rings.run(&["rm", "imu"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    let save = format!("\n  rm -f -- {}\n  analyzer tail ", readers.display());
    assert!(run.stderr.contains(&save), "{run:?}");

    std::fs::remove_file(&readers).unwrap();
    let options = ReaderOptions::lossy().from_oldest();
    let mut reader = Reader::<common::Sample>::attach(&rings.reference("imu"), options).unwrap();
    assert_eq!(reader.next().unwrap().unwrap().records().len(), 10);
    assert_eq!(rings.run(&["rm", "imu"]).code, Some(0));
}
