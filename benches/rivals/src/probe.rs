//! The bare machine, measured around every measurement: what the two cores can do with no queue in between.
//!
//! Virtual cores move about on their host, and every figure changes severalfold with them.

use anyhow::{Context, Result, ensure};
use benches::{bare, cores};
use serde::{Deserialize, Serialize};

use crate::spec::Work;

/// What the machine can do at this moment.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Probe {
    /// A cache line from core to core, one way, nanoseconds.
    pub line_ns: f64,
    /// A checked stream through 4 MiB, the index passed on every 64 KiB, bytes per second.
    pub stream_64k: f64,
    /// The same, the index passed on every 64 B.
    pub stream_64: f64,
    /// The same through as much memory as the peer has, the index passed on for every frame; where there are frames.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stream_frames: Option<f64>,
}

impl Probe {
    /// Two cores under one third-level cache, neither one core twice nor two far from each other.
    pub fn is_near(&self) -> bool {
        (40.0..=80.0).contains(&self.line_ns)
    }

    /// Takes one, for that work.
    pub fn take(work: Work) -> Result<Probe> {
        const ONE_CORE: &str = "two cores are needed";
        let stream = |index| anyhow::Ok(bare::stream_gbps(index).context(ONE_CORE)? * 1e9);
        let frames = |(bytes, memory)| {
            let rate = bare::stream_through_gbps(memory, bytes).context(ONE_CORE)?;
            anyhow::Ok(rate * 1e9)
        };
        let sizes = match work {
            Work::Frames { bytes, memory } => Some((bytes, memory)),
            _ => None,
        };
        Ok(Probe {
            line_ns: bare::cache_line_ns().context(ONE_CORE)?,
            stream_64k: stream(65_536)?,
            stream_64: stream(64)?,
            stream_frames: sizes.map(frames).transpose()?,
        })
    }
}

/// Pins the calling thread to the first core (0) or the second (1).
pub fn pin(which: usize) -> Result<()> {
    ensure!(
        cores::pin(which),
        "two cores are needed, and the right to choose between them"
    );
    Ok(())
}
