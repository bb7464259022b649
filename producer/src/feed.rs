//! The loop: every record goes out when it is due.

use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

use crate::{
    block::Block,
    config::Limits,
    pace::{Schedule, nanos},
    report::{Progress, Summary, say},
    rounds::{Rounds, Step},
    source::Source,
    stop::Stop,
    stream::Stream,
};

/// A wait this long makes people wonder whether anything is going on.
const LONG_WAIT: u64 = 5_000_000_000;

/// A run that is going on.
#[derive(Debug)]
pub(crate) struct Feed<'a> {
    schedule: Schedule,
    rounds: Rounds,
    count: u64,
    stop: &'a Stop,
    begin: Instant,
    /// Shared with the question "stop?" that is asked from inside a blocked publish.
    progress: RefCell<Progress>,
    published: u64,
    latest: u64,
    hinted: bool,
}

impl Feed<'_> {
    /// A run that begins now.
    pub(crate) fn new(schedule: Schedule, limits: Limits, stop: &Stop) -> Feed<'_> {
        let end = limits.duration.map_or(u64::MAX, nanos);
        Feed {
            rounds: Rounds::new(schedule.is_timed(), end),
            schedule,
            count: limits.count.unwrap_or(u64::MAX),
            stop,
            begin: Instant::now(),
            progress: RefCell::new(Progress::new()),
            published: 0,
            latest: 0,
            hinted: false,
        }
    }

    /// Publishes until the source, a limit or a signal ends it.
    pub(crate) fn run(
        &mut self,
        source: &mut dyn Source,
        stream: &mut Stream,
    ) -> anyhow::Result<()> {
        let mut block = Block::new(source.schema().size());
        while !self.stop.is_asked() {
            if block.next_due().is_none() {
                let left = self.count.saturating_sub(self.published);
                block.refill(source, &mut self.schedule, left)?;
            }
            let Some(due) = block.next_due() else { break };
            let now = self.now();
            match self.rounds.step(due, now) {
                Step::Publish => {
                    self.latest = self.latest.max(now - due);
                    self.publish(block.take_due(now, self.rounds.end()), stream)?;
                }
                Step::SleepUntil(time) => self.sleep_until(time, now),
                Step::End => break,
            }
        }
        Ok(())
    }

    /// How the run has gone so far.
    pub(crate) fn summary(&self, ring: &str) -> Summary {
        self.progress.borrow_mut().clear();
        Summary {
            ring: ring.to_owned(),
            published: self.published,
            refused: 0,
            elapsed: self.begin.elapsed(),
            latest: self
                .schedule
                .is_timed()
                .then(|| Duration::from_nanos(self.latest)),
        }
    }

    fn publish(&mut self, records: &[u8], stream: &mut Stream) -> anyhow::Result<()> {
        let (published, progress) = (self.published, &self.progress);
        let stop = || {
            progress.borrow_mut().blocked(Instant::now(), published);
            self.stop.is_asked() || self.now() >= self.rounds.last_call()
        };
        self.published += stream.publish(records, &stop)?;
        self.progress
            .borrow_mut()
            .tick(Instant::now(), self.published);
        Ok(())
    }

    fn sleep_until(&mut self, time: u64, now: u64) {
        let wait = time - now;
        if wait > LONG_WAIT && self.schedule.is_recorded() && !self.hinted {
            self.hinted = true;
            self.progress.borrow_mut().clear();
            say(&format!(
                "the next record is due in {:.0} s, as recorded; --speed plays faster, \
                 --max-gap cuts gaps short",
                wait as f64 / 1e9
            ));
        }
        // The schedule may lie centuries ahead, more than a clock can hold.
        let most = Duration::from_nanos(wait).min(Duration::from_secs(3600));
        let wake = Instant::now() + most;
        let progress = self.progress.get_mut();
        self.stop
            .sleep_until(progress.next().map_or(wake, |next| wake.min(next)));
        progress.tick(Instant::now(), self.published);
    }

    fn now(&self) -> u64 {
        nanos(self.begin.elapsed())
    }
}
