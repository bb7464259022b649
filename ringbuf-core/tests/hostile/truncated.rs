//! SIGBUS in a program of the library's users: explained where the program asked for it and a ring's file is what was
//! truncated, and what it always was otherwise.

use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;

use ringbuf_core::{FrameProducer, FrameRetain, Producer, ReaderOptions, Retain, faults};

use crate::support::process::{hear, say, start};
use crate::support::{Rings, limit, system};

const FAILED: i32 = 1;

/// The role: opens a ring, asks or does not ask for an explanation, and touches what others or itself truncated.
pub fn bus(arguments: &[String]) {
    let [ring, asks, what] = arguments else {
        panic!("{arguments:?}");
    };
    let explain = || faults::explain("role").unwrap();
    if asks == "before" {
        explain();
    }
    if what.contains("frame") {
        return of_frames(ring, explain, what);
    }
    let mut producer = Producer::<u64>::create(ring, Retain::records(8)).unwrap();
    let mut reader = producer.reader(ReaderOptions::lossy()).unwrap();
    // A mapping that is gone again is not mistaken for what comes to its place.
    drop(producer.reader(ReaderOptions::lossless()).unwrap());
    if asks == "after" {
        explain();
        // And a second time, which changes nothing.
        explain();
    }
    say("ready");
    hear();
    match what.as_str() {
        "publishes" => drop(producer.publish(&1)),
        "reads" => drop(reader.poll()),
        "is asked for news" => drop(reader.next()),
        "reads elsewhere" => system::read_beyond_the_end(Path::new(ring).parent().unwrap()),
        what => panic!("{what}"),
    }
    say("survived");
    std::process::exit(0);
}

/// The same with frames.
fn of_frames(ring: &str, explain: impl Fn(), what: &str) {
    explain();
    let mut producer = FrameProducer::create(ring, FrameRetain::bytes(65_536)).unwrap();
    let mut lossy = producer.reader(ReaderOptions::lossy()).unwrap();
    let mut lossless = producer.reader(ReaderOptions::lossless()).unwrap();
    producer.publish(&[1; 4096]).unwrap();
    // Where its frame lies is known before the arena is gone.
    let batch = lossless.poll().unwrap().unwrap();
    say("ready");
    hear();
    match what {
        "publishes a frame" => drop(producer.publish(&[2; 4096])),
        "copies a frame" => drop(lossy.poll()),
        "asks for the newest frame" => drop(lossy.latest()),
        "has a frame in hand" => {
            assert!(batch.frames().all(|frame| frame.bytes() == [1; 4096]));
        }
        what => panic!("{what}"),
    }
    say("survived");
    std::process::exit(0);
}

/// How a process ended that had this file of its ring truncated.
fn ended(asks: &str, what: &str, extension: &str) -> ExitStatus {
    ended_at(0, asks, what, extension)
}

/// The same, cut to a length.
fn ended_at(len: u64, asks: &str, what: &str, extension: &str) -> ExitStatus {
    let rings = Rings::new();
    let mut role = start("bus", &[&rings.reference("r"), asks, what]);
    role.says("ready");
    if !extension.is_empty() {
        let path = rings.file(&format!("r.{extension}"));
        File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_len(len)
            .unwrap();
    }
    role.tell("go");
    role.ended()
}

#[test]
fn who_asks_for_it_ends_with_a_status_instead_of_a_signal() {
    let _limit = limit();
    for (what, extension) in [
        ("publishes", "ring"),
        ("publishes", "readers"),
        ("reads", "ring"),
        ("is asked for news", "readers"),
    ] {
        for asks in ["before", "after"] {
            let status = ended(asks, what, extension);
            assert_eq!(status.code(), Some(FAILED), "{what} {extension}: {status}");
        }
    }
}

/// All of the file, or the arena alone.
#[test]
fn a_truncated_arena_is_explained() {
    let _limit = limit();
    for len in [0, 131_072] {
        for what in [
            "publishes a frame",
            "copies a frame",
            "asks for the newest frame",
            "has a frame in hand",
        ] {
            let status = ended_at(len, "before", what, "ring");
            assert_eq!(status.code(), Some(FAILED), "{what} {len}: {status}");
        }
    }
}

/// The library sets no handler by itself.
#[test]
fn who_does_not_ask_dies_of_the_signal() {
    let _limit = limit();
    for extension in ["ring", "readers"] {
        let status = ended("never", "publishes", extension);
        assert_eq!(status.signal(), Some(system::BUS), "{status}");
    }
}

#[test]
fn a_fault_that_is_not_the_rings_has_its_usual_effect() {
    let _limit = limit();
    for asks in ["before", "after", "never"] {
        let status = ended(asks, "reads elsewhere", "");
        assert_eq!(status.signal(), Some(system::BUS), "{status}");
    }
}
