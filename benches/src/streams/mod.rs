//! Streams through a ring: a producer here, and readers that check every word of every record they get.
//!
//! A stream is measured in its steady state at the producer: a lossless reader keeps it at most one ring ahead, so
//! over a sample of many rings both have the same rate.

mod frames;
mod publish;
mod read;
mod row;
mod rows;
mod table;

pub use publish::{Outcome, Stream, start};
pub use read::play;
pub use row::{How, Memory, Row, What};
pub use rows::rows;
pub use table::{Line, Table};

/// Beyond the second-level caches, within the third.
pub const RING_BYTES: usize = 4 << 20;
/// What one publication of a batch holds.
pub const BATCH_BYTES: usize = 4096;
