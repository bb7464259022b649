//! The producer: the one process that publishes records.

mod claim;
mod core;
mod room;
mod typed;
mod untyped;

pub(crate) use self::core::{Home, ProducerCore};
pub(crate) use self::room::Patience;
pub use claim::{Claim, ClaimInPlace, UntypedClaim};
pub use typed::Producer;
pub use untyped::UntypedProducer;
