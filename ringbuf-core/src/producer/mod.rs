//! The producer: the one process that publishes records.

mod core;
mod room;
mod typed;
mod untyped;

pub(crate) use self::core::{Home, ProducerCore};
pub use typed::{Claim, Producer};
pub use untyped::UntypedProducer;
