//! The bare machine: what its cores and its kernel need for the same work, with no ring in between.
//!
//! On a shared host the figures change severalfold within minutes, and every other figure with them. So they are
//! measured before and after each benchmark, and results are read as ratios to them.

use std::fmt;

mod line;
mod stream;
mod wake;

pub use line::{await_word, cache_line_ns};
pub use stream::{stream_gbps, stream_through_gbps};
pub use wake::{change_and_wake, sleep_until_changed, spin_for, wake_ns};

/// What the machine can do at this moment.
#[derive(Clone, Copy, Debug)]
pub struct Bare {
    /// Nanoseconds for a cache line from one core to the other.
    pub line_ns: f64,
    /// GB/s from one core to the other through 4 MiB, told every 64 KiB.
    pub stream_64k: f64,
    /// GB/s from one core to the other through 4 MiB, told every 64 B.
    pub stream_64: f64,
    /// Nanoseconds until a sleeper that is woken runs, the median.
    pub wake_ns: f64,
}

impl Bare {
    /// Measures, for some tenths of a second; `None` on one core.
    ///
    /// ```
    /// if let Some(bare) = benches::bare::Bare::measure() {
    ///     assert!(bare.line_ns > 0.0 && bare.stream_64k > 0.0 && bare.stream_64 > 0.0);
    ///     println!("{bare}");
    /// }
    /// ```
    pub fn measure() -> Option<Bare> {
        Some(Bare {
            line_ns: cache_line_ns()?,
            stream_64k: stream_gbps(64 << 10)?,
            stream_64: stream_gbps(64)?,
            wake_ns: wake_ns()?,
        })
    }

    /// Halfway between two measurements.
    pub fn between(self, other: Bare) -> Bare {
        let mean = |a: f64, b: f64| f64::midpoint(a, b);
        Bare {
            line_ns: mean(self.line_ns, other.line_ns),
            stream_64k: mean(self.stream_64k, other.stream_64k),
            stream_64: mean(self.stream_64, other.stream_64),
            wake_ns: mean(self.wake_ns, other.wake_ns),
        }
    }

    /// Where the two cores are, as far as the cache line tells.
    pub fn placement(self) -> Placement {
        match self.line_ns {
            ..35.0 => Placement::Smt,
            35.0..130.0 => Placement::Near,
            _ => Placement::Far,
        }
    }
}

impl fmt::Display for Bare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: cache line {:.1} ns one way, stream {:.1} GB/s (told every 64 KiB) and {:.1} GB/s (every 64 B), \
             futex wake {:.1} µs",
            self.placement(),
            self.line_ns,
            self.stream_64k,
            self.stream_64,
            self.wake_ns / 1e3
        )
    }
}

/// How far apart the two cores are. A virtual machine's cores move about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Two threads of one core.
    Smt,
    /// Two cores under one cache.
    Near,
    /// Two cores that share no cache.
    Far,
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Placement::Smt => "smt",
            Placement::Near => "near",
            Placement::Far => "far",
        })
    }
}
