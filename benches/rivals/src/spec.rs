//! What is measured: one peer, one workload.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::link::{RING_BYTES, Waiting};
use crate::peer::{Can, Facts};

/// Bytes of the records that streams are measured with.
pub const SIZES: [usize; 5] = [8, 64, 1024, 65_536, 1 << 20];

/// Bytes of the frames.
pub const FRAMES: [usize; 4] = [1024, 65_536, 1 << 20, 8 << 20];
/// What a ring of frames holds at most, and one of any size does: beyond the caches.
const FRAME_RING_BYTES: usize = 64 << 20;
/// Frames that a ring holds at least, unless they are too many for the caches.
const FRAMES_AT_LEAST: usize = 4;

/// A workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// W1.
    PingPong,
    /// W2, with records of so many bytes.
    Stream { bytes: usize },
    /// W3.
    FanOut { readers: usize, waiting: Waiting },
    /// W4.
    Alone,
    /// W5, with so long between two records.
    Wake { micros: u64 },
    /// W6.
    Crowd { readers: usize },
    /// W7, with frames of so many bytes through so many.
    Frames { bytes: usize, memory: usize },
}

impl Work {
    /// All, in the order of the tables.
    pub fn all() -> Vec<Work> {
        let mut all = vec![Work::PingPong];
        all.extend(SIZES.map(|bytes| Work::Stream { bytes }));
        for waiting in [Waiting::Yield, Waiting::Block] {
            all.extend([1, 2, 4].map(|readers| Work::FanOut { readers, waiting }));
        }
        all.push(Work::Alone);
        all.extend([200, 1000].map(|micros| Work::Wake { micros }));
        all.extend([0, 1, 8, 64].map(|readers| Work::Crowd { readers }));
        for bytes in FRAMES {
            let least = RING_BYTES.max(FRAMES_AT_LEAST * bytes);
            let mut memories = vec![least, FRAME_RING_BYTES];
            if least > RING_BYTES {
                // As few as the two sides have in hands at once, and two of them still fit into the cache that cores share.
                memories.insert(0, 2 * bytes);
            }
            let works = memories
                .into_iter()
                .map(|memory| Work::Frames { bytes, memory });
            all.extend(works);
        }
        all
    }

    /// Whether the peer takes part.
    pub fn suits(self, facts: &Facts) -> bool {
        if self.is_lossy(facts) {
            return true;
        }
        let wanted = match self {
            Work::PingPong => Can::PingPong,
            Work::Stream { .. } => Can::Stream,
            Work::FanOut {
                waiting: Waiting::Block,
                ..
            } => Can::FanOutBlock,
            Work::FanOut { .. } => Can::FanOutYield,
            Work::Alone => Can::Alone,
            Work::Wake { .. } => Can::Wake,
            Work::Crowd { .. } => Can::Crowd,
            Work::Frames { .. } => Can::Frames,
        };
        facts.can.contains(&wanted)
    }

    /// Whether the peer takes part, but may miss something: its figure is no match for those of others.
    pub fn is_lossy(self, facts: &Facts) -> bool {
        matches!(self, Work::Frames { .. }) && facts.can.contains(&Can::FramesLossy)
    }

    /// Bytes of a record.
    pub fn bytes(self) -> usize {
        match self {
            Work::Stream { bytes } | Work::Frames { bytes, .. } => bytes,
            Work::Alone | Work::Wake { .. } => 8,
            Work::PingPong | Work::FanOut { .. } | Work::Crowd { .. } => 64,
        }
    }

    /// Bytes that a ring or queue holds.
    pub fn memory(self) -> usize {
        match self {
            Work::Frames { memory, .. } => memory,
            _ => RING_BYTES,
        }
    }

    /// Consumers.
    pub fn readers(self) -> usize {
        match self {
            Work::Alone => 0,
            Work::FanOut { readers, .. } | Work::Crowd { readers } => readers,
            Work::PingPong | Work::Stream { .. } | Work::Wake { .. } | Work::Frames { .. } => 1,
        }
    }

    pub fn waiting(self) -> Waiting {
        match self {
            Work::FanOut { waiting, .. } => waiting,
            Work::Wake { .. } => Waiting::Block,
            _ => Waiting::Spin,
        }
    }

    /// Whether the producer can be told to do something wrong.
    pub fn has_faults(self) -> bool {
        matches!(
            self,
            Work::Stream { .. } | Work::FanOut { .. } | Work::Frames { .. }
        )
    }

    /// Records go from one core to another, so it matters how far they are from each other.
    pub fn is_between_cores(self) -> bool {
        !matches!(self, Work::Alone | Work::Crowd { .. })
    }

    /// The producer on core 0, the consumer on core 1; with more of them the scheduler places everybody.
    pub fn is_pinned(self) -> bool {
        !matches!(self, Work::FanOut { readers: 2.., .. })
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Work::PingPong => f.pad("w1"),
            Work::Stream { bytes } => write!(f, "w2-{bytes}B"),
            Work::FanOut { readers, waiting } => {
                let waiting = if *waiting == Waiting::Block {
                    "block"
                } else {
                    "yield"
                };
                write!(f, "w3-{readers}-{waiting}")
            }
            Work::Alone => f.pad("w4"),
            Work::Wake { micros } => write!(f, "w5-{micros}us"),
            Work::Crowd { readers } => write!(f, "w6-{readers}"),
            Work::Frames { bytes, memory } => write!(f, "w7-{bytes}B-{}MiB", memory >> 20),
        }
    }
}

impl FromStr for Work {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Work> {
        let found = Work::all()
            .into_iter()
            .find(|work| work.to_string() == text);
        found.with_context(|| {
            let all: Vec<_> = Work::all().iter().map(Work::to_string).collect();
            format!("no workload {text:?}; there are {}", all.join(" "))
        })
    }
}

/// What the producer does wrong, to see that the checks notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// One record has wrong words.
    Wrong,
    /// One record is not sent.
    Lost,
    /// One record is sent twice.
    Duplicate,
}

/// `PEER/WORKLOAD`, parts of names, either of them may be left out; a filter without a slash is part of either.
#[derive(Clone, Debug)]
pub struct Filter {
    peer: String,
    work: String,
    either: bool,
}

impl FromStr for Filter {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Filter> {
        if text.is_empty() {
            bail!("an empty filter");
        }
        let parts = text.split_once('/');
        let (peer, work) = parts.unwrap_or((text, text));
        Ok(Filter {
            peer: peer.to_owned(),
            work: work.to_owned(),
            either: parts.is_none(),
        })
    }
}

impl Filter {
    pub fn suits(&self, peer: &str, work: Work) -> bool {
        let (peer, work) = (
            peer.contains(&self.peer),
            work.to_string().contains(&self.work),
        );
        if self.either {
            peer || work
        } else {
            peer && work
        }
    }
}
