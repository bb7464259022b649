//! Publication times: monotonic in the ring, on the wall for people, and how records are found by them.
//!
//! A producer stamps records with the monotonic clock, which never goes back; when it opened its epoch it noted
//! the same moment on both clocks. So the wall time of a record is its stamp plus the difference of its own
//! epoch, which stays right when the wall clock is set, and when the system has booted since.

use std::time::Duration;

use crate::files;
use crate::layout::{EPOCHS, Live};
use crate::memory::Memory;
use crate::platform;
use crate::protocol::state::{self, Moment};
use crate::protocol::{self, Begin};
use crate::sequence;
use crate::sync::Ordering;

/// This moment.
pub(crate) fn now() -> Moment {
    Moment {
        wall_ns: platform::realtime_ns(),
        monotonic_ns: platform::monotonic_ns(),
    }
}

/// Wall time minus monotonic time in the records of `epoch`, nanoseconds; `None` if the ring has forgotten it.
pub(crate) fn offset(live: &Live, epoch: u64) -> Option<i64> {
    let opened = state::opened(live, epoch)?;
    Some(opened.wall_ns.saturating_sub_unsigned(opened.monotonic_ns))
}

/// When a record was published, nanoseconds since the Unix epoch; `None` if it is not kept, or its producer's clocks
/// are forgotten.
pub(crate) fn wall_ns(memory: &Memory, record: u64) -> Option<i64> {
    let epoch = protocol::epoch_at(memory, record);
    let stamp = protocol::stamp(memory, record)?;
    Some(offset(memory.live(), epoch)?.saturating_add_unsigned(stamp))
}

/// How long ago a record was published. `None` if it is not kept, and if no producer has opened the ring since the
/// system booted: the clock of its times is gone.
pub(crate) fn age(memory: &Memory, record: u64) -> Option<Duration> {
    if !files::is_of_this_boot(memory) {
        return None;
    }
    let age = now_ns(memory.live())?.saturating_sub(wall_ns(memory, record)?);
    Some(Duration::from_nanos(u64::try_from(age).unwrap_or(0)))
}

/// This moment, on the clock by which [`wall_ns`] tells when records were published. `None` on a ring without such times,
/// and as for [`age`].
pub(crate) fn this_moment(memory: &Memory) -> Option<i64> {
    let is_told = memory.geometry().stamped && files::is_of_this_boot(memory);
    is_told.then(|| now_ns(memory.live()))?
}

/// Now, by the clocks of the newest epoch: within it the time since a record is that of the monotonic clock alone.
/// Meant for a ring that was opened since the system booted.
fn now_ns(live: &Live) -> Option<i64> {
    let newest = state::load(live).epoch;
    Some(offset(live, newest)?.saturating_add_unsigned(platform::monotonic_ns()))
}

/// How far a wall time is ahead, if it has not come yet.
pub(crate) fn ahead(memory: &Memory, wall_ns: i64) -> Option<Duration> {
    let of_the_ring = files::is_of_this_boot(memory).then(|| now_ns(memory.live()));
    let now = of_the_ring.flatten().unwrap_or_else(platform::realtime_ns);
    let ahead = u64::try_from(wall_ns.saturating_sub(now)).ok()?;
    (ahead > 0).then_some(Duration::from_nanos(ahead))
}

/// The lag in time of a reader that will read `cursor` next: nothing when that is not published yet, else how long ago it
/// was, or the oldest that is left to it. `None` as for [`age`], and on a ring without times.
pub(crate) fn lag(memory: &Memory, cursor: u64) -> Option<Duration> {
    if !memory.geometry().stamped {
        return None;
    }
    if cursor >= protocol::published(&memory.live().hot) {
        return Some(Duration::ZERO);
    }
    age(memory, cursor).or_else(|| age(memory, oldest(memory)))
}

/// How much time lies between the oldest record that is kept and the newest; `None` without either.
pub(crate) fn kept(memory: &Memory) -> Option<Duration> {
    let newest = protocol::published(&memory.live().hot).checked_sub(1)?;
    let between = wall_ns(memory, newest)?.saturating_sub(oldest_wall_ns(memory)?);
    u64::try_from(between).ok().map(Duration::from_nanos)
}

/// The wall time of the oldest record that is kept. While the producer runs the oldest goes on.
fn oldest_wall_ns(memory: &Memory) -> Option<i64> {
    const ATTEMPTS: usize = 16;
    (0..ATTEMPTS).find_map(|_| wall_ns(memory, oldest(memory)))
}

/// The oldest record that is kept.
fn oldest(memory: &Memory) -> u64 {
    let claimed = memory.live().hot.claimed.load(Ordering::Relaxed);
    sequence::oldest(claimed, memory.geometry().capacity)
}

/// A record found by its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) first: u64,
    /// An earlier one is kept that was published before that time. Otherwise there may be others that are not kept.
    pub(crate) is_exact: bool,
}

/// The first record from `from` on that is kept and was published at this wall time or later.
///
/// Within an epoch times only grow; from one to the next the wall clock may have been set back.
pub(crate) fn find(memory: &Memory, from: u64, wall_ns: i64) -> Option<Found> {
    let live = memory.live();
    let newest = state::load(live).epoch;
    let published = protocol::published(&live.hot);
    let mut start = from.max(oldest(memory)).min(published);
    let mut is_exact = false;
    // No more epochs than the table has, and the sequences between two of them are halved: whatever others store
    // meanwhile, both loops end.
    let oldest_epoch = protocol::epoch_at(memory, start).max(newest.saturating_sub(EPOCHS as u64));
    for epoch in oldest_epoch..=newest {
        let end = match state::boundary(live, epoch + 1) {
            Some(first) => first.clamp(start, published),
            None if epoch == newest => published,
            None => start,
        };
        let mut left = start..end;
        while !left.is_empty() {
            let middle = left.start + (left.end - left.start) / 2;
            match self::wall_ns(memory, middle) {
                Some(at) if at >= wall_ns => left.end = middle,
                at => {
                    // What is overwritten meanwhile is older than all that is kept.
                    is_exact |= at.is_some();
                    left.start = middle + 1;
                }
            }
        }
        if left.start < end {
            return Some(Found {
                first: left.start,
                is_exact,
            });
        }
        start = end;
    }
    None
}

/// Where to begin to read what was published at this wall time or later, and whether some of it may not be kept any
/// more.
pub(crate) fn from(memory: &Memory, wall_ns: i64) -> (Begin, bool) {
    match find(memory, 0, wall_ns) {
        Some(found) if found.is_exact => (Begin::At(found.first), false),
        Some(found) => (Begin::Oldest, found.first > 0),
        None => (Begin::Now, false),
    }
}

/// The wall time `before` the newest record; `None` if there is none.
pub(crate) fn before_newest(memory: &Memory, before: Duration) -> Option<i64> {
    let newest = protocol::published(&memory.live().hot).checked_sub(1)?;
    let before = u64::try_from(before.as_nanos()).unwrap_or(u64::MAX);
    Some(wall_ns(memory, newest)?.saturating_sub_unsigned(before))
}
