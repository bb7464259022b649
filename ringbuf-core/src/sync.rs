//! Where atomics come from: the one seam between the shipped code, its models and the tests of its deaths.
//!
//! Under `--cfg loom` the same names are loom's, so the protocol above is compiled unchanged into the
//! models. Under `--cfg ringbuf_deaths` they are thin wrappers that can end the process before any store. The
//! keys are bare cfgs because `cfg(test)` is never set on a dependency.

#[cfg(not(loom))]
pub(crate) use std::sync::{
    Arc, Condvar, Mutex,
    atomic::{Ordering, compiler_fence, fence},
};

#[cfg(not(any(loom, ringbuf_deaths)))]
pub(crate) use std::sync::atomic::{AtomicU32, AtomicU64};

// Words that only exist in bytes: cells of small records, and what the system is given.
#[cfg(all(test, not(loom)))]
pub(crate) use std::sync::atomic::AtomicBool;
#[cfg(not(any(loom, ringbuf_deaths)))]
pub(crate) use std::sync::atomic::{AtomicU8, AtomicU16};

// Words of this process alone: what a death leaves in them nobody sees. For Linux's part of the platform.
#[cfg(all(target_os = "linux", not(any(loom, miri, ringbuf_portable))))]
pub(crate) use std::sync::atomic::{AtomicU32 as PrivateU32, AtomicU64 as PrivateU64};

#[cfg(ringbuf_deaths)]
pub(crate) use crate::sync_deaths::{AtomicU8, AtomicU16, AtomicU32, AtomicU64};

#[cfg(loom)]
pub(crate) use crate::sync_loom::{AtomicU32, AtomicU64, fence};
#[cfg(loom)]
pub(crate) use loom::sync::{Arc, Condvar, Mutex, atomic::Ordering};
