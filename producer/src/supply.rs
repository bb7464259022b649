//! What a run publishes, and where: records or frames with the ring they go to.

use std::time::Duration;

use crate::{pace::Schedule, stop::Stop};

/// A source and its ring.
pub(crate) trait Supply {
    /// What it publishes.
    fn kind(&self) -> Kind;

    /// Gets ready for the first one, just before it; `stop` may put an end to that.
    fn settle(&mut self, _stop: &Stop) {}

    /// When the next one is due, of at most so many more; asked at `now`.
    ///
    /// # Errors
    ///
    /// When the source cannot go on.
    fn next_due(&mut self, schedule: &mut Schedule, most: u64, now: u64) -> anyhow::Result<Due>;

    /// Publishes what is due until `now` and before `end`, waiting for readers if that is what the ring does. Fewer
    /// published than made: `stop` said so, or there was no room for the others.
    ///
    /// # Errors
    ///
    /// When it cannot be made, or not published.
    fn publish_due(&mut self, now: u64, end: u64, stop: &dyn Fn() -> bool) -> anyhow::Result<Sent>;

    /// How many of this run found no room and were dropped.
    fn refused(&self) -> u64;

    /// How many of this run were never made, as their time had passed; of what can be made only in time.
    fn skipped(&self) -> Option<u64> {
        None
    }

    /// The time between the oldest and the newest kept, if it can be known.
    fn kept(&self) -> Option<Duration>;

    /// What the ring keeps at the moment; none until `published` of this run have filled it, for until then some of it
    /// is another's.
    fn held(&self, published: u64) -> Option<Held>;

    /// When the last of those that were published in one go was due, if not with the first of them.
    fn last_due(&self) -> Option<u64> {
        None
    }

    /// How much of all there is has been published, from 0 to 1, if that is known.
    fn share(&self) -> Option<f64> {
        None
    }

    /// How many readers have registered.
    fn readers(&self) -> u64;

    /// What there is to say of frames at the end.
    fn frames(&self) -> Option<FrameTally> {
        None
    }

    /// Closes the ring: readers read what is left and end.
    fn close(self: Box<Self>);
}

/// When the next one is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    At(u64),
    /// There is none at the moment: this thread is unparked when that changes.
    Unknown,
    /// There is none any more.
    Never,
}

/// What went out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) made: u64,
    pub(crate) published: u64,
}

/// What the ring keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) count: u64,
    /// From the oldest to the newest.
    pub(crate) time: Duration,
}

/// Frames of a run beside their number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FrameTally {
    /// Published.
    pub(crate) bytes: u64,
    /// Passed over, as no ring of this size holds them.
    pub(crate) too_long: u64,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Records,
    Frames,
}

impl Kind {
    /// The word for so many of them.
    pub(crate) fn of(self, count: u64) -> &'static str {
        match (self, count) {
            (Kind::Records, 1) => "record",
            (Kind::Frames, 1) => "frame",
            _ => self.plural(),
        }
    }

    /// The word for more than one of them.
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Kind::Records => "records",
            Kind::Frames => "frames",
        }
    }
}
