//! The rings that everybody dies on: small, so that a few records are more than a lap, and of every word size.

use std::fmt::Debug;

use ringbuf_core::{
    AttachError, CreateError, CreateOptions, FrameProducer, FrameReader, FrameRetain, Preset,
    Producer, Reader, ReaderOptions, Retain, WhenFull,
};

use crate::ends::{Follow, Frame, Publish};

/// A ring and what is published on it.
pub trait Kind: Send + 'static {
    type Item: Clone + PartialEq + Debug + Send;
    type Producer: Publish<Self::Item>;
    type Reader: Follow<Item = Self::Item>;
    const NAME: &'static str;
    const CAPACITY: u64;
    /// Claims are written where they lie, and all readers are lossless.
    const IS_IN_PLACE: bool = matches!(Self::NAME.as_bytes(), b"InPlace" | b"FramesInPlace");
    /// Readers pass some of them over.
    const IS_CHOSEN: bool = matches!(Self::NAME.as_bytes(), b"FramesChosen");

    fn options() -> CreateOptions;

    fn create(ring: &str, options: &CreateOptions) -> Result<Self::Producer, CreateError>;

    fn attach(ring: &str, options: ReaderOptions) -> Result<Self::Reader, AttachError>;

    /// Whether readers want this one.
    fn wants(sequence: u64) -> bool {
        !Self::IS_CHOSEN || !sequence.is_multiple_of(3)
    }

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
                type Producer = Producer<Self::Item>;
                type Reader = Reader<Self::Item>;
                const NAME: &'static str = stringify!($name);
                const CAPACITY: u64 = $capacity;

                fn options() -> CreateOptions {
                    $options
                }

                fn create(ring: &str, options: &CreateOptions) -> Result<Self::Producer, CreateError> {
                    Producer::create_with(ring, Retain::records($capacity), options)
                }

                fn attach(ring: &str, options: ReaderOptions) -> Result<Self::Reader, AttachError> {
                    Reader::attach(ring, options)
                }

                fn record(epoch: u64, sequence: u64) -> Self::Item {
                    std::array::from_fn(|i| word(epoch, sequence, i as u64, <$word>::BITS) as $word)
                }
            }
        )*

        fn with_records(name: &str, script: impl Script) {
            match name {
                $(stringify!($name) => script.run::<$name>(),)*
                _ => panic!("no kind {name}"),
            }
        }
    };
}

macro_rules! frames {
    ($($name:ident: $arena:literal, $capacity:literal, $options:expr;)*) => {
        $(
            #[derive(Debug)]
            pub struct $name;

            impl Kind for $name {
                type Item = Frame;
                type Producer = FrameProducer;
                type Reader = FrameReader;
                const NAME: &'static str = stringify!($name);
                const CAPACITY: u64 = $capacity;

                fn options() -> CreateOptions {
                    $options
                }

                fn create(ring: &str, options: &CreateOptions) -> Result<FrameProducer, CreateError> {
                    let retain = FrameRetain::bytes($arena).at_most($capacity);
                    FrameProducer::create_with(ring, retain, options)
                }

                fn attach(ring: &str, options: ReaderOptions) -> Result<FrameReader, AttachError> {
                    let mut reader = FrameReader::attach(ring, options)?;
                    if Self::IS_CHOSEN {
                        reader.only(|frame| Self::wants(frame.sequence()));
                    }
                    Ok(reader)
                }

                fn record(epoch: u64, sequence: u64) -> Frame {
                    frame(epoch, sequence)
                }
            }
        )*

        /// Runs a script on the kind of this name.
        pub fn with_kind(name: &str, script: impl Script) {
            match name {
                $(stringify!($name) => script.run_frames::<$name>(),)*
                _ => with_records(name, script),
            }
        }
    };
}

/// As long as the whole arena, or nothing, or in between, and none as long as that of another epoch. The first two of the
/// first epoch fit in side by side.
const LENGTHS: [u64; 8] = [100, 66, 0, 192, 13, 64, 24, 5];

fn frame(epoch: u64, sequence: u64) -> Frame {
    let len = LENGTHS[((5 * sequence + epoch) % 8) as usize] as usize;
    // More words than records have.
    let words =
        (0..len.div_ceil(8) as u64).map(|i| word(epoch, 16 * sequence, i, 64).to_le_bytes());
    let mut bytes: Vec<u8> = words.flatten().collect();
    bytes.truncate(len);
    let is_whole = len > 0 && len.is_multiple_of(16);
    Frame {
        bytes,
        tag: word(epoch, sequence, 0, 64),
        shape: if is_whole {
            vec![2, len / 16]
        } else {
            Vec::new()
        },
    }
}

/// What can be done on a ring of any kind.
pub trait Script {
    fn run<K: Kind>(self);

    /// The same on frames, whose readers can do more.
    fn run_frames<K: FrameKind>(self)
    where
        Self: Sized,
    {
        self.run::<K>();
    }
}

/// A ring of frames.
pub trait FrameKind: Kind<Item = Frame, Reader = FrameReader> {}

impl<K: Kind<Item = Frame, Reader = FrameReader>> FrameKind for K {}

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

frames! {
    Frames: 192, 3, CreateOptions::default();
    FramesStamped: 192, 4, CreateOptions::default().stamp(true);
    FramesInPlace: 192, 3, CreateOptions::default().stamp(true).in_place(true);
    FramesChosen: 192, 3, CreateOptions::default();
    // Room for that many of the longest ones.
    FramesDropping: 2048, 3, CreateOptions::default().when_full(WhenFull::Drop);
}
