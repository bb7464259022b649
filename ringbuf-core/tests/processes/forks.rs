//! Forks and started programs: what is a process's own, its children can neither use, nor free, nor keep
//! alive after it.
//!
//! The child of a fork has one thread and copies of all locks as they were, and strictly may do only what a
//! signal handler may. It does more here, which is good enough: the roles are processes of their own, in
//! which no other thread prints or takes a lock of the library while one forks, and the C library hands its
//! children a heap they can use.
//!
//! A child ends by itself when the test is gone: it waits for nothing but the test's next word and its
//! parent's end.

pub mod frames;
pub mod generations;
pub mod held;
pub mod producers;
pub mod programs;
pub mod readers;
pub mod shortcuts;
pub mod threads;

use std::io::{self, PipeReader, PipeWriter, Read};
use std::time::Duration;

use ringbuf_core::{Producer, PublishError, ReadError, Reader, Retain, TryPublishError};

use crate::support::HANGS;
use crate::support::process::{Role, say};
use crate::support::system::{self, Process};

const CAPACITY: u64 = 8;
/// "This will never come": less than a hanging test gets, so that it says what is wrong.
const LONG: Duration = Duration::from_secs(20);

fn create(ring: &str) -> Producer<u64> {
    Producer::create(ring, Retain::records(CAPACITY)).unwrap()
}

/// A fork, as either side sees it.
enum Fork {
    Parent(Below),
    Child(Above),
}

/// What a parent has of its child.
struct Below {
    process: u32,
    done: PipeReader,
    _lives: PipeWriter,
}

/// What a child has of its parent.
struct Above {
    done: PipeWriter,
    lives: PipeReader,
}

fn fork() -> Fork {
    let (done_below, done_above) = io::pipe().unwrap();
    let (lives_above, lives_below) = io::pipe().unwrap();
    match system::fork() {
        Some(process) => Fork::Parent(Below {
            process,
            done: done_below,
            _lives: lives_below,
        }),
        None => {
            // Alarms are not inherited.
            system::end_after(2 * HANGS.as_secs() as u32);
            Fork::Child(Above {
                done: done_above,
                lives: lives_above,
            })
        }
    }
}

impl Below {
    /// Says both numbers, and leaves the test's words to the child until it is done with them.
    fn leave_it_to_the_child(mut self) -> Below {
        say(format!("{} {}", std::process::id(), self.process));
        let _ = self.done.read_to_end(&mut Vec::new());
        self
    }
}

impl Above {
    /// Lets the parent go on, stays until it has ended too, and ends.
    fn end(mut self) -> ! {
        drop(self.done);
        let _ = self.lives.read_to_end(&mut Vec::new());
        system::end_now()
    }
}

/// What the test has of a role that forked.
struct Family {
    parent: Process,
    child: Process,
    role: Role,
}

impl Family {
    fn of(role: Role) -> Family {
        let said = role.said();
        let (parent, child) = said.split_once(' ').unwrap();
        Family {
            parent: Process::of(parent.parse().unwrap()),
            child: Process::of(child.parse().unwrap()),
            role,
        }
    }

    /// Tells whoever listens, and returns the answer.
    fn ask(&mut self, question: &str) -> String {
        self.role.tell(question);
        self.role.said()
    }
}

fn publish_refusals(producer: &mut Producer<u64>) -> String {
    fn name<B>(result: Result<B, PublishError>) -> &'static str {
        match result {
            Ok(_) => "published",
            Err(PublishError::Forked) => "forked",
            Err(_) => "another error",
        }
    }
    let published = name(producer.publish(&999));
    let slice = name(producer.publish_slice(&[999]));
    let tried = match producer.try_publish(&999) {
        Err(TryPublishError::Publish(error)) => name(Err::<u64, _>(error)),
        Err(_) => "full",
        Ok(_) => "published",
    };
    [published, slice, tried, name(producer.claim(1))].join(" ")
}

fn read_refusals(reader: &mut Reader<u64>) -> String {
    fn name<B>(result: Result<B, ReadError>) -> &'static str {
        match result {
            Ok(_) => "read",
            Err(ReadError::Forked) => "forked",
            Err(_) => "another error",
        }
    }
    let polled = name(reader.poll());
    if polled != "forked" {
        // The others might wait.
        return polled.to_owned();
    }
    let waited = name(reader.next());
    let waited_long = name(reader.next_timeout(Duration::from_millis(1)));
    [polled, waited, waited_long, name(reader.latest())].join(" ")
}

const REFUSED: &str = "forked forked forked forked";
