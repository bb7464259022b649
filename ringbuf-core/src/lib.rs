//! One process has a sensor, many processes analyze what it says: a ring in a mapped file.
//!
//! One [`Producer`] publishes fixed-size records into a lock-free ring; any number of [`Reader`]s follow it,
//! each at its own pace and with the [`Delivery`] it chose: *lossy* readers never slow anybody down and are
//! told exactly what they missed, *bounded* readers make the producer wait, but only so long, and *lossless* readers
//! read in place and lose nothing. There is no broker and no daemon. Liveness is the kernel's: whoever dies is noticed, a dead reader never blocks
//! the ring, and a second producer is refused.
//!
//! ```
//! use ringbuf_core::{Producer, Reader, ReaderOptions, Record, Retain};
//!
//! #[derive(Record, Clone, Copy)]
//! #[repr(C)]
//! struct Imu {
//!     #[record(time = "monotonic")]
//!     t_ns: u64,
//!     #[record(unit = "m/s2")]
//!     accel: [f32; 3],
//!     #[record(unit = "rad/s")]
//!     gyro: [f32; 3],
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = std::env::temp_dir().join(format!("ringbuf-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&directory)?;
//! # let name = directory.join("imu").display().to_string();
//! # let name = name.as_str();
//! // The sensor's process. With the name "imu" the ring lies in a directory of this user.
//! let mut imu = Producer::<Imu>::create(name, Retain::records(65_536))?;
//!
//! // Another process.
//! let mut reader = Reader::<Imu>::attach(name, ReaderOptions::lossless().named("fft"))?;
//!
//! imu.publish(&Imu { t_ns: 1, accel: [0.0, 0.0, 9.8], gyro: [0.0; 3] })?;
//! imu.close();
//!
//! while let Some(batch) = reader.next()? {
//!     // sleeps without burning a core; None: closed and drained
//!     for sample in batch.records() {
//!         println!("{} {:?}", sample.t_ns, sample.accel);
//!     }
//!     if batch.missed() > 0 {
//!         println!("missed {} records", batch.missed()); // never, for a lossless reader
//!     }
//! }
//! # drop(reader);
//! # ringbuf_core::inspect::remove(name)?;
//! # std::fs::remove_dir(&directory)?;
//! # Ok(())
//! # }
//! ```
//!
//! Messages of any size, pictures and arrays and text, are [frames](FrameProducer): the same ring beside an arena of bytes.
//! Rings whose records are only known at run time have [`UntypedProducer`] and [`UntypedReader`]; a ring in the
//! memory of one process comes from [`Producer::heap`]; [`inspect`] looks after rings. With the feature `ndarray` frames are
//! n-dimensional arrays of that crate: `Frame::array`, `FrameClaim::array_mut`, `FrameProducer::publish_array`. The files are described
//! in `docs/FORMAT.md`, the reasons in `docs/DESIGN.md`, who sees what when somebody dies in `docs/CONTRACT.md`, and
//! who may do what in `docs/SECURITY.md`.
//!
//! # What to trust
//!
//! A lossy reader copies and validates: whatever another process does to the files, it gets an error or
//! garbage of the right size. A lossless reader borrows records where they lie (`&[T]`) and so trusts everybody
//! who may write the two files: that they move no gate but their own, and write no cell that a gate protects. With that
//! broken, what it holds changes under its eyes. A producer that writes in place (`&mut [T]`,
//! [`CreateOptions::in_place`]) trusts them with the same. Truncating a mapped file ends the processes that touch what is
//! gone (SIGBUS): no library can prevent that, but a program can have it said, see [`faults`]. Who is trusted with what is
//! written down in `docs/SECURITY.md`.

extern crate self as ringbuf_core;

#[cfg(not(all(target_endian = "little", target_pointer_width = "64")))]
compile_error!("a mapped ring is 64-bit little-endian");

mod layout;
#[cfg_attr(loom, path = "memory_loom.rs")]
mod memory;
mod protocol;
mod sequence;
mod sync;
#[cfg(ringbuf_deaths)]
mod sync_deaths;
#[cfg(loom)]
mod sync_loom;

#[cfg(not(loom))]
mod cast;
#[cfg(not(loom))]
mod error;
#[cfg(not(loom))]
pub mod faults;
#[cfg(not(loom))]
mod files;
#[cfg(not(loom))]
mod frames;
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
mod times;

#[cfg(not(loom))]
pub use error::{
    AttachError, CreateError, Damage, FormatError, InspectError, NameError, PublishError,
    ReadError, TryPublishError, ViewError,
};
#[cfg(not(loom))]
pub use frames::{
    Frame, FrameBatch, FrameClaim, FrameCopy, FrameHeader, FrameInfo, FrameProducer, FrameReader,
    FrameRetain, Frames, HeldFrames, OwnedFrameClaim, RingMemory,
};
#[cfg(not(loom))]
pub use options::{
    CreateOptions, Delivery, Preset, ReaderOptions, Register, Retain, Start, Until, Wait, WhenFull,
};
#[cfg(not(loom))]
pub use producer::{Claim, ClaimInPlace, Producer, UntypedClaim, UntypedProducer};
#[cfg(not(loom))]
pub use protocol::Ledger;
#[cfg(not(loom))]
pub use reader::{
    Batch, Event, HeldBatch, Next, ReadInto, Reader, UntypedBatch, UntypedReader, Watch,
};
#[cfg(not(loom))]
pub use record::{Number, Record};
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

/// Where a process is to die, for `tests/deaths`.
#[cfg(ringbuf_deaths)]
#[doc(hidden)]
pub mod deaths {
    pub use crate::sync_deaths::{LastWords, arm, counted, disarm, step};
}

/// The protocol and loom's memory under it, for the models in `loom-tests`.
#[cfg(loom)]
#[doc(hidden)]
pub mod model {
    pub use crate::layout::{DESCRIPTOR_BYTES, Geometry, Live};
    pub use crate::memory::{InPlace, Memory};
    pub use crate::protocol::{
        Begin, Fault, Follower, Full, Ledger, News, Run, Where, Writer, evict, frames,
        gate::{Gate, Kind, Waits},
        keep::Keeper,
        latest, leave, notify, observe, published, remove, stamp,
        state::{Moment, Phase, boundary, opened},
        wake::Barrier,
    };
    pub use crate::sync_loom::{die_after, is_dead, revive};
}

#[cfg(all(doctest, not(loom)))]
#[doc = include_str!("../../README.md")]
struct Readme;
