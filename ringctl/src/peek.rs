//! What `echo`, `hz`, `bw` and `delay` have in common: they follow a ring as lossy readers, who are in nobody's way.
//!
//! ```text
//! attach -> loop: records -> look.take           -> when there is time: stdout
//!                 a second is over -> look.period
//!           until closed, removed, enough, or stopped -> look.period, the last one
//! ```

mod attach;
mod figures;
mod intervals;
mod losses;
mod spread;
mod window;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ringbuf_console::reader::{RingBatch, RingReader};
use ringbuf_console::stopping;
use ringbuf_core::{
    Event, FrameBatch, FrameReader, Next, ReadError, Start, UntypedBatch, UntypedReader,
};

use self::attach::attach;
pub(crate) use self::attach::{Attached, Found, is_alive, usual_start};
pub(crate) use self::figures::{By, Measure, Seen, run as measure};
pub(crate) use self::intervals::{Interval, Intervals, rate};
use self::losses::Losses;
pub(crate) use self::spread::{Spread, decimals, spread_text};
pub(crate) use self::window::Window;
use crate::args::PeekArgs;
use crate::out;
use crate::run::End;

/// How often figures are told.
const PERIOD: Duration = Duration::from_secs(1);
/// How long a signal may have to wait while nothing comes.
const LOOK_FOR_SIGNAL: Duration = Duration::from_millis(100);
/// How much output may wait to be seen while there is always something to read.
const MUCH: usize = 1 << 16;
/// How long who is in no hurry lets records come together.
const PAUSE: Duration = Duration::from_millis(1);
/// How many times more than in the last pause may come in the next without lapping who pauses.
const ROOM: u64 = 8;

/// Whether there is more to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    More,
    Enough,
}

/// What a command does with what comes. Whole lines of data are added to `out`.
pub(crate) trait Look {
    /// Where to begin on this ring; an error if there is nothing to look at.
    fn start(&mut self, found: &Found<'_>) -> anyhow::Result<Start>;

    /// This is what it reads.
    fn opened(&mut self, attached: &Attached) -> anyhow::Result<()>;

    fn records(&mut self, batch: &UntypedBatch<'_>, out: &mut String) -> anyhow::Result<Flow>;

    fn frames(&mut self, batch: &FrameBatch<'_>, out: &mut String) -> anyhow::Result<Flow>;

    /// Another producer carries on: what comes next does not follow what came before.
    fn restarted(&mut self) {}

    /// Whether it is all the same to it how soon it gets what comes.
    fn is_patient(&self) -> bool {
        false
    }

    /// A second is over, or everything is.
    fn period(&mut self, counts: &Counts, out: &mut String) -> anyhow::Result<()>;
}

/// How far the reader has come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    pub(crate) read: u64,
    pub(crate) missed: u64,
    pub(crate) elapsed: Duration,
    pub(crate) is_last: bool,
}

/// A [`Look`] at what this reader brings.
trait LookBy<R: RingReader>: Look {
    fn take(&mut self, batch: &R::Batch<'_>, out: &mut String) -> anyhow::Result<Flow>;
}

impl<L: Look> LookBy<UntypedReader> for L {
    fn take(&mut self, batch: &UntypedBatch<'_>, out: &mut String) -> anyhow::Result<Flow> {
        self.records(batch, out)
    }
}

impl<L: Look> LookBy<FrameReader> for L {
    fn take(&mut self, batch: &FrameBatch<'_>, out: &mut String) -> anyhow::Result<Flow> {
        self.frames(batch, out)
    }
}

/// Follows the ring until it ends, or there was enough, or a signal comes, or nobody reads the output any more.
pub(crate) fn run(args: &PeekArgs, name: &str, look: &mut impl Look) -> anyhow::Result<End> {
    let stop = stopping::by_signals()?;
    let Some((attached, capacity)) = attach(args, name, look, &stop)? else {
        return Ok(End::Done);
    };
    look.opened(&attached)?;
    match attached {
        Attached::Records(reader) => Following::new(args, reader, capacity, &stop).run(look),
        Attached::Frames(reader) => Following::new(args, reader, capacity, &stop).run(look),
    }
}

/// A ring that is followed.
struct Following<'a, R> {
    reader: R,
    ring: &'a str,
    capacity: u64,
    stop: &'a AtomicBool,
    began: Instant,
    ends: Option<Instant>,
    period_ends: Instant,
    losses: Losses,
    /// Data that nobody has seen yet.
    out: String,
    /// Read since the last pause.
    came: u64,
}

impl<'a, R: RingReader> Following<'a, R> {
    fn new(args: &'a PeekArgs, reader: R, capacity: u64, stop: &'a AtomicBool) -> Self {
        let began = Instant::now();
        Following {
            reader,
            ring: &args.ring,
            capacity,
            stop,
            began,
            // A time too far away for the clock is never reached.
            ends: args.duration.and_then(|time| began.checked_add(time)),
            period_ends: began + PERIOD,
            losses: Losses::of(R::KIND),
            out: String::new(),
            came: 0,
        }
    }

    fn run(mut self, look: &mut impl LookBy<R>) -> anyhow::Result<End> {
        let ended = self.follow(look);
        let ledger = self.reader.ledger();
        self.losses.tell_last(ledger.missed);
        // Also after an error: what was read is told.
        look.period(&self.counts(true), &mut self.out)?;
        self.print()?;
        ended?;
        Ok(match ledger.missed > 0 || self.reader.begins_late() {
            true => End::Missed,
            false => End::Done,
        })
    }

    fn follow(&mut self, look: &mut impl LookBy<R>) -> anyhow::Result<()> {
        let ring = self.ring;
        while !self.stop.load(Ordering::Relaxed) {
            let now = Instant::now();
            if self.ends.is_some_and(|ends| now >= ends) {
                return Ok(());
            }
            if now >= self.period_ends {
                self.losses.tell();
                look.period(&self.counts(false), &mut self.out)?;
                // In step with the beginning, but never two at once for having been held up.
                let next = self.period_ends + PERIOD;
                self.period_ends = if next > now { next } else { now + PERIOD };
            }
            if self.out.len() >= MUCH && !self.print()? {
                return Ok(());
            }
            let (reader, losses) = (&mut self.reader, &mut self.losses);
            match reader.poll() {
                Ok(Some(batch)) => {
                    self.came += batch.len() as u64;
                    match take(&batch, look, losses, &mut self.out)? {
                        Flow::More => continue,
                        Flow::Enough => return Ok(()),
                    }
                }
                Ok(None) => {}
                Err(error) => return over(ring, error),
            }
            if !self.print()? {
                return Ok(());
            }
            let came = std::mem::take(&mut self.came);
            if look.is_patient() && came > 1 && came.saturating_mul(ROOM) <= self.capacity {
                thread::sleep(PAUSE);
                continue;
            }
            let wait = self.time_to_wait(now);
            let (reader, losses) = (&mut self.reader, &mut self.losses);
            match reader.next_timeout(wait) {
                Ok(Next::Batch(batch)) => {
                    self.came += batch.len() as u64;
                    match take(&batch, look, losses, &mut self.out)? {
                        Flow::More => {}
                        Flow::Enough => return Ok(()),
                    }
                }
                Ok(Next::TimedOut) => {}
                Ok(Next::Closed) => return Ok(()),
                Err(error) => return over(ring, error),
            }
        }
        Ok(())
    }

    fn time_to_wait(&self, now: Instant) -> Duration {
        let ends = [Some(self.period_ends), self.ends].into_iter().flatten();
        let until = |end: Instant| end.saturating_duration_since(now);
        ends.map(until).fold(LOOK_FOR_SIGNAL, Duration::min)
    }

    fn counts(&self, is_last: bool) -> Counts {
        let ledger = self.reader.ledger();
        Counts {
            read: ledger.read,
            missed: ledger.missed,
            elapsed: self.began.elapsed(),
            is_last,
        }
    }

    /// False: nobody reads it any more.
    fn print(&mut self) -> anyhow::Result<bool> {
        if self.out.is_empty() {
            return Ok(true);
        }
        let heard = out::print(&self.out);
        self.out.clear();
        heard
    }
}

/// What to make of the reader's last word.
fn over(ring: &str, error: ReadError) -> anyhow::Result<()> {
    // An end like any other.
    match error {
        ReadError::Removed => out::say(&format!("ring {ring} was removed")),
        ReadError::Replaced => out::say(&format!(
            "ring {ring} was replaced by another of its name: start again to follow the new one"
        )),
        error => return Err(error.into()),
    }
    Ok(())
}

fn take<R: RingReader>(
    batch: &R::Batch<'_>,
    look: &mut impl LookBy<R>,
    losses: &mut Losses,
    out: &mut String,
) -> anyhow::Result<Flow> {
    losses.add(batch.missed(), batch.first_sequence());
    match batch.event() {
        None => {}
        Some(Event::ProducerDied) => {
            out::say("the producer died without closing the ring; waiting for the next one");
        }
        Some(Event::Restarted { epoch, .. }) => {
            out::say(&format!("producer {epoch} carries on"));
            look.restarted();
        }
        Some(event) => out::say(&format!("{event:?}")),
    }
    look.take(batch, out)
}
