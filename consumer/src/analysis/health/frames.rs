//! `health` of frames: whether they come, and when.

use std::io;
use std::time::Instant;

use ringbuf_console::usage::Usage;

use super::finding::{At, CLOCK};
use super::telling::Telling;
use super::{Options, Patience, Ring};
use crate::frames::{FrameAnalysis, FrameView};
use crate::output::Output;
use crate::progress::Summary;
use crate::reporter::Reporter;

/// Whether frames come, and when: by their publication.
pub struct FrameHealth {
    ring: Ring,
    /// This moment, by the clock of publication.
    now: Option<i64>,
    /// None were missed before the next one.
    follows: bool,
}

impl FrameHealth {
    pub fn of(is_stamped: bool, options: &Options) -> Result<FrameHealth, Usage> {
        if options.stuck != Patience::Usual || options.range.is_some() {
            let what = "the ring holds frames, which have no values: leave out --stuck and --range";
            return Err(Usage(what.to_owned()));
        }
        let telling = Telling::of_frames(is_stamped);
        Ok(FrameHealth {
            ring: Ring::of(telling, is_stamped, options),
            now: None,
            follows: true,
        })
    }
}

impl FrameAnalysis for FrameHealth {
    fn begin(
        &mut self,
        first_sequence: u64,
        missed: u64,
        now: Option<i64>,
        output: &mut Output,
    ) -> io::Result<()> {
        self.now = now;
        self.follows = missed == 0;
        self.ring.begin(first_sequence, missed, output)
    }

    fn frame(&mut self, frame: &FrameView<'_>, output: &mut Output) -> io::Result<()> {
        let at = At {
            sequence: frame.sequence,
            ns: frame.published_ns.map(i128::from),
        };
        (self.ring.log.record, self.ring.log.place) = (0, CLOCK);
        let follows = std::mem::replace(&mut self.follows, true);
        self.ring.add(at, frame.published_ns, follows);
        let next = frame.sequence.saturating_add(1);
        self.ring.end(next, frame.published_ns, self.now);
        self.ring.tell(&[], output)
    }
}

impl Reporter for FrameHealth {
    fn report(&mut self, summary: &Summary, output: &mut Output) -> io::Result<()> {
        if summary.last {
            self.ring.finish(summary, &[], output)?;
        }
        let covered = self.ring.covered(summary.last, Vec::new());
        covered.write(summary, output)
    }

    fn died(&mut self) {
        self.ring.died();
    }

    fn restarted(&mut self) {
        self.ring.restarted();
    }

    fn alarm(&self) -> Option<Instant> {
        self.ring.silence.alarm()
    }

    fn silence(&mut self, now: Instant, output: &mut Output) -> io::Result<()> {
        self.ring.silent(now, output)
    }
}
