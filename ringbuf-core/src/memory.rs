//! Who owns the shared words: the heap or a mapping. Above this file nobody can tell.
//!
//! The protocol sees three things: the producer's words ([`Live`]), the readers' words ([`Control`]) and
//! the cells, which are only ever touched by the word copies of [`copy`] or borrowed in place: for a lossless reader
//! whose gate keeps the producer out, and for a producer whose ring keeps everybody else out.
#![allow(unsafe_code)]

mod copy;
mod payload;

use std::ptr::NonNull;
use std::time::Duration;

use crate::layout::{Control, FRAME_ALIGN, Geometry, Live, MIRROR_BYTES, word_size};
use crate::platform::{self, Mapping};
use crate::sync::{AtomicU32, AtomicU64, Condvar, Mutex, Ordering, compiler_fence};

/// The words of one ring.
#[derive(Debug)]
pub struct Memory {
    live: NonNull<Live>,
    control: NonNull<Control>,
    cells: NonNull<u8>,
    /// One word for each cell; dangling unless the geometry has publication times.
    stamps: NonNull<AtomicU64>,
    /// The payloads of frames; dangling unless the geometry has an arena.
    arena: NonNull<u8>,
    geometry: Geometry,
    /// Cells less one: what is left of a sequence is the number of its cell.
    mask: u64,
    parking: Parking,
    /// Keep the bytes behind the pointers alive.
    data: Block,
    readers: Block,
}

// SAFETY: the pointers stay valid as long as the blocks beside them (a mapping or a heap allocation owned
// by this value, neither tied to a thread). Everything reachable through `&Memory` is an atomic, except
// the cells, which are accessed by atomic words or under the contracts of `in_place` and `in_place_mut`.
unsafe impl Send for Memory {}
// SAFETY: as above; sharing `&Memory` shares only atomics and those two contracts.
unsafe impl Sync for Memory {}

/// Where the parts of a data file begin.
#[derive(Clone, Copy, Debug)]
pub struct Offsets {
    pub live: usize,
    pub cells: usize,
    /// Publication times, if there are any.
    pub stamps: usize,
    /// Payloads of frames, if there are any.
    pub arena: usize,
}

#[derive(Debug)]
enum Block {
    Heap { _block: HeapBlock },
    Mapped { mapping: Mapping },
}

/// Zeroed heap memory. Held by its address rather than by its `Box`: moving a `Box` claims it for the
/// mover alone, and others hold pointers into it.
#[derive(Debug)]
struct HeapBlock(NonNull<[HeapLine]>);

impl Drop for HeapBlock {
    fn drop(&mut self) {
        // SAFETY: `heap` allocated this slice with the layout of its type, and it is given back once,
        // here; all zeros, and whatever was stored since, are atomics.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

/// Heap memory in the alignment of a page, so that every structure of the layout fits it.
#[repr(C, align(4096))]
#[derive(Debug)]
struct HeapLine([AtomicU64; 512]);

/// Where threads of one process sleep when there is no futex behind the word.
#[derive(Debug)]
enum Parking {
    Condvar { lock: Mutex<()>, bell: Condvar },
    Futex,
}

/// Zeroed heap memory of at least `len` bytes and its address; `None` when there is not so much.
fn heap(len: usize) -> Option<(Block, NonNull<u8>)> {
    let pages = len.div_ceil(4096).max(1);
    let layout = std::alloc::Layout::array::<HeapLine>(pages).ok()?;
    // SAFETY: the layout has at least one page.
    let address = NonNull::new(unsafe { std::alloc::alloc_zeroed(layout) })?;
    let lines = NonNull::slice_from_raw_parts(address.cast(), pages);
    let block = Block::Heap {
        _block: HeapBlock(lines),
    };
    Some((block, address))
}

impl Memory {
    /// A ring in the memory of this process.
    /// `None` when there is not so much of it.
    pub fn heap(geometry: Geometry) -> Option<Memory> {
        let live_len = size_of::<Live>().next_multiple_of(4096);
        let stamps_at = live_len
            .checked_add(geometry.data_len() as usize)?
            .checked_next_multiple_of(8)?;
        let arena_at = stamps_at
            .checked_add(geometry.stamps_len() as usize)?
            .checked_next_multiple_of(FRAME_ALIGN as usize)?;
        let (data, base) = heap(arena_at.checked_add(usize::try_from(geometry.arena).ok()?)?)?;
        let (control_block, control) = heap(size_of::<Control>())?;
        let memory = Memory {
            live: base.cast(),
            control: control.cast(),
            // SAFETY: `base` points to at least `live_len` + data bytes, so the offset stays inside.
            cells: unsafe { base.add(live_len) },
            // SAFETY: as above; without times the offset is at most one past the end.
            stamps: unsafe { base.add(stamps_at) }.cast(),
            // SAFETY: as above; without an arena the offset is at most the length allocated.
            arena: unsafe { base.add(arena_at) },
            geometry,
            mask: mask(&geometry)?,
            parking: Parking::Condvar {
                lock: Mutex::new(()),
                bell: Condvar::new(),
            },
            data,
            readers: control_block,
        };
        memory.control().format();
        Some(memory)
    }

    /// A ring in mapped files. `control` is `None` for an observer, who gets readers' words of its own
    /// that nobody else sees: it can then do everything a reader does and affect nobody.
    ///
    /// `None` when a mapping is too short for the offsets.
    pub fn mapped(
        geometry: Geometry,
        data: Mapping,
        at: Offsets,
        control: Option<(Mapping, usize)>,
    ) -> Option<Memory> {
        let live = part(&data, at.live, size_of::<Live>())?;
        let cells = part(&data, at.cells, usize::try_from(geometry.data_len()).ok()?)?;
        let stamps = part(
            &data,
            at.stamps,
            usize::try_from(geometry.stamps_len()).ok()?,
        )?;
        let arena = part(&data, at.arena, usize::try_from(geometry.arena).ok()?)?;
        let (control_block, control) = match control {
            Some((mapping, offset)) => {
                let control = part(&mapping, offset, size_of::<Control>())?;
                (Block::Mapped { mapping }, control)
            }
            None => heap(size_of::<Control>())?,
        };
        let memory = Memory {
            live: live.cast(),
            control: control.cast(),
            cells,
            stamps: stamps.cast(),
            arena,
            geometry,
            mask: mask(&geometry)?,
            parking: Parking::Futex,
            data: Block::Mapped { mapping: data },
            readers: control_block,
        };
        if memory.is_observing() {
            memory.control().format();
        }
        Some(memory)
    }

    /// Brings the pages of mapped files into this process's page tables, so that the first lap costs what
    /// every other does.
    pub(crate) fn prefault(&self) {
        for block in [&self.data, &self.readers] {
            if let Block::Mapped { mapping } = block {
                mapping.prefault();
            }
        }
    }

    /// Writes both files to the disk they lie on, and waits until they are there.
    pub(crate) fn flush(&self) -> std::io::Result<()> {
        for block in [&self.data, &self.readers] {
            if let Block::Mapped { mapping } = block {
                mapping.flush()?;
            }
        }
        Ok(())
    }

    /// As [`Memory::flush`], for the producer's words alone.
    pub(crate) fn flush_live(&self) -> std::io::Result<()> {
        match &self.data {
            Block::Mapped { mapping } => {
                let offset = self.live.addr().get() - mapping.as_ptr().addr();
                mapping.flush_page(offset)
            }
            Block::Heap { .. } => Ok(()),
        }
    }

    /// The readers' words are private: nobody will ever wake this reader.
    pub fn is_observing(&self) -> bool {
        matches!(self.parking, Parking::Futex) && matches!(self.readers, Block::Heap { .. })
    }

    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    #[inline]
    pub fn live(&self) -> &Live {
        // SAFETY: `live` points to `size_of::<Live>()` bytes in a block owned by `self`, 4096-aligned;
        // `Live` consists of atomics only, for which every bit pattern is valid and which other processes
        // may write at any time.
        unsafe { self.live.as_ref() }
    }

    #[inline]
    pub fn control(&self) -> &Control {
        // SAFETY: as for `live`.
        unsafe { self.control.as_ref() }
    }

    /// Stores whole records from `sequence` on, wrapping at the end of the cells.
    #[inline]
    pub fn store(&self, sequence: u64, records: &[u8]) {
        let (head, tail) = records.split_at(self.geometry.until_wrap(sequence, records.len()));
        self.store_run(sequence, head);
        if !tail.is_empty() {
            self.store_run(0, tail);
        }
    }

    /// Stores one whole record.
    #[inline]
    pub fn store_one(&self, sequence: u64, record: &[u8]) {
        let stride = record.len();
        assert!(stride == self.geometry.stride, "one whole record");
        let cell = (sequence & self.mask) as usize;
        // SAFETY: `cell` is below the number of cells, each of one stride: the cell lies inside the block.
        let cell = unsafe { self.cells.as_ptr().add(cell * stride) };
        // SAFETY: as in `store_run`; `mask` has seen that the geometry's words are those of its stride.
        unsafe { copy::store(cell, record, word_size(stride)) }
    }

    #[inline]
    fn store_run(&self, sequence: u64, records: &[u8]) {
        let cell = self.cell_ptr(sequence, records.len());
        // SAFETY: `cell_ptr` gives a pointer valid for `records.len()` bytes, aligned to the word size;
        // everybody accesses cells by words of the same size, and who borrows them in place is kept apart
        // by the gate.
        unsafe { copy::store(cell, records, self.geometry.word) }
    }

    /// Loads whole records from `sequence` on, wrapping at the end of the cells. What is loaded may be
    /// torn: the caller validates it.
    #[inline]
    pub fn load(&self, sequence: u64, records: &mut [u8]) {
        let (head, tail) = records.split_at_mut(self.geometry.until_wrap(sequence, records.len()));
        self.load_run(sequence, head);
        if !tail.is_empty() {
            self.load_run(0, tail);
        }
    }

    #[inline]
    fn load_run(&self, sequence: u64, records: &mut [u8]) {
        let cell = self.cell_ptr(sequence, records.len());
        // SAFETY: as in `store_run`.
        unsafe { copy::load(cell, records, self.geometry.word) }
    }

    /// As [`Memory::load`], for records that a gate of the caller holds, unless the producer has demoted it.
    #[inline]
    pub fn load_held(&self, sequence: u64, records: &mut [u8]) {
        self.load(sequence, records);
    }

    /// Stores the publication time of `count` records from `sequence` on, for a ring that has such times.
    #[inline]
    pub fn stamp(&self, sequence: u64, count: u64, stamp: u64) {
        for record in sequence..sequence + count {
            if let Some(word) = self.stamp_word(record) {
                word.store(stamp, Ordering::Relaxed);
            }
        }
    }

    /// Loads the publication times of at most `count` records from `sequence` on, as many as `stamps` has places
    /// for; nothing on a ring without such times. What is loaded may be of later records.
    #[inline]
    pub fn load_stamps(&self, sequence: u64, count: u64, stamps: &mut [u64]) {
        for (stamp, record) in stamps.iter_mut().zip(sequence..sequence + count) {
            if let Some(word) = self.stamp_word(record) {
                *stamp = word.load(Ordering::Relaxed);
            }
        }
    }

    #[inline]
    fn stamp_word(&self, sequence: u64) -> Option<&AtomicU64> {
        if !self.geometry.stamped {
            return None;
        }
        let cell = crate::sequence::cell(sequence, self.geometry.cells) as usize;
        // SAFETY: the column has a word for each cell, and `cell` is below their number.
        let word = unsafe { self.stamps.add(cell) };
        // SAFETY: the word lies in a block owned by `self`, 8-aligned; it is only ever accessed as an atomic.
        Some(unsafe { word.as_ref() })
    }

    /// Copies the record in the cell of `sequence` into the mirror.
    // Apart, so that a commit without a mirror stays small enough to be inlined.
    #[inline(never)]
    pub fn mirror(&self, sequence: u64) {
        let stride = self.geometry.stride;
        let mut record = [0u8; MIRROR_BYTES];
        self.load(sequence, &mut record[..stride]);
        self.store_mirror(&record[..stride]);
    }

    /// Stores a record into the mirror.
    #[inline]
    pub fn store_mirror(&self, record: &[u8]) {
        let stride = record.len();
        let fits = stride == self.geometry.stride && stride <= MIRROR_BYTES;
        assert!(fits, "one whole record that fits");
        // SAFETY: the mirror is `MIRROR_BYTES` long and 8-aligned; everybody accesses it by words of the geometry's
        // size, which `mask` has seen to be those of its stride.
        unsafe { copy::store(self.mirror_ptr(), record, word_size(stride)) }
    }

    /// Loads the mirrored record. What is loaded may be torn: the caller validates it.
    #[inline]
    pub fn load_mirror(&self, record: &mut [u8]) {
        // SAFETY: as in `store_mirror`; whoever calls this has seen that the ring has a mirror and `record` one stride.
        unsafe { copy::load(self.mirror_ptr(), record, self.geometry.word) }
    }

    #[inline]
    fn mirror_ptr(&self) -> *mut u8 {
        // SAFETY: `live` is valid for `Live`, so the projection to one of its fields stays inside; going
        // through the raw pointer keeps the provenance of the whole block.
        unsafe { (&raw mut (*self.live.as_ptr()).hot.mirror).cast() }
    }

    /// Borrows `count` records from `sequence` on; they must lie side by side.
    ///
    /// # Safety
    ///
    /// For as long as the borrow lives, a gate of the caller keeps the producer from claiming these
    /// cells, and the caller has seen them published (acquire).
    #[inline]
    pub unsafe fn in_place(&self, sequence: u64, count: u64) -> InPlace<'_> {
        let len = count as usize * self.geometry.stride;
        let cell = self.cell_ptr(sequence, len);
        // SAFETY: the pointer is valid for `len` bytes by `cell_ptr`; nobody writes them by the caller's
        // promise; every byte is initialised (new memory is zeroed).
        InPlace(unsafe { std::slice::from_raw_parts(cell, len) })
    }

    /// Borrows `count` records from `sequence` on, to be written; they must lie side by side.
    ///
    /// # Safety
    ///
    /// The caller is the ring's one producer and has claimed these cells, and for as long as the borrow lives it does
    /// not touch them in another way. The ring is one that is written in place: nobody looks at a cell that no gate of
    /// its own holds.
    // Who may write the cells is said by the claim, not by a borrow of this.
    #[allow(clippy::mut_from_ref)]
    #[inline]
    pub unsafe fn in_place_mut(&self, sequence: u64, count: u64) -> InPlaceMut<'_> {
        let len = count as usize * self.geometry.stride;
        let cell = self.cell_ptr(sequence, len);
        // SAFETY: the pointer is valid for `len` bytes by `cell_ptr`, and for writing in a process that claims; nobody
        // else accesses them by the caller's promise; every byte is initialised (new memory is zeroed).
        InPlaceMut(unsafe { std::slice::from_raw_parts_mut(cell, len) })
    }

    /// Pointer to the cell of `sequence`, valid for `len` bytes, aligned to the word size.
    #[inline]
    fn cell_ptr(&self, sequence: u64, len: usize) -> *mut u8 {
        let offset = self.geometry.offset(sequence);
        assert!(
            (offset + len) as u64 <= self.geometry.data_len(),
            "a run of records must not pass the end of the cells"
        );
        // SAFETY: `cells` is valid for `data_len` bytes and the assertion keeps the run inside.
        unsafe { self.cells.as_ptr().add(offset) }
    }

    /// Sleeps while `word` holds `expected`, at most `timeout`; may return early.
    pub fn wait(&self, word: &AtomicU32, expected: u32, timeout: Duration) -> std::io::Result<()> {
        match &self.parking {
            Parking::Futex => platform::wait(word, expected, timeout),
            Parking::Condvar { lock, bell } => {
                let guard = lock.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                if word.load(Ordering::Relaxed) == expected {
                    drop(bell.wait_timeout(guard, timeout));
                }
                Ok(())
            }
        }
    }

    /// Keeps the compiler from moving a load before a store of the calling thread. With the other side's
    /// [`Memory::heavy_barrier`] that is as good as a SeqCst fence on both sides.
    #[inline]
    pub fn light_barrier(&self) {
        compiler_fence(Ordering::SeqCst);
    }

    /// A SeqCst fence for this thread and for every thread of the producer's process, wherever they are. False if
    /// the system refuses.
    #[cold]
    pub fn heavy_barrier(&self) -> bool {
        // The producer does not look at the words that an observer has for itself.
        self.is_observing() || platform::barrier()
    }

    /// Wakes everybody who sleeps on `word`.
    pub fn wake(&self, word: &AtomicU32) -> std::io::Result<()> {
        match &self.parking {
            Parking::Futex => platform::wake_all(word),
            Parking::Condvar { lock, bell } => {
                drop(lock.lock());
                bell.notify_all();
                Ok(())
            }
        }
    }
}

/// Makes the new control block (all zeros) in a mapped readers' file one without readers. `None` when the
/// mapping is too short.
pub(crate) fn format_control(mapping: &Mapping, offset: usize) -> Option<()> {
    let control = part(mapping, offset, size_of::<Control>())?;
    // SAFETY: `part` gives page-aligned memory of the right length that stays mapped for this call;
    // `Control` consists of atomics only.
    let control: &Control = unsafe { control.cast().as_ref() };
    control.format();
    Some(())
}

/// Cells less one; `None` if the geometry is none.
fn mask(geometry: &Geometry) -> Option<u64> {
    let is_usual = geometry.cells.is_power_of_two() && geometry.word == word_size(geometry.stride);
    is_usual.then(|| geometry.cells - 1)
}

/// A part of a mapping, aligned to a page.
fn part(mapping: &Mapping, offset: usize, len: usize) -> Option<NonNull<u8>> {
    let end = offset.checked_add(len)?;
    if end > mapping.len() || !offset.is_multiple_of(4096) {
        return None;
    }
    // SAFETY: the offset lies inside the mapping by the check above.
    NonNull::new(unsafe { mapping.as_ptr().add(offset) })
}

/// Records borrowed where they lie.
#[derive(Debug)]
pub struct InPlace<'a>(&'a [u8]);

impl<'a> InPlace<'a> {
    pub fn bytes(self) -> &'a [u8] {
        self.0
    }
}

/// Records borrowed where they lie, to be written.
#[derive(Debug)]
pub struct InPlaceMut<'a>(&'a mut [u8]);

impl<'a> InPlaceMut<'a> {
    pub fn bytes(self) -> &'a mut [u8] {
        self.0
    }
}
