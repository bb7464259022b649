//! Who owns the shared words in a model: loom's own atomics, which cannot lie in bytes.
//!
//! The same names and meanings as `memory.rs`. Every payload word has a shadow cell beside it: borrowing
//! records in place reads the shadow, a store by the producer writes it, and a claim written in place writes it for as
//! long as it is borrowed, so a store into cells that a lossless reader holds is a data race that loom reports. Copies take no shadow: they may be torn.

use std::time::Duration;

use loom::cell::{ConstPtr, MutPtr, UnsafeCell};

use crate::layout::{Control, Geometry, Live, Slot};
use crate::sequence::cell;
use crate::sync::{
    AtomicU32, AtomicU64, Condvar, Mutex,
    Ordering::{AcqRel, Relaxed},
};
use crate::sync_loom::is_dead;

/// The words of one ring.
#[derive(Debug)]
pub struct Memory {
    live: Live,
    control: Control,
    cells: Vec<Word>,
    stamps: Vec<AtomicU64>,
    arena: Vec<Word>,
    /// A bounded reader is never demoted in this model, so its copies are as good as borrowed.
    are_copies_held: bool,
    geometry: Geometry,
    /// What a light and a heavy barrier meet at.
    barrier: AtomicU64,
    lock: Mutex<()>,
    bell: Condvar,
}

#[derive(Debug)]
struct Word {
    value: AtomicU64,
    shadow: UnsafeCell<()>,
}

impl Memory {
    /// A ring for one model; its records are whole words.
    pub fn heap(geometry: Geometry) -> Option<Memory> {
        assert_eq!(geometry.word, 8);
        let memory = Memory {
            live: Live::default(),
            control: Control::default(),
            cells: words(geometry.data_len()),
            arena: words(geometry.arena),
            stamps: (0..geometry.stamps_len() / 8)
                .map(|_| AtomicU64::new(0))
                .collect(),
            are_copies_held: false,
            geometry,
            barrier: AtomicU64::new(0),
            lock: Mutex::new(()),
            bell: Condvar::new(),
        };
        memory.control.format();
        Some(memory)
    }

    /// Promises that no bounded reader is demoted in this model: a store into cells that one copies is then
    /// reported as a data race, as for records borrowed in place.
    pub fn without_demotions(self) -> Memory {
        Memory {
            are_copies_held: true,
            ..self
        }
    }

    /// Has slots for so many registered readers.
    pub fn with_slots(mut self, slots: usize) -> Memory {
        self.control.slots.0.resize_with(slots, Slot::default);
        self.control.format();
        self
    }

    pub fn is_observing(&self) -> bool {
        false
    }

    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    pub fn live(&self) -> &Live {
        &self.live
    }

    pub fn control(&self) -> &Control {
        &self.control
    }

    pub fn store(&self, sequence: u64, records: &[u8]) {
        for (i, bytes) in records.as_chunks::<8>().0.iter().enumerate() {
            if is_dead() {
                return;
            }
            let word = self.word(sequence, i);
            // [P3] seen by [R3].
            word.shadow
                .with_mut(|_| word.value.store(u64::from_ne_bytes(*bytes), Relaxed));
        }
    }

    pub fn store_one(&self, sequence: u64, record: &[u8]) {
        self.store(sequence, record);
    }

    pub fn load(&self, sequence: u64, records: &mut [u8]) {
        for (i, bytes) in records.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            // [R3] stored by [P3].
            *bytes = self.word(sequence, i).value.load(Relaxed).to_ne_bytes();
        }
    }

    pub fn load_held(&self, sequence: u64, records: &mut [u8]) {
        let words = (0..records.len() / 8).map(|i| self.word(sequence, i));
        let held: Vec<_> = words
            .filter(|_| self.are_copies_held && !is_dead())
            .map(|word| word.shadow.get())
            .collect();
        self.load(sequence, records);
        drop(held);
    }

    pub fn stamp(&self, sequence: u64, count: u64, stamp: u64) {
        for record in sequence..sequence + count {
            if let Some(word) = self.stamps.get(cell(record, self.geometry.cells) as usize) {
                // [P3] seen by [R3].
                word.store(stamp, Relaxed);
            }
        }
    }

    pub fn load_stamps(&self, sequence: u64, count: u64, stamps: &mut [u64]) {
        for (stamp, record) in stamps.iter_mut().zip(sequence..sequence + count) {
            if let Some(word) = self.stamps.get(cell(record, self.geometry.cells) as usize) {
                // [R3] stored by [P3].
                *stamp = word.load(Relaxed);
            }
        }
    }

    pub fn mirror(&self, sequence: u64) {
        let mut record = vec![0; self.geometry.stride];
        self.load(sequence, &mut record);
        self.store_mirror(&record);
    }

    pub fn store_mirror(&self, record: &[u8]) {
        for (mirrored, bytes) in self.live.hot.mirror.iter().zip(record.as_chunks::<8>().0) {
            // [P3] seen by [R3].
            mirrored.store(u64::from_ne_bytes(*bytes), Relaxed);
        }
    }

    pub fn load_mirror(&self, record: &mut [u8]) {
        for (mirrored, bytes) in self
            .live
            .hot
            .mirror
            .iter()
            .zip(record.as_chunks_mut::<8>().0)
        {
            // [R3] stored by [P3].
            *bytes = mirrored.load(Relaxed).to_ne_bytes();
        }
    }

    /// As in `memory.rs`; not `unsafe` to get wrong here, loom reports it.
    #[allow(unsafe_code)]
    pub unsafe fn in_place(&self, sequence: u64, count: u64) -> InPlace<'_> {
        let words = count as usize * self.geometry.stride / 8;
        InPlace(
            (0..words)
                .map(|i| {
                    let word = self.word(sequence, i);
                    (word, word.shadow.get())
                })
                .collect(),
        )
    }

    /// As in `memory.rs`; not `unsafe` to get wrong here, loom reports it.
    #[allow(unsafe_code)]
    pub unsafe fn in_place_mut(&self, sequence: u64, count: u64) -> InPlaceMut<'_> {
        let words = count as usize * self.geometry.stride / 8;
        InPlaceMut(
            (0..words)
                // Who has died writes nothing more.
                .filter(|_| !is_dead())
                .map(|i| {
                    let word = self.word(sequence, i);
                    (word, word.shadow.get_mut())
                })
                .collect(),
        )
    }

    /// Word `i` of the records from `sequence` on.
    fn word(&self, sequence: u64, i: usize) -> &Word {
        let words = self.geometry.stride / 8;
        let cell = cell(sequence + (i / words) as u64, self.geometry.cells) as usize;
        &self.cells[cell * words + i % words]
    }

    /// Where a frame begins.
    pub fn load_start(&self, sequence: u64) -> u64 {
        // [F1] alone: the producer's own word, or one of a producer that is gone.
        self.word(sequence, 0).value.load(Relaxed)
    }

    pub fn store_payload(&self, at: usize, bytes: &[u8]) {
        for (word, bytes) in self.arena[at / 8..].iter().zip(bytes.as_chunks::<8>().0) {
            if is_dead() {
                return;
            }
            // [P3] seen by [R3].
            word.shadow
                .with_mut(|_| word.value.store(u64::from_ne_bytes(*bytes), Relaxed));
        }
    }

    pub fn load_payload(&self, at: usize, bytes: &mut [u8]) {
        for (word, bytes) in self.arena[at / 8..]
            .iter()
            .zip(bytes.as_chunks_mut::<8>().0)
        {
            // [R3] stored by [P3].
            *bytes = word.value.load(Relaxed).to_ne_bytes();
        }
    }

    pub fn load_held_payload(&self, at: usize, bytes: &mut [u8]) {
        let words = self.arena[at / 8..].iter().take(bytes.len() / 8);
        let held: Vec<_> = words
            .filter(|_| self.are_copies_held && !is_dead())
            .map(|word| word.shadow.get())
            .collect();
        self.load_payload(at, bytes);
        drop(held);
    }

    /// As in `memory.rs`; not `unsafe` to get wrong here, loom reports it.
    #[allow(unsafe_code)]
    pub unsafe fn payload(&self, at: usize, len: usize) -> InPlace<'_> {
        let words = self.arena[at / 8..].iter().take(len / 8);
        InPlace(words.map(|word| (word, word.shadow.get())).collect())
    }

    /// As in `memory.rs`; not `unsafe` to get wrong here, loom reports it.
    #[allow(unsafe_code)]
    pub unsafe fn payload_mut(&self, at: usize, len: usize) -> InPlaceMut<'_> {
        let words = self.arena[at / 8..].iter().take(len / 8);
        InPlaceMut(
            words
                // Who has died writes nothing more.
                .filter(|_| !is_dead())
                .map(|word| (word, word.shadow.get_mut()))
                .collect(),
        )
    }

    pub fn wait(&self, word: &AtomicU32, expected: u32, _: Duration) -> std::io::Result<()> {
        if is_dead() {
            return Ok(());
        }
        let guard = self.lock.lock().unwrap();
        // [W5] as the system's own: who was overtaken by [W4] does not fall asleep.
        if word.load(Relaxed) == expected {
            drop(self.bell.wait(guard));
        }
        Ok(())
    }

    /// The system's barrier falls before the other thread's light one or behind it; so do two read-modify-writes of
    /// one word, and who comes second sees what the first did before. Unlike fences they pair with nothing else.
    pub fn light_barrier(&self) {
        // [Y4] pairs with [Y3].
        self.barrier.fetch_add(1, AcqRel);
    }

    pub fn heavy_barrier(&self) -> bool {
        // [Y3] pairs with [Y4].
        self.barrier.fetch_add(1, AcqRel);
        true
    }

    pub fn wake(&self, _word: &AtomicU32) -> std::io::Result<()> {
        if is_dead() {
            return Ok(());
        }
        drop(self.lock.lock());
        self.bell.notify_all();
        Ok(())
    }
}

/// So many bytes of them.
fn words(bytes: u64) -> Vec<Word> {
    (0..bytes / 8)
        .map(|_| Word {
            value: AtomicU64::new(0),
            shadow: UnsafeCell::new(()),
        })
        .collect()
}

/// Records borrowed where they lie, their shadows held for reading.
#[derive(Debug)]
pub struct InPlace<'a>(Vec<(&'a Word, ConstPtr<()>)>);

impl InPlace<'_> {
    /// The words of the records borrowed.
    pub fn words(&self) -> Vec<u64> {
        // [R3] stored by [P3].
        self.0
            .iter()
            .map(|(word, _)| word.value.load(Relaxed))
            .collect()
    }
}

/// Records borrowed where they lie to be written, their shadows held for writing.
#[derive(Debug)]
pub struct InPlaceMut<'a>(Vec<(&'a Word, MutPtr<()>)>);

impl InPlaceMut<'_> {
    /// Words borrowed; none of who has died.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Stores word `i` of the records borrowed, as a plain store would.
    pub fn set(&mut self, i: usize, value: u64) {
        // [P3] seen by [R3].
        self.0[i].0.value.store(value, Relaxed);
    }
}
