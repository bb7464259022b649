//! When each record is due, on a schedule counted from the start of the run.
//!
//! The schedule is absolute: a record that goes out late does not push back the ones after it, so
//! the rate has no drift and a stall is caught up.

use std::time::Duration;

use crate::when::{MISSING, When};

/// How the records of a run are timed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Timing {
    /// Every record is due at once.
    AsFast,
    /// This many records a second.
    Rate(f64),
    /// As recorded, this many times faster.
    Recorded {
        speed: f64,
        /// No wait is longer than this.
        max_gap: Option<Duration>,
    },
}

/// Gives every record, in order, its time.
#[derive(Debug)]
pub(crate) struct Schedule {
    timing: Timing,
    /// The time of a record, for recorded timing.
    when: Option<When>,
    /// A time that has passed is not made up for.
    live: bool,
    records: u64,
    anchor: Option<Anchor>,
}

/// Recorded times are measured from an anchor, not from their neighbour: small errors of rounding
/// cannot add up.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    time: i64,
    due: u64,
    last_time: i64,
    last_due: u64,
}

impl Schedule {
    /// A schedule for records that have their time there, if they have one.
    pub(crate) fn new(timing: Timing, when: Option<When>) -> Schedule {
        Schedule {
            timing,
            when,
            live: false,
            records: 0,
            anchor: None,
        }
    }

    /// A schedule for records that can be made only in time, so many a second.
    pub(crate) fn live(rate: f64) -> Schedule {
        Schedule {
            live: true,
            ..Schedule::new(Timing::Rate(rate), None)
        }
    }

    /// Whether records can be made only in time.
    pub(crate) fn is_live(&self) -> bool {
        self.live
    }

    /// Whether records have to wait for their time.
    pub(crate) fn is_timed(&self) -> bool {
        self.timing != Timing::AsFast
    }

    /// Whether the recording says when.
    pub(crate) fn is_recorded(&self) -> bool {
        matches!(self.timing, Timing::Recorded { .. })
    }

    /// Records a second, if that is how they are timed.
    pub(crate) fn rate(&self) -> Option<f64> {
        match self.timing {
            Timing::Rate(rate) => Some(rate),
            Timing::AsFast | Timing::Recorded { .. } => None,
        }
    }

    /// When the next record is due, in nanoseconds from the start.
    pub(crate) fn due(&mut self, record: &[u8]) -> u64 {
        let number = self.records;
        self.records += 1;
        match self.timing {
            Timing::AsFast => 0,
            Timing::Rate(rate) => tick(rate, number),
            Timing::Recorded { speed, max_gap } => {
                let time = self.when.as_ref().map_or(MISSING, |when| when.ns(record));
                self.recorded(time, speed, max_gap)
            }
        }
    }

    /// Of the record given its time last, which is `due`, and those after it, the last one that is due by `now`, and
    /// how many are passed over for it. Only at a rate.
    pub(crate) fn catch_up(&mut self, due: u64, now: u64) -> (u64, u64) {
        let Timing::Rate(rate) = self.timing else {
            return (due, 0);
        };
        let mut last = (now as f64 / (1e9 / rate)) as u64;
        while tick(rate, last) > now {
            last -= 1;
        }
        match last.checked_sub(self.records) {
            Some(between) => {
                self.records = last.saturating_add(1);
                (tick(rate, last), between + 1)
            }
            None => (due, 0),
        }
    }

    /// How many are due in so much time. Only at a rate.
    pub(crate) fn ticks_in(&self, time: u64) -> u64 {
        match self.timing {
            Timing::Rate(rate) => (time as f64 * rate / 1e9) as u64,
            Timing::AsFast | Timing::Recorded { .. } => 0,
        }
    }

    /// A record without a time goes out with the one before it. After a step back the schedule goes
    /// on from the new time; so it does after a gap that was cut short.
    fn recorded(&mut self, time: i64, speed: f64, max_gap: Option<Duration>) -> u64 {
        let Some(anchor) = &mut self.anchor else {
            if time != MISSING {
                self.anchor = Some(Anchor {
                    time,
                    due: 0,
                    last_time: time,
                    last_due: 0,
                });
            }
            return 0;
        };
        if time == MISSING {
            return anchor.last_due;
        }
        let longest = max_gap.map_or(u64::MAX, nanos);
        let wanted = anchor.due.saturating_add(played(anchor.time, time, speed));
        let due = if time < anchor.last_time {
            anchor.last_due
        } else {
            wanted.min(anchor.last_due.saturating_add(longest))
        };
        if due != wanted {
            (anchor.time, anchor.due) = (time, due);
        }
        (anchor.last_time, anchor.last_due) = (time, due);
        due
    }
}

/// When the record of this number is due at a rate: counted from the start, so that errors of rounding cannot add up.
fn tick(rate: f64, number: u64) -> u64 {
    (number as f64 * (1e9 / rate)) as u64
}

/// Nanoseconds from `from` to `to` when played `speed` times faster; 0 when `to` is earlier.
fn played(from: i64, to: i64, speed: f64) -> u64 {
    let recorded = i128::from(to) - i128::from(from);
    if recorded <= 0 {
        0
    } else if speed == 1.0 {
        recorded.try_into().unwrap_or(u64::MAX)
    } else {
        (recorded as f64 / speed) as u64
    }
}

/// A duration in nanoseconds; what does not fit is as good as for ever.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::schema_text;

    const SECOND: i64 = 1_000_000_000;

    fn recorded(speed: f64, max_gap: Option<u64>, times: &[i64]) -> Vec<u64> {
        let max_gap = max_gap.map(Duration::from_secs);
        let schema = schema_text::parse("t:datetime").expect("a schema");
        let mut schedule = Schedule::new(Timing::Recorded { speed, max_gap }, When::of(&schema));
        times
            .iter()
            .map(|time| schedule.due(&time.to_le_bytes()))
            .collect()
    }

    fn seconds(times: &[i64]) -> Vec<i64> {
        times
            .iter()
            .map(|&s| if s == i64::MIN { s } else { s * SECOND })
            .collect()
    }

    #[test]
    fn a_rate_has_no_drift() {
        let mut schedule = Schedule::new(Timing::Rate(3.0), None);
        let dues: Vec<u64> = (0..=3_000_000).map(|_| schedule.due(&[])).collect();
        assert_eq!(dues[..3], [0, 333_333_333, 666_666_666]);
        assert_eq!(dues[3_000_000], 1_000_000_000_000_000);
    }

    #[test]
    fn a_live_schedule_passes_over_what_was_missed_and_stays_on_its_ticks() {
        let mut schedule = Schedule::live(1000.0);
        let ms = 1_000_000;
        let due = schedule.due(&[]);
        assert_eq!(schedule.catch_up(due, ms - 1), (0, 0));
        let due = schedule.due(&[]);
        assert_eq!(schedule.catch_up(due, 0), (ms, 0));
        assert_eq!(schedule.catch_up(due, ms + 999_999), (ms, 0));
        assert_eq!(schedule.catch_up(ms, 7 * ms + 5), (7 * ms, 6));
        assert_eq!(schedule.catch_up(7 * ms, 7 * ms + 6), (7 * ms, 0));
        assert_eq!(schedule.due(&[]), 8 * ms);
        assert_eq!(
            (schedule.ticks_in(ms - 1), schedule.ticks_in(5 * ms)),
            (0, 5)
        );
        // A day later, at once.
        let day = 24 * 3600 * 1000;
        assert_eq!(schedule.catch_up(8 * ms, day * ms), (day * ms, day - 8));
        assert_eq!(schedule.due(&[]), (day + 1) * ms);
    }

    #[test]
    fn every_tick_is_taken_or_passed_over_once_at_any_rate() {
        for rate in [1e-300, 0.3, 3.0, 99.9, 1000.0] {
            let mut schedule = Schedule::live(rate);
            let (mut now, mut taken, mut skipped) = (0, 0, 0);
            for step in 0..2000_u64 {
                now += step * step % 7919 * 1_000_003;
                let due = schedule.due(&[]);
                let (due, more) = schedule.catch_up(due, now);
                taken += 1;
                skipped += more;
                assert!(more == 0 || due <= now, "{rate}: {due} after {now}");
                assert_eq!(schedule.records, taken + skipped, "{rate}");
            }
        }
    }

    #[test]
    fn as_fast_as_possible_is_now() {
        let mut schedule = Schedule::new(Timing::AsFast, None);
        assert_eq!((schedule.due(&[]), schedule.due(&[])), (0, 0));
    }

    #[test]
    fn recorded_times_are_played_faster() {
        let dues = recorded(10.0, None, &seconds(&[100, 101, 103]));
        assert_eq!(dues, [0, 100_000_000, 300_000_000]);
    }

    #[test]
    fn a_step_back_goes_out_at_once_and_the_schedule_goes_on_from_there() {
        let s = SECOND as u64;
        let dues = recorded(1.0, None, &seconds(&[10, 20, 5, 6, 21]));
        assert_eq!(dues, [0, 10 * s, 10 * s, 11 * s, 26 * s]);
    }

    #[test]
    fn a_missing_time_goes_out_with_its_neighbour() {
        let s = SECOND as u64;
        let dues = recorded(1.0, None, &seconds(&[i64::MIN, 10, i64::MIN, 12, i64::MIN]));
        assert_eq!(dues, [0, 0, 0, 2 * s, 2 * s]);
    }

    #[test]
    fn a_long_gap_is_kept_unless_cut_short() {
        let week = 7 * 24 * 3600;
        let times = seconds(&[0, 1, week, week + 1]);
        let s = SECOND as u64;
        let (kept, cut) = (recorded(1.0, None, &times), recorded(1.0, Some(2), &times));
        assert_eq!(kept, [0, s, week as u64 * s, (week + 1) as u64 * s]);
        assert_eq!(cut, [0, s, 3 * s, 4 * s]);
    }

    #[test]
    fn extreme_times_do_not_overflow() {
        for speed in [1e-300, 1.0, 1e300] {
            let dues = recorded(
                speed,
                Some(1),
                &[i64::MIN + 1, i64::MAX, 0, i64::MAX, i64::MAX],
            );
            assert!(dues.is_sorted());
            assert!(
                recorded(
                    speed,
                    None,
                    &[i64::MIN + 1, i64::MAX, i64::MIN + 1, i64::MAX]
                )
                .is_sorted()
            );
        }
    }
}
