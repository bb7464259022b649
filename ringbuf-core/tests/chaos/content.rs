//! What records hold: a function of the ring, of the producer that wrote them and of their sequence.

use ringbuf_core::{Record, Records};

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

/// Records in hand, typed or not.
pub trait Content {
    fn count(&self) -> usize;
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
