//! The rings that everybody dies on: small, so that a few records are more than a lap, and of every word size.

use std::fmt::Debug;

use ringbuf_core::{CreateOptions, Preset, Record, WhenFull};

/// A ring and what is published on it.
pub trait Kind: Send + 'static {
    type Item: Record + PartialEq + Debug;
    const NAME: &'static str;
    const CAPACITY: u64;
    /// Claims are written where they lie, and all readers are lossless.
    const IS_IN_PLACE: bool = matches!(Self::NAME.as_bytes(), b"InPlace");

    fn options() -> CreateOptions;

    /// Whether the reader of this name, which begins with its delivery, may attach.
    fn lets_in(name: &str) -> bool {
        !Self::IS_IN_PLACE || name.starts_with("lossless")
    }

    /// The record of this sequence, as the producer of this epoch publishes it: no word of it is that of another.
    fn record(epoch: u64, sequence: u64) -> Self::Item;

    fn records(epoch: u64, first: u64, count: u64) -> Vec<Self::Item> {
        let sequences = first..first + count;
        sequences
            .map(|sequence| Self::record(epoch, sequence))
            .collect()
    }
}

/// Different for every epoch, sequence and place, as far as `bits` can be.
fn word(epoch: u64, sequence: u64, i: u64, bits: u32) -> u64 {
    let place = (epoch << 20) + sequence * 4 + i + 1;
    place.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - bits)
}

macro_rules! kinds {
    ($($name:ident: [$word:ty; $words:literal], $capacity:literal, $options:expr;)*) => {
        $(
            #[derive(Debug)]
            pub struct $name;

            impl Kind for $name {
                type Item = [$word; $words];
                const NAME: &'static str = stringify!($name);
                const CAPACITY: u64 = $capacity;

                fn options() -> CreateOptions {
                    $options
                }

                fn record(epoch: u64, sequence: u64) -> Self::Item {
                    std::array::from_fn(|i| word(epoch, sequence, i as u64, <$word>::BITS) as $word)
                }
            }
        )*

        /// Runs a script on the kind of this name.
        pub fn with_kind(name: &str, script: impl Script) {
            match name {
                $(stringify!($name) => script.run::<$name>(),)*
                _ => panic!("no kind {name}"),
            }
        }
    };
}

/// What can be done on a ring of any kind.
pub trait Script {
    fn run<K: Kind>(self);
}

kinds! {
    Plain: [u64; 3], 3, CreateOptions::default();
    Mirrored: [u64; 2], 4, CreateOptions::default().preset(Preset::Latency);
    Stamped: [u64; 2], 3, CreateOptions::default().stamp(true);
    Halves: [u32; 3], 4, CreateOptions::default().preset(Preset::Latency).stamp(true);
    Quarters: [u16; 3], 4, CreateOptions::default().preset(Preset::Latency);
    Bytes: [u8; 3], 3, CreateOptions::default();
    Dropping: [u64; 2], 3, CreateOptions::default().when_full(WhenFull::Drop);
    InPlace: [u64; 2], 3, CreateOptions::default().stamp(true).in_place(true);
    // The producer grants itself more than it claims: every other record goes at once.
    Granted: [u64; 2], 16, CreateOptions::default();
    GrantedHalves: [u32; 3], 16, CreateOptions::default().preset(Preset::Latency);
}
