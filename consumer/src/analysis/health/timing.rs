//! The clock of the records, and their rate by it.
//!
//! Records are judged by their own time field; without one by when they were published. How fast a recording is played
//! is its player's business, so the times of publication judge nothing else, except where both clocks go equally fast
//! (to [`SAME`]): there they tell a clock that was set from a sensor that paused, and a clock that goes wrong.

use super::drift::{Drift, News, Window};
use super::episode::{Episode, Seldom};
use super::finding::{At, Check, Log, State};
use super::order::{Follows, Order};
use super::steps::{Lengths, Steps, Usual};
use super::what::What;

/// So much faster or slower is as fast.
const SAME: f64 = 0.1;

/// Watches the clock.
pub struct Timing {
    /// Records say themselves when they were measured.
    is_own: bool,
    order: Order,
    missing: Episode,
    steps: Steps,
    has_holes: bool,
    holes: Seldom,
    rate_window: Window,
    rate: Drift,
    pace_window: Window,
    pace: Drift,
    /// How fast the clock went in the last window, in seconds for one of publication.
    speed: Option<f64>,
    /// Records are missing, or may be, before the next one.
    is_broken: bool,
    published: Option<i64>,
    /// Since the last report, and before.
    period: Lengths,
    total: Lengths,
}

impl Timing {
    /// Of records with a time of their own, or only with that of their publication.
    pub fn of(is_own: bool, rate: Option<f64>, tolerance: f64) -> Timing {
        Timing {
            is_own,
            order: Order::default(),
            missing: Episode::default(),
            steps: Steps::of(!is_own),
            has_holes: true,
            holes: Seldom::default(),
            rate_window: Window::default(),
            rate: Drift::of(rate, tolerance),
            pace_window: Window::default(),
            pace: Drift::of(None, tolerance),
            speed: None,
            is_broken: true,
            published: None,
            period: Lengths::default(),
            total: Lengths::default(),
        }
    }

    /// Steps of any length are as they should be.
    pub fn without_holes(&mut self) {
        self.has_holes = false;
    }

    /// The next record.
    #[inline]
    pub fn add(&mut self, at: At, published: Option<i64>, log: &mut Log) {
        let Some(ns) = at.ns else {
            self.has_no_time(at, log);
            return;
        };
        if let Some(span) = self.missing.calm(at.sequence) {
            let what = What::MissingTime {
                state: State::End,
                records: span.records,
                last_sequence: span.last,
            };
            log.tell(at, what);
        }
        let passed = match (published, self.published) {
            (Some(this), Some(last)) => Some(i128::from(this) - i128::from(last)),
            _ => None,
        };
        self.published = published;
        let follows = self.order.add(at, ns, self.is_own, log);
        let is_broken = std::mem::take(&mut self.is_broken);
        if let Follows::After(step) = follows
            && !is_broken
        {
            self.step(at, step, passed, log);
        }
    }

    fn has_no_time(&mut self, at: At, log: &mut Log) {
        // Without any clock there is none that could fail.
        if self.is_own && self.missing.hit(at.sequence) {
            let what = What::MissingTime {
                state: State::Begin,
                records: 1,
                last_sequence: at.sequence,
            };
            log.tell(at, what);
        }
        self.is_broken = true;
    }

    fn step(&mut self, at: At, step: i128, passed: Option<i128>, log: &mut Log) {
        let seconds = step as f64 / 1e9;
        let usual = self.steps.add(seconds);
        let mut counted = step;
        if let Some(usual) = usual.filter(|usual| self.has_holes && seconds >= usual.hole) {
            self.far(at, step, usual, passed, log);
            // A pause is not a slower rate, but if all steps became long it would be. Who only paused publishing makes
            // up for it.
            if self.is_own {
                counted = (usual.hole * 1e9) as i128;
            }
        }
        if self.period.count + self.total.count == 0 {
            self.period = Lengths::like(seconds);
        }
        self.period.add(seconds, counted);
        if let Some(full) = self.rate_window.add(counted, 0) {
            let news = self.rate.window(full.records / full.first_s);
            self.rate_news(at, news, log);
        }
        let Some(passed) = passed.filter(|_| self.is_own) else {
            return;
        };
        if let Some(full) = self.pace_window.add(passed, step) {
            let speed = full.second_s / full.first_s;
            self.speed = Some(speed);
            let news = self.pace.window(speed);
            self.pace_news(at, news, log);
        }
    }

    /// A step that is far longer than usual.
    fn far(&mut self, at: At, step: i128, usual: Usual, passed: Option<i128>, log: &mut Log) {
        let is_set = passed.is_some_and(|passed| passed < step / 2);
        if self.is_own && self.is_live() && is_set {
            self.order.step(at, step, passed, log);
            return;
        }
        let step_s = step as f64 / 1e9;
        match self.holes.event(at.sequence, step_s) {
            Some(untold) => log.tell(
                at,
                What::Hole {
                    state: State::Once,
                    step_s,
                    usual_s: usual.step,
                    untold,
                },
            ),
            None => log.count(Check::Hole),
        }
    }

    fn rate_news(&mut self, at: At, news: Option<News>, log: &mut Log) {
        let (state, rate_hz, usual_hz) = match news {
            None => return,
            Some(News::Begins { now, usual }) => (State::Begin, now, usual),
            Some(News::Ends { now, usual }) => (State::End, now, usual),
        };
        // Steps have another length from now on, and not every single one is news.
        self.steps.forget();
        log.tell(
            at,
            What::RateDrift {
                state,
                rate_hz,
                usual_hz,
            },
        );
    }

    fn pace_news(&mut self, at: At, news: Option<News>, log: &mut Log) {
        if !self.pace.usual().is_some_and(is_same) {
            return;
        }
        let (state, speed) = match news {
            None => return,
            Some(News::Begins { now, .. }) => (State::Begin, now),
            Some(News::Ends { now, .. }) => (State::End, now),
        };
        log.tell(at, What::ClockDrift { state, speed });
    }

    /// Whether both clocks usually go equally fast.
    fn is_live(&self) -> bool {
        self.pace.usual().or(self.speed).is_some_and(is_same)
    }

    /// Records are missing here.
    pub fn lost(&mut self) {
        self.is_broken = true;
        self.published = None;
    }

    /// Another producer carries on.
    pub fn restarted(&mut self, log: &mut Log) {
        self.lost();
        self.order.restarted(log);
        // It may have another rate, which is told as such, and not of every step.
        self.steps.forget();
        self.rate_window.clear();
        self.pace_window.clear();
    }

    /// Nothing more comes.
    pub fn finish(&mut self, log: &mut Log) {
        self.order.finish(log);
    }

    /// The lengths of the steps since the last report, or of all of them.
    pub fn lengths(&mut self, all: bool) -> Lengths {
        let period = self.period.take();
        self.total.merge(&period);
        match all {
            true => std::mem::take(&mut self.total),
            false => period,
        }
    }

    /// The rate that was declared, or learnt.
    pub fn usual_rate(&self) -> Option<f64> {
        self.rate.usual()
    }

    /// What lasts.
    pub fn open(&self) -> Vec<Check> {
        let open = [
            (Check::DuplicateTime, self.order.has_duplicates()),
            (Check::MissingTime, self.missing.is_open()),
            (Check::RateDrift, self.rate.is_open()),
            (
                Check::ClockDrift,
                self.pace.is_open() && self.pace.usual().is_some_and(is_same),
            ),
        ];
        let open = open.into_iter().filter(|(_, is_open)| *is_open);
        open.map(|(check, _)| check).collect()
    }
}

fn is_same(speed: f64) -> bool {
    (speed - 1.0).abs() <= SAME
}
