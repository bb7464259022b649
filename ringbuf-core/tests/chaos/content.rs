//! What records hold: a function of the ring, of the producer that wrote them and of their sequence.

use ringbuf_core::{Element, FrameHeader, FrameInfo, Record, Records};

/// Odd, so that multiplying by it maps no two numbers to one.
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
const INVERSE: u64 = inverse(FACTOR);
/// Sequences of a run stay below 2^44, epochs below 2^19.
const SEQUENCE_BITS: u32 = 44;
/// Marks the epoch of what a producer writes into a claim and does not publish.
pub const ABANDONED: u64 = 1 << 19;

/// By Newton's method; every step doubles the bits that are right.
const fn inverse(odd: u64) -> u64 {
    let mut found = odd;
    let mut step = 0;
    while step < 5 {
        found = found.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(found)));
        step += 1;
    }
    found
}

/// The first word of a record, from which all others follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(u64);

impl Mark {
    /// The mark that is this word.
    pub fn of(word: u64) -> Mark {
        Mark(word)
    }

    /// The mark in the bytes of a record.
    pub fn of_bytes(record: &[u8]) -> Mark {
        Mark(u64::from_le_bytes(record[..8].try_into().unwrap()))
    }
}

/// What no other ring's records hold.
#[derive(Clone, Copy, Debug)]
pub struct Key(u64);

impl Key {
    pub fn of(ring_id: &[u8; 16]) -> Key {
        let (low, high) = ring_id.split_at(8);
        let word = |half: &[u8]| u64::from_le_bytes(half.try_into().unwrap());
        Key(word(low) ^ word(high).rotate_left(32))
    }

    pub fn mark(self, epoch: u64, sequence: u64) -> Mark {
        Mark((epoch << SEQUENCE_BITS | sequence).wrapping_mul(FACTOR) ^ self.0)
    }

    /// For what must never be read.
    pub fn abandoned(self, epoch: u64, sequence: u64) -> Mark {
        self.mark(epoch | ABANDONED, sequence)
    }

    /// The epoch and the sequence.
    pub fn unmark(self, mark: Mark) -> (u64, u64) {
        let word = (mark.0 ^ self.0).wrapping_mul(INVERSE);
        (word >> SEQUENCE_BITS, word & ((1 << SEQUENCE_BITS) - 1))
    }

    /// For people.
    pub fn explain(self, mark: Mark) -> String {
        match self.unmark(mark) {
            (epoch, sequence) if epoch & ABANDONED != 0 => format!(
                "record {sequence} that the producer of epoch {} had claimed and not published",
                epoch & !ABANDONED
            ),
            (epoch, sequence) => format!("record {sequence} of epoch {epoch}"),
        }
    }
}

/// Word `i` of a record.
fn word(mark: Mark, i: usize) -> u64 {
    if i == 0 {
        return mark.0;
    }
    let z = mark.0.wrapping_add((i as u64).wrapping_mul(FACTOR));
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z ^ (z >> 27)
}

/// A record of at least 8 bytes that is known by its first ones.
pub trait Item: Record {
    fn of(mark: Mark) -> Self;
    fn mark(&self) -> Mark;
    fn is_of(&self, mark: Mark) -> bool;
    fn push_to(&self, bytes: &mut Vec<u8>);
}

macro_rules! items {
    ($($number:ty, $count:literal;)*) => {$(
        impl Item for [$number; $count] {
            fn of(mark: Mark) -> Self {
                const SIZE: usize = size_of::<$number>();
                std::array::from_fn(|i| {
                    let at = i * SIZE;
                    (word(mark, at / 8) >> (8 * (at % 8))) as $number
                })
            }

            fn mark(&self) -> Mark {
                const BITS: usize = 8 * size_of::<$number>();
                let first = self.iter().take(64 / BITS).enumerate();
                Mark(first.fold(0, |word, (i, &number)| word | u64::from(number) << (BITS * i)))
            }

            fn is_of(&self, mark: Mark) -> bool {
                *self == Self::of(mark)
            }

            fn push_to(&self, bytes: &mut Vec<u8>) {
                self.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
            }
        }
    )*};
}

items! {
    u64, 1;
    u8, 13;
    u16, 7;
    u32, 5;
    u64, 8;
    u64, 128;
}

/// Records in hand, typed or not, or frames.
pub trait Content {
    fn count(&self) -> usize;
    /// How far behind the first one it lies.
    fn offset(&self, i: usize) -> u64 {
        i as u64
    }
    fn mark(&self, i: usize) -> Mark;
    fn is_of(&self, i: usize, mark: Mark) -> bool;
}

impl<T: Item> Content for &[T] {
    fn count(&self) -> usize {
        self.len()
    }

    fn mark(&self, i: usize) -> Mark {
        self[i].mark()
    }

    fn is_of(&self, i: usize, mark: Mark) -> bool {
        self[i].is_of(mark)
    }
}

impl Content for Records<'_> {
    fn count(&self) -> usize {
        self.len()
    }

    fn mark(&self, i: usize) -> Mark {
        Mark::of_bytes(self.record(i).unwrap())
    }

    fn is_of(&self, i: usize, mark: Mark) -> bool {
        bytes_are_of(self.record(i).unwrap(), mark)
    }
}

/// Bytes of the frame with this mark: mostly few, now and then none, or the whole arena.
pub fn length(mark: Mark, arena: u64) -> u64 {
    let drawn = word(mark, 1 << 20);
    let most = match drawn % 16 {
        0 => return 0,
        1 => return arena,
        2 => arena,
        3 | 4 => arena / 2,
        _ => (arena / 16).max(20).min(arena),
    };
    (drawn >> 8) % (most + 1)
}

/// What is said of it: an array of numbers where it is one.
pub fn describe(mark: Mark, len: u64) -> FrameInfo {
    let info = match shape(len) {
        Some(shape) => FrameInfo::array(Element::F32, &shape),
        None => FrameInfo::default(),
    };
    info.tagged(mark.0)
}

fn shape(len: u64) -> Option<[usize; 2]> {
    (len > 0 && len.is_multiple_of(8)).then_some([len as usize / 8, 2])
}

/// Makes the bytes those of a frame with this mark, as many as there are.
pub fn fill(bytes: &mut [u8], mark: Mark) {
    for (i, bytes) in bytes.chunks_mut(8).enumerate() {
        bytes.copy_from_slice(&word(mark, i).to_le_bytes()[..bytes.len()]);
    }
}

/// Frames in hand.
pub struct Frames<'a> {
    pub frames: Vec<(FrameHeader, &'a [u8])>,
    pub arena: u64,
}

impl Content for Frames<'_> {
    fn count(&self) -> usize {
        self.frames.len()
    }

    fn offset(&self, i: usize) -> u64 {
        self.frames[i].0.sequence() - self.frames[0].0.sequence()
    }

    fn mark(&self, i: usize) -> Mark {
        Mark(self.frames[i].0.tag())
    }

    fn is_of(&self, i: usize, mark: Mark) -> bool {
        let (header, bytes) = &self.frames[i];
        is_frame_of(header, bytes, mark, self.arena)
    }
}

/// Whether this is the frame with this mark, all of it and no more.
pub fn is_frame_of(header: &FrameHeader, bytes: &[u8], mark: Mark, arena: u64) -> bool {
    let len = length(mark, arena);
    let expected = shape(len);
    let is_described = header.shape() == expected.as_ref().map_or(&[][..], |shape| shape)
        && header.element() == expected.map(|_| Element::F32);
    is_described
        && header.len() as u64 == len
        && bytes.len() as u64 == len
        && bytes_are_of(bytes, mark)
}

/// Descriptors of frames, read as the records that they are (`docs/FORMAT.md`).
pub struct Descriptors<'a> {
    pub records: Records<'a>,
    pub arena: u64,
}

impl Content for Descriptors<'_> {
    fn count(&self) -> usize {
        self.records.len()
    }

    fn mark(&self, i: usize) -> Mark {
        mark_in(self.records.record(i).unwrap())
    }

    fn is_of(&self, i: usize, mark: Mark) -> bool {
        describes(self.records.record(i).unwrap(), mark, self.arena)
    }
}

/// The mark in the tag of a frame.
pub fn mark_in(descriptor: &[u8]) -> Mark {
    Mark::of_bytes(&descriptor[16..])
}

/// Whether a frame with this mark could lie where this says.
pub fn describes(descriptor: &[u8], mark: Mark, arena: u64) -> bool {
    let word = |at: usize| u64::from_le_bytes(descriptor[at..at + 8].try_into().unwrap());
    let (start, len) = (word(0), word(8));
    len == length(mark, arena) && start % 64 == 0 && start % arena + len <= arena
}

/// Whether these are the bytes of one record.
pub fn bytes_are_of(bytes: &[u8], mark: Mark) -> bool {
    let mut words = bytes.chunks(8).enumerate();
    words.all(|(i, bytes)| *bytes == word(mark, i).to_le_bytes()[..bytes.len()])
}

#[test]
fn a_record_tells_who_wrote_it() {
    let key = Key::of(&[7; 16]);
    for (epoch, sequence) in [(1, 0), (12, 5_000_000_000)] {
        let mark = key.mark(epoch, sequence);
        assert_eq!(key.unmark(mark), (epoch, sequence));
        let mut bytes = Vec::new();
        <[u16; 7]>::of(mark).push_to(&mut bytes);
        assert_eq!((bytes.len(), bytes_are_of(&bytes, mark)), (14, true));
        assert_eq!(<[u16; 7]>::of(mark).mark(), mark);
        assert_eq!(<[u8; 13]>::of(mark).mark(), mark);
        assert!(!<[u64; 8]>::of(mark).is_of(key.mark(epoch, sequence + 1)));
        bytes[13] ^= 1;
        assert!(!bytes_are_of(&bytes, mark));
    }
}

#[test]
fn a_frame_tells_who_wrote_it() {
    use ringbuf_core::{FrameProducer, FrameRetain, ReaderOptions};
    const ARENA: u64 = 1024;
    let mut producer = FrameProducer::heap(FrameRetain::bytes(ARENA)).unwrap();
    let mut reader = producer.reader(ReaderOptions::lossy()).unwrap();
    let mut is_whole = |bytes: &[u8], info, mark| {
        producer.publish_with(bytes, info).unwrap();
        let batch = reader.poll().unwrap().unwrap();
        let frame = batch.frames().next().unwrap();
        is_frame_of(frame.header(), frame.bytes(), mark, ARENA)
    };
    let key = Key::of(&[7; 16]);
    let mut lengths = std::collections::BTreeSet::new();
    for sequence in 0..200 {
        let (mark, other) = (key.mark(3, sequence), key.mark(3, sequence + 1));
        let len = length(mark, ARENA);
        lengths.insert(len);
        let mut bytes = vec![0; len as usize];
        fill(&mut bytes, mark);
        let info = describe(mark, len);
        assert!(is_whole(&bytes, info, mark));
        if let Some(last) = bytes.last_mut() {
            assert!(!is_whole(&[], describe(mark, 0), mark));
            *last ^= 1;
            assert!(!is_whole(&bytes, info, mark));
            fill(&mut bytes, other);
            assert!(!is_whole(&bytes, info, mark));
        }
    }
    assert!(lengths.contains(&0) && lengths.contains(&ARENA) && lengths.len() > 50);
}
