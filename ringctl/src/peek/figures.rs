//! Figures about what comes, once a second: what `hz`, `bw` and `delay` have in common.

use std::time::Instant;

use jiff::Timestamp;
use ringbuf_console::reader::{Kind, RingBatch};
use ringbuf_console::times::{Time, Times};
use ringbuf_core::{FrameBatch, Start, UntypedBatch};
use serde::Serialize;

use super::attach::{Attached, Found};
use super::{Counts, Flow, Look};
use crate::args::PeekArgs;
use crate::out;
use crate::run::End;

/// Which time of a record counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum By {
    /// The one it carries.
    Measured,
    /// When it was published.
    Published,
    /// When it was read here.
    Arrival,
}

/// One record or frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) sequence: u64,
    /// Its time, nanoseconds since the epoch of the clock that counts; `None` if it does not tell.
    pub(crate) at_ns: Option<i64>,
    /// When it was read, by the same clock.
    pub(crate) now_ns: i64,
    pub(crate) bytes: usize,
}

/// What is measured.
pub(crate) trait Measure {
    /// What programs are told.
    type Own: Serialize;

    /// Publication times are in the ring, so that it is all the same how soon they are read.
    const IS_PATIENT: bool;

    /// Where to begin, and which times count; an error if there are none.
    fn begin(&mut self, found: &Found<'_>) -> anyhow::Result<(Start, By)>;

    /// What people are told before the first figures.
    fn note(&self, found: By, kind: Kind) -> String;

    fn add(&mut self, seen: &Seen);

    /// What comes next does not follow what came before.
    fn broken(&mut self) {}

    /// What programs are told now.
    fn own(&mut self) -> Self::Own;

    /// The same for people, as ROS says it; `None` while there is not enough.
    fn text(own: &Self::Own, kind: Kind) -> Option<String>;
}

/// Follows the ring and tells what is measured.
pub(crate) fn run(
    args: &PeekArgs,
    name: &str,
    measure: impl Measure,
    json: bool,
) -> anyhow::Result<End> {
    let mut figures = Figures {
        ring: ring_name(&args.ring),
        json,
        measure,
        by: By::Arrival,
        times: None,
        kind: Kind::Records,
        began: Instant::now(),
        is_new: false,
        silence_told: false,
        came: false,
    };
    super::run(args, name, &mut figures)
}

/// The ring's name, however it was referred to.
fn ring_name(ring: &str) -> &str {
    let file = ring.rsplit('/').next().unwrap_or_default();
    file.strip_suffix(".ring").unwrap_or(file)
}

/// A [`Look`] that measures.
pub(crate) struct Figures<'a, M> {
    ring: &'a str,
    json: bool,
    measure: M,
    by: By,
    times: Option<Times>,
    kind: Kind,
    began: Instant,
    /// Something came since figures were told last.
    is_new: bool,
    silence_told: bool,
    /// Something came at all.
    came: bool,
}

#[derive(Serialize)]
struct Line<'a, T> {
    ring: &'a str,
    #[serde(rename = "final")]
    is_last: bool,
    by: By,
    read: u64,
    missed: u64,
    elapsed_s: f64,
    #[serde(flatten)]
    own: T,
}

impl<M: Measure> Figures<'_, M> {
    /// Now, by the clock that counts.
    fn now_ns(&self) -> i64 {
        match self.by {
            // No clock that is set makes an interval longer.
            By::Arrival => i64::try_from(self.began.elapsed().as_nanos()).unwrap_or(i64::MAX),
            By::Measured | By::Published => {
                i64::try_from(Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX)
            }
        }
    }

    fn came(&mut self, len: usize) {
        let something = len > 0;
        self.is_new |= something;
        self.came |= something;
        self.silence_told &= !something;
    }

    fn tell(&mut self, counts: &Counts, out: &mut String) -> anyhow::Result<()> {
        let own = self.measure.own();
        match self.json {
            true => {
                *out += &out::json_line(&Line {
                    ring: self.ring,
                    is_last: counts.is_last,
                    by: self.by,
                    read: counts.read,
                    missed: counts.missed,
                    elapsed_s: counts.elapsed.as_secs_f64(),
                    own,
                })?;
            }
            false => {
                if let Some(text) = M::text(&own, self.kind) {
                    *out += &text;
                    out.push('\n');
                }
            }
        }
        Ok(())
    }
}

impl<M: Measure> Look for Figures<'_, M> {
    fn start(&mut self, found: &Found<'_>) -> anyhow::Result<Start> {
        let (start, by) = self.measure.begin(found)?;
        self.by = by;
        if found.info.frames.is_some() {
            self.kind = Kind::Frames;
        }
        Ok(start)
    }

    fn opened(&mut self, attached: &Attached) -> anyhow::Result<()> {
        self.times = attached.schema().map(Times::of);
        out::say(&format!(
            "{}: {}",
            self.ring,
            self.measure.note(self.by, self.kind)
        ));
        Ok(())
    }

    fn records(&mut self, batch: &UntypedBatch<'_>, _: &mut String) -> anyhow::Result<Flow> {
        let now_ns = self.now_ns();
        let (records, first) = (batch.records(), batch.first_sequence());
        let bytes = records.schema().size();
        for i in 0..records.len() {
            let at_ns = match (self.by, &self.times) {
                (By::Arrival, _) => Some(now_ns),
                (By::Published, _) | (_, None) => batch.published_ns(i),
                (By::Measured, Some(times)) => match times.at(&records, i) {
                    Time::Wall(time) => i64::try_from(time.as_nanosecond()).ok(),
                    _ => None,
                },
            };
            self.measure.add(&Seen {
                sequence: first.saturating_add(i as u64),
                at_ns,
                now_ns,
                bytes,
            });
        }
        self.came(records.len());
        Ok(Flow::More)
    }

    fn frames(&mut self, batch: &FrameBatch<'_>, _: &mut String) -> anyhow::Result<Flow> {
        let now_ns = self.now_ns();
        for frame in batch.frames() {
            let at_ns = match self.by {
                By::Arrival => Some(now_ns),
                By::Measured | By::Published => frame.published_ns(),
            };
            self.measure.add(&Seen {
                sequence: frame.sequence(),
                at_ns,
                now_ns,
                bytes: frame.len(),
            });
        }
        self.came(RingBatch::len(batch));
        Ok(Flow::More)
    }

    fn restarted(&mut self) {
        self.measure.broken();
    }

    fn period(&mut self, counts: &Counts, out: &mut String) -> anyhow::Result<()> {
        if self.is_new || (counts.is_last && self.json) {
            self.is_new = false;
            return self.tell(counts, out);
        }
        if counts.is_last && !self.came {
            out::say(&format!("no {} came", self.kind.word(2)));
        } else if !counts.is_last && !self.silence_told {
            self.silence_told = true;
            out::say(&format!("no new {}", self.kind.word(2)));
        }
        Ok(())
    }

    fn is_patient(&self) -> bool {
        M::IS_PATIENT && self.by == By::Published
    }
}
