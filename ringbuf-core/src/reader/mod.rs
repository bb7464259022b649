//! Readers: the processes that follow a ring.

mod core;
mod frames;
mod idle;
mod membership;
mod typed;
mod untyped;

pub use self::core::{Event, Next};
pub(crate) use self::core::{Handout, ReaderCore};
pub use typed::{Batch, Reader};
pub use untyped::{UntypedBatch, UntypedReader};
