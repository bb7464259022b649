//! What the benchmarks share: the bare machine to compare with, records that can be checked, and other processes.

pub mod bare;
pub mod clock;
pub mod cores;
pub mod latency;
pub mod mixed;
pub mod record;
pub mod rings;
pub mod role;
pub mod scaling;
pub mod shared;
pub mod streams;
