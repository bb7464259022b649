//! Readers: the processes that follow a ring.

mod core;
mod idle;
mod membership;
mod typed;
mod untyped;

pub use self::core::{Event, Next};
pub use typed::{Batch, Reader};
pub use untyped::{UntypedBatch, UntypedReader};
