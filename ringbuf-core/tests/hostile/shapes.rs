//! Data files of the wrong length, version or content.

use ringbuf_core::{AttachError, FormatError, Reader, ReaderOptions, Retain};

use crate::refused::{Good, contents, refused};
use crate::support::{Numbers, Rings, limit};

/// A ring's data file has a header page, a page of words, the schema, and data from 64 KiB on.
const WHOLE: usize = 131_072;

#[test]
fn a_data_file_cut_short_anywhere_is_refused() {
    let rings = Rings::new();
    let mut bad = Good::new();
    assert_eq!(bad.ring.len(), WHOLE);
    let lengths = [
        0, 1, 7, 8, 9, 255, 256, 257, 4095, 4096, 4097, 8191, 8192, 8193, 8200, 65_535, 65_536,
        65_537, 65_543, 65_544, 131_071,
    ];
    for len in lengths.into_iter().rev() {
        bad.ring.truncate(len);
        bad.put(&rings);
        for problem in refused(&rings, &["cut short", &len.to_string()]).formats() {
            let expected = if len < 256 { 256 } else { WHOLE as u64 };
            let found = len as u64;
            assert_eq!(problem, FormatError::Truncated { found, expected });
        }
    }
}

#[test]
fn a_longer_data_file_is_a_ring_all_the_same() {
    let rings = Rings::new();
    let mut good = Good::new();
    good.ring.resize(WHOLE + 12_345, 0xFF);
    good.put(&rings);
    let options = ReaderOptions::lossless().from_oldest();
    let mut reader = Reader::<u64>::attach(&rings.reference("bad"), options).unwrap();
    assert_eq!(reader.poll().unwrap().unwrap().records(), [3]);
}

#[test]
fn a_readers_file_cut_short_anywhere_is_refused() {
    let rings = Rings::new();
    let mut bad = Good::new();
    for len in [24_575, 16_384, 8192, 4097, 4096, 257, 256, 255, 8, 1, 0] {
        bad.readers.truncate(len);
        bad.put(&rings);
        for problem in refused(&rings, &["cut short", &len.to_string()]).formats() {
            let expected = if len < 256 { 256 } else { 24_576 };
            let found = len as u64;
            assert_eq!(problem, FormatError::Truncated { found, expected });
        }
    }
}

#[test]
fn another_version_is_named() {
    let rings = Rings::new();
    for version in ['0', '2', '9', '\n'] {
        let mut bad = Good::new();
        bad.ring[7] = version as u8;
        bad.put(&rings);
        for problem in refused(&rings, &["format version", "version 1"]).formats() {
            let expected = '1';
            assert_eq!(
                problem,
                FormatError::Version {
                    found: version,
                    expected
                }
            );
        }
        let mut bad = Good::new();
        bad.readers[7] = version as u8;
        bad.put(&rings);
        refused(&rings, &["format version", "bad.readers"]);
    }
}

#[test]
fn what_is_no_ring_is_shown() {
    let rings = Rings::new();
    let mut bad = Good::new();
    bad.ring[..8].copy_from_slice(b"\x7fELF\x02\x01\x01\x00");
    bad.put(&rings);
    refused(
        &rings,
        &["not a ring", r"\x7fELF\x02\x01\x01\x00", "RINGBUF1"],
    );
    for text in ["time,value\n1,2\n", "\0"] {
        bad.ring = text.bytes().cycle().take(WHOLE).collect();
        bad.put(&rings);
        refused(&rings, &["not a ring"]);
    }
    let mut bad = Good::new();
    bad.readers = bad.ring.clone();
    bad.put(&rings);
    refused(&rings, &["not a ring", "RINGRDR1", "bad.readers"]);
}

#[test]
fn files_of_different_rings_are_not_one_ring() {
    let rings = Rings::new();
    let bad = Good {
        readers: Good::new().readers,
        ..Good::new()
    };
    bad.put(&rings);
    let problems = refused(&rings, &["different rings"]).formats();
    assert!(
        problems
            .iter()
            .all(|problem| *problem == FormatError::Mixed)
    );
}

#[test]
fn random_bytes_are_no_ring() {
    let _limit = limit();
    let rings = Rings::new();
    let mut numbers = Numbers::new(1);
    let good = Good::new();
    for round in 0..100 {
        let len = [300, 4096, 8192, 66_000, WHOLE as u64][round % 5];
        let mut bytes: Vec<u8> = (0..len).map(|_| numbers.next() as u8).collect();
        // Half of them begin well.
        if round % 2 == 0 {
            bytes[..16].copy_from_slice(&good.ring[..16]);
        }
        let bad = Good {
            ring: bytes,
            readers: good.readers.clone(),
        };
        bad.put(&rings);
        refused(&rings, &["bad.ring"]).formats();
    }
}

#[test]
fn half_a_ring_has_no_producer() {
    let rings = Rings::new();
    Good::new().put(&rings);
    std::fs::remove_file(rings.file("bad.readers")).unwrap();
    let ring = rings.reference("bad");
    let before = contents(rings.path());
    let error = Reader::<u64>::attach(&ring, ReaderOptions::lossless()).unwrap_err();
    assert!(
        matches!(error, AttachError::MayNotRegister { .. }),
        "{error}"
    );
    assert!(error.to_string().contains("bad.readers"), "{error}");
    // What was published can still be looked at.
    let options = ReaderOptions::lossy().from_oldest();
    let mut reader = Reader::<u64>::attach(&ring, options).unwrap();
    assert!(reader.is_observer());
    assert_eq!(reader.poll().unwrap().unwrap().records(), [3, 4, 5, 6, 7]);
    let error = ringbuf_core::Producer::<u64>::create(&ring, Retain::records(5)).unwrap_err();
    assert!(error.to_string().contains("in the way"), "{error}");
    assert!(contents(rings.path()) == before);

    // A lone readers' file is what a creator leaves that died: the next one takes it away.
    let rings = Rings::new();
    Good::new().put(&rings);
    std::fs::remove_file(rings.file("bad.ring")).unwrap();
    let ring = rings.reference("bad");
    let error = Reader::<u64>::attach(&ring, ReaderOptions::lossy()).unwrap_err();
    assert!(matches!(error, AttachError::NotFound { .. }), "{error}");
    let producer = ringbuf_core::Producer::<u64>::create(&ring, Retain::records(5)).unwrap();
    assert_eq!(producer.published(), 0);
    assert_eq!(rings.names(), ["bad.readers", "bad.ring"]);
}
