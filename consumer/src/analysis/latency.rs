//! `latency`: how long records and frames take from publication to being looked at here.
//!
//! The clock is read once for all that came at once, and every record has its own age by it. So what is measured has
//! the analyzer's own waiting in it: its turn on a core, the wake-up, the polling of an observer, and the records before it
//! that had to be looked at first. What was missed has no latency. What had been published before the analyzer attached
//! was waiting for an analyzer, and not for the ring: it is counted and left out.

mod ages;
mod picture;
mod report;

use std::io;
use std::time::Instant;

use ringbuf_console::usage::Usage;

use self::ages::Ages;
use self::picture::Drawing;
use super::{Analysis, Subject, View};
use crate::frames::{FrameAnalysis, FrameView};
use crate::output::{Format, Output};
use crate::plot::Panel;
use crate::progress::{Report, Summary};
use crate::reporter::Reporter;

/// What is asked of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Options;

/// From publication to being looked at.
pub struct Latency {
    attached: Instant,
    /// When what is looked at came, and when the analyzer attached, on the ring's clock.
    came: Option<(i64, i64)>,
    period: Ages,
    /// All periods before this one.
    total: Ages,
    drawing: Option<Drawing>,
}

impl Latency {
    pub fn of(what: &Subject<'_>, _: &Options) -> Result<Latency, Usage> {
        Latency::new(what.is_stamped, what.is_plotted, what.attached)
    }

    /// Of a ring with such times, to which an analyzer attached then.
    pub fn new(is_stamped: bool, is_plotted: bool, attached: Instant) -> Result<Latency, Usage> {
        if !is_stamped {
            let what = "the ring has no publication times, so nobody knows how long anything took: have its producer \
                        make it with such times (producer does, without --no-stamp)";
            return Err(Usage(what.to_owned()));
        }
        Ok(Latency {
            attached,
            came: None,
            period: Ages::default(),
            total: Ages::default(),
            drawing: is_plotted.then(Drawing::default),
        })
    }

    /// More has come, behind so many that were missed.
    fn come(&mut self, missed: u64, now: Option<i64>) {
        if missed > 0 {
            self.interrupted();
        }
        // Not once for all: another producer sets the clock again.
        let ago = i64::try_from(self.attached.elapsed().as_nanos()).unwrap_or(i64::MAX);
        self.came = now.map(|now| (now, now.saturating_sub(ago)));
    }

    fn add(&mut self, published: Option<i64>) {
        let (Some((now, attached)), Some(published)) = (self.came, published) else {
            self.period.untold += 1;
            return;
        };
        if published < attached {
            self.period.before_attach += 1;
            return;
        }
        let age = self.period.add(now.saturating_sub(published));
        if let Some(drawing) = &mut self.drawing {
            drawing.add(published, age);
        }
    }

    fn interrupted(&mut self) {
        if let Some(drawing) = &mut self.drawing {
            drawing.gap();
        }
    }
}

impl Analysis for Latency {
    fn update(&mut self, view: &View<'_>, _: &mut Output) -> io::Result<()> {
        self.come(view.missed, (view.now)());
        (0..view.records.len()).for_each(|record| self.add((view.published)(record)));
        Ok(())
    }
}

impl FrameAnalysis for Latency {
    fn begin(
        &mut self,
        _first_sequence: u64,
        missed: u64,
        now: Option<i64>,
        _output: &mut Output,
    ) -> io::Result<()> {
        self.come(missed, now);
        Ok(())
    }

    fn frame(&mut self, frame: &FrameView<'_>, _: &mut Output) -> io::Result<()> {
        self.add(frame.published_ns);
        Ok(())
    }
}

impl Reporter for Latency {
    fn report(&mut self, summary: &Summary, output: &mut Output) -> io::Result<()> {
        let period = std::mem::take(&mut self.period);
        self.total.merge(&period);
        let covered = if summary.last { &self.total } else { &period };
        match output.format() {
            Format::Json => {
                let own = covered.figures();
                output.object(&Report { summary, own })
            }
            Format::Human => report::write(summary, covered, output),
        }
    }

    fn restarted(&mut self) {
        self.interrupted();
    }

    fn panels(&self) -> Vec<Panel> {
        let drawing = self.drawing.as_ref();
        drawing.map_or(Vec::new(), |drawing| drawing.panels(&self.total))
    }
}

#[cfg(test)]
#[path = "latency_tests.rs"]
mod tests;
