//! What came out.

use std::fmt;
use std::time::Duration;

use super::{Got, Kind};

/// The account of a run in which everything was right.
#[derive(Debug)]
pub struct Report {
    pub(super) frames: u64,
    pub(super) bytes: u64,
    pub(super) took: Duration,
    pub(super) gots: Vec<(Kind, Got)>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report {
            frames,
            bytes,
            took,
            gots,
        } = self;
        let seconds = took.as_secs_f64();
        let checked: u64 = gots.iter().map(|(_, got)| got.bytes).sum();
        let rate = |bytes: u64| bytes as f64 / seconds / 1e9;
        write!(
            f,
            "{frames} frames, {bytes} bytes in {seconds:.1} s: {:.0} frames/s, {:.2} GB/s published, {:.2} GB/s checked in {} \
             processes; missed:",
            *frames as f64 / seconds,
            rate(*bytes),
            rate(checked),
            gots.len()
        )?;
        for (kind, got) in gots {
            write!(f, " {} {}", kind.name(), got.missed)?;
            if got.demoted > 0 {
                write!(f, " (demoted {} times)", got.demoted)?;
            }
            f.write_str(",")?;
        }
        f.write_str(" every byte right")
    }
}
