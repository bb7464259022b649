//! Atomics under `--cfg ringbuf_deaths`: any store can be the last thing that this process does.
//!
//! A process that is killed stops between two of its stores; which ones the system decides. Here the test does: before
//! the store that it has chosen the process kills itself, by the signal that nothing can handle. All N from 1 on are
//! all the states of shared memory that a dead process can leave, as long as every store to it goes through these types.
//! What others see of system calls lies between the stores and is the test's own affair.
#![allow(unsafe_code)]

use std::panic::Location;
use std::sync::atomic::{self, Ordering};
use std::sync::{Mutex, PoisonError};

/// What is done right before the death, with the place of the store that is not done any more.
pub type LastWords = fn(&'static Location<'static>);

/// The store that is not done, counted from 1; 0: none.
static LAST: atomic::AtomicU64 = atomic::AtomicU64::new(0);
/// Stores since it was armed.
static COUNTED: atomic::AtomicU64 = atomic::AtomicU64::new(0);
static LAST_WORDS: Mutex<Option<LastWords>> = Mutex::new(None);

/// Ends this process before its `store`-th store from now on, counted from 1.
pub fn arm(store: u64, last_words: LastWords) {
    *LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner) = Some(last_words);
    COUNTED.store(0, Ordering::SeqCst);
    LAST.store(store, Ordering::SeqCst);
}

/// Lets this process live.
pub fn disarm() {
    LAST.store(0, Ordering::SeqCst);
}

/// Stores since this process was armed.
pub fn counted() -> u64 {
    COUNTED.load(Ordering::SeqCst)
}

/// Comes before every store; called by a test it is one of its own.
#[track_caller]
pub fn step() {
    let last = LAST.load(Ordering::Relaxed);
    if last != 0 && COUNTED.fetch_add(1, Ordering::SeqCst) + 1 == last {
        die(Location::caller());
    }
}

fn die(place: &'static Location<'static>) -> ! {
    let words = *LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner);
    disarm();
    if let Some(words) = words {
        words(place);
    }
    loop {
        // SAFETY: getpid(2) takes nothing and always succeeds.
        let this = unsafe { libc::getpid() };
        // SAFETY: kill(2) takes numbers alone.
        unsafe { libc::kill(this, libc::SIGKILL) };
    }
}

/// An atomic with what every word needs.
macro_rules! atomic {
    ($name:ident, $value:ty) => {
        #[derive(Debug, Default)]
        #[repr(transparent)]
        pub struct $name(atomic::$name);

        impl $name {
            /// # Safety
            ///
            /// As that of the standard library.
            pub unsafe fn from_ptr<'a>(pointer: *mut $value) -> &'a $name {
                // SAFETY: the caller's contract; the type is a transparent one over the standard library's, which
                // has the size and alignment that the contract demands and any number for a value.
                unsafe { &*pointer.cast::<$name>() }
            }

            pub fn load(&self, order: Ordering) -> $value {
                self.0.load(order)
            }

            #[track_caller]
            pub fn store(&self, value: $value, order: Ordering) {
                step();
                self.0.store(value, order);
            }
        }
    };
}

atomic!(AtomicU8, u8);
atomic!(AtomicU16, u16);
atomic!(AtomicU32, u32);
atomic!(AtomicU64, u64);

impl AtomicU32 {
    pub const fn as_ptr(&self) -> *mut u32 {
        self.0.as_ptr()
    }

    #[track_caller]
    pub fn fetch_or(&self, value: u32, order: Ordering) -> u32 {
        step();
        self.0.fetch_or(value, order)
    }

    #[track_caller]
    pub fn fetch_add(&self, value: u32, order: Ordering) -> u32 {
        step();
        self.0.fetch_add(value, order)
    }
}

impl AtomicU64 {
    pub const fn new(value: u64) -> AtomicU64 {
        AtomicU64(atomic::AtomicU64::new(value))
    }

    #[track_caller]
    pub fn swap(&self, value: u64, order: Ordering) -> u64 {
        step();
        self.0.swap(value, order)
    }

    #[track_caller]
    pub fn compare_exchange(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        step();
        self.0.compare_exchange(current, new, success, failure)
    }

    #[track_caller]
    pub fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
        step();
        self.0.fetch_add(value, order)
    }

    #[track_caller]
    pub fn fetch_sub(&self, value: u64, order: Ordering) -> u64 {
        step();
        self.0.fetch_sub(value, order)
    }

    #[track_caller]
    pub fn fetch_update(
        &self,
        set: Ordering,
        fetch: Ordering,
        update: impl FnMut(u64) -> Option<u64>,
    ) -> Result<u64, u64> {
        step();
        self.0.fetch_update(set, fetch, update)
    }
}
