//! Whether a ring on a disk is as its last producer left it.
//!
//! As long as the system runs, what one process wrote every other sees, whatever has died in between. When it
//! stops, pages that were not written yet are lost, in any order: then the files are whole only if their
//! producer closed the ring and everything had reached the disk before. That is what `synced` says, and the
//! number of the boot tells whether it matters.

use std::io;
use std::sync::OnceLock;

use crate::memory::Memory;
use crate::platform;
use crate::protocol::state::{self, Phase};
use crate::sync::Ordering;

/// Number of a boot as two words, zeros if unknown.
type Boot = [u64; 2];

/// Whether the ring is known to be whole; `created` is the boot in which it was made.
pub(crate) fn is_verified(memory: &Memory, created: [u8; 16]) -> bool {
    let is_of_this_boot = || match opened(memory) {
        // The page of these words may never have reached the disk; the header tells then.
        [0, 0] => is_this(words_of(created)),
        opened => is_this(opened),
    };
    if is_of_this_boot() {
        return true;
    }
    let state = state::load(memory.live());
    let synced = memory.live().status.synced.load(Ordering::Relaxed);
    let is_closed = matches!(state.phase, Phase::Closed | Phase::Removed);
    // A producer of this boot may have opened it meanwhile: it notes the boot before it does.
    is_closed && synced == state.word() || is_of_this_boot()
}

/// Whether the newest epoch was opened since the system booted. When it does not tell its boots apart: yes.
pub(crate) fn is_of_this_boot(memory: &Memory) -> bool {
    is_this(opened(memory))
}

/// The boot in which the newest epoch was opened.
fn opened(memory: &Memory) -> Boot {
    let words = &memory.live().status.boot;
    [0, 1].map(|word: usize| words[word].load(Ordering::Relaxed))
}

fn is_this(boot: Boot) -> bool {
    let now = self::boot();
    boot == now || boot == [0; 2] || now == [0; 2]
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

/// The boot of the system that runs.
fn boot() -> Boot {
    static BOOT: OnceLock<Boot> = OnceLock::new();
    *BOOT.get_or_init(|| words_of(platform::boot_id()))
}

fn words_of(id: [u8; 16]) -> Boot {
    let word = |from: usize| u64::from_le_bytes(std::array::from_fn(|i| id[from + i]));
    [word(0), word(8)]
}
