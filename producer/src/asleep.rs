//! How long the machine has slept: the clock of a run stands still meanwhile.

/// Tells how long the machine has slept since it was last asked.
#[derive(Debug)]
pub(crate) struct Asleep {
    /// Nanoseconds of sleep since the start of the machine that have been told.
    told: u64,
}

impl Asleep {
    /// Counts from now on.
    pub(crate) fn new() -> Asleep {
        // In this order a pause between the two clocks looks like sleep, and in the other it hides some: together they
        // never tell of sleep that was none.
        let running = clock::running();
        Asleep {
            told: clock::all().saturating_sub(running),
        }
    }

    /// Nanoseconds of sleep since this was asked last.
    pub(crate) fn since(&mut self) -> u64 {
        let all = clock::all();
        self.more(all, clock::running())
    }

    fn more(&mut self, all: u64, running: u64) -> u64 {
        let slept = all.saturating_sub(running);
        let more = slept.saturating_sub(self.told);
        self.told += more;
        more
    }
}

#[cfg(target_os = "linux")]
mod clock {
    use rustix::time::{ClockId, clock_gettime};

    /// Nanoseconds since the machine was started.
    pub(super) fn all() -> u64 {
        read(ClockId::Boottime)
    }

    /// Without those in which it slept.
    pub(super) fn running() -> u64 {
        read(ClockId::Monotonic)
    }

    fn read(clock: ClockId) -> u64 {
        let time = clock_gettime(clock);
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        let rest = u64::try_from(time.tv_nsec).unwrap_or(0);
        seconds.saturating_mul(1_000_000_000).saturating_add(rest)
    }
}

/// No other system has a source that asks.
#[cfg(not(target_os = "linux"))]
mod clock {
    pub(super) fn all() -> u64 {
        0
    }

    pub(super) fn running() -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleep_is_told_once() {
        let mut asleep = Asleep { told: 500 };
        assert_eq!(asleep.more(1500, 1000), 0);
        // A pause of this process between the clocks hides the sleep for a moment.
        assert_eq!(asleep.more(9000, 9000), 0);
        assert_eq!(asleep.more(9100, 8000), 600);
        assert_eq!(asleep.more(9200, 8100), 0);
        assert_eq!(asleep.more(9300, 8000), 200);
    }

    #[test]
    fn a_machine_that_runs_does_not_sleep() {
        let mut asleep = Asleep::new();
        let slept: u64 = (0..10_000).map(|_| asleep.since()).sum();
        assert!(slept < 1_000_000, "{slept} ns");
    }
}
