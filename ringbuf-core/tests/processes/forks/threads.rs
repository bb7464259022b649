//! Forks beside other threads at work.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

use ringbuf_core::inspect::{self, ProducerState};
use ringbuf_core::{Reader, ReaderOptions};

use super::{CAPACITY, create};
use crate::support::process::{Role, say, start};
use crate::support::system::{self, Process};
use crate::support::{HANGS, Rings, eventually, limit};

/// Publishes in one thread, reads in another, and forks in a third.
pub fn forks_among_threads(arguments: &[String]) {
    let mut producer = create(&arguments[0]);
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    thread::spawn(move || {
        loop {
            producer.publish(&producer.published()).unwrap();
        }
    });
    thread::spawn(move || {
        while let Some(batch) = reader.next().unwrap() {
            let next = batch.first_sequence();
            let expected = next..next + batch.records().len() as u64;
            assert!(batch.records().iter().copied().eq(expected));
        }
    });
    fork_children(20, Duration::from_millis(1));
}

/// Forks so many children, says all numbers, and stays with them until the test is gone.
fn fork_children(count: usize, pause: Duration) {
    let input = io::stdin().as_fd().try_clone_to_owned().unwrap();
    let mut input = File::from(input);
    let mut processes = vec![std::process::id().to_string()];
    for _ in 0..count {
        thread::sleep(pause);
        match system::fork() {
            Some(child) => processes.push(child.to_string()),
            // Here other threads may hold anything: system calls alone, until the test is gone.
            None => {
                system::end_after(2 * HANGS.as_secs() as u32);
                let _ = input.read(&mut [0]);
                system::end_now();
            }
        }
    }
    say(processes.join(" "));
    let _ = input.read(&mut [0]);
}

/// The process of a role that says the numbers of itself and of its children.
fn family(role: &Role) -> Vec<Process> {
    role.said()
        .split(' ')
        .map(|process| Process::of(process.parse().unwrap()))
        .collect()
}

#[test]
fn forks_while_other_threads_publish_and_read_keep_nothing_alive() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("threads");
    let role = start("forks among threads", &[&ring]);
    let processes = family(&role);
    let (parent, children) = processes.split_first().unwrap();
    let published = || inspect::info(&ring).unwrap().published;
    let before = published();
    eventually("it goes on", || published() > before + 100);
    parent.kill();

    let info = inspect::info(&ring).unwrap();
    assert_eq!(info.producer, ProducerState::Died);
    assert!(info.readers.unwrap().iter().all(|reader| !reader.is_alive));
    let mut heir = create(&ring);
    assert_eq!(heir.published(), info.published);
    for _ in 0..2 * CAPACITY {
        heir.publish(&0).unwrap();
    }
    assert_eq!(children.len(), 20);
    assert!(children.iter().all(Process::is_alive));
}

/// Attaches and leaves in threads all the time, and forks beside them.
pub fn forks_among_attachers(arguments: &[String]) {
    let _producer = create(&arguments[0]);
    let ring = arguments[0].clone();
    thread::spawn(move || {
        loop {
            drop(Reader::<u64>::attach(&ring, ReaderOptions::lossy()).unwrap());
        }
    });
    fork_children(200, Duration::ZERO);
}

#[test]
fn forks_while_another_thread_takes_locks_keep_none_of_them() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("threads");
    let role = start("forks among attachers", &[&ring]);
    let processes = family(&role);
    let (parent, children) = processes.split_first().unwrap();
    parent.kill();
    assert!(children.iter().all(Process::is_alive));
    // With no lock kept alive every slot can be had.
    let heir = create(&ring);
    let readers: Vec<_> = (0..64)
        .map(|_| heir.reader(ReaderOptions::lossless()).unwrap())
        .collect();
    assert_eq!(readers.len(), heir.registered_readers());
}
