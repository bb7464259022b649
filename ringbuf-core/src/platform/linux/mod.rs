//! Linux: open-file-description locks, a futex, and pages that know about forks.

mod barrier;
mod fault;
mod fork;
mod futex;
mod lock;
mod mapped;
mod space;
#[cfg(test)]
pub(super) mod tests;

pub(crate) use barrier::{barrier, prepare_for_barriers};
pub(crate) use fault::explain_truncation;
pub(crate) use fork::{ForkToken, fork_token};
pub(crate) use futex::{wait, wake_all};
pub(crate) use lock::{Lock, LockFile, is_locked, remove_lock_files, try_lock_brief};
pub(super) use mapped::{Noted, note};
pub(crate) use space::{allocate, check_file_system, is_on_disk};

use memmap2::{Advice, MmapRaw};

/// What this implementation is called where programs report it.
pub(crate) const NAME: &str = "linux";

/// Whether [`wait`] is woken by [`wake_all`], or looks again by itself.
pub(crate) const FAST_WAIT: bool = true;

pub(super) fn prefault(memory: &MmapRaw, writable: bool) {
    // Reading does not prepare a page of a disk file for the first write, so a writer asks for
    // that. Before Linux 5.14 neither exists, and the first touch costs what it costs.
    let _ = memory.advise(match writable {
        true => Advice::PopulateWrite,
        false => Advice::PopulateRead,
    });
}

/// A number that changes with every boot; zeros when the kernel does not tell.
pub(crate) fn boot_id() -> [u8; 16] {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .ok()
        .and_then(|text| parse_boot_id(&text))
        .unwrap_or_default()
}

fn parse_boot_id(text: &str) -> Option<[u8; 16]> {
    let digits: String = text.trim().chars().filter(|&c| c != '-').collect();
    // `from_str_radix` alone would take a sign or fewer digits.
    if digits.len() != 32 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    u128::from_str_radix(&digits, 16)
        .ok()
        .map(u128::to_be_bytes)
}
