//! The atomics of a model: loom's own, on which a thread can be made to die before any one of its stores.
//!
//! A process that is killed stores nothing more. A thread that has died here runs on to the end of what it does
//! without effect: its stores and fences are none, its loads order nothing, it does not sleep. The story of
//! who comes after it goes on in the same thread, as the kernel's lock orders a successor behind the dead.

use std::cell::Cell;
use std::thread_local;

use loom::sync::atomic as real;
use loom::thread::{self, ThreadId};

use real::Ordering::{self, Relaxed};

/// The thread of this model that will die, or has died.
#[derive(Clone, Copy)]
struct Mortal {
    thread: ThreadId,
    stores_left: usize,
    is_dead: bool,
}

// All threads of a model are turns of one.
thread_local! {
    static MORTAL: Cell<Option<Mortal>> = const { Cell::new(None) };
}

/// The calling thread dies before it has made more than so many stores.
pub fn die_after(stores: usize) {
    MORTAL.set(Some(Mortal {
        thread: thread::current().id(),
        stores_left: stores,
        is_dead: false,
    }));
}

/// Whether the calling thread has died.
pub fn is_dead() -> bool {
    mortal().is_some_and(|mortal| mortal.is_dead)
}

/// Somebody else goes on in the calling thread; says whether it had died.
pub fn revive() -> bool {
    let is_dead = is_dead();
    MORTAL.set(None);
    is_dead
}

/// The calling thread, if it is the one that dies.
fn mortal() -> Option<Mortal> {
    MORTAL
        .get()
        .filter(|mortal| mortal.thread == thread::current().id())
}

/// Whether the calling thread lives to make another store.
fn lives_to_store() -> bool {
    let Some(mut mortal) = mortal() else {
        return true;
    };
    match mortal.stores_left.checked_sub(1) {
        Some(left) => mortal.stores_left = left,
        None => mortal.is_dead = true,
    }
    MORTAL.set(Some(mortal));
    !mortal.is_dead
}

#[track_caller]
pub fn fence(order: Ordering) {
    if !is_dead() {
        real::fence(order);
    }
}

macro_rules! mortal {
    ($name:ident, $value:ty, $($rmw:ident)*) => {
        #[derive(Debug, Default)]
        pub struct $name(real::$name);

        // What the protocol uses, and what its mutants put in place of that.
        #[allow(dead_code)]
        impl $name {
            #[track_caller]
            pub fn new(value: $value) -> $name {
                $name(real::$name::new(value))
            }

            #[track_caller]
            pub fn load(&self, order: Ordering) -> $value {
                self.0.load(if is_dead() { Relaxed } else { order })
            }

            #[track_caller]
            pub fn store(&self, value: $value, order: Ordering) {
                if lives_to_store() {
                    self.0.store(value, order);
                }
            }

            $(#[track_caller]
            pub fn $rmw(&self, value: $value, order: Ordering) -> $value {
                if lives_to_store() {
                    self.0.$rmw(value, order)
                } else {
                    self.0.load(Relaxed)
                }
            })*

            #[track_caller]
            pub fn compare_exchange(
                &self,
                from: $value,
                to: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                if lives_to_store() {
                    self.0.compare_exchange(from, to, success, failure)
                } else {
                    Err(self.0.load(Relaxed))
                }
            }

            #[track_caller]
            pub fn fetch_update(
                &self,
                success: Ordering,
                failure: Ordering,
                change: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                if lives_to_store() {
                    self.0.fetch_update(success, failure, change)
                } else {
                    Err(self.0.load(Relaxed))
                }
            }
        }
    };
}

mortal!(AtomicU32, u32, swap fetch_add fetch_sub fetch_or fetch_and fetch_max);
mortal!(AtomicU64, u64, swap fetch_add fetch_sub fetch_or fetch_and fetch_max);
