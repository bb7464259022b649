//! The two static headers: written once at creation, read once at attach, into a copy that is checked
//! field by field. `docs/FORMAT.md` is the authority.

use static_assertions::const_assert;

use crate::layout::{
    Control, DESCRIPTOR_BYTES, FRAME_ALIGN, Geometry, MIRROR_BYTES, SLOTS, word_size,
};
use crate::options::{Delivery, WhenFull};
use crate::sequence;

/// The first page of either file is its header.
pub(crate) const PAGE: u64 = 4096;
/// Data begin, and the files end, on a multiple of this: the largest page size in use.
pub(crate) const BLOCK: u64 = 65536;
/// Where the producer's words begin in `NAME.ring`.
pub(crate) const LIVE_OFFSET: u64 = PAGE;
/// Where the schema begins in `NAME.ring`.
pub(crate) const SCHEMA_OFFSET: u64 = 2 * PAGE;
/// The longest schema: what is left in front of the data.
pub(crate) const SCHEMA_MAX: u64 = BLOCK - SCHEMA_OFFSET;
/// Where the readers' words begin in `NAME.readers`.
pub(crate) const CONTROL_OFFSET: u64 = PAGE;
/// The length of `NAME.readers`.
pub(crate) const READERS_LEN: u64 = CONTROL_OFFSET + size_of::<Control>() as u64;
/// The largest data area: sizes stay exact in every number type a tool may use.
pub(crate) const DATA_MAX: u64 = 1 << 46;

/// Bytes that the checksum covers, and where it stands.
const CHECKED: usize = 252;
/// Bytes of a header that mean anything; the rest of the page is zeros.
pub(crate) const HEADER_LEN: usize = 256;

/// The last digit is the major version of the format.
const RING_MAGIC: [u8; 8] = *b"RINGBUF1";
pub(crate) const FORMAT_VERSION: u32 = (RING_MAGIC[7] - b'0') as u32;
pub(crate) const READERS_MAGIC: [u8; 8] = *b"RINGRDR1";
const MINOR: u32 = 0;

/// The newest record is mirrored beside the indices.
const FLAG_MIRROR: u32 = 1;
/// Claims are written where they lie: lossless readers alone may read.
const FLAG_IN_PLACE: u32 = 2;
/// The records describe frames, whose payloads lie in an arena.
const FLAG_FRAMES: u32 = 4;
/// Flags this version knows; a file with any other was made for a newer one.
const KNOWN_FLAGS: u32 = FLAG_MIRROR | FLAG_IN_PLACE | FLAG_FRAMES;

/// Where the fields stand. The same table as in `docs/FORMAT.md`, compared by a test.
mod at {
    pub(super) const MAGIC: usize = 0;
    pub(super) const MINOR: usize = 8;
    pub(super) const HEADER_LEN: usize = 12;
    pub(super) const RING_ID: usize = 16;

    pub(super) const BOOT_ID: usize = 32;
    pub(super) const CREATED_NS: usize = 48;
    pub(super) const CLOCK_OFFSET_NS: usize = 56;
    pub(super) const FILE_LEN: usize = 64;
    pub(super) const CAPACITY: usize = 72;
    pub(super) const CELLS: usize = 80;
    pub(super) const STRIDE: usize = 88;
    pub(super) const WORD: usize = 92;
    pub(super) const FLAGS: usize = 96;
    pub(super) const ALLOW: usize = 100;
    pub(super) const ALLOW_BOUND_NS: usize = 104;
    pub(super) const WHEN_FULL: usize = 112;
    pub(super) const LIVE_OFFSET: usize = 120;
    pub(super) const SCHEMA_OFFSET: usize = 128;
    pub(super) const SCHEMA_LEN: usize = 136;
    pub(super) const STAMPS_OFFSET: usize = 144;
    pub(super) const DATA_OFFSET: usize = 152;
    pub(super) const DATA_LEN: usize = 160;
    pub(super) const ARENA_OFFSET: usize = 168;
    pub(super) const ARENA_LEN: usize = 176;

    pub(super) const READERS_FILE_LEN: usize = 32;
    pub(super) const SLOTS: usize = 40;
    pub(super) const SLOT_LEN: usize = 44;
    pub(super) const CONTROL_OFFSET: usize = 48;
    pub(super) const SLOTS_OFFSET: usize = 56;

    pub(super) const CHECKSUM: usize = 252;
}

const_assert!(at::ARENA_LEN + 8 <= CHECKED);
const_assert!(at::SLOTS_OFFSET + 8 <= CHECKED);
const_assert!(at::CHECKSUM == CHECKED && at::CHECKSUM + 4 == HEADER_LEN);
const_assert!(READERS_LEN == 24576);

/// What is wrong with a file that should be a ring.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The file is shorter than what it must hold.
    #[error(
        "it is cut short: found {found} bytes, expected {expected}; remove it and create the ring anew"
    )]
    Truncated {
        /// Bytes in the file.
        found: u64,
        /// Bytes its header, or any ring, needs.
        expected: u64,
    },
    /// It does not begin as a ring does.
    #[error(
        "it is not a ring: it begins with {found}, expected {expected:?}; is this the right file?"
    )]
    NotARing {
        /// The first eight bytes, printable.
        found: String,
        /// The magic of this kind of file.
        expected: &'static str,
    },
    /// It was made by another major version.
    #[error(
        "it has format version {}, this program reads version {expected}; use the program that made it, \
         or create the ring anew", .found.escape_default()
    )]
    Version {
        /// Major version in the file.
        found: char,
        /// Major version this program reads.
        expected: char,
    },
    /// It uses something a newer version has added.
    #[error(
        "it uses {what} = {found:#x}, which this version does not know; use the program that made it, or a \
         newer one"
    )]
    Unknown {
        /// The header's field.
        what: &'static str,
        /// Its value.
        found: u64,
    },
    /// The checksum does not fit.
    #[error(
        "its header is damaged: checksum {found:#010x}, expected {expected:#010x}; remove it and create the \
         ring anew"
    )]
    Checksum {
        /// As stored.
        found: u32,
        /// As computed.
        expected: u32,
    },
    /// A field has a value that no ring has.
    #[error(
        "its header is damaged: {what} is {found}, expected {expected}; remove it and create the ring anew"
    )]
    Field {
        /// The header's field.
        what: &'static str,
        /// Its value.
        found: u64,
        /// What it should be.
        expected: String,
    },
    /// The schema stored in it is not one.
    #[error("its schema is damaged: {0}; remove it and create the ring anew")]
    Schema(String),
    /// The two files belong to different rings.
    #[error(
        "NAME.ring and NAME.readers belong to different rings; remove both and create the ring anew"
    )]
    Mixed,
    /// The newest frame lies where none can.
    #[error(
        "its newest frame is damaged: it lies outside the arena, across its end, or close to byte 2^62 of the ring; \
         remove it and create the ring anew"
    )]
    Frame,
    /// The producer's indices contradict each other.
    #[error(
        "its indices are damaged: published {published}, claimed {claimed}, capacity {capacity}; expected \
         published at most claimed, claimed at most a capacity further, and both far from 2^61; remove it and \
         create the ring anew"
    )]
    Indices {
        /// Next sequence to be published.
        published: u64,
        /// How far the producer may have begun to write.
        claimed: u64,
        /// Records kept.
        capacity: u64,
    },
}

/// The static header of `NAME.ring`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RingHeader {
    pub(crate) ring_id: [u8; 16],
    pub(crate) boot_id: [u8; 16],
    pub(crate) created_ns: i64,
    /// Wall time minus monotonic time at creation.
    pub(crate) clock_offset_ns: i64,
    pub(crate) geometry: Geometry,
    /// The most demanding delivery a reader may ask for.
    pub(crate) allow: Delivery,
    pub(crate) when_full: WhenFull,
    pub(crate) schema_len: u64,
}

impl RingHeader {
    pub(crate) fn data_offset(&self) -> u64 {
        BLOCK
    }

    /// Length of the data area: whole blocks.
    pub(crate) fn data_len(&self) -> u64 {
        self.geometry.data_len().next_multiple_of(BLOCK)
    }

    /// Where the publication times begin: behind the data; 0 if there are none.
    pub(crate) fn stamps_offset(&self) -> u64 {
        if self.geometry.stamped {
            self.data_offset() + self.data_len()
        } else {
            0
        }
    }

    /// Where the payloads of frames begin: behind all else; 0 if there are none.
    pub(crate) fn arena_offset(&self) -> u64 {
        match self.geometry.arena {
            0 => 0,
            _ => self.records_end(),
        }
    }

    /// Length of the whole file: whole blocks.
    pub(crate) fn file_len(&self) -> u64 {
        self.records_end() + self.geometry.arena.next_multiple_of(BLOCK)
    }

    /// The end of the records and their publication times.
    fn records_end(&self) -> u64 {
        let stamps_len = self.geometry.stamps_len().next_multiple_of(BLOCK);
        self.data_offset() + self.data_len() + stamps_len
    }

    /// The bytes of the header; the checksum covers the schema too.
    pub(crate) fn encode(&self, schema: &[u8]) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        put(&mut bytes, at::MAGIC, RING_MAGIC);
        put(&mut bytes, at::MINOR, MINOR.to_le_bytes());
        put(
            &mut bytes,
            at::HEADER_LEN,
            (HEADER_LEN as u32).to_le_bytes(),
        );
        put(&mut bytes, at::RING_ID, self.ring_id);
        put(&mut bytes, at::BOOT_ID, self.boot_id);
        put(&mut bytes, at::CREATED_NS, self.created_ns.to_le_bytes());
        put(
            &mut bytes,
            at::CLOCK_OFFSET_NS,
            self.clock_offset_ns.to_le_bytes(),
        );
        put(&mut bytes, at::FILE_LEN, self.file_len().to_le_bytes());
        put(
            &mut bytes,
            at::CAPACITY,
            self.geometry.capacity.to_le_bytes(),
        );
        put(&mut bytes, at::CELLS, self.geometry.cells.to_le_bytes());
        put(
            &mut bytes,
            at::STRIDE,
            (self.geometry.stride as u32).to_le_bytes(),
        );
        put(
            &mut bytes,
            at::WORD,
            (self.geometry.word as u32).to_le_bytes(),
        );
        put(&mut bytes, at::FLAGS, flags(&self.geometry).to_le_bytes());
        put(&mut bytes, at::ALLOW, self.allow.code().to_le_bytes());
        put(
            &mut bytes,
            at::ALLOW_BOUND_NS,
            self.allow.bound_ns().to_le_bytes(),
        );
        put(
            &mut bytes,
            at::WHEN_FULL,
            self.when_full.code().to_le_bytes(),
        );
        put(
            &mut bytes,
            at::STAMPS_OFFSET,
            self.stamps_offset().to_le_bytes(),
        );
        put(&mut bytes, at::LIVE_OFFSET, LIVE_OFFSET.to_le_bytes());
        put(&mut bytes, at::SCHEMA_OFFSET, SCHEMA_OFFSET.to_le_bytes());
        put(&mut bytes, at::SCHEMA_LEN, self.schema_len.to_le_bytes());
        put(
            &mut bytes,
            at::DATA_OFFSET,
            self.data_offset().to_le_bytes(),
        );
        put(&mut bytes, at::DATA_LEN, self.data_len().to_le_bytes());
        put(
            &mut bytes,
            at::ARENA_OFFSET,
            self.arena_offset().to_le_bytes(),
        );
        put(&mut bytes, at::ARENA_LEN, self.geometry.arena.to_le_bytes());
        let checksum = checksum(&bytes, schema);
        put(&mut bytes, at::CHECKSUM, checksum.to_le_bytes());
        bytes
    }

    /// Checks everything that can be checked without the schema; see [`check_schema`].
    pub(crate) fn decode(
        bytes: &[u8; HEADER_LEN],
        file_len: u64,
    ) -> Result<RingHeader, FormatError> {
        check_magic(bytes, RING_MAGIC, "RINGBUF1")?;
        let flags = u32_at(bytes, at::FLAGS);
        if flags & !KNOWN_FLAGS != 0 {
            return Err(unknown("flags", u64::from(flags)));
        }
        let geometry = decode_geometry(bytes, flags)?;
        let allow = u64::from(u32_at(bytes, at::ALLOW));
        let bound_ns = u64_at(bytes, at::ALLOW_BOUND_NS);
        let allow = Delivery::from_code(allow, bound_ns).ok_or(unknown("allow", allow))?;
        exactly("allow_bound_ns", bound_ns, allow.bound_ns())?;
        let fits = !geometry.in_place || allow == Delivery::Lossless;
        field("allow", u64::from(allow.code()), fits, || {
            format!(
                "{} (lossless) where records are written in place",
                Delivery::Lossless.code()
            )
        })?;
        let when_full = u64_at(bytes, at::WHEN_FULL);
        let when_full = WhenFull::from_code(when_full).ok_or(unknown("when_full", when_full))?;
        let schema_len = u64_at(bytes, at::SCHEMA_LEN);
        field(
            "schema_len",
            schema_len,
            (2..=SCHEMA_MAX).contains(&schema_len),
            || format!("2 to {SCHEMA_MAX}"),
        )?;
        let header = RingHeader {
            ring_id: array_at(bytes, at::RING_ID),
            boot_id: array_at(bytes, at::BOOT_ID),
            created_ns: u64_at(bytes, at::CREATED_NS).cast_signed(),
            clock_offset_ns: u64_at(bytes, at::CLOCK_OFFSET_NS).cast_signed(),
            geometry,
            allow,
            when_full,
            schema_len,
        };
        exactly("live_offset", u64_at(bytes, at::LIVE_OFFSET), LIVE_OFFSET)?;
        exactly(
            "schema_offset",
            u64_at(bytes, at::SCHEMA_OFFSET),
            SCHEMA_OFFSET,
        )?;
        exactly(
            "data_offset",
            u64_at(bytes, at::DATA_OFFSET),
            header.data_offset(),
        )?;
        exactly("data_len", u64_at(bytes, at::DATA_LEN), header.data_len())?;
        exactly(
            "stamps_offset",
            u64_at(bytes, at::STAMPS_OFFSET),
            header.stamps_offset(),
        )?;
        exactly(
            "arena_offset",
            u64_at(bytes, at::ARENA_OFFSET),
            header.arena_offset(),
        )?;
        exactly("file_len", u64_at(bytes, at::FILE_LEN), header.file_len())?;
        if file_len < header.file_len() {
            return Err(FormatError::Truncated {
                found: file_len,
                expected: header.file_len(),
            });
        }
        Ok(header)
    }
}

fn flags(geometry: &Geometry) -> u32 {
    let flag = |is_set: bool, flag: u32| if is_set { flag } else { 0 };
    flag(geometry.mirror, FLAG_MIRROR)
        | flag(geometry.in_place, FLAG_IN_PLACE)
        | flag(geometry.arena > 0, FLAG_FRAMES)
}

fn decode_geometry(bytes: &[u8; HEADER_LEN], flags: u32) -> Result<Geometry, FormatError> {
    let capacity = u64_at(bytes, at::CAPACITY);
    field(
        "capacity",
        capacity,
        (1..=DATA_MAX).contains(&capacity),
        || format!("1 to {DATA_MAX}"),
    )?;
    exactly(
        "cells",
        u64_at(bytes, at::CELLS),
        sequence::cells_for(capacity),
    )?;
    let stride = u64::from(u32_at(bytes, at::STRIDE));
    field("stride", stride, (1..=1 << 30).contains(&stride), || {
        "1 to 2^30".into()
    })?;
    let word = u64::from(u32_at(bytes, at::WORD));
    exactly("word", word, word_size(stride as usize) as u64)?;
    let geometry = Geometry {
        capacity,
        cells: sequence::cells_for(capacity),
        stride: stride as usize,
        word: word as usize,
        mirror: flags & FLAG_MIRROR != 0,
        stamped: u64_at(bytes, at::STAMPS_OFFSET) != 0,
        in_place: flags & FLAG_IN_PLACE != 0,
        arena: u64_at(bytes, at::ARENA_LEN),
    };
    check_frames(&geometry, flags)?;
    let fits = !(geometry.mirror && geometry.in_place);
    field("flags", u64::from(flags), fits, || {
        "no mirror where records are written in place".into()
    })?;
    let data = u128::from(geometry.cells) * u128::from(stride);
    field("capacity", capacity, data <= u128::from(DATA_MAX), || {
        format!("at most {} records of {stride} bytes", DATA_MAX / stride)
    })?;
    let fits = !geometry.mirror || geometry.stride <= MIRROR_BYTES;
    field("stride", stride, fits, || {
        format!("at most {MIRROR_BYTES} with a mirror")
    })?;
    Ok(geometry)
}

/// That there is an arena where there are frames, and nowhere else.
fn check_frames(geometry: &Geometry, flags: u32) -> Result<(), FormatError> {
    if flags & FLAG_FRAMES == 0 {
        return exactly("arena_len", geometry.arena, 0);
    }
    let is_length =
        geometry.arena.is_multiple_of(FRAME_ALIGN) && (1..=DATA_MAX).contains(&geometry.arena);
    field("arena_len", geometry.arena, is_length, || {
        format!("{FRAME_ALIGN} to {DATA_MAX}, a multiple of {FRAME_ALIGN}")
    })?;
    let stride = geometry.stride as u64;
    field(
        "stride",
        stride,
        geometry.stride == DESCRIPTOR_BYTES,
        || format!("{DESCRIPTOR_BYTES}, the size of a frame's descriptor"),
    )?;
    field("flags", u64::from(flags), !geometry.mirror, || {
        "no mirror in a ring of frames".into()
    })
}

/// The checksum over the header and the schema behind it.
pub(crate) fn check_schema(bytes: &[u8; HEADER_LEN], schema: &[u8]) -> Result<(), FormatError> {
    let found = u32_at(bytes, at::CHECKSUM);
    let expected = checksum(bytes, schema);
    if found != expected {
        return Err(FormatError::Checksum { found, expected });
    }
    Ok(())
}

/// The header of `NAME.readers`.
pub(crate) fn encode_readers(ring_id: [u8; 16]) -> [u8; HEADER_LEN] {
    let mut bytes = [0; HEADER_LEN];
    put(&mut bytes, at::MAGIC, READERS_MAGIC);
    put(&mut bytes, at::MINOR, MINOR.to_le_bytes());
    put(
        &mut bytes,
        at::HEADER_LEN,
        (HEADER_LEN as u32).to_le_bytes(),
    );
    put(&mut bytes, at::RING_ID, ring_id);
    put(&mut bytes, at::READERS_FILE_LEN, READERS_LEN.to_le_bytes());
    put(&mut bytes, at::SLOTS, (SLOTS as u32).to_le_bytes());
    put(&mut bytes, at::SLOT_LEN, 256_u32.to_le_bytes());
    put(&mut bytes, at::CONTROL_OFFSET, CONTROL_OFFSET.to_le_bytes());
    put(
        &mut bytes,
        at::SLOTS_OFFSET,
        (CONTROL_OFFSET + PAGE).to_le_bytes(),
    );
    let checksum = checksum(&bytes, &[]);
    put(&mut bytes, at::CHECKSUM, checksum.to_le_bytes());
    bytes
}

/// Checks that a file begins as a `NAME.readers` does.
pub(crate) fn check_readers_magic(bytes: &[u8; HEADER_LEN]) -> Result<(), FormatError> {
    check_magic(bytes, READERS_MAGIC, "RINGRDR1")
}

/// Checks the header of `NAME.readers` against the ring it should belong to.
pub(crate) fn check_readers(
    bytes: &[u8; HEADER_LEN],
    file_len: u64,
    ring_id: [u8; 16],
) -> Result<(), FormatError> {
    check_readers_magic(bytes)?;
    check_schema(bytes, &[])?;
    if array_at(bytes, at::RING_ID) != ring_id {
        return Err(FormatError::Mixed);
    }
    exactly("file_len", u64_at(bytes, at::READERS_FILE_LEN), READERS_LEN)?;
    exactly("slots", u64::from(u32_at(bytes, at::SLOTS)), SLOTS as u64)?;
    exactly("slot_len", u64::from(u32_at(bytes, at::SLOT_LEN)), 256)?;
    exactly(
        "control_offset",
        u64_at(bytes, at::CONTROL_OFFSET),
        CONTROL_OFFSET,
    )?;
    exactly(
        "slots_offset",
        u64_at(bytes, at::SLOTS_OFFSET),
        CONTROL_OFFSET + PAGE,
    )?;
    if file_len < READERS_LEN {
        return Err(FormatError::Truncated {
            found: file_len,
            expected: READERS_LEN,
        });
    }
    Ok(())
}

fn check_magic(
    bytes: &[u8; HEADER_LEN],
    magic: [u8; 8],
    expected: &'static str,
) -> Result<(), FormatError> {
    let found: [u8; 8] = array_at(bytes, at::MAGIC);
    if found[..7] != magic[..7] {
        return Err(FormatError::NotARing {
            found: format!("\"{}\"", found.escape_ascii()),
            expected,
        });
    }
    if found != magic {
        return Err(FormatError::Version {
            found: char::from(found[7]),
            expected: char::from(magic[7]),
        });
    }
    exactly(
        "header_len",
        u64::from(u32_at(bytes, at::HEADER_LEN)),
        HEADER_LEN as u64,
    )
}

fn unknown(what: &'static str, found: u64) -> FormatError {
    FormatError::Unknown { what, found }
}

fn field(
    what: &'static str,
    found: u64,
    is_right: bool,
    expected: impl FnOnce() -> String,
) -> Result<(), FormatError> {
    if is_right {
        Ok(())
    } else {
        Err(FormatError::Field {
            what,
            found,
            expected: expected(),
        })
    }
}

fn exactly(what: &'static str, found: u64, expected: u64) -> Result<(), FormatError> {
    field(what, found, found == expected, || expected.to_string())
}

fn checksum(header: &[u8; HEADER_LEN], schema: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&header[..CHECKED]);
    hasher.update(schema);
    hasher.finalize()
}

fn put<const N: usize>(bytes: &mut [u8; HEADER_LEN], at: usize, value: [u8; N]) {
    bytes[at..at + N].copy_from_slice(&value);
}

fn array_at<const N: usize>(bytes: &[u8; HEADER_LEN], at: usize) -> [u8; N] {
    std::array::from_fn(|i| bytes[at + i])
}

fn u32_at(bytes: &[u8; HEADER_LEN], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

fn u64_at(bytes: &[u8; HEADER_LEN], at: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, at))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn header() -> RingHeader {
        RingHeader {
            ring_id: [7; 16],
            boot_id: [9; 16],
            created_ns: -5,
            clock_offset_ns: 123,
            geometry: Geometry::new(5, 20, true),
            allow: Delivery::Lossless,
            when_full: WhenFull::Wait,
            schema_len: 2,
        }
    }

    #[test]
    fn a_header_survives_its_bytes() {
        let bytes = header().encode(b"{}");
        assert_eq!(
            RingHeader::decode(&bytes, header().file_len()),
            Ok(header())
        );
        assert_eq!(check_schema(&bytes, b"{}"), Ok(()));
        assert!(matches!(
            check_schema(&bytes, b"[]"),
            Err(FormatError::Checksum { .. })
        ));
    }

    /// Nothing that copies may be let in, and nobody would write or read the mirror.
    #[test]
    fn what_is_written_in_place_is_for_lossless_readers_alone() {
        let header = RingHeader {
            geometry: header().geometry.in_place(true),
            ..header()
        };
        let decode =
            |header: &RingHeader| RingHeader::decode(&header.encode(b"{}"), header.file_len());
        assert_eq!(decode(&header), Ok(header.clone()));
        assert!(!header.geometry.mirror && header.geometry.in_place);
        assert_eq!(u32_at(&header.encode(b"{}"), 96), 2);
        for allow in [Delivery::Lossy, Delivery::Bounded(Duration::from_millis(5))] {
            let error = decode(&RingHeader {
                allow,
                ..header.clone()
            })
            .unwrap_err();
            assert!(
                matches!(error, FormatError::Field { what: "allow", .. }),
                "{error}"
            );
        }
        let mirror = Geometry {
            mirror: true,
            ..header.geometry
        };
        let error = decode(&RingHeader {
            geometry: mirror,
            ..header.clone()
        })
        .unwrap_err();
        assert!(
            matches!(
                error,
                FormatError::Field {
                    what: "flags",
                    found: 3,
                    ..
                }
            ),
            "{error}"
        );
    }

    fn of_frames() -> RingHeader {
        RingHeader {
            geometry: Geometry::frames(1100, 65_536 + 64).stamped(true),
            ..header()
        }
    }

    /// Data, publication times and arena are whole blocks, one behind the other.
    #[test]
    fn an_arena_lies_behind_all_else() {
        let header = of_frames();
        let bytes = header.encode(b"{}");
        let decoded = RingHeader::decode(&bytes, header.file_len());
        assert_eq!(decoded.as_ref(), Ok(&header));
        assert_eq!(u32_at(&bytes, 96), 4);
        let block = 65_536;
        for (at, expected) in [
            (152, block),
            (160, 2 * block),
            (144, 3 * block),
            (168, 4 * block),
            (176, block + 64),
            (64, 6 * block),
        ] {
            assert_eq!(u64_at(&bytes, at), expected, "at {at}");
        }
        let in_place = RingHeader {
            geometry: header.geometry.in_place(true),
            ..header
        };
        let bytes = in_place.encode(b"{}");
        assert_eq!(u32_at(&bytes, 96), 6);
        assert_eq!(
            RingHeader::decode(&bytes, in_place.file_len()),
            Ok(in_place)
        );
    }

    #[test]
    fn there_is_an_arena_where_there_are_frames_and_nowhere_else() {
        let with = |header: RingHeader, at: usize, value: u64| {
            let mut bytes = header.encode(b"{}");
            put(&mut bytes, at, value.to_le_bytes());
            RingHeader::decode(&bytes, u64::MAX)
        };
        let geometry = |geometry: Geometry| RingHeader {
            geometry,
            ..header()
        };
        let frames = of_frames().geometry;
        let wide = Geometry {
            stride: 72,
            ..frames
        };
        let mirrored = Geometry {
            mirror: true,
            ..frames
        };
        for (what, found) in [
            ("arena_len", with(of_frames(), at::ARENA_LEN, 0)),
            ("arena_len", with(of_frames(), at::ARENA_LEN, 63)),
            ("arena_len", with(of_frames(), at::ARENA_LEN, 65)),
            ("arena_len", with(of_frames(), at::ARENA_LEN, DATA_MAX + 64)),
            ("arena_len", with(header(), at::ARENA_LEN, 64)),
            ("arena_offset", with(header(), at::ARENA_OFFSET, 64)),
            ("arena_offset", with(of_frames(), at::ARENA_OFFSET, 0)),
            ("file_len", with(of_frames(), at::ARENA_LEN, 64)),
            ("stride", with(geometry(wide), at::MINOR, 256 << 32)),
            ("flags", with(geometry(mirrored), at::MINOR, 256 << 32)),
        ] {
            let error = found.unwrap_err();
            assert!(
                matches!(error, FormatError::Field { what: field, .. } if field == what),
                "{what}: {error}"
            );
        }
        let most = with(of_frames(), at::ARENA_LEN, DATA_MAX).unwrap_err();
        assert!(
            matches!(
                most,
                FormatError::Field {
                    what: "file_len",
                    ..
                }
            ),
            "{most}"
        );
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        for header in [header(), of_frames()] {
            let good = header.encode(b"{}");
            for bit in 0..HEADER_LEN * 8 {
                let mut bytes = good;
                bytes[bit / 8] ^= 1 << (bit % 8);
                let checked = RingHeader::decode(&bytes, header.file_len())
                    .and_then(|_| check_schema(&bytes, b"{}"));
                assert!(checked.is_err(), "bit {bit} was flipped and nobody noticed");
            }
        }
        let good = encode_readers([7; 16]);
        for bit in 0..HEADER_LEN * 8 {
            let mut bytes = good;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(
                check_readers(&bytes, READERS_LEN, [7; 16]).is_err(),
                "bit {bit}"
            );
        }
    }

    #[test]
    fn errors_say_what_was_found() {
        let mut bytes = header().encode(b"{}");
        bytes[7] = b'9';
        let error = RingHeader::decode(&bytes, header().file_len()).unwrap_err();
        assert_eq!(
            error,
            FormatError::Version {
                found: '9',
                expected: '1'
            }
        );
        bytes[0] = b'\n';
        let error = RingHeader::decode(&bytes, header().file_len()).unwrap_err();
        assert!(error.to_string().contains(r"\nINGBUF9"), "{error}");
        let bytes = header().encode(b"{}");
        let error = RingHeader::decode(&bytes, 100).unwrap_err();
        assert_eq!(
            error,
            FormatError::Truncated {
                found: 100,
                expected: 131_072
            }
        );
        assert_eq!(
            check_readers(&encode_readers([1; 16]), READERS_LEN, [2; 16]),
            Err(FormatError::Mixed)
        );
    }

    /// The document is the authority: every field of its two tables stands where the code looks for it.
    #[test]
    fn the_document_says_the_same() {
        let document = include_str!("../../../docs/FORMAT.md");
        let tables = document.split("### Static header").skip(1);
        let ring = [
            ("magic", at::MAGIC),
            ("minor", at::MINOR),
            ("header_len", at::HEADER_LEN),
            ("ring_id", at::RING_ID),
            ("boot_id", at::BOOT_ID),
            ("created_ns", at::CREATED_NS),
            ("clock_offset_ns", at::CLOCK_OFFSET_NS),
            ("file_len", at::FILE_LEN),
            ("capacity", at::CAPACITY),
            ("cells", at::CELLS),
            ("stride", at::STRIDE),
            ("word", at::WORD),
            ("flags", at::FLAGS),
            ("allow", at::ALLOW),
            ("allow_bound_ns", at::ALLOW_BOUND_NS),
            ("when_full", at::WHEN_FULL),
            ("live_offset", at::LIVE_OFFSET),
            ("schema_offset", at::SCHEMA_OFFSET),
            ("schema_len", at::SCHEMA_LEN),
            ("stamps_offset", at::STAMPS_OFFSET),
            ("data_offset", at::DATA_OFFSET),
            ("data_len", at::DATA_LEN),
            ("arena_offset", at::ARENA_OFFSET),
            ("arena_len", at::ARENA_LEN),
            ("checksum", at::CHECKSUM),
        ];
        let readers = [
            ("magic", at::MAGIC),
            ("minor", at::MINOR),
            ("header_len", at::HEADER_LEN),
            ("ring_id", at::RING_ID),
            ("readers_file_len", at::READERS_FILE_LEN),
            ("slots", at::SLOTS),
            ("slot_len", at::SLOT_LEN),
            ("control_offset", at::CONTROL_OFFSET),
            ("slots_offset", at::SLOTS_OFFSET),
            ("checksum", at::CHECKSUM),
        ];
        for (table, fields) in tables.zip([&ring[..], &readers[..]]) {
            let table = table.split("\n#").next().unwrap();
            let documented: Vec<(&str, usize)> = table
                .lines()
                .filter_map(|line| {
                    let mut cells = line.split('|').map(str::trim).skip(1);
                    let offset = cells.next()?.parse().ok()?;
                    let name = cells.nth(1)?.strip_prefix('`')?.strip_suffix('`')?;
                    Some((name, offset))
                })
                .collect();
            assert_eq!(documented, fields);
        }
    }

    #[test]
    fn words_are_the_largest_that_divide_the_record() {
        assert_eq!(
            [1, 2, 3, 4, 6, 8, 12, 16, 24, 100].map(word_size),
            [1, 2, 1, 4, 2, 8, 4, 8, 8, 4]
        );
    }
}
