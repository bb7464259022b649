//! What a ring does, in mapped files: the same tests as in `heap.rs`.
// Miri has no shared mappings.
#![cfg(not(miri))]

mod behaviour;
mod support;

use behaviour::Home;

fn home() -> Home {
    Home::mapped()
}
