//! Whether time goes on, record by record.
//!
//! ```text
//! 1 2 3 4 7 5 6 8     out of order: 5 and 6 come late, and time goes on from 7
//! 6 7 8 9 2 3 4 5     clock step: it goes on from where it fell back to
//! ```
//!
//! Which of them it is shows after a few records: the clock was set if [`LATE`] in a row are behind.

use super::episode::{Episode, Seldom};
use super::finding::{At, Check, Log, State};
use super::what::What;

/// So many in a row, and more, are not late any more.
const LATE: u64 = 8;

/// Watches times go on.
#[derive(Debug, Default)]
pub struct Order {
    /// The latest time so far.
    mark: Option<i128>,
    behind: Option<Behind>,
    out_of_order: Seldom,
    steps: Seldom,
    duplicates: Episode,
}

/// Records that are behind, and nobody knows yet why.
#[derive(Debug, Clone, Copy)]
struct Behind {
    first: At,
    records: u64,
    /// How far the first and the furthest of them is behind, in nanoseconds.
    back: i128,
    furthest: i128,
}

/// How a record follows those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follows {
    /// Nanoseconds after the latest of them.
    After(i128),
    /// There is nothing to compare it with, or it is behind.
    Nothing,
}

impl Order {
    /// The next record was measured then. `is_exact` says that no two should be at the same time.
    #[inline]
    pub fn add(&mut self, at: At, ns: i128, is_exact: bool, log: &mut Log) -> Follows {
        let Some(mark) = self.mark else {
            self.mark = Some(ns);
            return Follows::Nothing;
        };
        let step = ns.saturating_sub(mark);
        if step < 0 {
            return self.fall_back(at, ns, -step, log);
        }
        if self.behind.is_some() {
            self.caught_up(log);
        }
        if is_exact {
            self.compare(at, step == 0, log);
        }
        self.mark = Some(ns);
        Follows::After(step)
    }

    fn compare(&mut self, at: At, is_duplicate: bool, log: &mut Log) {
        let what = |state, records, last_sequence| What::DuplicateTime {
            state,
            records,
            last_sequence,
        };
        if is_duplicate {
            if self.duplicates.hit(at.sequence) {
                log.tell(at, what(State::Begin, 1, at.sequence));
            }
        } else if let Some(span) = self.duplicates.calm(at.sequence) {
            log.tell(at, what(State::End, span.records, span.last));
        }
    }

    fn fall_back(&mut self, at: At, ns: i128, back: i128, log: &mut Log) -> Follows {
        let behind = self.behind.get_or_insert(Behind {
            first: at,
            records: 0,
            back,
            furthest: back,
        });
        behind.records += 1;
        behind.furthest = behind.furthest.max(back);
        if behind.records >= LATE {
            let (first, back) = (behind.first, behind.back);
            self.behind = None;
            self.mark = Some(ns);
            self.step(first, -back, None, log);
        }
        Follows::Nothing
    }

    /// Those that were behind were late.
    fn caught_up(&mut self, log: &mut Log) {
        let Some(behind) = self.behind.take() else {
            return;
        };
        let back_s = behind.furthest as f64 / 1e9;
        match self.out_of_order.event(behind.first.sequence, back_s) {
            Some(untold) => log.tell(
                behind.first,
                What::OutOfOrder {
                    state: State::Once,
                    back_s,
                    records: behind.records,
                    untold,
                },
            ),
            None => log.count(Check::OutOfOrder),
        }
    }

    /// The clock was set by so much, and meanwhile so much time passed for others.
    pub fn step(&mut self, at: At, by: i128, published: Option<i128>, log: &mut Log) {
        let step_s = by as f64 / 1e9;
        match self.steps.event(at.sequence, step_s.abs()) {
            Some(untold) => log.tell(
                at,
                What::ClockStep {
                    state: State::Once,
                    step_s,
                    published_s: published.map(|ns| ns as f64 / 1e9),
                    untold,
                },
            ),
            None => log.count(Check::ClockStep),
        }
    }

    /// Nothing more comes: those that are behind are late.
    pub fn finish(&mut self, log: &mut Log) {
        self.caught_up(log);
    }

    /// What comes next need not follow.
    pub fn restarted(&mut self, log: &mut Log) {
        self.caught_up(log);
        self.mark = None;
    }

    pub fn has_duplicates(&self) -> bool {
        self.duplicates.is_open()
    }
}
