//! What is done to a ring, as data: it is generated, shrunk, printed, and pasted back as a test.

use std::fmt;
use std::time::Duration;

use ringbuf_core::{CreateOptions, Delivery, Preset, WhenFull};

/// How a ring is made.
#[derive(Clone, Debug)]
pub struct Setup {
    pub capacity: u64,
    pub allow: Kind,
    /// It drops what finds no room; otherwise it waits.
    pub drops: bool,
    pub stamped: bool,
    pub mirrored: bool,
    /// Claims are written where they lie; then it allows everything that it lets in.
    pub in_place: bool,
    /// The producer knows its records as bytes only, and then has nothing but what publishes slices.
    pub untyped: bool,
}

impl Setup {
    pub fn options(&self) -> CreateOptions {
        let full = if self.drops {
            WhenFull::Drop
        } else {
            WhenFull::Wait
        };
        let preset = if self.mirrored {
            Preset::Latency
        } else {
            Preset::Throughput
        };
        CreateOptions::default()
            .allow(self.allow.delivery())
            .when_full(full)
            .stamp(self.stamped)
            .in_place(self.in_place)
            .preset(preset)
    }
}

/// A delivery whose outcome does not depend on the time: a bounded reader is demoted at once, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Lossy,
    /// Bounded, and its time is over at once.
    Brief,
    /// Bounded by more than any test takes.
    Patient,
    Lossless,
}

impl Kind {
    pub fn delivery(self) -> Delivery {
        match self {
            Kind::Lossy => Delivery::Lossy,
            Kind::Brief => Delivery::Bounded(Duration::ZERO),
            Kind::Patient => Delivery::Bounded(Duration::from_secs(3600)),
            Kind::Lossless => Delivery::Lossless,
        }
    }
}

/// Where a reader begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    Now,
    Oldest,
    Last(u64),
    /// At the sequence so many in front of the next.
    Back(u64),
    /// At a sequence beyond the next, by so many.
    Ahead(u64),
    /// With what was published in an hour before the newest.
    Hour,
    /// With what was published since 1970.
    Ages,
    /// With what is published in 2262.
    Future,
}

/// One thing done. Readers are numbered; whoever attaches takes the place of the reader of that number. Where it
/// says `reader`, and nobody has that number, the next one is meant.
#[derive(Clone, Debug)]
pub enum Op {
    Publish,
    TryPublish,
    /// With no time at all.
    PublishTimeout,
    Slice(usize),
    /// With no time at all.
    SliceTimeout(usize),
    /// Claims, writes so many records from one on, and commits so many, or gives up.
    Claim {
        count: usize,
        from: usize,
        write: usize,
        commit: Option<usize>,
    },
    Attach {
        reader: usize,
        kind: Kind,
        begin: Begin,
        /// It ends so many behind the next record, or in front of it.
        until: Option<i64>,
        untyped: bool,
    },
    Poll(usize),
    /// As `Poll`, by the call that can wait, with no time at all.
    Next(usize),
    /// Polls, and tries to publish so many while the batch is in hand.
    Hold {
        reader: usize,
        publish: usize,
    },
    /// A look of an untyped reader whose batch is held on its own from then on.
    HoldOn(usize),
    /// Gives back one of those that are held, counted from the oldest and around.
    GiveBack(usize),
    /// A look of an untyped reader, copied to where there is room for so many.
    ReadInto {
        reader: usize,
        room: usize,
    },
    Rejoin(usize),
    Detach(usize),
    Close,
    /// Creates the ring anew, or continues it; its producer is dropped first. That nobody takes a ring from a living
    /// producer is shown elsewhere: it takes a while to be refused.
    Create {
        replace: bool,
    },
    /// Creates it with another capacity, which is refused; its producer is dropped first.
    CreateOther,
    /// Continues it so many times, as `Create`.
    Restart(u64),
    Remove,
}

/// A whole test.
#[derive(Clone)]
pub struct Case {
    pub setup: Setup,
    pub ops: Vec<Op>,
}

/// As one writes it in `regressions.rs`.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\ncase({:?}, &[", self.setup)?;
        for op in &self.ops {
            writeln!(f, "    {op:?},")?;
        }
        write!(f, "])")
    }
}

/// Readers at a time.
pub const READERS: usize = 4;
