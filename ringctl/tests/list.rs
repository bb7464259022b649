//! `ringctl list`

mod common;

use common::Rings;
use ringbuf_core::{Reader, ReaderOptions, Retain, UntypedProducer};

#[test]
fn an_empty_directory_is_no_failure() {
    let rings = Rings::new();
    let run = rings.run(&["list"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""), "{run:?}");
    assert!(run.stderr.contains("there is no ring in"), "{run:?}");
    assert!(rings.json(&["list"]).is_empty());
    std::fs::remove_dir(rings.path()).unwrap();
    assert_eq!(rings.run(&["list"]).code, Some(0));
}

#[test]
fn every_ring_has_a_line() {
    let rings = Rings::new();
    let _imu = rings.produce("imu", 1234);
    let _reader = Reader::<common::Sample>::attach(
        &rings.reference("imu"),
        ReaderOptions::lossy().named("fft"),
    )
    .unwrap();
    let name = rings.reference("boiler");
    UntypedProducer::create(&name, common::temperature(), Retain::records(5000)).unwrap();

    let run = rings.run(&["list"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
    let lines: Vec<Vec<&str>> = run
        .stdout
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(lines.len(), 3, "{run:?}");
    assert_eq!(lines[0][..3], ["NAME", "PRODUCER", "READERS"]);
    assert_eq!(
        lines[1][..7],
        ["boiler", "closed", "0", "0", "5,000", "8", "B"]
    );
    assert_eq!(
        lines[2][..7],
        ["imu", "live", "1", "1,234", "100", "16", "B"]
    );

    let objects = rings.json(&["list"]);
    let names: Vec<_> = objects.iter().map(|object| &object["ring"]).collect();
    assert_eq!(names, ["boiler", "imu"]);
    assert_eq!(objects[1]["published"], 1234);
    assert_eq!(objects[1]["oldest"], 1134);
    assert_eq!(objects[1]["living_readers"], 1);
}

#[cfg(all(target_os = "linux", not(ringbuf_portable)))]
#[test]
fn an_unverified_ring_is_marked_and_the_table_stays_narrow() {
    let rings = Rings::new();
    rings.produce("machine-room", 1_234_567).close();
    rings.boot("machine-room");
    let run = rings.run(&["list"]);
    assert!(run.stdout.contains("closed, unverified"), "{run:?}");
    let widest = run.stdout.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(100), "{}", run.stdout);
    assert_eq!(rings.json(&["list"])[0]["unverified"], true);
}

#[test]
fn damaged_files_are_listed_with_the_reason() {
    let rings = Rings::new();
    let _imu = rings.produce("imu", 1);
    rings.produce("cut", 1).close();
    std::fs::write(rings.file("cut.ring"), "RINGBUF1").unwrap();
    std::fs::write(rings.file("foreign.ring"), "x\u{1b}[2J".repeat(1000)).unwrap();
    rings.produce("mixed", 1).close();
    std::fs::copy(rings.file("imu.readers"), rings.file("mixed.readers")).unwrap();
    std::fs::create_dir(rings.file("folder.ring")).unwrap();

    let run = rings.run(&["list"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let line = |name: &str| {
        run.stdout
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap()
    };
    assert!(line("cut").contains("damaged: it is cut short"), "{run:?}");
    assert!(line("foreign").contains("it is not a ring"), "{run:?}");
    assert!(line("mixed").contains("different rings"), "{run:?}");
    assert!(line("folder").contains("unreadable: "), "{run:?}");
    assert!(line("imu").contains("live"), "{run:?}");
    assert!(!run.stdout.contains('\u{1b}'), "{run:?}");

    let objects = rings.json(&["list"]);
    assert_eq!(objects.len(), 5);
    assert_eq!(objects[0]["ring"], "cut");
    let error = objects[0]["error"].as_str().unwrap();
    assert!(error.starts_with("it is cut short"), "{error}");
}
