//! Waiting for the next record: look again for a while, let others run, sleep.

use std::hint::spin_loop;
use std::io;
use std::thread::yield_now;
use std::time::{Duration, Instant};

use crate::options::Wait;
use crate::protocol::Follower;

/// Looks before the caller checks its deadline again. Who lets others run does not know for how long.
const SPINS_AT_ONCE: u32 = 1024;
const YIELDS_AT_ONCE: u32 = 8;
/// After so long without news somebody who never sleeps checks that the producer lives. In time and not in looks: on a
/// busy machine each of them takes as long as others like.
const BETWEEN_CHECKS: Duration = Duration::from_millis(100);

/// Looks before a sleep, at most: about the cost of one sleep and wake-up.
const SPINS_MOST: u32 = 256;
/// Turns given to others before a sleep.
const YIELDS: u32 = 2;

/// The first and the longest sleep without news. The longest decides how soon a death is noticed, and what
/// an idle reader costs.
const SLEEP_FIRST: Duration = Duration::from_millis(100);
const SLEEP_MOST: Duration = Duration::from_secs(1);
/// The same for an observer, whom nobody wakes: it looks by itself.
const OBSERVE_FIRST: Duration = Duration::from_millis(10);
const OBSERVE_MOST: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(super) struct Idle {
    wait: Wait,
    first: Duration,
    most: Duration,
    /// The next sleep.
    sleep: Duration,
    /// A sleep has ended without news since something last came.
    overslept: bool,
    /// Looks before the next sleep. Halved when they were in vain, so that a reader of a slow sensor
    /// does not burn what it could sleep; doubled when they were not.
    spins: u32,
    /// Since when there has been no news and no check.
    looks_since: Option<Instant>,
}

impl Idle {
    pub(super) fn new(wait: Wait, is_observer: bool) -> Idle {
        let (first, most) = if is_observer {
            (OBSERVE_FIRST, OBSERVE_MOST)
        } else {
            (SLEEP_FIRST, SLEEP_MOST)
        };
        Idle {
            wait,
            first,
            most,
            sleep: first,
            overslept: false,
            spins: SPINS_MOST,
            looks_since: None,
        }
    }

    /// Something came.
    #[inline]
    pub(super) fn found(&mut self) {
        // Only what comes within a sleep makes the next one shorter: between the records of a slow sensor
        // one long sleep is cheaper than several short ones.
        if self.overslept {
            self.overslept = false;
        } else if self.sleep > self.first {
            self.sleep = (self.sleep / 2).max(self.first);
        }
        self.looks_since = None;
    }

    /// Waits until there may be news, at most `left`. True if it is time to look whether the producer
    /// lives.
    #[cold]
    pub(super) fn wait(&mut self, follower: &Follower, left: Option<Duration>) -> io::Result<bool> {
        match self.wait {
            Wait::Spin => Ok(self.keep_looking(follower, SPINS_AT_ONCE, spin_loop)),
            Wait::Yield => Ok(self.keep_looking(follower, YIELDS_AT_ONCE, yield_now)),
            Wait::Sleep => self.look_then_sleep(follower, left),
        }
    }

    fn keep_looking(&mut self, follower: &Follower, looks: u32, pause: fn()) -> bool {
        for _ in 0..looks {
            if follower.has_news() {
                return false;
            }
            pause();
        }
        let now = Instant::now();
        let is_time = now - *self.looks_since.get_or_insert(now) >= BETWEEN_CHECKS;
        if is_time {
            self.looks_since = None;
        }
        is_time
    }

    fn look_then_sleep(&mut self, follower: &Follower, left: Option<Duration>) -> io::Result<bool> {
        for _ in 0..self.spins {
            if follower.has_news() {
                self.spins = (self.spins * 2).min(SPINS_MOST);
                return Ok(false);
            }
            spin_loop();
        }
        for _ in 0..YIELDS.min(self.spins) {
            yield_now();
            if follower.has_news() {
                return Ok(false);
            }
        }
        self.spins /= 2;
        let sleep = left.map_or(self.sleep, |left| left.min(self.sleep));
        follower.wait(sleep)?;
        if follower.has_news() {
            // Something came soon after all: worth a look before the next sleep.
            self.spins = self.spins.max(1);
            return Ok(false);
        }
        self.sleep = (self.sleep * 2).min(self.most);
        self.overslept = true;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Geometry;
    use crate::memory::Memory;
    use crate::protocol::Begin;
    use crate::sync::Arc;

    /// However long each look takes, the producer's death is not noticed later for it.
    #[test]
    fn who_never_sleeps_counts_the_time_and_not_the_looks() {
        const PAUSE: Duration = Duration::from_millis(2);
        let memory = Arc::new(Memory::heap(Geometry::new(8, 8, 8, false)).unwrap());
        let follower = Follower::join_lossy(memory, 0, Begin::Now).unwrap();
        let mut idle = Idle::new(Wait::Yield, false);
        let most = (BETWEEN_CHECKS.as_millis() / PAUSE.as_millis()) as u32 + 2 * YIELDS_AT_ONCE;
        for _ in 0..2 {
            let is_checked = (0..most.div_ceil(YIELDS_AT_ONCE)).any(|_| {
                idle.keep_looking(&follower, YIELDS_AT_ONCE, || std::thread::sleep(PAUSE))
            });
            assert!(is_checked, "after {most} looks of {PAUSE:?}");
        }
    }
}
