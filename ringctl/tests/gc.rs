//! `ringctl gc`: what the dead leave is found and removed, and nothing alive ever is.

mod common;

use common::{Rings, process_directory, stay};
use ringbuf_core::{Producer, Reader, ReaderOptions, Retain};

#[cfg(all(target_os = "linux", not(ringbuf_portable)))]
const GC: &[&str] = &["gc"];
/// Where memory and disks are not told apart.
#[cfg(not(all(target_os = "linux", not(ringbuf_portable))))]
const GC: &[&str] = &["gc", "--disk"];

/// Not a test: a producer to be killed.
#[test]
fn process_producer() {
    let Some(directory) = process_directory() else {
        return;
    };
    let ring = directory.join("imu").display().to_string();
    let mut producer = Producer::create(&ring, Retain::records(100)).unwrap();
    for t in 0..7 {
        producer.publish(&common::sample(t)).unwrap();
    }
    stay();
}

/// Not a test: a reader to be killed.
#[test]
fn process_reader() {
    let Some(directory) = process_directory() else {
        return;
    };
    let ring = directory.join("imu").display().to_string();
    let options = ReaderOptions::lossless().named("doomed").from_oldest();
    let mut reader = Reader::<common::Sample>::attach(&ring, options).unwrap();
    reader.poll().unwrap();
    stay();
}

/// Exchanged for a copy, as a restore does it: the locks of those who live lie on the file that was there before.
#[test]
fn a_living_producer_whose_readers_file_was_exchanged_keeps_its_ring() {
    let rings = Rings::new();
    let producer = rings.produce("imu", 10);
    let (readers, copy) = (rings.file("imu.readers"), rings.file("copy"));
    std::fs::copy(&readers, &copy).unwrap();
    std::fs::rename(&copy, &readers).unwrap();
    assert_eq!(rings.json(&["list"])[0]["producer"], "live");
    assert!(rings.json(GC).is_empty());
    let run = rings.run(&["rm", "imu"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    producer.close();
    assert_eq!(rings.json(GC).len(), 1);
}

/// The leak: a process that dies before it cleans up leaves its memory behind, until gc.
#[test]
fn what_a_killed_producer_leaves_is_found_and_removed() {
    let rings = Rings::new();
    let producer = rings.process("process_producer");
    assert_eq!(rings.json(&["list"])[0]["producer"], "live");
    assert!(rings.json(GC).is_empty(), "it lives");
    producer.kill();

    let listed = &rings.json(&["list"])[0];
    assert_eq!(listed["producer"], "died");
    assert_eq!(listed["published"], 7, "nothing published is lost");
    let reference = rings.reference("imu");
    let options = ReaderOptions::lossy().from_oldest();
    let mut reader = Reader::<common::Sample>::attach(&reference, options).unwrap();
    assert_eq!(reader.poll().unwrap().unwrap().records().len(), 7);
    assert!(rings.json(GC).is_empty(), "a reader lives");
    drop(reader);

    let dry = rings.run(&[GC, &["--dry-run"]].concat());
    let data = rings.file("imu.ring").display().to_string();
    assert_eq!(
        (dry.code, dry.stdout.trim_end()),
        (Some(0), data.as_str()),
        "{dry:?}"
    );
    assert!(dry.stderr.contains("would remove 1 leftover"), "{dry:?}");
    let would = &rings.json(&[GC, &["-n"]].concat())[0];
    assert_eq!(
        (&would["removed"], &would["dry_run"]),
        (&false.into(), &true.into())
    );
    assert_eq!(rings.files(), ["imu.readers", "imu.ring"]);

    let bytes = listed["file_bytes"].clone();
    let swept = &rings.json(GC)[0];
    let expected = serde_json::json!(
        {"path": data, "what": "ring", "bytes": bytes, "removed": true, "dry_run": false}
    );
    assert_eq!(*swept, expected);
    assert!(rings.files().is_empty());
    let again = rings.run(GC);
    assert_eq!(
        (again.code, again.stdout.as_str()),
        (Some(0), ""),
        "{again:?}"
    );
}

#[test]
fn a_killed_reader_keeps_nothing() {
    let rings = Rings::new();
    let producer = rings.produce("imu", 7);
    let reader = rings.process("process_reader");
    let shown = |key: &str| rings.json(&["info", "imu"])[0]["readers"][0][key].clone();
    assert_eq!(
        (shown("name"), shown("alive")),
        ("doomed".into(), true.into())
    );
    producer.close();
    assert!(rings.json(GC).is_empty(), "a reader lives");
    reader.kill();
    assert_eq!(shown("alive"), false);
    assert_eq!(shown("ledger")["read"], 7, "its ledger is kept");
    assert_eq!(rings.json(GC).len(), 1);
    assert!(rings.files().is_empty());
}

#[test]
fn living_and_dead_are_told_apart_in_one_directory() {
    let rings = Rings::new();
    let mut living = rings.produce("living", 1);
    rings.produce("closed", 1).close();
    let doomed = rings.process("process_producer");
    doomed.kill();
    std::fs::write(rings.file("notes.txt"), "mine").unwrap();
    std::fs::write(rings.file(".editor.tmp"), "mine").unwrap();
    std::fs::write(rings.file("other.readers"), "mine").unwrap();
    assert_eq!(rings.json(GC).len(), 2);
    let kept = [
        ".editor.tmp",
        "living.readers",
        "living.ring",
        "notes.txt",
        "other.readers",
    ];
    assert_eq!(rings.files(), kept);
    living.publish(&common::sample(1)).unwrap();
}

#[test]
fn a_ring_that_cannot_be_read_is_left_alone_and_named() {
    let rings = Rings::new();
    std::fs::write(rings.file("imu.ring"), "RINGBUF1").unwrap();
    let run = rings.run(&[GC, &["--json"]].concat());
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("left alone: "), "{run:?}");
    assert_eq!(run.objects()[0]["removed"], false);
    assert!(
        run.objects()[0]["error"]
            .as_str()
            .unwrap()
            .contains("cut short")
    );
    assert_eq!(rings.files(), ["imu.ring"]);
}

/// The data of a process that died are whole as long as the system runs, and who put them on a disk may come
/// back for them.
#[cfg(all(target_os = "linux", not(ringbuf_portable)))]
#[test]
fn a_ring_on_a_disk_is_kept_until_it_is_asked_for() {
    let Some(rings) = Rings::on_disk() else {
        return;
    };
    rings.process("process_producer").kill();
    rings.produce("closed", 3).close();
    let all = ["closed.readers", "closed.ring", "imu.readers", "imu.ring"];

    for arguments in [&["gc"][..], &["gc", "--dry-run"]] {
        let run = rings.run(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""), "{run:?}");
        assert!(
            run.stderr.contains("kept on a disk: closed, imu ("),
            "{run:?}"
        );
        assert!(run.stderr.contains("`ringctl gc --disk`"), "{run:?}");
        assert!(run.stderr.contains("nothing to remove"), "{run:?}");
        assert_eq!(rings.files(), all);
    }
    for object in rings.json(&["gc"]) {
        assert_eq!(
            (&object["removed"], &object["kept"]),
            (&false.into(), &"on a disk".into())
        );
    }
    let would = rings.run(&["gc", "--disk", "--dry-run"]);
    assert!(
        would.stderr.contains("would remove 2 leftovers"),
        "{would:?}"
    );
    assert_eq!(rings.files(), all);

    let living = rings.produce("closed", 3);
    let done = rings.run(&["gc", "--disk"]);
    assert_eq!(
        done.stdout.trim_end(),
        rings.file("imu.ring").display().to_string()
    );
    assert!(
        !done.stderr.contains("kept"),
        "what is in use is no leftover: {done:?}"
    );
    assert_eq!(rings.files(), ["closed.readers", "closed.ring"]);
    living.close();
    // In good order: it is known to be whole at any later boot.
    rings.boot("closed");
    assert_eq!(rings.json(&["gc", "--disk"])[0]["removed"], true);
    assert!(rings.files().is_empty());
}

#[cfg(all(target_os = "linux", not(ringbuf_portable)))]
#[test]
fn an_unverified_ring_is_always_kept() {
    for rings in [Some(Rings::new()), Rings::on_disk()].into_iter().flatten() {
        rings.process("process_producer").kill();
        rings.boot("imu");
        rings.produce("other", 3).close();
        for disk in [&[][..], &["--disk"]] {
            let swept = rings.json(&[&["gc"], disk].concat());
            let imu = swept
                .iter()
                .find(|one| one["kept"] == "unverified")
                .unwrap();
            assert_eq!(imu["path"], rings.file("imu.ring").display().to_string());
            assert_eq!(imu["removed"], false);
            let run = rings.run(&[&["gc"], disk].concat());
            assert_eq!(run.code, Some(0), "{run:?}");
            assert!(run.stderr.contains("the system stopped: imu ("), "{run:?}");
            assert!(run.stderr.contains("`ringctl rm`"), "{run:?}");
        }
        assert_eq!(
            rings.files(),
            ["imu.readers", "imu.ring"],
            "the other is gone"
        );
    }
}

#[test]
fn a_readers_file_without_its_ring_is_removed() {
    let rings = Rings::new();
    rings.produce("imu", 1).close();
    std::fs::remove_file(rings.file("imu.ring")).unwrap();
    assert_eq!(rings.json(GC)[0]["what"], "readers without a ring");
    assert!(rings.files().is_empty());
}

#[cfg(all(target_os = "linux", not(ringbuf_portable)))]
#[test]
fn unfinished_files_are_removed_once_their_creator_is_dead() {
    use rustix::fs::{FlockOperation, fcntl_lock};

    let rings = Rings::new();
    let names =
        ["ring", "readers"].map(|kind| format!(".imu.00112233445566778899aabbccddeeff.{kind}.tmp"));
    // A lock on the whole file is one on every byte, whichever it is that creators lock.
    let locked: Vec<std::fs::File> = names
        .iter()
        .map(|name| {
            std::fs::write(rings.file(name), [0; 4096]).unwrap();
            let file = std::fs::File::options()
                .write(true)
                .open(rings.file(name))
                .unwrap();
            fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).unwrap();
            file
        })
        .collect();
    assert!(rings.json(GC).is_empty(), "their creator lives");
    assert_eq!(rings.files().len(), 2);
    drop(locked);
    let swept = rings.json(GC);
    assert_eq!(swept.len(), 2);
    assert!(swept.iter().all(|one| one["what"] == "unfinished file"));
    assert!(rings.files().is_empty());
}
