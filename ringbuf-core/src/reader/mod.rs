//! Readers: the processes that follow a ring.

mod core;
mod frames;
mod held;
mod idle;
mod membership;
mod seat;
mod typed;
mod untyped;

pub use self::core::{Event, Next};
pub(crate) use self::core::{Handout, ReaderCore};
pub use held::{HeldBatch, ReadInto};
pub(crate) use seat::Ticket;
pub use seat::Watch;
pub use typed::{Batch, Reader};
pub use untyped::{UntypedBatch, UntypedReader};
