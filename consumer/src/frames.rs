//! Frames: what is in one, and what is done with it.
//!
//! | what it is | `tail` | `record` |
//! | --- | --- | --- |
//! | text: UTF-8 that its producer says nothing of | the line | `.txt` |
//! | an image: u8 or u16, height x width x 1 to 4 channels | described | `.png` |
//! | another array | described | `.npy` |
//! | other bytes | described, with their beginning | `.bin` |

mod directory;
mod files;
mod record;
mod tail;

use std::io;
use std::time::Instant;

pub use self::directory::Directory;
use self::record::Recorder;
use self::tail::FrameTail;
use crate::analysis::Kind;
use crate::analysis::health::frames::FrameHealth;
use crate::analysis::latency::Latency;
use crate::attach::is_stamped;
use crate::config::Config;
use crate::output::Output;
use crate::reporter::Reporter;
pub use ringbuf_console::frames::{Content, FrameView, Image, describe};
use ringbuf_console::usage::Usage;

/// Looks at frames and has something to say.
pub trait FrameAnalysis: Reporter {
    /// Frames come, or only news: so many before the first of them were missed, and it is this moment on the clock of
    /// their publication.
    fn begin(
        &mut self,
        _first_sequence: u64,
        _missed: u64,
        _now: Option<i64>,
        _output: &mut Output,
    ) -> io::Result<()> {
        Ok(())
    }

    /// One more frame.
    fn frame(&mut self, frame: &FrameView<'_>, output: &mut Output) -> io::Result<()>;
}

/// What to do with frames, the reader of which attached then.
pub fn analysis(config: &Config, attached: Instant) -> anyhow::Result<Box<dyn FrameAnalysis>> {
    let ring = config.ring_name();
    if !config.fields.is_empty() {
        let what = format!("ring {ring} holds frames, which have no fields: leave out --field");
        return Err(Usage(what).into());
    }
    match &config.kind {
        Kind::Tail => Ok(Box::new(FrameTail)),
        Kind::Record(options) => Ok(Box::new(Recorder::to(Directory::open(options)?))),
        Kind::Latency(_) => {
            let latency = Latency::new(is_stamped(config), config.is_plotted, attached)?;
            Ok(Box::new(latency))
        }
        Kind::Health(options) => Ok(Box::new(FrameHealth::of(is_stamped(config), options)?)),
        Kind::Stats(_) | Kind::Anomaly(_) | Kind::Spectrum(_) => {
            let kind = config.kind.name();
            let what = format!(
                "ring {ring} holds frames, and {kind} looks at records: use analyzer tail, record, latency or health"
            );
            Err(Usage(what).into())
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use ringbuf_core::Element;

    /// Frame 42, published one and a half seconds after the epoch, with tag 7.
    pub fn frame<'a>(bytes: &'a [u8], array: Option<(Element, &'a [usize])>) -> FrameView<'a> {
        FrameView {
            sequence: 42,
            published_ns: Some(1_500_000_000),
            tag: 7,
            array,
            bytes,
        }
    }
}
