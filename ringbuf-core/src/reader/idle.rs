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

/// Looks before others are let run: about a microsecond.
const SPINS: u32 = 32;
/// How long others are let run before a sleep, at most: about the cost of a sleep and a wake-up, to both sides.
const PATIENCE_MOST: Duration = Duration::from_micros(50);
/// And at least, when something came in the last sleep.
const PATIENCE_LEAST: Duration = Duration::from_micros(1);

/// The shortest pause between two looks in a stream, and the longest: that long only while it runs at more than
/// [`FAST`], until the reader is as far behind as it should be.
const GATHER_LEAST: Duration = Duration::from_micros(2);
const GATHER_MOST: Duration = Duration::from_micros(50);
/// Bytes a nanosecond: a stream in which records of a few bytes come as fast as they can be published one by one.
const FAST: u64 = 1;
/// Bytes of a record that is a stretch of a stream by itself: a pause is nothing to who handles so many.
const LARGE: u64 = 4096;
/// So few records are waited for one by one.
const FEW: u64 = 8;

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
    /// How long others are let run before the next sleep. Halved when that was in vain, so that a reader of a slow
    /// sensor does not burn what it could sleep; doubled when it was not.
    patience: Duration,
    /// Since when there has been no news and no check.
    looks_since: Option<Instant>,
    /// How many records a reader that can choose is behind in a stream; 0: it never waits for them.
    lag_wanted: u64,
    stride: u64,
    /// The last look brought more than one record, and left fewer behind it than wanted.
    is_stream: bool,
    /// When that was, if the reader waits for more.
    pub(super) gathers_since: Option<Instant>,
}

impl Idle {
    /// For records of `stride` bytes.
    pub(super) fn new(wait: Wait, is_observer: bool, lag_wanted: u64, stride: u64) -> Idle {
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
            patience: PATIENCE_MOST,
            looks_since: None,
            lag_wanted,
            stride,
            is_stream: false,
            gathers_since: None,
        }
    }

    /// What comes are frames: so many of them are wanted behind a reader, and so large are they.
    pub(super) fn sized(&mut self, lag_wanted: u64, stride: u64) {
        self.lag_wanted = lag_wanted;
        self.stride = stride;
    }

    /// Something came: so many records, and so many more are behind them.
    #[inline]
    pub(super) fn found(&mut self, count: u64, behind: u64) {
        // Only what comes within a sleep makes the next one shorter: between the records of a slow sensor
        // one long sleep is cheaper than several short ones.
        if self.overslept {
            self.overslept = false;
        } else if self.sleep > self.first {
            self.sleep = (self.sleep / 2).max(self.first);
        }
        self.looks_since = None;
        // A single record is no stream, unless it fills pages.
        let is_much = count > 1 || self.stride >= LARGE;
        self.is_stream = is_much && behind < self.lag_wanted;
        self.gathers_since = None;
    }

    /// What was found goes to somebody who waits for more.
    #[inline]
    pub(super) fn wanted(&mut self) {
        // Who only looks whether there is something pays for no look at the clock.
        self.gathers_since = self.is_stream.then(Instant::now);
    }

    /// Before the next look, in a stream: lets some records come together first.
    ///
    /// Every look takes the line of the indices from the producer, who needs it for the next record. And who follows
    /// at the producer's heels takes every line of the records out of its innermost caches, which costs both of them
    /// several times what it costs to read them when they have got to the cache in between, a megabyte or so later. See
    /// `docs/DESIGN.md`.
    #[inline]
    pub(super) fn gather(&mut self, follower: &Follower) {
        if let Some(looked) = self.gathers_since.take() {
            self.hold_back(follower, looked);
        }
    }

    #[cold]
    fn hold_back(&self, follower: &Follower, looked: Instant) {
        let look = || (follower.lag(), follower.unseen());
        self.hold_back_by(|pause| self.let_pass(looked, pause), look);
    }

    /// By a clock that lets so much time pass since the last look and says how much has, and by the records that lie
    /// behind then and those that came since.
    fn hold_back_by(&self, let_pass: impl Fn(Duration) -> Duration, look: impl Fn() -> (u64, u64)) {
        let mut pause = GATHER_LEAST;
        loop {
            let elapsed = let_pass(pause);
            let (lag, came) = look();
            // And the one that is under way: a large record shows nothing of itself before it is whole.
            let bytes = (u128::from(came) + 1) * u128::from(self.stride);
            let is_fast = bytes >= u128::from(FAST) * elapsed.as_nanos();
            if lag >= self.lag_wanted || !is_fast || elapsed >= GATHER_MOST {
                return;
            }
            // Where a few make it, each that comes counts: none waits for the next to be found.
            let further = if self.lag_wanted < FEW {
                GATHER_LEAST
            } else {
                pause
            };
            pause = (pause + further).min(GATHER_MOST);
        }
    }

    /// Returns how long it is since the last look, as soon as that is long enough.
    fn let_pass(&self, looked: Instant, pause: Duration) -> Duration {
        loop {
            let elapsed = looked.elapsed();
            if elapsed >= pause {
                return elapsed;
            }
            match self.wait {
                Wait::Spin => spin_loop(),
                Wait::Yield | Wait::Sleep => yield_now(),
            }
        }
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
        if !self.patience.is_zero() && self.look_in_turns(follower) {
            self.patience = (self.patience * 2).min(PATIENCE_MOST);
            return Ok(false);
        }
        self.patience /= 2;
        if self.patience < PATIENCE_LEAST {
            self.patience = Duration::ZERO;
        }
        let sleep = left.map_or(self.sleep, |left| left.min(self.sleep));
        follower.wait(sleep)?;
        if follower.has_news() {
            // Something came soon after all: worth a look before the next sleep.
            self.patience = self.patience.max(PATIENCE_LEAST);
            return Ok(false);
        }
        self.sleep = (self.sleep * 2).min(self.most);
        self.overslept = true;
        Ok(true)
    }

    /// Looks a few times, and then in turns with whoever else wants to run; true if there is news.
    fn look_in_turns(&self, follower: &Follower) -> bool {
        for _ in 0..SPINS {
            if follower.has_news() {
                return true;
            }
            spin_loop();
        }
        let begin = Instant::now();
        while begin.elapsed() < self.patience {
            yield_now();
            if follower.has_news() {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;
    use crate::layout::Geometry;
    use crate::memory::Memory;
    use crate::protocol::Begin;
    use crate::sync::Arc;

    /// However long each look takes, the producer's death is not noticed later for it.
    #[test]
    fn who_never_sleeps_counts_the_time_and_not_the_looks() {
        const PAUSE: Duration = Duration::from_millis(2);
        let memory = Arc::new(Memory::heap(Geometry::new(8, 8, false)).unwrap());
        let follower = Follower::join_lossy(memory, 0, Begin::Now).unwrap();
        let mut idle = Idle::new(Wait::Yield, false, 0, 8);
        let most = (BETWEEN_CHECKS.as_millis() / PAUSE.as_millis()) as u32 + 2 * YIELDS_AT_ONCE;
        for _ in 0..2 {
            let is_checked = (0..most.div_ceil(YIELDS_AT_ONCE)).any(|_| {
                idle.keep_looking(&follower, YIELDS_AT_ONCE, || std::thread::sleep(PAUSE))
            });
            assert!(is_checked, "after {most} looks of {PAUSE:?}");
        }
    }

    /// Or the reader of a slow sensor uses up what it could sleep, or one of a fast one never stays awake again.
    #[test]
    fn patience_halves_with_each_sleep_in_vain_and_comes_back_with_news() {
        let memory = Arc::new(Memory::heap(Geometry::new(8, 8, false)).unwrap());
        let follower = Follower::join_lossy(Arc::clone(&memory), 0, Begin::Now).unwrap();
        let mut idle = Idle::new(Wait::Sleep, false, 0, 8);
        let mut wait = || {
            let is_in_vain = idle.wait(&follower, Some(Duration::ZERO)).unwrap();
            (is_in_vain, idle.patience.as_nanos())
        };
        for patience in [25_000, 12_500, 6_250, 3_125, 1_562, 0, 0] {
            assert_eq!(wait(), (true, patience));
        }
        let published = &memory.live().hot.published;
        published.store(1, crate::sync::Ordering::Relaxed);
        for patience in [1, 2, 4, 8, 16, 32, 50, 50] {
            assert_eq!(wait(), (false, patience * 1000));
        }
    }

    /// Records of 8 bytes.
    fn gathering(lag_wanted: u64) -> Idle {
        Idle::new(Wait::Spin, false, lag_wanted, 8)
    }

    /// How long it is since the beginning at every look behind a pause, of a reader to whom so many records come in a
    /// microsecond.
    fn pauses(idle: &Idle, records_a_us: u64) -> Vec<u64> {
        let looks = RefCell::new(Vec::new());
        let passed = |pause: Duration| {
            assert!(looks.borrow().len() < 100, "held back for ever");
            looks.borrow_mut().push(pause.as_micros() as u64);
            pause
        };
        let look = || {
            let records = records_a_us * looks.borrow().last().unwrap();
            (records, records)
        };
        idle.hold_back_by(passed, look);
        looks.into_inner()
    }

    #[test]
    fn a_stream_is_held_back_for_until_enough_has_come() {
        // 8 bytes a nanosecond.
        let fast = 1000;
        assert_eq!(pauses(&gathering(1000), fast), [2]);
        assert_eq!(pauses(&gathering(2000), fast), [2]);
        assert_eq!(pauses(&gathering(2001), fast), [2, 4]);
        assert_eq!(pauses(&gathering(9000), fast), [2, 4, 8, 16]);
    }

    /// Nobody knows what a stream does next: however little is missing, it is not waited for for longer.
    #[test]
    fn nobody_is_held_back_for_longer_than_fifty_microseconds() {
        assert_eq!(pauses(&gathering(50_001), 1000), [2, 4, 8, 16, 32, 50]);
        let u64s = gathering(u64::MAX);
        assert_eq!(pauses(&u64s, 1000), [2, 4, 8, 16, 32, 50]);
        // By a clock that jumps, too.
        let looks = Cell::new(0);
        let late = |_| {
            assert_eq!(looks.replace(looks.get() + 1), 0, "held back again");
            Duration::from_secs(1)
        };
        u64s.hold_back_by(late, || (u64::MAX - 1, u64::MAX - 1));
        assert_eq!(looks.get(), 1);
    }

    #[test]
    fn a_slow_stream_is_held_back_for_once_and_shortly() {
        // Just below a byte a nanosecond, and just there, with the one under way.
        assert_eq!(pauses(&gathering(1 << 20), 124), [2]);
        assert_eq!(pauses(&gathering(1 << 20), 0), [2]);
        assert_eq!(pauses(&gathering(1 << 20), 125).len(), 6);
    }

    /// Or a record that is there is found when the next one is.
    #[test]
    fn few_records_are_looked_for_often() {
        let idle = Idle::new(Wait::Spin, false, 2, 1 << 20);
        let (elapsed, looks) = (Cell::new(0), Cell::new(0));
        let passed = |pause: Duration| {
            elapsed.set(pause.as_micros());
            pause
        };
        let records_came = || {
            looks.set(looks.get() + 1);
            // One in 17 us.
            let came = (elapsed.get() / 17) as u64;
            (came, came)
        };
        idle.hold_back_by(passed, records_came);
        assert_eq!((elapsed.get(), looks.get()), (34, 17));
    }

    /// A reader that took long over what it was handed finds much behind it: that says nothing about the stream.
    #[test]
    fn what_came_before_the_last_look_does_not_make_a_stream_fast() {
        let looks = Cell::new(0);
        let passed = |pause| {
            assert_eq!(looks.replace(looks.get() + 1), 0, "held back again");
            pause
        };
        gathering(1 << 20).hold_back_by(passed, || (1 << 19, 10));
        assert_eq!(looks.get(), 1);
    }

    /// Several records of which the last is near: a stream. One, or none, or enough behind them, or none to wait for:
    /// what comes next is wanted now.
    #[test]
    fn only_in_a_stream_records_come_together() {
        let gathers = |lag_wanted, count, behind| {
            let mut idle = gathering(lag_wanted);
            idle.found(count, behind);
            assert_eq!(idle.gathers_since, None, "who only looks");
            idle.wanted();
            idle.gathers_since.is_some()
        };
        assert!(gathers(100, 2, 0) && gathers(100, 2, 99));
        assert!(!gathers(100, 2, 100), "far enough behind");
        assert!(!gathers(100, 1, 0), "a single record");
        assert!(!gathers(100, 0, 0), "an event");
        assert!(!gathers(0, 2, 0), "a ring for single records");
    }

    /// They are handed out one by one, and copied through the caches as any other stream.
    #[test]
    fn a_large_record_is_a_stream_by_itself() {
        for (stride, is_stream) in [(LARGE - 8, false), (LARGE, true)] {
            let mut idle = Idle::new(Wait::Spin, false, 100, stride);
            idle.found(1, 0);
            idle.wanted();
            assert_eq!(idle.gathers_since.is_some(), is_stream, "{stride} bytes");
        }
    }
}
