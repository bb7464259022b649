//! Headers with one wrong field and a checksum that fits it: somebody else's, or a newer version's.

use ringbuf_core::{CreateOptions, FormatError};

use crate::refused::{Errors, Good, refused, refused_as_frames};
use crate::support::Rings;

/// A field: its name in messages, its place, its length, and values that no ring like ours has.
type Case = (&'static str, usize, usize, &'static [u64]);

const RING: &[Case] = &[
    ("header_len", 12, 4, &[0, 255, 257, 4096, u32::MAX as u64]),
    ("file_len", 64, 8, &[0, 131_071, 131_073, 1 << 40, u64::MAX]),
    ("capacity", 72, 8, &[0, (1 << 46) + 1, 1 << 63, u64::MAX]),
    ("cells", 80, 8, &[0, 1, 4, 5, 7, 9, 16, 1 << 63, u64::MAX]),
    ("stride", 88, 4, &[0, (1 << 30) + 1, u32::MAX as u64]),
    ("word", 92, 4, &[0, 1, 2, 4, 16, u32::MAX as u64]),
    ("flags", 96, 4, &[3, 8, 1 << 31, u32::MAX as u64]),
    ("allow", 100, 4, &[0, 4, u32::MAX as u64]),
    ("allow_bound_ns", 104, 8, &[1, u64::MAX]),
    ("when_full", 112, 8, &[2, u64::MAX]),
    ("live_offset", 120, 8, &[0, 4095, 8192, 131_072, u64::MAX]),
    ("schema_offset", 128, 8, &[0, 4096, 65_536, u64::MAX]),
    ("schema_len", 136, 8, &[0, 1, 57_345, 1 << 62, u64::MAX]),
    ("stamps_offset", 144, 8, &[1, 65_536, u64::MAX]),
    ("data_offset", 152, 8, &[0, 4096, 65_535, 131_072, u64::MAX]),
    ("data_len", 160, 8, &[0, 64, 65_535, 131_072, u64::MAX]),
];

/// Of a ring of frames.
const FRAMES: &[Case] = &[
    ("arena_offset", 168, 8, &[0, 1, 65_536, 196_608, u64::MAX]),
    (
        "arena_len",
        176,
        8,
        &[0, 1, 63, 65, 1000, (1 << 46) + 64, 1 << 63, u64::MAX],
    ),
    ("stride", 88, 4, &[0, 8, 32, 128, u32::MAX as u64]),
    // With a mirror, and with flags of another time.
    ("flags", 96, 4, &[5, 7, 12, 1 << 31 | 4]),
    ("stamps_offset", 144, 8, &[1, 65_536, u64::MAX]),
    ("data_len", 160, 8, &[0, 512, 131_072, u64::MAX]),
    ("file_len", 64, 8, &[0, 131_072, 196_607, 262_144, u64::MAX]),
];

const READERS: &[Case] = &[
    ("header_len", 12, 4, &[0, 255, 257, u32::MAX as u64]),
    ("file_len", 32, 8, &[0, 24_575, 24_577, u64::MAX]),
    ("slots", 40, 4, &[0, 1, 63, 65, u32::MAX as u64]),
    ("slot_len", 44, 4, &[0, 255, 257, 512]),
    ("control_offset", 48, 8, &[0, 4095, 8192, u64::MAX]),
    ("slots_offset", 56, 8, &[0, 4096, 12_288, u64::MAX]),
];

fn set(bytes: &mut [u8], at: usize, len: usize, value: u64) {
    bytes[at..at + len].copy_from_slice(&value.to_le_bytes()[..len]);
}

fn number(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// Makes the checksum fit: over the header up to itself, and the schema.
fn sign(bytes: &mut [u8], schema: std::ops::Range<usize>) {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes[..252]);
    hasher.update(bytes.get(schema).unwrap_or_default());
    let checksum = hasher.finalize();
    set(bytes, 252, 4, u64::from(checksum));
}

fn sign_ring(bytes: &mut [u8]) {
    let len = number(bytes, 136).min(1 << 40) as usize;
    sign(bytes, 8192..8192 + len);
}

#[test]
fn signing_again_changes_nothing() {
    let mut good = Good::new();
    let (ring, readers) = (good.ring.clone(), good.readers.clone());
    sign_ring(&mut good.ring);
    sign(&mut good.readers, 0..0);
    assert!(good.ring == ring && good.readers == readers);
}

#[test]
fn every_field_of_the_ring_is_checked() {
    check_every_field(RING, Good::new, refused);
}

#[test]
fn every_field_of_a_ring_of_frames_is_checked() {
    check_every_field(FRAMES, good_frames, refused_as_frames);
}

fn good_frames() -> Good {
    Good::frames(&CreateOptions::default())
}

type Refused = fn(&Rings, &[&str]) -> Errors;

fn check_every_field(fields: &[Case], good: fn() -> Good, refused: Refused) {
    let rings = Rings::new();
    for (name, at, len, values) in fields {
        for value in *values {
            let mut bad = good();
            set(&mut bad.ring, *at, *len, *value);
            sign_ring(&mut bad.ring);
            bad.put(&rings);
            for problem in refused(&rings, &["bad.ring"]).formats() {
                let text = problem.to_string();
                let is_shown = text.contains(name)
                    && (text.contains(&value.to_string()) || text.contains(&format!("{value:#x}")));
                // A capacity or length that does not fit the others is noticed there.
                let is_noticed_elsewhere = matches!(problem, FormatError::Truncated { .. });
                assert!(is_shown || is_noticed_elsewhere, "{name} = {value}: {text}");
            }
        }
    }
}

/// Values for several fields: place, length, value.
type Change = &'static [(usize, usize, u64)];

fn changed(mut good: Good, change: Change) -> Good {
    for (at, len, value) in change {
        set(&mut good.ring, *at, *len, *value);
    }
    sign_ring(&mut good.ring);
    good
}

#[test]
fn fields_that_contradict_each_other_are_refused() {
    let rings = Rings::new();
    // Each value is possible in some ring, but not beside the others.
    let changes: [Change; 9] = [
        // A capacity without its cells.
        &[(72, 8, 16)],
        // Records of another size than in the schema, and of another word.
        &[(88, 4, 16)],
        &[(88, 4, 4), (92, 4, 4)],
        // A mirror that the record does not fit.
        &[(88, 4, 128), (96, 4, 1)],
        // Records written in place, and readers that copy them.
        &[(96, 4, 2), (100, 4, 1)],
        &[(96, 4, 2), (100, 4, 3), (104, 8, 50_000_000)],
        // More data than there can be, and more than there are.
        &[(72, 8, 1 << 45), (80, 8, 1 << 45)],
        &[
            (72, 8, 1 << 40),
            (80, 8, 1 << 40),
            (160, 8, 1 << 43),
            (64, 8, (1 << 43) + 65_536),
        ],
        // A schema cut short.
        &[(136, 8, 2)],
    ];
    for change in changes {
        changed(Good::new(), change).put(&rings);
        refused(&rings, &["bad.ring"]).formats();
    }
}

/// Each names the field that does not fit.
#[test]
fn an_arena_without_frames_and_frames_without_an_arena_are_refused() {
    let rings = Rings::new();
    let of_frames: [(Change, &str); 7] = [
        // The flag gone, and with it the arena.
        (&[(96, 4, 0)], "arena_len"),
        (&[(96, 4, 0), (176, 8, 0)], "arena_offset"),
        (&[(96, 4, 2)], "arena_len"),
        (&[(176, 8, 0), (168, 8, 0)], "arena_len"),
        // More than there is.
        (&[(176, 8, 128 << 10), (64, 8, 262_144)], "cut short"),
        // In place, and readers that copy.
        (&[(96, 4, 6), (100, 4, 1)], "allow"),
        // Descriptors of another size.
        (&[(88, 4, 128)], "stride"),
    ];
    for (change, part) in of_frames {
        changed(good_frames(), change).put(&rings);
        refused_as_frames(&rings, &["bad.ring", part]).formats();
    }
    let of_records: [(Change, &str); 4] = [
        (&[(96, 4, 4)], "arena_len"),
        // Records of 8 bytes are no descriptors.
        (&[(96, 4, 4), (176, 8, 1024)], "stride"),
        (&[(176, 8, 1024)], "arena_len"),
        (&[(168, 8, 131_072)], "arena_offset"),
    ];
    for (change, part) in of_records {
        changed(Good::new(), change).put(&rings);
        refused(&rings, &["bad.ring", part]).formats();
    }
}

#[test]
fn fields_that_agree_are_a_ring_whoever_wrote_them() {
    let rings = Rings::new();
    // Another capacity with the same cells, and one with its own.
    let changes: [(Change, u64); 2] = [(&[(72, 8, 6)], 6), (&[(72, 8, 9), (80, 8, 16)], 9)];
    for (change, capacity) in changes {
        changed(Good::new(), change).put(&rings);
        let info = ringbuf_core::inspect::info(&rings.reference("bad")).unwrap();
        assert_eq!(info.capacity, capacity);
    }
    // A shorter arena, and one with all there is in the file: what is kept lies elsewhere then, and may be anything.
    for arena in [64, 65_536] {
        let mut good = good_frames();
        set(&mut good.ring, 176, 8, arena);
        sign_ring(&mut good.ring);
        good.put(&rings);
        let info = ringbuf_core::inspect::info(&rings.reference("bad")).unwrap();
        assert_eq!(info.frames.unwrap().arena_bytes, arena);
    }
}

#[test]
fn every_field_of_the_readers_file_is_checked() {
    let rings = Rings::new();
    for (name, at, len, values) in READERS {
        for value in *values {
            let mut bad = Good::new();
            set(&mut bad.readers, *at, *len, *value);
            sign(&mut bad.readers, 0..0);
            bad.put(&rings);
            let value = value.to_string();
            refused(&rings, &["bad.readers", name, &value]).formats();
        }
    }
}

#[test]
fn a_wrong_checksum_is_refused() {
    let rings = Rings::new();
    // In the header, in the schema, in the checksum itself.
    for at in [20, 8192, 8200, 252, 255] {
        let mut bad = Good::new();
        bad.ring[at] ^= 0x10;
        bad.put(&rings);
        refused(&rings, &["bad.ring", "checksum"]).formats();
    }
    for at in [50, 252] {
        let mut bad = Good::new();
        bad.readers[at] ^= 0x10;
        bad.put(&rings);
        refused(&rings, &["bad.readers", "checksum"]).formats();
    }
}

#[test]
fn a_schema_that_is_none_is_refused() {
    let rings = Rings::new();
    let good = Good::new();
    let schema = good.ring[8192..8192 + number(&good.ring, 136) as usize].to_vec();
    let text = String::from_utf8(schema).unwrap();
    let broken = [
        String::from("{}"),
        String::from("[1, 2]"),
        "x".repeat(text.len()),
        "[".repeat(50_000),
        text.replace("<u8", ">u8"),
        text.replace("\"itemsize\":8", "\"itemsize\":9"),
        text.replace("\"offsets\":[0]", "\"offsets\":[4]"),
        text.replace("\"value\"", "\"\""),
        text.replace("<u8", "|S4000000000"),
    ];
    for schema in broken {
        assert_ne!(schema, text);
        let mut bad = Good::new();
        bad.ring[8192..65_536].fill(0);
        bad.ring[8192..8192 + schema.len()].copy_from_slice(schema.as_bytes());
        set(&mut bad.ring, 136, 8, schema.len() as u64);
        sign_ring(&mut bad.ring);
        bad.put(&rings);
        for problem in refused(&rings, &["bad.ring"]).formats() {
            assert!(matches!(problem, FormatError::Schema(_)), "{problem}");
        }
    }
}
