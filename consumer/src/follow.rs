//! The ring: finds it, follows it to its end, and hands what comes to the analysis.
//!
//! ```text
//! attach -> loop: records -> analysis.update     -> when there is time: flush
//!                 a period is over               -> analysis.report
//!           until closed, enough, or stopped     -> analysis.report, the last one
//! ```
//!
//! Whatever ends it, the report is finished first.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use ringbuf_core::inspect::{self, ProducerState};
use ringbuf_core::{
    AttachError, Event, Next, ReadError, ReaderOptions, Records, UntypedBatch, UntypedReader,
};

use crate::analysis::{Analysis, View};
use crate::args::From as Start;
use crate::config::{Config, Patience};
use crate::output::{Output, talk};
use crate::progress::Progress;

/// How often to look whether a ring has come.
const LOOK_FOR_RING: Duration = Duration::from_millis(20);
/// How long a signal may have to wait while nothing comes.
const LOOK_FOR_SIGNAL: Duration = Duration::from_millis(100);
/// How long a line may wait to be seen while there is always something to do.
const BE_SEEN: Duration = Duration::from_millis(100);
/// Losses are told at most this often.
const TELL_LOSSES: Duration = Duration::from_secs(1);

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    pub missed: u64,
}

/// Follows the ring until it ends, or enough was read, or `stop` is set.
pub fn follow(config: &Config, stop: &AtomicBool, output: &mut Output) -> anyhow::Result<End> {
    let Some(mut reader) = attach(config, stop)? else {
        return Ok(End { missed: 0 });
    };
    let analysis = config.kind.of(reader.schema(), &config.fields)?;
    let mut following = Following::begin(config, reader.ledger().joined, analysis, output);
    let ended = following.until_the_end(&mut reader, stop);
    let reported = following.report_the_last();
    ended?;
    reported?;
    Ok(End {
        missed: following.progress.missed(),
    })
}

/// The reader; `None` when stopped before there was a ring.
fn attach(config: &Config, stop: &AtomicBool) -> anyhow::Result<Option<UntypedReader>> {
    let began = Instant::now();
    let mut waited = false;
    while !stop.load(Ordering::Relaxed) {
        let producer = inspect::info(&config.ring).map(|info| info.producer).ok();
        let died = producer == Some(ProducerState::Died);
        let closed = producer == Some(ProducerState::Closed);
        // Who came first wants all of it, and of a ring without a producer there is only the past.
        let usual = if waited || closed || died {
            Start::Oldest
        } else {
            Start::Now
        };
        let from = config.from.unwrap_or(usual);
        let missing = match UntypedReader::attach(&config.ring, options(config, from)) {
            Ok(reader) => {
                if closed {
                    talk("the producer has closed the ring; reading what it left");
                }
                if died {
                    talk("the producer died; reading what it left, then waiting for the next one");
                }
                if reader.is_observer() {
                    talk(
                        "only observing: all slots are taken, or this user may not register; tools will not \
                         list this reader, and it looks for records every 10 to 20 ms",
                    );
                }
                return Ok(Some(reader));
            }
            Err(error @ AttachError::NotFound { .. }) => error,
            Err(error) => return Err(error.into()),
        };
        match config.patience {
            Patience::None => return Err(missing.into()),
            Patience::For(time) if began.elapsed() >= time => {
                return Err(missing).with_context(|| format!("waited {time:?}"));
            }
            Patience::For(_) | Patience::ForEver => {}
        }
        if !waited {
            talk(format_args!("waiting for ring {}", config.ring));
            waited = true;
        }
        thread::sleep(LOOK_FOR_RING);
    }
    Ok(None)
}

fn options(config: &Config, from: Start) -> ReaderOptions {
    let options = if config.lossless {
        ReaderOptions::lossless()
    } else {
        ReaderOptions::lossy()
    };
    let options = options.named(&config.reader);
    match from {
        Start::Now => options.from_now(),
        Start::Oldest => options.from_oldest(),
    }
}

/// An analysis under way.
struct Following<'a> {
    analysis: Box<dyn Analysis>,
    output: &'a mut Output,
    progress: Progress,
    /// Records to read, at most.
    count: u64,
    every: Option<Duration>,
    period_ends: Option<Instant>,
    ends: Option<Instant>,
    flushed: Instant,
    losses: Losses,
}

impl<'a> Following<'a> {
    fn begin(
        config: &Config,
        joined: u64,
        analysis: Box<dyn Analysis>,
        output: &'a mut Output,
    ) -> Following<'a> {
        let now = Instant::now();
        // A time too far away for the clock is never reached.
        let after = |time: Option<Duration>| time.and_then(|time| now.checked_add(time));
        Following {
            analysis,
            output,
            progress: Progress::beginning(config.ring_name(), &config.reader, joined, now),
            count: config.count.unwrap_or(u64::MAX),
            every: config.every,
            period_ends: after(config.every),
            ends: after(config.duration),
            flushed: now,
            losses: Losses::default(),
        }
    }

    fn until_the_end(
        &mut self,
        reader: &mut UntypedReader,
        stop: &AtomicBool,
    ) -> anyhow::Result<()> {
        while !stop.load(Ordering::Relaxed) && self.progress.read() < self.count {
            let now = Instant::now();
            if self.ends.is_some_and(|ends| now >= ends) {
                break;
            }
            self.report_periods(now)?;
            if now.saturating_duration_since(self.flushed) >= BE_SEEN {
                self.flush(now)?;
            }
            match reader.poll() {
                Ok(Some(batch)) => {
                    self.take(&batch)?;
                    continue;
                }
                Ok(None) => {}
                Err(error) => return over(error),
            }
            self.flush(now)?;
            match reader.next_timeout(self.time_to_wait(now)) {
                Ok(Next::Batch(batch)) => self.take(&batch)?,
                Ok(Next::TimedOut) => {}
                Ok(Next::Closed) => break,
                Err(error) => return over(error),
            }
        }
        Ok(())
    }

    fn time_to_wait(&self, now: Instant) -> Duration {
        let until = |end: Instant| end.saturating_duration_since(now);
        let ends = [self.ends, self.period_ends].into_iter().flatten();
        ends.map(until).fold(LOOK_FOR_SIGNAL, Duration::min)
    }

    fn take(&mut self, batch: &UntypedBatch<'_>) -> io::Result<()> {
        let (first_sequence, missed) = (batch.first_sequence(), batch.missed());
        match batch.event() {
            None => {}
            Some(Event::ProducerDied) => {
                talk("the producer died without closing the ring; waiting for the next one");
            }
            Some(Event::Restarted { epoch, .. }) => {
                talk(format_args!(
                    "producer {epoch} carries on at {first_sequence}"
                ));
                self.analysis.restarted();
            }
            Some(event) => talk(format_args!("{event:?}")),
        }
        let all = batch.records();
        let left = self.count - self.progress.read();
        let read = usize::try_from(left).map_or(all.len(), |left| left.min(all.len()));
        let view = View {
            records: Records::new(all.schema(), &all.bytes()[..read * all.schema().size()]),
            first_sequence,
            missed,
        };
        self.analysis.update(&view, self.output)?;
        self.progress.advance(first_sequence, read as u64, missed);
        self.losses.add(missed, first_sequence);
        Ok(())
    }

    fn flush(&mut self, now: Instant) -> io::Result<()> {
        self.losses.tell();
        self.flushed = now;
        self.output.flush()
    }

    fn report_periods(&mut self, now: Instant) -> io::Result<()> {
        let (Some(every), Some(end)) = (self.every, self.period_ends) else {
            return Ok(());
        };
        if now < end {
            return Ok(());
        }
        let summary = self.progress.period(now);
        self.analysis.report(&summary, self.output)?;
        // In step with the beginning, but never two at once for having been held up.
        let next = end + every;
        self.period_ends = Some(if next > now { next } else { now + every });
        Ok(())
    }

    fn report_the_last(&mut self) -> io::Result<()> {
        self.losses.tell();
        let now = Instant::now();
        if self.progress.had_periods() && self.progress.is_in_period() {
            // So that the periods add up to the total.
            let summary = self.progress.period(now);
            self.analysis.report(&summary, self.output)?;
        }
        let summary = self.progress.total(now);
        self.analysis.report(&summary, self.output)?;
        self.output.flush()
    }
}

/// What to make of the reader's last word.
fn over(error: ReadError) -> anyhow::Result<()> {
    match error {
        // All that had been published was delivered: an end like any other.
        ReadError::Removed | ReadError::Replaced => {
            talk(error);
            Ok(())
        }
        error => Err(error.into()),
    }
}

/// Losses not told yet.
#[derive(Default)]
struct Losses {
    missed: u64,
    before: u64,
    told: Option<Instant>,
}

impl Losses {
    fn add(&mut self, missed: u64, first_sequence: u64) {
        if missed == 0 {
            return;
        }
        self.missed += missed;
        self.before = first_sequence;
        if self.told.is_none_or(|told| told.elapsed() >= TELL_LOSSES) {
            self.tell();
        }
    }

    fn tell(&mut self) {
        let recently = self.told.is_some_and(|told| told.elapsed() < TELL_LOSSES);
        if self.missed > 0 && !recently {
            talk(format_args!(
                "missed {} records before {}",
                self.missed, self.before
            ));
            self.missed = 0;
            self.told = Some(Instant::now());
        }
    }
}
