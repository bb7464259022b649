//! What a ring does, in the memory of one process: the same tests as in `mapped.rs`, small under Miri.

mod behaviour;
mod support;

use behaviour::Home;

fn home() -> Home {
    Home::heap()
}
