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
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use ringbuf_core::inspect::{self, ProducerState};
use ringbuf_core::{Delivery, Event, Next, ReadError, Until};

use crate::analysis::{Kind, Subject};
use crate::analyst::{Analyst, OfFrames, OfRecords};
use crate::attach::{Attached, attach, is_stamped};
use crate::config::Config;
use crate::frames::{self, Directory};
use crate::output::{Output, talk};
use crate::plot::Panel;
use crate::progress::{Ended, Lag, Progress, Who};
use crate::reader::{RingBatch, RingReader};
use crate::telling::{Demotion, Losses};

/// How long a signal may have to wait while nothing comes.
const LOOK_FOR_SIGNAL: Duration = Duration::from_millis(100);
/// How long a line may wait to be seen while there is always something to do.
const BE_SEEN: Duration = Duration::from_millis(100);
/// How it ended.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct End {
    /// Records were missed, or may have been.
    pub is_incomplete: bool,
    /// What there is to look at, if there will be a picture.
    pub panels: Vec<Panel>,
}

/// Follows the ring until it ends, or enough was read, or `stop` is set.
pub fn follow(config: &Config, stop: &AtomicBool, output: &mut Output) -> anyhow::Result<End> {
    if let Kind::Record(options) = &config.kind {
        Directory::check(options)?;
    }
    match attach(config, stop)? {
        None => Ok(End::default()),
        Some((Attached::Records(reader), attached)) => {
            let analysis = config.kind.of(&Subject {
                schema: reader.schema(),
                fields: &config.fields,
                is_stamped: is_stamped(config),
                is_plotted: config.is_plotted,
                attached,
            })?;
            follow_with(config, reader, OfRecords(analysis), stop, output)
        }
        Some((Attached::Frames(mut reader), attached)) => {
            let analysis = frames::analysis(config, attached)?;
            if let Kind::Record(options) = &config.kind
                && let Some(tag) = options.tag
            {
                reader.only(move |frame| frame.tag() == tag);
            }
            follow_with(config, reader, OfFrames(analysis), stop, output)
        }
    }
}

fn follow_with<R: RingReader>(
    config: &Config,
    mut reader: R,
    analysis: impl Analyst<R>,
    stop: &AtomicBool,
    output: &mut Output,
) -> anyhow::Result<End> {
    if reader.begins_late() {
        talk(format_args!(
            "the ring does not reach back to that time: it begins with {} {}, and what came before is gone",
            R::KIND.word(1),
            reader.ledger().cursor
        ));
    }
    let mut following = Following::begin(config, &reader, analysis, output);
    let ended = following.until_the_end(&mut reader, stop);
    let reported = following.report_the_last(&reader, *ended.as_ref().unwrap_or(&Ended::Failed));
    ended?;
    reported?;
    Ok(End {
        is_incomplete: following.progress.missed() > 0 || reader.begins_late(),
        panels: following.panels(),
    })
}

/// An analysis under way.
struct Following<'a, R, A> {
    config: &'a Config,
    analysis: A,
    output: &'a mut Output,
    progress: Progress,
    /// Records to read, at most.
    count: u64,
    period_ends: Option<Instant>,
    ends: Option<Instant>,
    flushed: Instant,
    losses: Losses,
    demotion: Demotion,
    /// Of a ring with bounded readers; otherwise nobody needs to know.
    capacity: u64,
    is_unverified: bool,
    /// The producer is gone, and no other has come since.
    producer_died: bool,
    /// A period in which nothing came since the producer died was reported.
    silence_told: bool,
    /// When the first of the records that came, but were not looked at, was published.
    cut_off_ns: Option<i64>,
    /// There were such.
    is_cut_off: bool,
    reader: PhantomData<R>,
}

impl<'a, R: RingReader, A: Analyst<R>> Following<'a, R, A> {
    fn begin(config: &'a Config, reader: &R, analysis: A, output: &'a mut Output) -> Self {
        let now = Instant::now();
        // A time too far away for the clock is never reached.
        let after = |time: Option<Duration>| time.and_then(|time| now.checked_add(time));
        let is_bounded = matches!(config.delivery, Delivery::Bounded(_));
        let capacity = || inspect::info(&config.ring).map_or(0, |info| info.capacity);
        Following {
            config,
            analysis,
            output,
            progress: Progress::beginning(
                Who {
                    ring: config.ring_name().to_owned(),
                    is_one_of_several: config.is_one_of_several,
                    reader: config.reader.clone(),
                    kind: R::KIND,
                    can_be_demoted: is_bounded,
                },
                reader.ledger().joined,
                now,
            ),
            count: config.count.unwrap_or(u64::MAX),
            period_ends: after(config.every),
            ends: after(config.duration),
            flushed: now,
            losses: Losses::of(R::KIND),
            demotion: Demotion::default(),
            capacity: if is_bounded { capacity() } else { 0 },
            is_unverified: reader.is_unverified(),
            producer_died: false,
            silence_told: false,
            cut_off_ns: None,
            is_cut_off: false,
            reader: PhantomData,
        }
    }

    fn until_the_end(&mut self, reader: &mut R, stop: &AtomicBool) -> anyhow::Result<Ended> {
        while !stop.load(Ordering::Relaxed) {
            if self.progress.read() >= self.count {
                return Ok(Ended::Count);
            }
            let now = Instant::now();
            if self.ends.is_some_and(|ends| now >= ends) {
                return Ok(Ended::Duration);
            }
            self.report_periods(reader, now)?;
            if now.saturating_duration_since(self.flushed) >= BE_SEEN {
                self.flush(now)?;
            }
            if let Err(error) = self.rejoin(reader) {
                return self.over(error);
            }
            match reader.poll() {
                Ok(Some(batch)) => {
                    self.take(&batch)?;
                    continue;
                }
                Ok(None) => {}
                Err(error) => return self.over(error),
            }
            self.flush(now)?;
            let is_over = match reader.next_timeout(self.time_to_wait(now)) {
                Ok(Next::Batch(batch)) => {
                    self.take(&batch)?;
                    continue;
                }
                Ok(Next::TimedOut) => false,
                Ok(Next::Closed) => true,
                Err(error) => return self.over(error),
            };
            if is_over {
                return Ok(self.closed(reader));
            }
            self.sound(reader)?;
            if let Some(ended) = self.nothing_will_come() {
                return Ok(ended);
            }
        }
        Ok(Ended::Stopped)
    }

    /// Tells the analysis if nothing has come for as long as it wanted to wait. What lies ready has come, though nobody
    /// has looked yet.
    fn sound(&mut self, reader: &R) -> io::Result<()> {
        let now = Instant::now();
        let is_due = self
            .analysis
            .reporter()
            .alarm()
            .is_some_and(|alarm| now >= alarm);
        if is_due && reader.lag() == 0 {
            self.analysis.reporter_mut().silence(now, self.output)?;
            self.flush(now)?;
        }
        Ok(())
    }

    /// Makes the producer wait again for a reader that was demoted and has caught up.
    fn rejoin(&mut self, reader: &mut R) -> Result<(), ReadError> {
        if reader.is_demoted() && has_caught_up(reader.lag(), self.capacity) {
            reader.rejoin()?;
            self.demotion
                .ended(reader.ledger().cursor, &mut self.losses);
        }
        Ok(())
    }

    fn time_to_wait(&self, now: Instant) -> Duration {
        let until = |end: Instant| end.saturating_duration_since(now);
        let ends = [
            self.ends,
            self.period_ends,
            self.analysis.reporter().alarm(),
        ];
        let ends = ends.into_iter().flatten();
        ends.map(until).fold(LOOK_FOR_SIGNAL, Duration::min)
    }

    fn take(&mut self, batch: &R::Batch<'_>) -> io::Result<()> {
        let (first_sequence, missed) = (batch.first_sequence(), batch.missed());
        match batch.event() {
            None => {}
            Some(Event::ProducerDied) => {
                // Nobody continues an unverified ring, and that its producer died was told before.
                if !self.is_unverified {
                    talk("the producer died without closing the ring; waiting for the next one");
                }
                self.producer_died = true;
                self.silence_told = false;
                self.analysis.reporter_mut().died();
            }
            Some(Event::Restarted {
                epoch,
                first_sequence: begins,
            }) => {
                match begins {
                    Some(begins) => talk(format_args!("producer {epoch} carries on at {begins}")),
                    None => talk(format_args!(
                        "producer {epoch} carries on, at or before {first_sequence}"
                    )),
                }
                self.producer_died = false;
                self.analysis.reporter_mut().restarted();
            }
            Some(Event::Demoted) => {
                self.demotion.happened(first_sequence);
                self.progress.demoted();
            }
            Some(event) => talk(format_args!("{event:?}")),
        }
        let left = self.count - self.progress.read();
        let read = usize::try_from(left).map_or(batch.len(), |left| left.min(batch.len()));
        let (done, result) = self.analysis.update(batch, read, self.output);
        self.is_cut_off = done < batch.len();
        self.cut_off_ns = batch.published_ns(done);
        let progress = &mut self.progress;
        batch.count(done, |first, read, missed| {
            progress.advance(first, read, missed);
        });
        self.losses.add(missed, first_sequence);
        result
    }

    /// What there is to look at, under the name of the ring where there are several.
    fn panels(&self) -> Vec<Panel> {
        let mut panels = match self.config.is_plotted {
            true => self.analysis.reporter().panels(),
            false => Vec::new(),
        };
        if self.config.is_one_of_several {
            for panel in &mut panels {
                panel.title = format!("{} · {}", self.config.ring_name(), panel.title);
            }
        }
        panels
    }

    fn flush(&mut self, now: Instant) -> io::Result<()> {
        self.losses.tell();
        self.demotion.tell();
        self.flushed = now;
        self.output.flush()
    }

    fn report_periods(&mut self, reader: &R, now: Instant) -> io::Result<()> {
        let (Some(every), Some(end)) = (self.config.every, self.period_ends) else {
            return Ok(());
        };
        if now < end {
            return Ok(());
        }
        self.pass(reader);
        let is_silence = self.producer_died && !self.progress.is_in_period();
        let summary = self.progress.period(now, self.lag(reader));
        // Once is enough to see that nothing comes from the dead.
        if !(is_silence && self.silence_told) {
            self.analysis.reporter_mut().report(&summary, self.output)?;
        }
        self.silence_told = is_silence;
        // In step with the beginning, but never two at once for having been held up.
        let next = end + every;
        self.period_ends = Some(if next > now { next } else { now + every });
        Ok(())
    }

    fn report_the_last(&mut self, reader: &R, ended: Ended) -> io::Result<()> {
        self.pass(reader);
        self.losses.tell();
        self.demotion.tell();
        let (now, lag) = (Instant::now(), self.lag(reader));
        if self.progress.had_periods() && self.progress.is_in_period() {
            // So that the periods add up to the total.
            let summary = self.progress.period(now, lag);
            self.analysis.reporter_mut().report(&summary, self.output)?;
        }
        let summary = self.progress.total(now, lag, ended);
        self.analysis.reporter_mut().report(&summary, self.output)?;
        self.output.flush()
    }

    /// Counts what the reader passed over without a word: the last of those nobody asked for.
    fn pass(&mut self, reader: &R) {
        if !self.is_cut_off {
            let ledger = reader.ledger();
            self.progress.pass(ledger.cursor, ledger.missed);
        }
    }

    /// How far the analysis is behind: the reader may be further by what was more than asked for.
    fn lag(&self, reader: &R) -> Lag {
        let published = reader.ledger().cursor + reader.lag();
        let since = |ns: i64| {
            let passed = Timestamp::now().as_nanosecond() - i128::from(ns);
            Duration::from_nanos(u64::try_from(passed).unwrap_or(0))
        };
        Lag {
            records: published.saturating_sub(self.progress.next_sequence()),
            time: reader
                .lag_time()
                .map(|time| self.cut_off_ns.map_or(time, since)),
        }
    }

    /// The reader has come to an end: that of the ring, or of what was asked for.
    fn closed(&self, reader: &R) -> Ended {
        let is_until = match self.config.until {
            None => false,
            Some(Until::Sequence(end)) => reader.ledger().cursor >= end,
            // In front of a record that was published later.
            Some(_) => reader.lag() > 0 || !self.is_closed(),
        };
        if is_until {
            Ended::Until
        } else {
            Ended::Closed
        }
    }

    fn is_closed(&self) -> bool {
        inspect::info(&self.config.ring).is_ok_and(|info| info.producer == ProducerState::Closed)
    }

    /// Why it is in vain to wait for another producer, if it is.
    fn nothing_will_come(&self) -> Option<Ended> {
        if !self.producer_died {
            return None;
        }
        if self.is_unverified {
            return Some(Ended::Closed);
        }
        match self.config.until {
            // By its clock, whoever comes publishes later. While one lives its clock may be another than ours.
            Some(Until::At(end)) if Timestamp::now().as_nanosecond() > i128::from(end) => {
                Some(Ended::Until)
            }
            _ => None,
        }
    }

    /// What to make of the reader's last word.
    fn over(&self, error: ReadError) -> anyhow::Result<Ended> {
        let ring = self.config.ring_name();
        let what = "all that it had published was read";
        // An end like any other.
        match error {
            ReadError::Removed => {
                talk(format_args!("ring {ring} was removed; {what}"));
                Ok(Ended::Removed)
            }
            ReadError::Replaced => {
                talk(format_args!(
                    "ring {ring} was replaced by another of its name; {what}: start again to follow the new one"
                ));
                Ok(Ended::Replaced)
            }
            error => Err(error.into()),
        }
    }
}

/// Whether a demoted reader may hold the producer again. One that was lapped goes on half a ring behind: who is too
/// slow for good must not count as having caught up there.
fn has_caught_up(lag: u64, capacity: u64) -> bool {
    lag <= capacity / 4
}

#[cfg(test)]
mod tests {
    use super::has_caught_up;

    #[test]
    fn having_been_lapped_is_not_having_caught_up() {
        for capacity in [1, 2, 3, 4, 1_000, 1 << 40] {
            assert!(has_caught_up(0, capacity));
            // Half a ring behind what was claimed is a little less behind what is published.
            let lapped = (capacity / 2).saturating_sub(capacity / 8).max(1);
            assert!(!has_caught_up(lapped, capacity), "{capacity}");
        }
        assert!(has_caught_up(250, 1_000));
    }
}
