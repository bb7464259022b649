//! Programs that producers and readers start.

use std::fs;
use std::process::{Command, Stdio};

use ringbuf_core::inspect::{self, ProducerState};
use ringbuf_core::{Reader, ReaderOptions};

use super::{CAPACITY, create};
use crate::support::process::{say, start};
use crate::support::system::Process;
use crate::support::{Rings, limit};

/// Takes its part in the ring and starts a program that stays until the test is gone.
pub fn spawns(arguments: &[String]) {
    let ring = &arguments[0];
    let mut producer = None;
    let mut reader = None;
    match arguments[1].as_str() {
        "producer" => {
            let producer = producer.insert(create(ring));
            producer.publish_slice(&[0, 1, 2]).unwrap();
        }
        _ => {
            let options = ReaderOptions::lossless().from_oldest();
            reader = Some(Reader::<u64>::attach(ring, options).unwrap());
        }
    }
    let _batch = reader
        .as_mut()
        .map(|reader| reader.next().unwrap().unwrap());
    // It reads what the test says to this process, to the end.
    let mut program = Command::new("cat").stdout(Stdio::null()).spawn().unwrap();
    say(format!("{} {}", std::process::id(), program.id()));
    program.wait().unwrap();
}

/// The files that a process has open.
fn open_files(process: &str) -> Vec<String> {
    fs::read_dir(format!("/proc/{process}/fd"))
        .unwrap()
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .map(|path| path.to_string_lossy().into_owned())
        .collect()
}

#[test]
fn a_program_started_by_a_producer_or_a_reader_keeps_nothing_of_it_alive() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("spawns");
    let start = |part: &str| {
        let role = start("spawns", &[&ring, part]);
        let said = role.said();
        let (parent, program) = said.split_once(' ').unwrap();
        let directory = rings.path().to_string_lossy().into_owned();
        let is_of_ring = |path: &String| path.starts_with(&directory);
        assert!(open_files(parent).iter().any(is_of_ring));
        let inherited = open_files(program);
        assert!(!inherited.iter().any(is_of_ring), "{inherited:?}");
        let processes = [parent, program].map(|process| Process::of(process.parse().unwrap()));
        (role, processes)
    };

    let (_role, [parent, program]) = start("producer");
    parent.kill();
    let info = inspect::info(&ring).unwrap();
    assert_eq!((info.producer, info.published), (ProducerState::Died, 3));
    let mut producer = create(&ring);
    assert_eq!(producer.published(), 3);
    assert!(program.is_alive());

    let (_role, [parent, program]) = start("reader");
    assert_eq!(producer.registered_readers(), 1);
    parent.kill();
    assert_eq!(producer.registered_readers(), 0);
    for i in 0..2 * CAPACITY {
        producer.publish(&i).unwrap();
    }
    assert!(program.is_alive());
}
