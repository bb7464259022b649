//! Silence: nothing comes for longer than was said that it may take.
//!
//! A timer says so while it lasts. A ring that notes when its records were published also tells of a silence that was
//! over before anybody listened; where it does, that is what is measured.

use std::time::{Duration, Instant};

use super::finding::{At, Log, State};
use super::what::What;

/// Waits for the next record.
#[derive(Debug)]
pub struct Silence {
    expect: Option<Duration>,
    /// When the newest record was there.
    last: Instant,
    published: Option<i64>,
    is_told: bool,
    is_dead: bool,
    was_dead: bool,
}

impl Silence {
    pub fn after(expect: Option<Duration>, now: Instant) -> Silence {
        Silence {
            expect,
            last: now,
            published: None,
            is_told: false,
            is_dead: false,
            was_dead: false,
        }
    }

    /// When there is something to be told if nothing comes.
    pub fn alarm(&self) -> Option<Instant> {
        let expect = self.expect.filter(|_| !self.is_told)?;
        self.last.checked_add(expect)
    }

    /// Nothing has come until now.
    pub fn begins(&mut self, now: Instant) -> What {
        self.is_told = true;
        self.what(
            State::Begin,
            now.saturating_duration_since(self.last).as_secs_f64(),
        )
    }

    fn what(&self, state: State, silent_s: f64) -> What {
        What::Silence {
            state,
            silent_s,
            producer: if self.is_dead || self.was_dead {
                "died"
            } else {
                "running"
            },
        }
    }

    /// The next record, with whether it directly follows the one before.
    #[inline]
    pub fn record(&mut self, at: At, published: Option<i64>, follows: bool, log: &mut Log) {
        let Some(expect) = self.expect else {
            return;
        };
        let last = std::mem::replace(&mut self.published, published);
        if self.is_told {
            self.is_told = false;
            let silent_s = pause(last, published)
                .map_or_else(|| self.last.elapsed(), Duration::from_nanos)
                .as_secs_f64();
            log.tell(at, self.what(State::End, silent_s));
        } else if let Some(pause) = pause(last, published).map(Duration::from_nanos)
            && follows
            && pause > expect
        {
            log.tell(at, self.what(State::Once, pause.as_secs_f64()));
        }
        self.was_dead = false;
    }

    /// Something has come, the newest of it so long ago.
    pub fn came(&mut self, now: Instant, age: Option<Duration>) {
        let then = age.and_then(|age| now.checked_sub(age));
        self.last = then.unwrap_or(now);
    }

    /// The producer has closed the ring, so what lasts is over: nothing more is to come.
    pub fn closed(&mut self, now: Instant) -> Option<What> {
        if !std::mem::take(&mut self.is_told) {
            return None;
        }
        let silent = now.saturating_duration_since(self.last);
        Some(What::Silence {
            state: State::End,
            silent_s: silent.as_secs_f64(),
            producer: "closed",
        })
    }

    pub fn died(&mut self) {
        self.is_dead = true;
        self.was_dead = true;
    }

    pub fn is_open(&self) -> bool {
        self.is_told
    }

    /// Another producer carries on. Returns whether one was known to be dead.
    pub fn restarted(&mut self) -> bool {
        std::mem::take(&mut self.is_dead)
    }
}

/// How long after the one the other was published.
fn pause(last: Option<i64>, next: Option<i64>) -> Option<u64> {
    u64::try_from(next?.checked_sub(last?)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPECT: Duration = Duration::from_millis(10);
    const MS: i64 = 1_000_000;

    fn recorded(silence: &mut Silence, published: &[i64]) -> Vec<What> {
        let mut log = Log::default();
        for &at in published {
            silence.record(At::default(), Some(at * MS), true, &mut log);
        }
        log.take().into_iter().map(|found| found.what).collect()
    }

    fn silent(state: State, silent_s: f64, producer: &'static str) -> What {
        What::Silence {
            state,
            silent_s,
            producer,
        }
    }

    #[test]
    fn the_timer_tells_once_and_the_next_record_how_long_it_was() {
        let now = Instant::now();
        let mut silence = Silence::after(Some(EXPECT), now);
        assert_eq!(recorded(&mut silence, &[100]), []);
        silence.came(now, Some(Duration::ZERO));
        assert_eq!(silence.alarm(), Some(now + EXPECT));
        assert_eq!(
            silence.begins(now + EXPECT),
            silent(State::Begin, 0.01, "running")
        );
        assert_eq!(silence.alarm(), None);
        let over = recorded(&mut silence, &[130, 131]);
        assert_eq!(over, [silent(State::End, 0.03, "running")]);
        assert!(silence.alarm().is_some());
    }

    #[test]
    fn what_was_over_before_is_told_by_publication() {
        let mut silence = Silence::after(Some(EXPECT), Instant::now());
        let found = recorded(&mut silence, &[0, 10, 20, 31, 40]);
        assert_eq!(found, [silent(State::Once, 0.011, "running")]);
        let mut unasked = Silence::after(None, Instant::now());
        assert_eq!(recorded(&mut unasked, &[0, 1000]), []);
        assert_eq!(unasked.alarm(), None);
    }

    #[test]
    fn why_is_told_if_it_is_known() {
        let now = Instant::now();
        let mut silence = Silence::after(Some(EXPECT), now);
        assert!(!silence.restarted());
        silence.died();
        assert_eq!(silence.begins(now), silent(State::Begin, 0.0, "died"));
        assert!(silence.restarted() && !silence.restarted());
        silence.came(now, None);
        let over = recorded(&mut silence, &[0]);
        assert!(matches!(
            over[..],
            [What::Silence {
                state: State::End,
                producer: "died",
                ..
            }]
        ));
        silence.begins(now);
        assert!(silence.is_open());
        let end = silence.closed(now);
        assert_eq!(end, Some(silent(State::End, 0.0, "closed")));
        assert_eq!(silence.closed(now), None);
    }
}
