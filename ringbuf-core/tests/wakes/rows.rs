//! Who sleeps, for what, and how many of them: one row each of the table.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Instant;

use ringbuf_core::Preset;

use crate::page::{Lane, Number, Page};
use crate::part::{self, Part};
use crate::support::Rings;
use crate::support::process::{Role, start};
use crate::watch::Watch;

/// Where the data file says whether its producer leaves the barrier to the sleepers.
const ASYMMETRIC: u64 = 4096 + 256 + 8;

/// Which processors the processes of a row may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Core {
    Any,
    Same,
    Different,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    pub producer: &'static str,
    pub reader: &'static str,
    pub delivery: &'static str,
    pub readers: usize,
    pub capacity: u64,
    pub preset: Preset,
    pub core: Core,
    /// Of all sleeps.
    pub share: u64,
}

const READER_SLEEPS: Row = Row {
    producer: "publishes",
    reader: "reads",
    delivery: "lossy",
    readers: 1,
    // Of so many the producer grants itself eight at a time: most records go at once, and some by a claim.
    capacity: 64,
    preset: Preset::Throughput,
    core: Core::Any,
    share: 20,
};

const PRODUCER_SLEEPS: Row = Row {
    producer: "fills",
    reader: "releases",
    delivery: "lossless",
    capacity: 1,
    ..READER_SLEEPS
};

const PING_PONG: Row = Row {
    producer: "serves",
    reader: "returns",
    delivery: "lossless",
    capacity: 1,
    ..READER_SLEEPS
};

const KINDS: [Row; 15] = [
    READER_SLEEPS,
    Row {
        delivery: "bounded",
        ..READER_SLEEPS
    },
    Row {
        delivery: "lossless",
        ..READER_SLEEPS
    },
    Row {
        readers: 4,
        share: 40,
        ..READER_SLEEPS
    },
    Row {
        delivery: "bounded",
        readers: 4,
        share: 40,
        ..READER_SLEEPS
    },
    Row {
        delivery: "lossless",
        readers: 4,
        share: 40,
        ..READER_SLEEPS
    },
    Row {
        producer: "closes",
        reader: "reads to the close",
        share: 2,
        ..READER_SLEEPS
    },
    Row {
        producer: "restarts",
        reader: "reads to the restart",
        share: 1,
        ..READER_SLEEPS
    },
    PRODUCER_SLEEPS,
    Row {
        capacity: 2,
        ..PRODUCER_SLEEPS
    },
    Row {
        readers: 2,
        ..PRODUCER_SLEEPS
    },
    Row {
        reader: "advances",
        delivery: "bounded",
        ..PRODUCER_SLEEPS
    },
    Row {
        producer: "fills for one",
        reader: "leaves",
        share: 2,
        ..PRODUCER_SLEEPS
    },
    Row {
        core: Core::Same,
        ..PING_PONG
    },
    Row {
        core: Core::Different,
        ..PING_PONG
    },
];

/// Every kind on rings of both presets.
pub const ROWS: [Row; 2 * KINDS.len()] = {
    let mut rows = [READER_SLEEPS; 2 * KINDS.len()];
    let mut i = 0;
    while i < rows.len() {
        rows[i] = KINDS[i % KINDS.len()];
        if i >= KINDS.len() {
            rows[i].preset = Preset::Latency;
        }
        i += 1;
    }
    rows
};

pub const HEAD: &str = "\
preset     barrier    row                                           rounds    waits   sleeps    woken  changed timeouts   others     lost  seconds";

impl Row {
    pub fn name(&self) -> String {
        let Row {
            producer,
            reader,
            delivery,
            readers,
            capacity,
            core,
            ..
        } = self;
        let mut name = format!("{producer}, {readers} {delivery} {reader}, keeps {capacity}");
        if *core != Core::Any {
            name += &format!(", {core:?}").to_lowercase();
        }
        format!("{} {name}", part::name(self.preset))
    }

    /// Runs it until somebody has slept so often, and says how often.
    pub fn run(&self, sleeps: u64, seed: u64) -> u64 {
        let rings = Rings::new();
        let (ring, file) = (rings.reference("wakes"), rings.file("page"));
        let page = Page::open(&file);
        let begin = Instant::now();
        let start = |lane: usize| -> Role {
            let role = if lane == 0 {
                self.producer
            } else {
                self.reader
            };
            let file = file.to_str().unwrap();
            let arguments = Part::arguments(self, lane, file, &ring, sleeps, seed);
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let role = start(role, &arguments);
            role.says("ready");
            role
        };
        let mut roles: Vec<Role> = (0..=self.readers).map(start).collect();
        for role in roles.iter_mut().rev() {
            role.tell("begin");
        }
        Watch::new(self, page, &ring).until_all_are_done(&mut roles);
        for role in roles {
            role.finish();
        }
        let sum = |what: fn(&Lane) -> &Number| -> u64 {
            page.lanes.iter().map(|lane| what(lane).load()).sum()
        };
        let barrier = match word(&ring, ASYMMETRIC) {
            0 => "fence",
            _ => "membarrier",
        };
        let name = self.name();
        let (preset, name) = name.split_once(' ').unwrap_or_default();
        println!(
            "{preset:10} {barrier:10} {name:42} {:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9.2}",
            page.lanes[0].rounds.load(),
            sum(|lane| &lane.calls),
            sum(|lane| &lane.sleeps),
            sum(|lane| &lane.woken),
            sum(|lane| &lane.changed),
            sum(|lane| &lane.timeouts),
            sum(|lane| &lane.others),
            0,
            begin.elapsed().as_secs_f64(),
        );
        assert_eq!(sum(|lane| &lane.timeouts), 0, "no sleep has a limit");
        page.sleeps()
    }
}

/// A word of 8 bytes in a file.
pub fn word(file: &str, at: u64) -> u64 {
    let mut bytes = [0; 8];
    let file = File::open(file).unwrap();
    file.read_exact_at(&mut bytes, at).unwrap();
    u64::from_le_bytes(bytes)
}
