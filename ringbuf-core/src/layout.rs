//! What lies where: the words that processes share, as `docs/FORMAT.md` fixes them.
//!
//! Every shared word is an atomic, so a `&Live` stays sound whatever another process does to it. New
//! memory is all zeros, in a file and on the heap alike; [`Control::format`] turns the gates off.

use crate::protocol::gate;
use crate::sequence;
use crate::sync::{AtomicU32, AtomicU64, Ordering};

/// Readers that can register on one ring.
#[cfg(not(loom))]
pub const SLOTS: usize = 64;
/// Two registered readers are the most that almost every model uses; every atomic more costs loom time.
#[cfg(loom)]
pub const SLOTS: usize = 2;

/// Epochs whose beginning is remembered.
#[cfg(not(loom))]
pub const EPOCHS: usize = 16;
#[cfg(loom)]
pub const EPOCHS: usize = 2;

/// Words of the newest-record mirror: what is left of the hot pair of lines.
#[cfg(not(loom))]
pub const MIRROR_WORDS: usize = 14;
#[cfg(loom)]
pub const MIRROR_WORDS: usize = 2;

/// Words of a reader's name, NUL-padded UTF-8.
#[cfg(not(loom))]
pub const NAME_WORDS: usize = 8;
#[cfg(loom)]
pub const NAME_WORDS: usize = 1;

/// Size in bytes of the newest-record mirror; larger records are not mirrored.
pub const MIRROR_BYTES: usize = MIRROR_WORDS * 8;
/// Size in bytes of a reader's name.
pub const NAME_BYTES: usize = NAME_WORDS * 8;

/// The words only the producer writes: one page of `NAME.ring`.
#[repr(C)]
#[derive(Debug, Default)]
pub struct Live {
    pub hot: Hot,
    pub grant: Grant,
    pub status: Status,
    pub epochs: [Epoch; EPOCHS],
}

/// The hot pair of lines. Written by the producer on every publish, read by everybody.
#[repr(C, align(128))]
#[derive(Debug, Default)]
pub struct Hot {
    /// Next sequence to be published. Readers may see an old value, never a future one.
    pub published: AtomicU64,
    /// How far the producer may have begun to write. Never goes back, not even across producers.
    pub claimed: AtomicU64,
    /// A copy of record `claimed - 1`, whole whenever `published == claimed`.
    pub mirror: [AtomicU64; MIRROR_WORDS],
}

/// What the producer has granted itself. Written by the producer, read by joining lossless readers.
#[repr(C, align(128))]
#[derive(Debug, Default)]
pub struct Grant {
    /// The producer may claim below this without looking at the gates again.
    pub limit: AtomicU64,
}

/// Who owns the ring. Written by the producer when it opens and closes.
#[repr(C, align(128))]
#[derive(Debug, Default)]
pub struct Status {
    /// Epoch and phase in one word, see [`crate::protocol::state`].
    pub state: AtomicU64,
    /// Not zero: the producer leaves the barrier before its look at the wake word to the sleepers, see
    /// [`crate::protocol::wake`].
    pub asymmetric: AtomicU64,
    /// Records the producer had to refuse because a reader held the ring (`drop`).
    pub refused: AtomicU64,
    /// The boot of the system in which the newest epoch was opened; zeros if unknown.
    pub boot: [AtomicU64; 2],
    /// The state word as it was when everything before it had reached the disk; 0 if it never did.
    pub synced: AtomicU64,
    /// Not zero: the producer could not lock `NAME.ring`, so nobody may take that lock's absence for its
    /// death.
    pub unwatched: AtomicU64,
}

/// Where one epoch began. Written before the state word that names the epoch.
#[repr(C)]
#[derive(Debug, Default)]
pub struct Epoch {
    pub epoch: AtomicU64,
    /// First sequence this epoch publishes.
    pub first: AtomicU64,
    /// Wall time of the opening, nanoseconds since the Unix epoch, signed.
    pub opened_ns: AtomicU64,
    /// The same moment on the monotonic clock.
    pub monotonic_ns: AtomicU64,
}

/// The words readers write: `NAME.readers` behind its header page.
#[repr(C)]
#[derive(Debug, Default)]
pub struct Control {
    /// Readers sleep here. Odd: somebody may be asleep. Set odd by readers, made even by the producer.
    pub wake: Line<AtomicU32>,
    /// A blocked producer sleeps here. Set odd by the producer, made even by readers.
    pub room: Line<AtomicU32>,
    pub slots: SlotTable,
}

impl Control {
    /// Makes new memory (all zeros) a control block without readers. Nobody else may see it yet.
    pub fn format(&self) {
        for slot in &self.slots.0 {
            // [G0] until [L0].
            slot.gate.store(gate::OFF, Ordering::Relaxed);
        }
    }
}

/// A word with a pair of cache lines of its own.
#[cfg_attr(not(loom), repr(C, align(128)))]
#[derive(Debug, Default)]
pub struct Line<T>(pub(crate) T);

/// The slots begin on a page of their own.
#[cfg(not(loom))]
#[repr(C, align(4096))]
#[derive(Debug)]
pub struct SlotTable(pub [Slot; SLOTS]);

#[cfg(not(loom))]
impl Default for SlotTable {
    fn default() -> Self {
        SlotTable(std::array::from_fn(|_| Slot::default()))
    }
}

/// The slots of a model: as many as it needs.
#[cfg(loom)]
#[derive(Debug)]
pub struct SlotTable(pub Vec<Slot>);

#[cfg(loom)]
impl Default for SlotTable {
    fn default() -> Self {
        SlotTable((0..SLOTS).map(|_| Slot::default()).collect())
    }
}

/// One registered reader. Written by the reader that holds the slot's lock, except where it says so.
#[cfg_attr(not(loom), repr(C, align(256)))]
#[derive(Debug, Default)]
pub struct Slot {
    /// The oldest sequence a lossless or bounded reader still needs, or none; see
    /// [`crate::protocol::gate`]. The producer writes it when it demotes or evicts the reader.
    pub gate: AtomicU64,
    /// What the reader asked for; 0 while the slot is free.
    pub delivery: AtomicU64,
    /// Longest time a bounded reader may hold the producer, nanoseconds.
    pub bound_ns: AtomicU64,
    /// Times this slot's ledger was written: selects the copy that is whole.
    pub version: AtomicU64,
    pub ledger: [LedgerWords; 2],
    /// Wall time of the attach, nanoseconds since the Unix epoch.
    pub attached_ns: AtomicU64,
    /// For display only: never used to decide whether the reader lives.
    pub pid: AtomicU64,
    pub name: [AtomicU64; NAME_WORDS],
}

/// One copy of a reader's ledger.
#[repr(C)]
#[derive(Debug, Default)]
pub struct LedgerWords {
    pub joined: AtomicU64,
    pub cursor: AtomicU64,
    pub read: AtomicU64,
    pub missed: AtomicU64,
    pub skipped: AtomicU64,
}

/// Bytes of a frame's descriptor: where its payload begins, how long it is, and what the protocol does not look at.
#[cfg(not(loom))]
pub const DESCRIPTOR_BYTES: usize = 64;
#[cfg(loom)]
pub const DESCRIPTOR_BYTES: usize = 16;

/// The payload of a frame begins at a multiple of so many bytes: no two share a cache line, and any element type is
/// aligned.
#[cfg(not(loom))]
pub const FRAME_ALIGN: u64 = 64;
#[cfg(loom)]
pub const FRAME_ALIGN: u64 = 8;

/// The words that records of `stride` bytes are copied in: the largest of 8, 4, 2, 1 that divides it.
#[inline]
pub const fn word_size(stride: usize) -> usize {
    let twos = stride.trailing_zeros();
    1 << if twos < 3 { twos } else { 3 }
}

/// The numbers that say where a record lies. Validated once, then never read from shared memory again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Records kept, honoured exactly.
    pub capacity: u64,
    /// Cells allocated: `capacity` rounded up to a power of two.
    pub cells: u64,
    /// Bytes of one record.
    pub stride: usize,
    /// Bytes of the atomic words a record is copied in: 8, 4, 2 or 1.
    pub word: usize,
    /// The newest record is mirrored beside the indices.
    pub mirror: bool,
    /// Every record has the time of its publication in a column of its own.
    pub stamped: bool,
    /// Claims are written where they lie, so nobody may copy what no gate of its own holds.
    pub in_place: bool,
    /// Bytes for the payloads of frames, whose descriptors the records then are; 0 in a ring of records.
    pub arena: u64,
}

impl Geometry {
    /// Geometry for `capacity` records of `stride` bytes; the mirror is left out when the record does not fit.
    pub fn new(capacity: u64, stride: usize, mirror: bool) -> Geometry {
        Geometry {
            capacity,
            cells: sequence::cells_for(capacity),
            stride,
            word: word_size(stride),
            mirror: mirror && stride <= MIRROR_BYTES,
            stamped: false,
            in_place: false,
            arena: 0,
        }
    }

    /// Geometry for `capacity` frames in an arena of so many bytes, a multiple of [`FRAME_ALIGN`].
    pub fn frames(capacity: u64, arena: u64) -> Geometry {
        Geometry {
            arena,
            ..Geometry::new(capacity, DESCRIPTOR_BYTES, false)
        }
    }

    /// The same with a mirror of the newest record, if that fits.
    pub fn mirrored(self, mirror: bool) -> Geometry {
        Geometry {
            mirror: mirror && self.stride <= MIRROR_BYTES,
            ..self
        }
    }

    /// The same with publication times.
    pub fn stamped(self, stamped: bool) -> Geometry {
        Geometry { stamped, ..self }
    }

    /// The same, written in place or not. Nobody reads the mirror of such a ring: it is left out.
    pub fn in_place(self, in_place: bool) -> Geometry {
        Geometry {
            mirror: self.mirror && !in_place,
            in_place,
            ..self
        }
    }

    /// Bytes of all cells.
    pub fn data_len(&self) -> u64 {
        self.cells * self.stride as u64
    }

    /// Bytes of all publication times.
    pub fn stamps_len(&self) -> u64 {
        if self.stamped { self.cells * 8 } else { 0 }
    }

    /// How many of `len` bytes of records from `sequence` on lie side by side before the cells wrap.
    #[inline]
    pub fn until_wrap(&self, sequence: u64, len: usize) -> usize {
        len.min(self.data_len() as usize - self.offset(sequence))
    }

    /// Byte offset of the cell that holds `sequence`.
    #[inline]
    pub fn offset(&self, sequence: u64) -> usize {
        sequence::cell(sequence, self.cells) as usize * self.stride
    }
}

#[cfg(not(loom))]
mod pinned {
    //! The same facts as `docs/FORMAT.md`; a change here is a new format version.
    use super::*;
    use core::mem::{align_of, offset_of, size_of};
    use static_assertions::{const_assert, const_assert_eq};

    const_assert_eq!(offset_of!(Live, hot), 0);
    const_assert_eq!(offset_of!(Live, grant), 128);
    const_assert_eq!(offset_of!(Live, status), 256);
    const_assert_eq!(offset_of!(Live, epochs), 384);
    const_assert_eq!(size_of::<Live>(), 384 + 16 * 32);
    const_assert!(size_of::<Live>() <= 4096);

    const_assert_eq!(offset_of!(Hot, published), 0);
    const_assert_eq!(offset_of!(Hot, claimed), 8);
    const_assert_eq!(offset_of!(Hot, mirror), 16);
    const_assert_eq!(size_of::<Hot>(), 128);
    const_assert_eq!(offset_of!(Grant, limit), 0);
    const_assert_eq!(offset_of!(Status, state), 0);
    const_assert_eq!(offset_of!(Status, asymmetric), 8);
    const_assert_eq!(offset_of!(Status, refused), 16);
    const_assert_eq!(offset_of!(Status, boot), 24);
    const_assert_eq!(offset_of!(Status, synced), 40);
    const_assert_eq!(offset_of!(Status, unwatched), 48);
    const_assert_eq!(offset_of!(Epoch, epoch), 0);
    const_assert_eq!(offset_of!(Epoch, first), 8);
    const_assert_eq!(offset_of!(Epoch, opened_ns), 16);
    const_assert_eq!(offset_of!(Epoch, monotonic_ns), 24);
    const_assert_eq!(size_of::<Epoch>(), 32);

    const_assert_eq!(offset_of!(Control, wake), 0);
    const_assert_eq!(offset_of!(Control, room), 128);
    const_assert_eq!(offset_of!(Control, slots), 4096);
    const_assert_eq!(size_of::<Control>(), 4096 + 64 * 256);
    const_assert_eq!(align_of::<Control>(), 4096);

    const_assert_eq!(offset_of!(Slot, gate), 0);
    const_assert_eq!(offset_of!(Slot, delivery), 8);
    const_assert_eq!(offset_of!(Slot, bound_ns), 16);
    const_assert_eq!(offset_of!(Slot, version), 24);
    const_assert_eq!(offset_of!(Slot, ledger), 32);
    const_assert_eq!(offset_of!(Slot, attached_ns), 112);
    const_assert_eq!(offset_of!(Slot, pid), 120);
    const_assert_eq!(offset_of!(Slot, name), 128);
    const_assert_eq!(size_of::<Slot>(), 256);
    const_assert_eq!(offset_of!(LedgerWords, joined), 0);
    const_assert_eq!(offset_of!(LedgerWords, cursor), 8);
    const_assert_eq!(offset_of!(LedgerWords, read), 16);
    const_assert_eq!(offset_of!(LedgerWords, missed), 24);
    const_assert_eq!(offset_of!(LedgerWords, skipped), 32);
    const_assert_eq!(size_of::<LedgerWords>(), 40);
}
