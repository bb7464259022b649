//! The loop: every record, or frame, goes out when it is due.

use std::{
    cell::{Cell, RefCell},
    time::{Duration, Instant},
};

use crate::{
    behind::{Kept, Waits},
    config::Limits,
    keep::{Promise, Watch},
    late::Lateness,
    pace::{Schedule, nanos},
    report::{Progress, Summary, say},
    rounds::{Rounds, Step},
    stop::Stop,
    stream,
    supply::{Due, Kind, Supply},
};

/// A wait this long makes people wonder whether anything is going on.
const LONG_WAIT: u64 = 5_000_000_000;

/// A run that is going on.
#[derive(Debug)]
pub(crate) struct Feed<'a> {
    ring: &'a str,
    schedule: Schedule,
    rounds: Rounds,
    count: u64,
    stop: &'a Stop,
    begin: Instant,
    /// Shared with the question "stop?" that is asked from inside a blocked publish.
    progress: RefCell<Progress>,
    watch: Watch,
    /// Records that the source has made and whose time has come.
    made: u64,
    published: u64,
    /// Records that found no room.
    refused: u64,
    lateness: Lateness,
    waits: Waits,
    /// When the next one is due, if that is known.
    next: Option<u64>,
    /// How late the one that was published last went out.
    last_late: u64,
    /// How much of the source has been published, if that is known.
    share: Option<f64>,
    hinted: bool,
}

impl Feed<'_> {
    /// A run on this ring that begins now.
    pub(crate) fn new<'a>(
        ring: &'a str,
        kind: Kind,
        promise: Option<Promise>,
        schedule: Schedule,
        limits: Limits,
        stop: &'a Stop,
    ) -> Feed<'a> {
        let end = limits.duration.map_or(u64::MAX, nanos);
        Feed {
            ring,
            watch: Watch::new(promise),
            rounds: match schedule.is_live() {
                true => Rounds::alone(end),
                false => Rounds::new(schedule.is_timed(), end),
            },
            schedule,
            count: limits.count.unwrap_or(u64::MAX),
            stop,
            begin: Instant::now(),
            progress: RefCell::new(Progress::new(kind)),
            made: 0,
            published: 0,
            refused: 0,
            lateness: Lateness::new(),
            waits: Waits::default(),
            next: None,
            last_late: 0,
            share: None,
            hinted: false,
        }
    }

    /// Publishes until the source, a limit or a signal ends it.
    pub(crate) fn run(&mut self, supply: &mut dyn Supply) -> anyhow::Result<()> {
        while !self.stop.is_asked() {
            let left = self.count.saturating_sub(self.made);
            // What is due at the end or later does not belong to the run.
            let asked = self.now().min(self.rounds.end().saturating_sub(1));
            let due = supply.next_due(&mut self.schedule, left, asked)?;
            let now = self.now();
            self.next = self.when(due);
            match due {
                Due::Never => break,
                Due::At(due) => match self.rounds.step(due, now) {
                    Step::Publish => self.publish(due, now, supply)?,
                    Step::SleepUntil(time) => {
                        self.hint(time - now);
                        self.sleep_until(time, now);
                    }
                    Step::End => break,
                },
                Due::Unknown if now >= self.rounds.end() => break,
                Due::Unknown => {
                    self.sleep_until(self.rounds.end(), now);
                    self.waits.for_input += self.now() - now;
                }
            }
        }
        Ok(())
    }

    /// How the run has gone, at its end.
    pub(crate) fn summary(&mut self, supply: &dyn Supply) -> Summary {
        self.check_promise(supply);
        self.progress.borrow_mut().clear();
        Summary {
            ring: self.ring.to_owned(),
            kind: supply.kind(),
            published: self.published,
            refused: self.refused,
            skipped: supply.skipped(),
            frames: supply.frames(),
            kept: supply.kept(),
            elapsed: self.begin.elapsed(),
            late: self.lateness.figures(),
            timing: self.schedule.is_timed().then(|| self.timing()),
        }
    }

    /// How the times were kept, up to now.
    fn timing(&self) -> Kept {
        let now = self.now();
        let behind = match self.next.filter(|&next| next < self.rounds.end()) {
            Some(next) => now.saturating_sub(next),
            None => self.last_late,
        };
        Kept {
            rate: self.schedule.rate(),
            behind: Duration::from_nanos(behind),
            of: Duration::from_nanos(now),
            waits: self.waits,
        }
    }

    /// When the next one is due; what has not come is due all the same where a rate says so.
    fn when(&self, due: Due) -> Option<u64> {
        match due {
            Due::At(due) => Some(due),
            Due::Unknown => Some((self.made as f64 * 1e9 / self.schedule.rate()?) as u64),
            Due::Never => None,
        }
    }

    fn publish(&mut self, due: u64, now: u64, supply: &mut dyn Supply) -> anyhow::Result<()> {
        let (ring, published, progress) = (self.ring, self.published, &self.progress);
        let blocked = Cell::new(false);
        let stop = || {
            blocked.set(true);
            progress
                .borrow_mut()
                .blocked(Instant::now(), published, || {
                    stream::reader_in_the_way(ring)
                });
            self.stop.is_asked() || self.now() >= self.rounds.last_call()
        };
        let sent = supply.publish_due(now, self.rounds.end(), &stop)?;
        let after = self.now();
        if blocked.get() {
            self.waits.for_readers += after - now;
        }
        if self.schedule.is_timed() {
            let last = supply.last_due().unwrap_or(due);
            self.lateness.note(due, last, after, sent.published);
            self.last_late = after.saturating_sub(last);
        }
        self.next = None;
        self.made += sent.made;
        self.published += sent.published;
        self.refused = supply.refused();
        self.share = supply.share();
        let share = self.whole_share();
        self.progress
            .borrow_mut()
            .tick(Instant::now(), self.published, self.refused, share);
        if self.watch.is_due(after) {
            self.check_promise(supply);
        }
        Ok(())
    }

    /// How much of the run is behind us, from 0 to 1, if any end of it is known.
    fn whole_share(&self) -> Option<f64> {
        let of = |part: u64, whole: u64| (whole < u64::MAX).then(|| part as f64 / whole as f64);
        let ends = [
            self.share,
            of(self.made, self.count),
            of(self.now(), self.rounds.end()),
        ];
        ends.into_iter().flatten().reduce(f64::max)
    }

    /// Says once if less is kept than was promised. Until this run has filled the ring, what is in
    /// it is another's.
    fn check_promise(&mut self, supply: &dyn Supply) {
        let held = supply.held(self.published);
        if let Some(complaint) = self.watch.look(self.now(), held, supply.kind()) {
            self.progress.borrow_mut().clear();
            say(&complaint);
        }
    }

    /// Says once that a wait is a long one because the recording has it so.
    fn hint(&mut self, wait: u64) {
        if wait > LONG_WAIT && self.schedule.is_recorded() && !self.hinted {
            self.hinted = true;
            self.progress.borrow_mut().clear();
            say(&format!(
                "the next record is due in {:.0} s, as recorded; --speed plays faster, \
                 --max-gap cuts gaps short",
                wait as f64 / 1e9
            ));
        }
    }

    fn sleep_until(&mut self, time: u64, now: u64) {
        // The schedule may lie centuries ahead, more than a clock can hold.
        let most = Duration::from_nanos(time - now).min(Duration::from_secs(3600));
        let wake = Instant::now() + most;
        let share = self.whole_share();
        let progress = self.progress.get_mut();
        self.stop
            .sleep_until(progress.next().map_or(wake, |next| wake.min(next)));
        progress.tick(Instant::now(), self.published, self.refused, share);
    }

    fn now(&self) -> u64 {
        nanos(self.begin.elapsed())
    }
}
