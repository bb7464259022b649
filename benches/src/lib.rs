//! What the benchmarks share: the bare machine to compare with, and records that can be checked.

pub mod probe;
pub mod record;
