//! What is asked of a reader.

use std::time::Duration;

use ringbuf_core::{ReaderOptions, Start, Wait};
use serde::{Deserialize, Serialize};

use crate::setting::{Hold, Setting, chance, pick};
use crate::support::{Numbers, system};

/// Where a reader begins.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum From {
    Now,
    Oldest,
    /// So many before the next to be published.
    Back(u64),
    Last(u64),
    /// In milliseconds.
    LastFor(u64),
}

impl From {
    pub fn start(self, published: u64) -> Start {
        match self {
            From::Now => Start::Now,
            From::Oldest => Start::Oldest,
            From::Back(count) => Start::Sequence(published.saturating_sub(count)),
            From::Last(count) => Start::Last(count),
            From::LastFor(time) => Start::LastFor(Duration::from_millis(time)),
        }
    }
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Waits {
    Spin,
    Yield,
    Sleep,
}

/// How fast a reader is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Pace {
    Eager,
    /// Naps for microseconds after each batch.
    Slow,
    /// Naps for milliseconds, now and then, with a batch in hand.
    Sleepy,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReaderKind {
    pub hold: Hold,
    pub observes: bool,
    pub from: From,
    pub waits: Waits,
    pub pace: Pace,
    /// Of a ring of frames it reads the frames, otherwise their descriptors.
    pub typed: bool,
    /// It passes some frames over.
    pub chooses: bool,
    pub seed: u64,
}

impl ReaderKind {
    pub fn draw(numbers: &mut Numbers, setting: &Setting) -> ReaderKind {
        let mut hold = *pick(
            numbers,
            &[
                Hold::Lossy,
                Hold::Lossy,
                Hold::Bounded(1),
                Hold::Bounded(20),
                Hold::Lossless,
                Hold::Lossless,
            ],
        );
        // Now and then one is refused.
        if !setting.lets_in(hold) && !chance(numbers, 8) {
            hold = setting.allow;
        }
        // Who only looks is another user; only the superuser can play one.
        let observes = hold == Hold::Lossy && chance(numbers, 3) && system::is_root();
        let back = numbers.below(2 * setting.capacity + 2);
        let mut from = *pick(
            numbers,
            &[
                From::Now,
                From::Oldest,
                From::Oldest,
                From::Back(back),
                From::Last(back),
                From::LastFor(back),
            ],
        );
        if matches!(from, From::LastFor(_)) && !setting.stamp {
            from = From::Oldest;
        }
        let sleep = Waits::Sleep;
        let typed = chance(numbers, 2) || setting.frames.is_some() && chance(numbers, 2);
        ReaderKind {
            hold,
            observes,
            from,
            waits: *pick(
                numbers,
                &[Waits::Spin, Waits::Yield, sleep, sleep, sleep, sleep],
            ),
            pace: *pick(
                numbers,
                &[Pace::Eager, Pace::Eager, Pace::Slow, Pace::Sleepy],
            ),
            typed,
            chooses: setting.frames.is_some() && typed && chance(numbers, 3),
            seed: numbers.next(),
        }
    }

    pub fn options(&self, name: &str) -> ReaderOptions {
        let options = match self.hold {
            Hold::Lossy => ReaderOptions::lossy(),
            Hold::Bounded(most) => ReaderOptions::bounded(Duration::from_millis(most)),
            Hold::Lossless => ReaderOptions::lossless(),
        };
        options.named(name).wait(match self.waits {
            Waits::Spin => Wait::Spin,
            Waits::Yield => Wait::Yield,
            Waits::Sleep => Wait::Sleep,
        })
    }

    /// Whether it wants the frame of this sequence.
    pub fn wants(sequence: u64) -> bool {
        !sequence.is_multiple_of(4)
    }

    /// As the summary calls it.
    pub fn name(&self) -> &'static str {
        match self.hold {
            Hold::Lossy if self.observes => "observer",
            hold => hold.delivery().name(),
        }
    }
}
