//! The arena: bytes of any number, copied as 8-byte words, or borrowed in place.
#![allow(unsafe_code)]

use super::{InPlace, InPlaceMut, Memory, copy};
use crate::sync::{AtomicU64, Ordering};

/// Bytes of the words that payloads are copied in.
const WORD: usize = 8;

impl Memory {
    /// The first word of the record in the cell of `sequence`: where a frame begins.
    #[inline]
    pub fn load_start(&self, sequence: u64) -> u64 {
        let mut start = [0; WORD];
        let cell = self.cell_ptr(sequence, self.geometry.stride);
        assert!(self.geometry.stride >= WORD && self.geometry.word == WORD);
        // SAFETY: `cell_ptr` gives a pointer valid for a whole cell, which has a word at least, aligned to the words that
        // everybody accesses cells by: this one's.
        unsafe { copy::load(cell, &mut start, WORD) };
        u64::from_le_bytes(start)
    }

    /// Stores bytes at this place of the arena, which the producer has claimed up to the end of the last word.
    pub fn store_payload(&self, at: usize, bytes: &[u8]) {
        let within = at % WORD;
        let head = bytes.len().min((WORD - within) % WORD);
        let (head, rest) = bytes.split_at(head);
        if !head.is_empty() {
            self.merge(at - within, within, head);
        }
        let at = at + head.len();
        let (words, tail) = rest.split_at(rest.len() - rest.len() % WORD);
        let place = self.payload_ptr(at, words.len());
        // SAFETY: `payload_ptr` gives a pointer valid for `words.len()` bytes, whole words, aligned to one whenever there
        // are any; everybody copies payloads by words of this size, and who borrows them in place is kept apart by the
        // gate.
        unsafe { copy::store(place, words, WORD) };
        if !tail.is_empty() {
            self.merge(at + words.len(), 0, tail);
        }
    }

    /// Stores a part of the word at `at`; nobody else stores meanwhile.
    fn merge(&self, at: usize, within: usize, bytes: &[u8]) {
        let word = self.payload_word(at);
        let mut merged = word.load(Ordering::Relaxed).to_ne_bytes();
        merged[within..within + bytes.len()].copy_from_slice(bytes);
        word.store(u64::from_ne_bytes(merged), Ordering::Relaxed);
    }

    /// Loads bytes from this place of the arena, the beginning of a word. What is loaded may be torn: the caller validates
    /// it.
    pub fn load_payload(&self, at: usize, bytes: &mut [u8]) {
        let (words, tail) = bytes.split_at_mut(bytes.len() - bytes.len() % WORD);
        let place = self.payload_ptr(at, words.len());
        // SAFETY: as in `store_payload`.
        unsafe { copy::load(place, words, WORD) };
        if !tail.is_empty() {
            let word = self.payload_word(at + words.len()).load(Ordering::Relaxed);
            tail.copy_from_slice(&word.to_ne_bytes()[..tail.len()]);
        }
    }

    /// As [`Memory::load_payload`], of a frame that a gate of the caller holds, unless the producer has demoted it.
    #[inline]
    pub fn load_held_payload(&self, at: usize, bytes: &mut [u8]) {
        self.load_payload(at, bytes);
    }

    /// Borrows bytes of the arena.
    ///
    /// # Safety
    ///
    /// They are the payload of a frame that the caller has seen published (acquire), and that a gate of its own keeps
    /// from being overwritten for as long as the borrow lives.
    #[inline]
    pub unsafe fn payload(&self, at: usize, len: usize) -> InPlace<'_> {
        let place = self.payload_ptr(at, len);
        // SAFETY: the pointer is valid for `len` bytes by `payload_ptr`; nobody writes them by the caller's promise; every
        // byte is initialised (new memory is zeroed).
        InPlace(unsafe { std::slice::from_raw_parts(place, len) })
    }

    /// Borrows bytes of the arena, to be written.
    ///
    /// # Safety
    ///
    /// The caller is the ring's one producer and has claimed them for a frame that is not published, and for as long as
    /// the borrow lives it does not touch them in another way. The ring is one that is written in place: nobody looks at
    /// a payload that no gate of its own holds.
    // As for records: who may write is said by the claim.
    #[allow(clippy::mut_from_ref)]
    #[inline]
    pub unsafe fn payload_mut(&self, at: usize, len: usize) -> InPlaceMut<'_> {
        let place = self.payload_ptr(at, len);
        // SAFETY: the pointer is valid for `len` bytes by `payload_ptr`, and for writing in a process that claims; nobody
        // else accesses them by the caller's promise; every byte is initialised (new memory is zeroed).
        InPlaceMut(unsafe { std::slice::from_raw_parts_mut(place, len) })
    }

    /// Pointer into the arena, valid for `len` bytes.
    #[inline]
    fn payload_ptr(&self, at: usize, len: usize) -> *mut u8 {
        let end = at.checked_add(len);
        assert!(
            end.is_some_and(|end| end as u64 <= self.geometry.arena),
            "a payload must lie in the arena"
        );
        // SAFETY: `arena` is valid for `geometry.arena` bytes and the assertion keeps the run inside.
        unsafe { self.arena.as_ptr().add(at) }
    }

    /// The word at a place of the arena that is a multiple of its size.
    fn payload_word(&self, at: usize) -> &AtomicU64 {
        assert!(at.is_multiple_of(WORD), "words lie aligned");
        let place = self.payload_ptr(at, WORD);
        // SAFETY: valid for a word by `payload_ptr`, and aligned: the arena begins at a multiple of 64; whoever accesses it
        // meanwhile does so by atomic words of this size.
        unsafe { AtomicU64::from_ptr(place.cast()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Geometry;

    /// At every place within a word and of every length, and nothing beside it is touched.
    #[test]
    fn payloads_are_stored_and_loaded_exactly() {
        let memory = Memory::heap(Geometry::frames(2, 1024)).unwrap();
        let lengths = if cfg!(miri) { 0..20 } else { 0..600 };
        for len in lengths {
            for at in 64..64 + WORD {
                memory.store_payload(0, &[0xee; 1024]);
                let bytes: Vec<u8> = (0..len).map(|i| (i * 7 + at + i / 256) as u8).collect();
                memory.store_payload(at, &bytes);
                let mut found = [0; 1024];
                memory.load_payload(0, &mut found);
                assert_eq!(found[at..at + len], bytes, "{len} bytes at {at}");
                let beside = found[..at].iter().chain(&found[at + len..]);
                assert!(beside.copied().all(|byte| byte == 0xee), "{len} at {at}");
            }
            let mut found = vec![0; len];
            memory.load_payload(64, &mut found);
            let mut all = [0; 1024];
            memory.load_payload(0, &mut all);
            assert_eq!(found, all[64..64 + len]);
        }
    }

    #[test]
    #[should_panic(expected = "a payload must lie in the arena")]
    fn nothing_is_touched_behind_the_arena() {
        let memory = Memory::heap(Geometry::frames(2, 128)).unwrap();
        memory.store_payload(64, &[0; 72]);
    }
}
