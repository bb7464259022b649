//! What the process of a row is told, and what all of them do.

use std::path::Path;

use ringbuf_core::{CreateOptions, Preset, Producer, Reader, ReaderOptions, Retain};

use crate::futex;
use crate::page::{Lane, Page};
use crate::rows::{Core, ROWS, Row};
use crate::support::process::{hear, say};
use crate::support::{HANGS, system};

/// A process of a row.
pub struct Part {
    pub row: Row,
    pub page: &'static Page,
    pub me: &'static Lane,
    pub ring: String,
    /// It is enough when somebody has slept so often.
    pub sleeps: u64,
    pub seed: u64,
}

impl Part {
    /// What a process is started with.
    pub fn arguments(
        row: &Row,
        lane: usize,
        page: &str,
        ring: &str,
        sleeps: u64,
        seed: u64,
    ) -> Vec<String> {
        let row = ROWS.iter().position(|other| other == row).unwrap();
        vec![
            row.to_string(),
            lane.to_string(),
            page.to_owned(),
            ring.to_owned(),
            sleeps.to_string(),
            seed.to_string(),
        ]
    }

    pub fn of(arguments: &[String]) -> Part {
        let number = |i: usize| -> u64 { arguments[i].parse().unwrap() };
        let (row, lane) = (ROWS[number(0) as usize], number(1) as usize);
        let page = Page::open(Path::new(&arguments[2]));
        let me = &page.lanes[lane];
        let seed = number(5).wrapping_mul(LANES_APART) + lane as u64;
        me.thread.store(system::thread_id());
        me.seed.store(seed.wrapping_mul(1 << 32));
        futex::count_in(me);
        system::sleep_exactly();
        match row.core {
            Core::Any => {}
            Core::Same => system::stay_on_core(0),
            Core::Different => system::stay_on_core(lane),
        }
        Part {
            row,
            page,
            me,
            ring: arguments[3].clone(),
            sleeps: number(4),
            seed,
        }
    }

    pub fn create(&self) -> Producer<u64> {
        let retain = Retain::records(self.row.capacity);
        let preset = CreateOptions::default().preset(self.row.preset);
        Producer::create_with(&self.ring, retain, &preset).unwrap()
    }

    pub fn attach(&self) -> Reader<u64> {
        let options = match self.row.delivery {
            "lossy" => ReaderOptions::lossy(),
            // No producer waits so long for it here.
            "bounded" => ReaderOptions::bounded(100 * HANGS),
            _ => ReaderOptions::lossless(),
        };
        Reader::attach(&self.ring, options).unwrap()
    }

    /// Waits until all the others are there, too.
    pub fn begin(&self) {
        say("ready");
        hear();
    }

    pub fn producer(&self) -> &'static Lane {
        &self.page.lanes[0]
    }

    pub fn readers(&self) -> &'static [Lane] {
        self.page.peers(0, self.row.readers)
    }

    fn is_enough(&self) -> bool {
        self.page.sleeps() >= self.sleeps
    }

    /// The rounds of who says how many there are.
    pub fn rounds(&self) -> impl Iterator<Item = u64> {
        (1..)
            .take_while(|_| !self.is_enough())
            .inspect(|&round| self.round(round))
    }

    /// A new round begins: this process may live for another while.
    pub fn round(&self, round: u64) {
        self.me.rounds.store(round);
        if round.is_multiple_of(16) {
            system::end_after(2 * HANGS.as_secs() as u32);
        }
    }
}

const LANES_APART: u64 = 16;

/// For people.
pub fn name(preset: Preset) -> &'static str {
    match preset {
        Preset::Latency => "latency",
        _ => "throughput",
    }
}
