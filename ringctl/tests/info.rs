//! `ringctl info`

mod common;

use common::Rings;
use jiff::Timestamp;
use ringbuf_core::{Reader, ReaderOptions};

#[test]
fn info_tells_programs_everything() {
    let rings = Rings::new();
    let before = Timestamp::now();
    let mut producer = rings.produce("imu", 10);
    let reference = rings.reference("imu");
    let options = ReaderOptions::lossy().named("slow").from_oldest();
    let mut slow = Reader::<common::Sample>::attach(&reference, options).unwrap();
    let options = ReaderOptions::lossless().named("fft");
    let _fft = Reader::<common::Sample>::attach(&reference, options).unwrap();
    assert_eq!(slow.poll().unwrap().unwrap().records().len(), 10);
    for t in 10..60 {
        producer.publish(&common::sample(t)).unwrap();
    }

    let objects = rings.json(&["info", "imu"]);
    let [info] = objects.as_slice() else {
        panic!("one object: {objects:?}")
    };
    assert_eq!(info["ring"], "imu");
    assert_eq!(info["path"], format!("{reference}.ring"));
    assert_eq!(info["producer"], "live");
    assert_eq!(info["epoch"], 1);
    assert_eq!(info["capacity"], 100);
    assert_eq!(info["published"], 60);
    assert_eq!(info["oldest"], 0);
    assert_eq!(info["record_bytes"], 16);
    assert_eq!(info["allow"], "lossless");
    assert_eq!(info["living_readers"], 2);
    let on_disk: u64 = ["imu.ring", "imu.readers"]
        .iter()
        .map(|name| rings.file(name).metadata().unwrap().len())
        .sum();
    assert_eq!(info["file_bytes"], on_disk);
    let created: Timestamp = info["created"].as_str().unwrap().parse().unwrap();
    assert!((before..=Timestamp::now()).contains(&created));

    let dtype = &info["schema"]["dtype"];
    assert_eq!(dtype["names"], serde_json::json!(["t", "accel"]));
    assert_eq!(dtype["itemsize"], 16);
    assert_eq!(info["schema"]["fields"]["accel"]["unit"], "g");

    let readers = info["readers"].as_array().unwrap();
    let slow = readers
        .iter()
        .find(|reader| reader["name"] == "slow")
        .unwrap();
    assert_eq!(slow["delivery"], "lossy");
    assert_eq!(slow["alive"], true);
    assert_eq!(slow["pid"], std::process::id());
    assert!(
        slow["attached"]
            .as_str()
            .unwrap()
            .parse::<Timestamp>()
            .is_ok()
    );
    let ledger = serde_json::json!(
        {"joined": 0, "cursor": 10, "read": 10, "missed": 0, "skipped": 0, "lag": 50}
    );
    assert_eq!(slow["ledger"], ledger);
    let fft = readers
        .iter()
        .find(|reader| reader["name"] == "fft")
        .unwrap();
    assert_eq!(
        (&fft["delivery"], &fft["ledger"]["lag"]),
        (&"lossless".into(), &50.into())
    );
}

#[test]
fn info_tells_people_the_same() {
    let rings = Rings::new();
    let producer = rings.produce("imu", 1_250);
    let reference = rings.reference("imu");
    let options = ReaderOptions::lossy().named("fft").from_oldest();
    let _reader = Reader::<common::Sample>::attach(&reference, options).unwrap();
    let run = rings.run(&["info", "imu"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
    for words in [
        "producer  live, epoch 1\n",
        "records   1,250 published, 100 kept: 1,150..1,250\n",
        "capacity  100 records\n",
        "allows    readers up to lossless\n",
        " UTC (",
        "record of 16 bytes:\n",
        "time, unix clock\n",
        "SLOT  NAME  DELIVERY",
        "fft   lossy",
    ] {
        assert!(run.stdout.contains(words), "{words:?} in:\n{}", run.stdout);
    }
    producer.close();
    let by_path = rings.run(&["info", &format!("{reference}.ring")]);
    assert!(by_path.stdout.contains("closed, epoch 1"), "{by_path:?}");
}

#[test]
fn a_name_that_would_command_the_terminal_is_printed_escaped() {
    let rings = Rings::new();
    let _producer = rings.produce("imu", 1);
    let name = "evil\u{1b}[2J\u{9b}31m\u{202e}\nliar";
    let options = ReaderOptions::lossy().named(name);
    let _reader = Reader::<common::Sample>::attach(&rings.reference("imu"), options).unwrap();
    for arguments in [&["info", "imu"][..], &["info", "imu", "--json"]] {
        let run = rings.run(arguments);
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(run.stdout.contains("evil"), "{run:?}");
        let line = run
            .stdout
            .lines()
            .find(|line| line.contains("evil"))
            .unwrap();
        assert!(line.contains("liar"), "still one line: {run:?}");
        let is_bad = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!run.stdout.contains(is_bad), "{run:?}");
    }
}

#[test]
fn what_is_not_there_or_not_a_ring_is_a_failure_that_says_so() {
    let rings = Rings::new();
    let run = rings.run(&["info", "imu"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{run:?}");
    assert!(run.stderr.contains("there is no ring imu"), "{run:?}");
    std::fs::create_dir(rings.file("folder.ring")).unwrap();
    let run = rings.run(&["info", "folder"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(
        run.stderr.matches("a directory").count(),
        1,
        "said once: {run:?}"
    );
    std::fs::write(rings.file("imu.ring"), "\u{1b}[31m".repeat(100)).unwrap();
    let run = rings.run(&["info", "imu", "--json"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{run:?}");
    assert!(run.stderr.contains("it is not a ring"), "{run:?}");
    assert!(!run.stderr.contains('\u{1b}'), "{run:?}");
}
