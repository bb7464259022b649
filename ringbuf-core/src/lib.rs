//! One process has a sensor, many processes analyze what it says: a ring in a mapped file.

extern crate self as ringbuf_core;

mod layout;
#[cfg_attr(loom, path = "memory_loom.rs")]
mod memory;
mod protocol;
mod sequence;
mod sync;

#[cfg(not(loom))]
mod platform;
#[cfg(not(loom))]
mod record;
#[cfg(not(loom))]
mod records;
#[cfg(not(loom))]
mod schema;

#[cfg(not(loom))]
pub use record::Record;
#[cfg(not(loom))]
pub use records::Records;
#[cfg(not(loom))]
pub use schema::{Clock, Column, Element, Field, Role, Schema, SchemaError};

/// The protocol and loom's memory under it, for the models in `loom-tests`.
#[cfg(loom)]
#[doc(hidden)]
pub mod model {
    pub use crate::layout::Geometry;
    pub use crate::memory::{InPlace, Memory};
    pub use crate::protocol::{
        Fault, Follower, Full, Ledger, News, Run, Start, Writer, latest, leave, observe, published,
        state::Phase,
    };
}
