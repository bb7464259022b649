//! Frames of random sizes from one producer to four readers, each a process of its own, that check every byte: two
//! that lose nothing, one that holds the producer for a bounded time, and one that never does and accounts for every
//! frame it missed.

mod content;
mod publish;
mod read;
mod report;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

pub use content::Content;
pub use publish::run;
pub use read::play;
pub use report::Report;

/// What to run.
#[derive(Args, Clone, Copy, Debug)]
pub struct Task {
    /// How many.
    #[arg(long, default_value = "10000000", value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub frames: u64,
    /// The largest, bytes.
    #[arg(long, default_value_t = 1 << 20, value_name = "BYTES")]
    pub most: usize,
    /// Every size from 0 to the largest as likely as any other; otherwise every power of two, and below it every size
    /// down to half of it.
    #[arg(long)]
    pub uniform: bool,
    /// Another one, other sizes and bytes.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// What the ring holds, MiB.
    #[arg(long, default_value = "16", value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=65_536))]
    pub memory: u64,
    /// Does something wrong, halfway through, to see that it is noticed.
    #[arg(long)]
    pub fault: Option<Fault>,
}

/// What may go wrong on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
pub enum Fault {
    /// The producer writes one byte wrong.
    Byte,
    /// The producer leaves out a frame.
    Lost,
    /// The producer sends a frame twice.
    Twice,
    /// The producer cuts a byte off a frame.
    Short,
    /// A lossless reader passes over a frame and does not count it.
    Skipped,
    /// The lossy reader counts a missed frame too many.
    Miscounted,
}

/// One of the readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    Lossless,
    Bounded,
    Lossy,
}

/// All of them.
const READERS: [Kind; 4] = [Kind::Lossless, Kind::Lossless, Kind::Bounded, Kind::Lossy];

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Lossless => "lossless",
            Kind::Bounded => "bounded",
            Kind::Lossy => "lossy",
        }
    }
}

/// What the process of a reader is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Part {
    kind: Kind,
    content: Content,
    frames: u64,
    /// Bytes that the ring holds.
    memory: u64,
    path: PathBuf,
    fault: Option<Fault>,
}

/// What it says at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Got {
    read: u64,
    missed: u64,
    bytes: u64,
    /// How often it was demoted, and joined again.
    demoted: u64,
}
