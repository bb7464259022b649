//! A file of the ring truncated under an analyzer: it says so, instead of dying of a signal without a word, and what
//! it has written are whole lines.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use ringbuf_core::{Element, Field, Retain, Schema, UntypedProducer};

use super::common::{Finished, Place, eventually, finish, records};

fn truncate(path: &Path, len: u64) {
    let file = File::options().write(true).open(path).unwrap();
    file.set_len(len).unwrap();
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args([name, &id]).status();
    assert!(sent.unwrap().success());
}

/// It ended with an error that names the file, said once.
fn named(finished: &Finished, path: &Path) {
    let stderr = &finished.stderr;
    assert_eq!(finished.code(), 1, "{stderr}");
    let expected = format!(
        "analyzer: {} was truncated by another process",
        path.display()
    );
    let last = stderr.lines().last().unwrap_or_default();
    assert!(last.starts_with(&expected), "{stderr}");
    assert_eq!(stderr.matches("truncated").count(), 1, "{stderr}");
    assert!(
        finished.stdout.is_empty() || finished.stdout.ends_with('\n'),
        "half a line"
    );
}

fn file(place: &Place, extension: &str) -> PathBuf {
    place.path().join(format!("r.{extension}"))
}

#[test]
fn a_file_truncated_under_an_analyzer_that_waits_is_named() {
    for extension in ["ring", "readers"] {
        for delivery in ["", " --lossless", " --bounded 1s"] {
            let place = Place::new();
            let mut producer = place.producer(64);
            let arguments = format!("tail --json --from oldest{delivery}");
            let analyzer = place.start(&arguments);
            eventually("it registers", || place.reader().is_some());
            producer.publish_bytes(&records(0..10)).unwrap();
            place.read_up_to(10);
            // It looks at both files when it looks for the producer, if not before.
            truncate(&file(&place, extension), 0);
            // Its end would touch what is gone.
            std::mem::forget(producer);
            let finished = finish(analyzer);
            named(&finished, &file(&place, extension));
            // Each line is JSON.
            finished.objects();
        }
    }
}

/// Lines longer than what standard output holds back, and more of them than the analyzer does.
#[test]
fn what_was_written_before_are_whole_lines() {
    // Of JSON and for people. The first of those is the header.
    for (arguments, headers) in [("--json", 0), ("", 1)] {
        let (finished, kept) = interrupted(arguments);
        let lines = finished.stdout.lines().count();
        assert!(
            headers < lines && lines - headers <= kept,
            "{lines} lines for {kept} records {arguments}"
        );
        if headers == 0 {
            finished.objects();
        }
    }
}

/// What an analyzer wrote before it came to records whose file was truncated, and how many it could read.
fn interrupted(arguments: &str) -> (Finished, usize) {
    const FIELDS: usize = 300;
    const STRIDE: usize = 8 * FIELDS;
    let place = Place::new();
    let fields = (0..FIELDS).map(|i| Field::new(format!("field_{i}"), Element::F64));
    let schema = Schema::packed(fields).unwrap();
    let retain = Retain::records(1024);
    let mut producer = UntypedProducer::create(&place.ring(), schema, retain).unwrap();
    let analyzer = place.start(&format!("tail --lossless --from oldest {arguments}"));
    eventually("it registers", || place.reader().is_some());
    signal(&analyzer, "-STOP");
    let record: Vec<u8> = (0..FIELDS)
        .flat_map(|i| (i as f64 / 7.0).to_le_bytes())
        .collect();
    producer.publish_bytes(&record.repeat(100)).unwrap();
    let path = file(&place, "ring");
    // In the middle of a record, at the end of a page; what this process touches at its end is in front of that.
    let kept = 20 * 4096;
    assert_ne!(kept % STRIDE, 0);
    truncate(&path, (65_536 + kept) as u64);
    signal(&analyzer, "-CONT");
    let finished = finish(analyzer);
    named(&finished, &path);
    (finished, kept / STRIDE)
}
