//! Where atomics come from: the one seam between the shipped code and its models.
//!
//! Under `--cfg loom` the same names are loom's, so the protocol above is compiled unchanged into the
//! models. The key is the bare cfg because `cfg(test)` is never set on a dependency.

#[cfg(not(loom))]
pub(crate) use std::sync::{
    Arc, Condvar, Mutex,
    atomic::{AtomicU32, AtomicU64, Ordering, compiler_fence, fence},
};

// Words that only exist in bytes: cells of small records, and what the system is given.
#[cfg(all(test, not(loom)))]
pub(crate) use std::sync::atomic::AtomicBool;
#[cfg(not(loom))]
pub(crate) use std::sync::atomic::{AtomicU8, AtomicU16};

#[cfg(loom)]
pub(crate) use loom::sync::{
    Arc, Condvar, Mutex,
    atomic::{AtomicU32, AtomicU64, Ordering, fence},
};
