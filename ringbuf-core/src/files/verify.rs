//! Whether a ring on a disk is as its last producer left it.
//!
//! As long as the system runs, what one process wrote every other sees, whatever has died in between. When it
//! stops, pages that were not written yet are lost, in any order: then the files are whole only if their
//! producer closed the ring and everything had reached the disk before. That is what `synced` says, and the
//! number of the boot tells whether it matters.

use std::io;

use crate::memory::Memory;
use crate::platform;
use crate::protocol::state::{Phase, State};
use crate::sync::Ordering;

/// Whether the ring is known to be whole.
pub(crate) fn is_verified(memory: &Memory) -> bool {
    if is_of_this_boot(memory) {
        return true;
    }
    let status = &memory.live().status;
    let state = status.state.load(Ordering::Relaxed);
    let is_closed = matches!(
        State::from_word(state).phase,
        Phase::Closed | Phase::Removed
    );
    is_closed && status.synced.load(Ordering::Relaxed) == state
}

/// Whether the newest epoch was opened since the system booted. When it does not tell its boots apart: yes.
pub(crate) fn is_of_this_boot(memory: &Memory) -> bool {
    let words = &memory.live().status.boot;
    let opened = [0, 1].map(|word: usize| words[word].load(Ordering::Relaxed));
    let now = boot();
    opened == now || opened == [0; 2] || now == [0; 2]
}

/// Notes that the epoch about to begin belongs to this boot of the system.
pub(super) fn note_boot(memory: &Memory) {
    for (word, value) in memory.live().status.boot.iter().zip(boot()) {
        word.store(value, Ordering::Relaxed);
    }
}

/// Brings a ring that was closed to its disk.
pub(crate) fn sync(memory: &Memory) -> io::Result<()> {
    let status = &memory.live().status;
    memory.flush()?;
    // Only now: this word may reach the disk before anything else does.
    let state = status.state.load(Ordering::Relaxed);
    status.synced.store(state, Ordering::Relaxed);
    memory.flush()
}

fn boot() -> [u64; 2] {
    let id = platform::boot_id();
    let word = |from: usize| u64::from_le_bytes(std::array::from_fn(|i| id[from + i]));
    [word(0), word(8)]
}
