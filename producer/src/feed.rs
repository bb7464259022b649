//! The loop: every record goes out when it is due.

use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

use crate::{
    block::Block,
    config::Limits,
    keep::{Promise, Watch},
    pace::{Schedule, nanos},
    report::{Progress, Summary, say},
    rounds::{Rounds, Step},
    source::Source,
    stop::Stop,
    stream::{self, Stream},
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
    latest: u64,
    hinted: bool,
}

impl Feed<'_> {
    /// A run on this ring that begins now.
    pub(crate) fn new<'a>(
        ring: &'a str,
        promise: Option<Promise>,
        schedule: Schedule,
        limits: Limits,
        stop: &'a Stop,
    ) -> Feed<'a> {
        let end = limits.duration.map_or(u64::MAX, nanos);
        Feed {
            ring,
            watch: Watch::new(promise),
            rounds: Rounds::new(schedule.is_timed(), end),
            schedule,
            count: limits.count.unwrap_or(u64::MAX),
            stop,
            begin: Instant::now(),
            progress: RefCell::new(Progress::new()),
            made: 0,
            published: 0,
            refused: 0,
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
        let stride = source.schema().size();
        let mut block = Block::new(stride);
        while !self.stop.is_asked() {
            if block.next_due().is_none() {
                let left = self.count.saturating_sub(self.made);
                block.refill(source, &mut self.schedule, left)?;
            }
            let Some(due) = block.next_due() else { break };
            let now = self.now();
            match self.rounds.step(due, now) {
                Step::Publish => {
                    self.latest = self.latest.max(now - due);
                    let records = block.take_due(now, self.rounds.end());
                    self.made += (records.len() / stride) as u64;
                    self.publish(records, stream)?;
                    // It may have had to wait for a reader.
                    self.latest = self.latest.max(self.now() - due);
                }
                Step::SleepUntil(time) => self.sleep_until(time, now),
                Step::End => break,
            }
        }
        Ok(())
    }

    /// How the run has gone, at its end.
    pub(crate) fn summary(&mut self, stream: &Stream) -> Summary {
        self.check_promise(stream);
        self.progress.borrow_mut().clear();
        Summary {
            ring: self.ring.to_owned(),
            published: self.published,
            refused: self.refused,
            kept: stream.kept(),
            elapsed: self.begin.elapsed(),
            latest: self
                .schedule
                .is_timed()
                .then(|| Duration::from_nanos(self.latest)),
        }
    }

    fn publish(&mut self, records: &[u8], stream: &mut Stream) -> anyhow::Result<()> {
        let (ring, published, progress) = (self.ring, self.published, &self.progress);
        let stop = || {
            progress
                .borrow_mut()
                .blocked(Instant::now(), published, || {
                    stream::reader_in_the_way(ring)
                });
            self.stop.is_asked() || self.now() >= self.rounds.last_call()
        };
        self.published += stream.publish(records, &stop)?;
        self.refused = stream.refused();
        self.progress
            .borrow_mut()
            .tick(Instant::now(), self.published, self.refused);
        if self.watch.is_due(self.now()) {
            self.check_promise(stream);
        }
        Ok(())
    }

    /// Says once if less is kept than was promised. Until this run has filled the ring, what is in
    /// it is another's.
    fn check_promise(&mut self, stream: &Stream) {
        let capacity = stream.capacity();
        let kept = stream.kept().filter(|_| self.published > capacity);
        if let Some(complaint) = self.watch.look(self.now(), kept, capacity) {
            self.progress.borrow_mut().clear();
            say(&complaint);
        }
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
        progress.tick(Instant::now(), self.published, self.refused);
    }

    fn now(&self) -> u64 {
        nanos(self.begin.elapsed())
    }
}
