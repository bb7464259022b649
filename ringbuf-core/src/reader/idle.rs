//! Waiting for the next record: look again for a while, let others run, sleep.

use std::hint::spin_loop;
use std::io;
use std::thread::yield_now;
use std::time::Duration;

use crate::options::Wait;
use crate::protocol::Follower;

/// Looks before the caller checks its deadline again.
const LOOKS: u32 = 1024;
/// Looks (about 0.1 s of them) after which somebody who never sleeps checks that the producer lives.
const SPINS_BETWEEN_CHECKS: u32 = 1 << 22;
const YIELDS_BETWEEN_CHECKS: u32 = 1 << 18;

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
    /// Looks since the producer was last seen alive.
    looks: u32,
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
            looks: 0,
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
        self.looks = 0;
    }

    /// Waits until there may be news, at most `left`. True if it is time to look whether the producer
    /// lives.
    #[cold]
    pub(super) fn wait(&mut self, follower: &Follower, left: Option<Duration>) -> io::Result<bool> {
        match self.wait {
            Wait::Spin => Ok(self.keep_looking(follower, SPINS_BETWEEN_CHECKS, spin_loop)),
            Wait::Yield => Ok(self.keep_looking(follower, YIELDS_BETWEEN_CHECKS, yield_now)),
            Wait::Sleep => self.look_then_sleep(follower, left),
        }
    }

    fn keep_looking(&mut self, follower: &Follower, between_checks: u32, pause: fn()) -> bool {
        for _ in 0..LOOKS {
            if follower.has_news() {
                return false;
            }
            pause();
        }
        self.looks += LOOKS;
        let is_time = self.looks >= between_checks;
        if is_time {
            self.looks = 0;
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
