//! What a victim is told: what to do, and where to die.

use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use ringbuf_core::deaths;

use super::trace;
use crate::support::process::say;

/// Where the victim dies, counted from 1 from the moment it is armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// Before this store to shared memory.
    Store(u64),
    /// Before this system call of those that others could see.
    Call(u64),
    /// Where the script says.
    None,
}

/// One victim's part.
#[derive(Clone, Debug)]
pub struct Order {
    pub script: String,
    pub kind: String,
    pub ring: String,
    /// As which producer it publishes.
    pub epoch: u64,
    pub death: Death,
    pub more: Vec<String>,
}

const SEPARATOR: char = '\u{1e}';

impl Order {
    /// For [`Order::parse`].
    pub fn line(&self) -> String {
        let death = match self.death {
            Death::Store(n) => format!("store {n}"),
            Death::Call(n) => format!("call {n}"),
            Death::None => "none 0".to_owned(),
        };
        let mut words = vec![
            self.script.clone(),
            self.kind.clone(),
            self.ring.clone(),
            self.epoch.to_string(),
            death,
        ];
        words.extend(self.more.iter().cloned());
        words.join(&SEPARATOR.to_string())
    }

    pub fn parse(line: &str) -> Order {
        let mut words = line.split(SEPARATOR).map(str::to_owned);
        let mut word = || words.next().unwrap();
        let (script, kind, ring, epoch, death) = (word(), word(), word(), word(), word());
        let (what, n) = death.split_once(' ').unwrap();
        let n = n.parse().unwrap();
        Order {
            script,
            kind,
            ring,
            epoch: epoch.parse().unwrap(),
            death: match what {
                "store" => Death::Store(n),
                "call" => Death::Call(n),
                _ => Death::None,
            },
            more: words.collect(),
        }
    }

    /// From here on the victim is mortal.
    pub fn arm(&self) {
        match self.death {
            Death::Store(n) => deaths::arm(n, say_where),
            Death::Call(_) => trace::be_traced(),
            Death::None => {}
        }
    }
}

/// What the victim knows to be done: the next sequence, of what it was told that it is published or read.
static DONE: AtomicU64 = AtomicU64::new(0);

pub fn done(next: u64) {
    DONE.store(next, SeqCst);
}

pub fn done_so_far() -> u64 {
    DONE.load(SeqCst)
}

/// Where the tracer finds it in the victim: a fork has everything in the same place.
pub fn done_so_far_at() -> u64 {
    DONE.as_ptr().addr() as u64
}

fn say_where(place: &'static Location<'static>) {
    say(format!(
        "died {} {}:{}",
        done_so_far(),
        place.file(),
        place.line()
    ));
}
