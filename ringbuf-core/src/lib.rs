//! One process has a sensor, many processes analyze what it says: a ring in a mapped file.

extern crate self as ringbuf_core;

#[cfg(not(all(target_endian = "little", target_pointer_width = "64")))]
compile_error!("a mapped ring is 64-bit little-endian");

mod layout;
#[cfg_attr(loom, path = "memory_loom.rs")]
mod memory;
mod protocol;
mod sequence;
mod sync;

#[cfg(not(loom))]
mod cast;
#[cfg(not(loom))]
mod error;
#[cfg(not(loom))]
mod files;
#[cfg(not(loom))]
mod heap;
#[cfg(not(loom))]
pub mod inspect;
#[cfg(not(loom))]
mod options;
#[cfg(not(loom))]
mod platform;
#[cfg(not(loom))]
mod producer;
#[cfg(not(loom))]
mod reader;
#[cfg(not(loom))]
mod record;
#[cfg(not(loom))]
mod records;
#[cfg(not(loom))]
mod schema;
#[cfg(not(loom))]
mod slots;

#[cfg(not(loom))]
pub use error::{
    AttachError, CreateError, Damage, FormatError, InspectError, NameError, PublishError,
    ReadError, TryPublishError,
};
#[cfg(not(loom))]
pub use options::{CreateOptions, Delivery, Preset, ReaderOptions, Retain, Wait};
#[cfg(not(loom))]
pub use producer::{Claim, Producer, UntypedProducer};
#[cfg(not(loom))]
pub use protocol::{Ledger, Start};
#[cfg(not(loom))]
pub use reader::{Batch, Event, Next, Reader, UntypedBatch, UntypedReader};
#[cfg(not(loom))]
pub use record::Record;
#[cfg(not(loom))]
pub use records::Records;
#[cfg(not(loom))]
pub use ringbuf_derive::Record;
#[cfg(not(loom))]
pub use schema::{Clock, Column, Element, Field, Role, Schema, SchemaError};

/// What `#[derive(Record)]` writes down; nothing here is for people.
#[cfg(not(loom))]
#[doc(hidden)]
pub mod __private {
    pub use crate::record::{FieldType, Place, check_layout};
}

/// The protocol and loom's memory under it, for the models in `loom-tests`.
#[cfg(loom)]
#[doc(hidden)]
pub mod model {
    pub use crate::layout::Geometry;
    pub use crate::memory::{InPlace, Memory};
    pub use crate::protocol::{
        Fault, Follower, Full, Ledger, News, Run, Start, Writer, latest, leave, observe, published,
        remove, state::Phase,
    };
}
