//! One file for each peer.

#[cfg(feature = "aeron")]
pub mod aeron;
pub mod crossbeam;
pub mod disruptor;
pub mod futex;
pub mod iceoryx;
pub mod iceoryx_slices;
pub mod kernel;
pub mod ours;
pub mod ours_frames;
pub mod ours_in_place;
pub mod rtrb;
pub mod shaq;
pub mod shmem_ipc;
#[cfg(feature = "zmq")]
pub mod zeromq;
