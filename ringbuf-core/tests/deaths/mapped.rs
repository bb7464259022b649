//! The words of a ring as they lie in its files (`docs/FORMAT.md`), read without the library.

use std::fs;
use std::path::Path;

/// The producer's words.
#[derive(Clone, Copy, Debug)]
pub struct Indices {
    pub published: u64,
    pub claimed: u64,
}

/// A slot's gate and ledger.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    pub gate: u64,
    pub delivery: u64,
    /// `joined`, `cursor`, `read`, `missed`, `skipped`, of the copy that is whole.
    pub ledger: [u64; 5],
}

/// The delivery of a lossy reader.
pub const LOSSY: u64 = 1;
/// No gate.
pub const OFF: u64 = u64::MAX;

pub fn indices(data: &Path) -> Indices {
    let bytes = fs::read(data).unwrap();
    Indices {
        published: word(&bytes, 4096),
        claimed: word(&bytes, 4104),
    }
}

pub fn ring_id(data: &Path) -> Option<Vec<u8>> {
    Some(fs::read(data).ok()?[16..32].to_vec())
}

pub fn slots(readers: &Path) -> Vec<Slot> {
    let bytes = fs::read(readers).unwrap();
    (0..64)
        .map(|slot| slot_at(&bytes, 8192 + slot * 256))
        .collect()
}

fn slot_at(bytes: &[u8], at: usize) -> Slot {
    let version = word(bytes, at + 24);
    let ledger = at + 32 + 40 * (version & 1) as usize;
    Slot {
        gate: word(bytes, at),
        delivery: word(bytes, at + 8),
        ledger: std::array::from_fn(|i| word(bytes, ledger + 8 * i)),
    }
}

/// Whether readers may be asleep.
pub fn somebody_sleeps(readers: &Path) -> bool {
    let bytes = fs::read(readers).unwrap_or_default();
    bytes.get(4096).is_some_and(|byte| byte & 1 == 1)
}

fn word(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}
