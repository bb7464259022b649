//! The descriptor of a frame: 64 bytes, a record of the ring.

use std::sync::LazyLock;

use static_assertions::const_assert_eq;

use super::info::{Array, FrameInfo};
use crate::layout::DESCRIPTOR_BYTES;
use crate::protocol::frames::Span;
use crate::schema::{Element, Field, MAX_DIMENSIONS, Schema};

const TAG: usize = 16;
const DTYPE: usize = 24;
const DTYPE_BYTES: usize = 7;
const NDIM: usize = 31;
const SHAPE: usize = 32;

const_assert_eq!(DTYPE + DTYPE_BYTES, NDIM);
const_assert_eq!(SHAPE + MAX_DIMENSIONS * 8, DESCRIPTOR_BYTES);

/// What a descriptor consists of: the schema of every ring of frames.
pub(crate) fn schema() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
        Schema::packed([
            Field::new("start", Element::U64).unit("B"),
            Field::new("len", Element::U64).unit("B"),
            Field::new("tag", Element::U64),
            Field::new("dtype", Element::Text(DTYPE_BYTES)),
            Field::new("ndim", Element::U8),
            Field::new("shape", Element::U64).shape(&[MAX_DIMENSIONS]),
        ])
        .expect("six fields within the limits")
    });
    &SCHEMA
}

/// The bytes of a descriptor.
#[inline]
pub(super) fn encode(span: Span, info: &FrameInfo) -> [u8; DESCRIPTOR_BYTES] {
    let mut bytes = [0; DESCRIPTOR_BYTES];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(0, span.words().as_flattened());
    put(TAG, &info.tag.to_le_bytes());
    if let Some(Array {
        element,
        dimensions,
        shape,
    }) = &info.array
    {
        put(DTYPE, element.format().as_bytes());
        put(NDIM, &[*dimensions as u8]);
        for (i, size) in shape.iter().enumerate() {
            put(SHAPE + i * 8, &(*size as u64).to_le_bytes());
        }
    }
    bytes
}

/// What is known of a frame without its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    sequence: u64,
    tag: u64,
    len: usize,
    array: Option<Array>,
    pub(super) published_ns: Option<i64>,
}

impl FrameHeader {
    /// Of a descriptor whose span was checked. A description that does not fit the bytes is none.
    pub(super) fn decode(sequence: u64, descriptor: &[u8]) -> FrameHeader {
        let span = Span::of(descriptor);
        let word = |at: usize| {
            let bytes = descriptor[at..].first_chunk().copied().unwrap_or_default();
            u64::from_le_bytes(bytes)
        };
        let dimensions = usize::from(descriptor[NDIM]);
        let mut header = FrameHeader {
            sequence,
            tag: word(TAG),
            len: span.len as usize,
            array: None,
            published_ns: None,
        };
        if dimensions > 0 {
            let dtype = &descriptor[DTYPE..DTYPE + DTYPE_BYTES];
            let text = std::str::from_utf8(dtype).unwrap_or_default();
            let array = Element::parse(text.trim_end_matches('\0'))
                .ok()
                .map(|element| Array {
                    element,
                    dimensions,
                    shape: std::array::from_fn(|i| word(SHAPE + i * 8) as usize),
                });
            let info = FrameInfo { tag: 0, array };
            if info.check(header.len).is_ok() {
                header.array = array;
            }
        }
        header
    }

    /// Its sequence: the number of the frame, from 0.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// What its producer tagged it with, 0 otherwise.
    pub fn tag(&self) -> u64 {
        self.tag
    }

    /// Bytes of the frame.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The type of its elements; `None` if its producer did not say.
    pub fn element(&self) -> Option<Element> {
        self.array.map(|array| array.element)
    }

    /// The size of each dimension; empty if its producer did not say.
    pub fn shape(&self) -> &[usize] {
        match &self.array {
            Some(array) => &array.shape[..array.dimensions],
            None => &[],
        }
    }

    /// When it was published, nanoseconds since the Unix epoch; see [`Batch::published_ns`](crate::Batch::published_ns).
    pub fn published_ns(&self) -> Option<i64> {
        self.published_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(len: u64) -> Span {
        Span { start: 128, len }
    }

    #[test]
    fn a_descriptor_says_what_was_said_of_the_frame() {
        assert_eq!(schema().size(), DESCRIPTOR_BYTES);
        for (name, at) in [
            ("start", 0),
            ("len", 8),
            ("tag", TAG),
            ("dtype", DTYPE),
            ("ndim", NDIM),
            ("shape", SHAPE),
        ] {
            assert_eq!(schema().field(name).unwrap().offset(), at);
        }
        let info = FrameInfo::array(Element::DateTimeNs, &[2, 3]).tagged(9);
        let bytes = encode(span(48), &info);
        assert_eq!(Span::of(&bytes), span(48));
        let header = FrameHeader::decode(5, &bytes);
        assert_eq!((header.sequence(), header.tag(), header.len()), (5, 9, 48));
        assert_eq!(header.element(), Some(Element::DateTimeNs));
        assert_eq!(header.shape(), [2, 3]);
        let plain = FrameHeader::decode(6, &encode(span(3), &FrameInfo::default()));
        assert_eq!((plain.element(), plain.shape()), (None, &[][..]));
    }

    /// Whoever wrote it: what is said of an array is exactly as long as the frame, or is not said.
    #[test]
    fn what_does_not_fit_the_bytes_is_no_description() {
        let good = encode(span(48), &FrameInfo::array(Element::U64, &[2, 3]));
        let with = |at: usize, value: &[u8]| {
            let mut bytes = good;
            bytes[at..at + value.len()].copy_from_slice(value);
            FrameHeader::decode(0, &bytes)
        };
        assert!(with(NDIM, &[2]).element().is_some());
        let encode_empty = |rows: usize| {
            let info = FrameInfo::array(Element::U64, &[rows, 0]);
            FrameHeader::decode(0, &encode(span(0), &info))
        };
        assert_eq!(encode_empty(1 << 20).shape(), [1 << 20, 0]);
        for bad in [
            with(NDIM, &[5]),
            with(NDIM, &[255]),
            with(NDIM, &[1]),
            with(SHAPE, &[3]),
            with(SHAPE, &[0xff; 32]),
            with(DTYPE, b">u8"),
            with(DTYPE, b"|S8\0"),
            with(DTYPE, &[0xff; 7]),
            with(8, &[47]),
            // No bytes are an array of nothing, but none of 2^64 - 1 rows.
            encode_empty(usize::MAX),
            encode_empty(isize::MAX as usize / 4),
        ] {
            assert_eq!((bad.element(), bad.shape()), (None, &[][..]), "{bad:?}");
        }
    }
}
