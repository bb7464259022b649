//! Frames: messages of any size through the same ring.
//!
//! A ring of frames is a ring whose records are descriptors, beside an arena of bytes with what they describe. So frames
//! have sequences, deliveries, ledgers, publication times and epochs as records have them.

#[cfg(feature = "ndarray")]
mod arrays;
mod basket;
mod batch;
mod claim;
mod header;
mod held;
mod info;
mod into;
mod owned;
mod producer;
mod reader;
mod retain;

pub use batch::{Frame, FrameBatch, FrameCopy, Frames};
pub use claim::FrameClaim;
pub use header::FrameHeader;
pub use held::HeldFrames;
pub use info::FrameInfo;
pub use owned::{OwnedFrameClaim, RingMemory};
pub use producer::FrameProducer;
pub use reader::FrameReader;
pub use retain::FrameRetain;
