//! `ringctl info`

mod common;

use std::thread::sleep;
use std::time::Duration;

use common::Rings;
use jiff::Timestamp;
use ringbuf_core::{CreateOptions, Delivery, Reader, ReaderOptions, WhenFull};

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
    assert_eq!(info["allow_bound_s"], serde_json::Value::Null);
    assert_eq!(info["in_place"], false);
    assert_eq!(info["when_full"], "wait");
    assert_eq!(info["refused"], 0);
    assert_eq!(info["stamped"], false);
    assert_eq!(info["kept_s"], serde_json::Value::Null);
    assert_eq!(info["unverified"], false);
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
    assert_eq!(slow["bound_s"], serde_json::Value::Null);
    assert_eq!(slow["demoted"], false);
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
        {"joined": 0, "cursor": 10, "read": 10, "missed": 0, "skipped": 0, "lag": 50, "lag_s": null}
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
        "records   1,250 published, 100 kept: 1,150..1,250, no publication times\n",
        "capacity  100 records\n",
        "allows    readers up to lossless\n",
        "when full waits\n",
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
fn publication_times_tell_what_is_kept_and_the_lag_in_time() {
    let rings = Rings::new();
    let mut producer = rings.produce_with("imu", 1, &CreateOptions::default().stamp(true));
    let options = ReaderOptions::lossy().named("fft").from_oldest();
    let _reader = Reader::<common::Sample>::attach(&rings.reference("imu"), options).unwrap();
    sleep(Duration::from_millis(20));
    producer.publish(&common::sample(1)).unwrap();

    let info = &rings.json(&["info", "imu"])[0];
    assert_eq!(info["stamped"], true);
    let kept = info["kept_s"].as_f64().unwrap();
    assert!((0.02..600.0).contains(&kept), "{info}");
    let lag = info["readers"][0]["ledger"]["lag_s"].as_f64().unwrap();
    assert!(lag >= kept, "{info}");

    let page = rings.run(&["info", "imu"]).stdout;
    let records = page.lines().find(|line| line.contains("kept")).unwrap();
    assert!(records.contains("2 kept: 0..2, "), "{page}");
    assert!(records.ends_with('s'), "{page}");
    let reader = page.lines().find(|line| line.contains("fft")).unwrap();
    assert!(
        reader.contains(" 2 ("),
        "lag in records, then in time: {page}"
    );
}

#[test]
fn a_bound_and_who_was_too_slow_for_it_are_shown() {
    let rings = Rings::new();
    let bound = Duration::from_millis(50);
    let options = CreateOptions::default().allow(Delivery::Bounded(bound));
    let mut producer = rings.produce_with("imu", 0, &options);
    let reference = rings.reference("imu");
    let options = ReaderOptions::bounded(Duration::from_millis(2)).named("slow");
    let _slow = Reader::<common::Sample>::attach(&reference, options).unwrap();
    let before = &rings.json(&["info", "imu"])[0];
    assert_eq!(before["readers"][0]["demoted"], false);
    for t in 0..101 {
        producer.publish(&common::sample(t)).unwrap();
    }

    let info = &rings.json(&["info", "imu"])[0];
    assert_eq!(
        (&info["allow"], &info["allow_bound_s"]),
        (&"bounded".into(), &0.05.into())
    );
    let slow = &info["readers"][0];
    assert_eq!(
        (&slow["delivery"], &slow["bound_s"], &slow["demoted"]),
        (&"bounded".into(), &0.002.into(), &true.into())
    );
    let page = rings.run(&["info", "imu"]).stdout;
    assert!(page.contains("readers up to bounded:50ms\n"), "{page}");
    assert!(page.contains("slow  bounded:2ms, demoted  "), "{page}");
}

#[test]
fn dropped_records_are_counted() {
    let rings = Rings::new();
    let options = CreateOptions::default().when_full(WhenFull::Drop);
    let mut producer = rings.produce_with("imu", 0, &options);
    let _reader =
        Reader::<common::Sample>::attach(&rings.reference("imu"), ReaderOptions::lossless())
            .unwrap();
    for t in 0..107 {
        producer.publish(&common::sample(t)).unwrap();
    }
    let info = &rings.json(&["info", "imu"])[0];
    assert_eq!(
        (&info["when_full"], &info["refused"]),
        (&"drop".into(), &7.into())
    );
    let page = rings.run(&["info", "imu"]).stdout;
    assert!(page.contains("when full drops, 7 refused\n"), "{page}");

    let options = CreateOptions::default().allow(Delivery::Lossy);
    let _lossy = rings.produce_with("lossy", 1, &options);
    let page = rings.run(&["info", "lossy"]).stdout;
    assert!(page.contains("when full overwrites: no reader"), "{page}");
}

#[cfg(unix)]
#[test]
fn whose_ring_it_is_and_who_may_use_it_is_shown() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    let rings = Rings::new();
    rings.produce("imu", 1).close();
    let (data, readers) = (rings.file("imu.ring"), rings.file("imu.readers"));
    set_permissions(&data, Permissions::from_mode(0o644)).unwrap();
    set_permissions(&readers, Permissions::from_mode(0o660)).unwrap();
    let owner = data.metadata().unwrap().uid();
    for command in [&["info", "imu"][..], &["list"]] {
        let info = &rings.json(command)[0];
        assert_eq!(info["owner_uid"], owner);
        assert_eq!(
            (&info["mode"], &info["readers_mode"]),
            (&"0644".into(), &"0660".into())
        );
    }
    let page = rings.run(&["info", "imu"]).stdout;
    assert!(
        page.contains(&format!("owner     user {owner}\n")),
        "{page}"
    );
    let access = "access    all may read (0644), group may register (0660)\n";
    assert!(page.contains(access), "{page}");
    std::fs::remove_file(readers).unwrap();
    let info = &rings.json(&["info", "imu"])[0];
    assert_eq!(info["readers_mode"], serde_json::Value::Null);
}

#[cfg(all(target_os = "linux", not(ringbuf_portable)))]
#[test]
fn a_ring_that_was_cut_off_is_shown_with_what_to_do() {
    let rings = Rings::new();
    rings.produce("imu", 5).close();
    assert!(!rings.run(&["info", "imu"]).stdout.contains("UNVERIFIED"));
    rings.boot("imu");
    let info = &rings.json(&["info", "imu"])[0];
    assert_eq!(
        (&info["unverified"], &info["published"]),
        (&true.into(), &5.into())
    );
    let page = rings.run(&["info", "imu"]).stdout;
    assert!(
        page.starts_with("imu\n  UNVERIFIED: the system stopped"),
        "{page}"
    );
    assert!(page.contains("Save what you need"), "{page}");
    let widest = page.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(110), "{page}");
}

#[cfg(all(target_os = "linux", not(ringbuf_portable)))]
#[test]
fn memory_and_disk_are_told_apart() {
    for (rings, on_disk, word) in [
        (Some(Rings::new()), false, "  memory    "),
        (Rings::on_disk(), true, "  on disk   "),
    ] {
        let Some(rings) = rings else { continue };
        let _imu = rings.produce("imu", 1);
        assert_eq!(rings.json(&["info", "imu"])[0]["on_disk"], on_disk);
        let page = rings.run(&["info", "imu"]).stdout;
        assert!(page.contains(word), "{page}");
    }
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
fn a_ring_that_is_written_in_place_says_so() {
    let rings = Rings::new();
    let options = CreateOptions::default().in_place(true);
    let _producer = rings.produce_with("imu", 10, &options);
    let info = &rings.json(&["info", "imu"])[0];
    assert_eq!(
        (&info["in_place"], &info["mirror"]),
        (&true.into(), &false.into())
    );
    assert_eq!(rings.json(&["list"])[0]["in_place"], true);
    let run = rings.run(&["info", "imu"]);
    let line = "allows    lossless readers alone: it is written in place\n";
    assert!(run.stdout.contains(line), "{run:?}");
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
