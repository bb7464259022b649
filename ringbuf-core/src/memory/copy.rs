//! Copies between shared cells and private bytes, as relaxed atomic words.
//!
//! A lossy reader copies while the producer may write: both sides must then use atomic accesses of one
//! size (`core::sync::atomic`, "Memory model for atomic accesses"). That size is the geometry's word.

use crate::sync::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering::Relaxed};

#[cfg(all(target_arch = "x86_64", not(any(miri, ringbuf_deaths))))]
#[path = "copy_x86_64.rs"]
mod large;
#[cfg(not(all(target_arch = "x86_64", not(any(miri, ringbuf_deaths)))))]
#[path = "copy_portable.rs"]
mod large;

/// Pieces below this size are copied word by word: the large copy does not pay.
const LARGE: usize = 256;

/// # Safety
///
/// `cell` is valid for `bytes.len()` bytes and aligned to `word` (8, 4, 2 or 1), which divides the length;
/// everybody who accesses the cells meanwhile does so by atomic words of this size.
#[inline]
pub(super) unsafe fn store(cell: *mut u8, bytes: &[u8], word: usize) {
    if word == 8 && bytes.len() < LARGE {
        // SAFETY: the caller's contract, with the word just checked.
        unsafe { store_words8(cell, bytes) }
    } else {
        // SAFETY: the caller's contract.
        unsafe { store_other(cell, bytes, word) }
    }
}

/// # Safety
///
/// As [`store`], with the cells being read.
#[inline]
pub(super) unsafe fn load(cell: *const u8, bytes: &mut [u8], word: usize) {
    if word == 8 && bytes.len() < LARGE {
        // SAFETY: the caller's contract, with the word just checked.
        unsafe { load_words8(cell, bytes) }
    } else {
        // SAFETY: the caller's contract.
        unsafe { load_other(cell, bytes, word) }
    }
}

/// # Safety
///
/// As [`store`].
unsafe fn store_other(cell: *mut u8, bytes: &[u8], word: usize) {
    let large = large::prefix(bytes.len());
    let (head, tail) = bytes.split_at(large);
    // SAFETY: the caller's contract for the first `large` bytes.
    unsafe { large::store(cell, head) };
    // SAFETY: `large` is at most the length, so the pointer stays inside.
    let cell = unsafe { cell.add(large) };
    match word {
        // SAFETY: the caller's contract for the rest; `large` is a multiple of 64 and keeps the alignment.
        8 => unsafe { store_words8(cell, tail) },
        // SAFETY: as above.
        4 => unsafe { store_words4(cell, tail) },
        // SAFETY: as above.
        2 => unsafe { store_words2(cell, tail) },
        // SAFETY: as above.
        _ => unsafe { store_words1(cell, tail) },
    }
}

/// # Safety
///
/// As [`load`].
unsafe fn load_other(cell: *const u8, bytes: &mut [u8], word: usize) {
    let large = large::prefix(bytes.len());
    let (head, tail) = bytes.split_at_mut(large);
    // SAFETY: the caller's contract for the first `large` bytes.
    unsafe { large::load(cell, head) };
    // SAFETY: `large` is at most the length, so the pointer stays inside.
    let cell = unsafe { cell.add(large) };
    match word {
        // SAFETY: the caller's contract for the rest; `large` is a multiple of 64 and keeps the alignment.
        8 => unsafe { load_words8(cell, tail) },
        // SAFETY: as above.
        4 => unsafe { load_words4(cell, tail) },
        // SAFETY: as above.
        2 => unsafe { load_words2(cell, tail) },
        // SAFETY: as above.
        _ => unsafe { load_words1(cell, tail) },
    }
}

/// The two copies for one word size.
macro_rules! words {
    ($store:ident, $load:ident, $word:ty, $atomic:ty) => {
        /// # Safety
        ///
        /// As [`store`], for this word.
        #[inline]
        unsafe fn $store(cell: *mut u8, bytes: &[u8]) {
            const N: usize = size_of::<$word>();
            for (i, chunk) in bytes.as_chunks::<N>().0.iter().enumerate() {
                // SAFETY: word `i` lies inside the `bytes.len()` valid bytes.
                let word = unsafe { cell.add(i * N) };
                // SAFETY: valid and aligned by the contract; concurrent accesses are atomic and of this
                // size by the contract.
                let word = unsafe { <$atomic>::from_ptr(word.cast()) };
                word.store(<$word>::from_ne_bytes(*chunk), Relaxed);
            }
        }

        /// # Safety
        ///
        /// As [`load`], for this word.
        #[inline]
        unsafe fn $load(cell: *const u8, bytes: &mut [u8]) {
            const N: usize = size_of::<$word>();
            for (i, chunk) in bytes.as_chunks_mut::<N>().0.iter_mut().enumerate() {
                // SAFETY: word `i` lies inside the `bytes.len()` valid bytes.
                let word = unsafe { cell.add(i * N) };
                // SAFETY: valid and aligned by the contract; concurrent accesses are atomic and of this
                // size by the contract. Only relaxed loads are done, which `core::sync::atomic` allows on
                // read-only memory too ("Atomic accesses to read-only memory").
                let word = unsafe { <$atomic>::from_ptr(word.cast_mut().cast()) };
                *chunk = word.load(Relaxed).to_ne_bytes();
            }
        }
    };
}

words!(store_words8, load_words8, u64, AtomicU64);
words!(store_words4, load_words4, u32, AtomicU32);
words!(store_words2, load_words2, u16, AtomicU16);
words!(store_words1, load_words1, u8, AtomicU8);

#[cfg(test)]
mod tests {
    use super::*;

    /// Every word size and every length around the large copy's blocks, byte for byte.
    #[test]
    fn copies_are_exact_for_every_word_and_length() {
        let lengths = if cfg!(miri) { 0..70 } else { 0..1100 };
        for len in lengths {
            for word in [8, 4, 2, 1] {
                if len % word != 0 {
                    continue;
                }
                let source: Vec<u8> = (0..len).map(|i| (i * 7 + len) as u8).collect();
                let shared: Vec<AtomicU64> = (0..len / 8 + 2).map(|_| AtomicU64::new(!0)).collect();
                let cell = shared.as_ptr().cast_mut().cast::<u8>();
                // SAFETY: `shared` is longer than `len`, 8-aligned, and nobody else sees it.
                unsafe { store(cell, &source, word) };
                let mut target = vec![0; len];
                // SAFETY: as above.
                unsafe { load(cell, &mut target, word) };
                assert_eq!(source, target, "{len} bytes by words of {word}");
                let rest = len.div_ceil(8);
                assert_eq!(shared[rest].load(Relaxed), !0, "wrote past {len} bytes");
            }
        }
    }

    /// What is stored one way is loaded the other: a slip made twice would not be seen by who does both the same way.
    #[test]
    fn the_large_copy_and_the_words_are_equal() {
        let lengths = if cfg!(miri) { 0..70 } else { 0..1100 };
        for len in lengths.step_by(8) {
            // Cells are aligned to a word, the caller's bytes to nothing.
            for (cell, byte) in [(0, 0), (1, 0), (0, 1), (1, 7)] {
                let source: Vec<u8> = (0..len + byte).map(|i| (i * 7 + i / 256) as u8).collect();
                let source = &source[byte..];
                let shared: Vec<AtomicU64> = (0..len / 8 + 2).map(|_| AtomicU64::new(0)).collect();
                let cell = shared[cell..].as_ptr().cast_mut().cast::<u8>();
                let mut target = vec![0; len + byte];
                let target = &mut target[byte..];
                // SAFETY: `shared` is longer than `len` behind `cell`, 8-aligned, and nobody else sees it.
                unsafe { store_other(cell, source, 8) };
                // SAFETY: as above.
                unsafe { load_words8(cell, target) };
                assert_eq!(source, target, "{len} bytes stored by the large copy");
                target.fill(0);
                // SAFETY: as above.
                unsafe { store_words8(cell, source) };
                // SAFETY: as above.
                unsafe { load_other(cell, target, 8) };
                assert_eq!(source, target, "{len} bytes loaded by the large copy");
            }
        }
    }
}
