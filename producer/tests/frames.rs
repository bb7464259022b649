//! `producer frames`: what goes in comes out, to the last byte.

mod common;

use std::fs;

use common::{Rings, as_images, attach_frames, hear_frames, ring_that, run};
use ringbuf_core::{AttachError, FrameReader, ReaderOptions};

#[test]
fn the_test_card_is_the_same_whoever_draws_it_where() {
    let card = |more: &[&str]| {
        let rings = Rings::new();
        let arguments = [
            "frames",
            "--test-card",
            "80x40",
            "--rate",
            "0",
            "--count",
            "50",
        ];
        let (frames, outcome) = hear_frames(&rings.ring("r"), &[&arguments, more].concat());
        assert!(outcome.status.success(), "{outcome:?}");
        assert_eq!(outcome.published(), 50);
        as_images(&frames)
    };
    let cards = card(&["--capacity", "3"]);
    assert!(cards.iter().all(|card| card.1 == [40, 80, 3]));
    assert!(
        cards
            .iter()
            .zip(&cards[1..])
            .all(|(one, next)| one.2 != next.2)
    );
    assert_eq!(cards, card(&["--in-place", "--arena", "64KiB"]));
    // Its number stands in the lowest row.
    let white =
        |card: &[u8], field: usize| card[card.len() - 240..][(field * 80).div_ceil(64) * 3] == 255;
    for (n, card) in cards.iter().enumerate() {
        let number = (0..64).fold(0, |number, field| {
            number << 1 | usize::from(white(&card.2, field))
        });
        assert_eq!(number, n);
    }
}

#[test]
fn a_file_of_any_kind_is_cut_up() {
    let rings = Rings::new();
    let bytes: Vec<u8> = (0..100_003_u32).map(|n| (n * 7 % 251) as u8).collect();
    let path = rings.path().join("any");
    fs::write(&path, &bytes).expect("writes");
    let path = path.display().to_string();
    for (name, more) in [
        ("a", &[][..]),
        ("b", &["--in-place"]),
        ("c", &["--capacity", "2"]),
    ] {
        let ring = rings.ring(name);
        let raw = ["frames", &path, "--raw", "4KiB", "--rate", "0"];
        let (frames, outcome) = hear_frames(&ring, &[&raw, more].concat());
        assert!(outcome.status.success(), "{outcome:?}");
        assert_eq!(frames.len(), 25);
        assert!(frames.iter().all(|frame| frame.header.element().is_none()));
        let whole: Vec<u8> = frames
            .iter()
            .flat_map(|frame| frame.bytes.clone())
            .collect();
        assert!(whole == bytes);
    }
}

#[test]
fn as_much_is_kept_as_was_asked_for() {
    let rings = Rings::new();
    let kept = |name: &str, more: &[&str]| {
        let ring = rings.ring(name);
        // 7680 bytes each, that are 120 times 64.
        let arguments = [
            "frames",
            "--test-card",
            "64x40",
            "--count",
            "40",
            "--ring",
            &ring,
        ];
        let outcome = run(&[&arguments, more].concat());
        assert!(outcome.status.success(), "{outcome:?}");
        let info = ring_that(&ring, |_| true);
        let frames = info.frames.expect("frames");
        (info.capacity, frames.arena_bytes, frames.kept_frames)
    };
    assert_eq!(
        kept("a", &["--rate", "0", "--capacity", "7"]),
        (7, 7 * 7680, 7)
    );
    assert_eq!(
        kept("b", &["--rate", "100", "--retain", "1s"]).1,
        100 * 7680
    );
    assert_eq!(
        kept("c", &["--rate", "0", "--arena", "64KiB"]),
        (128, 65536, 8)
    );
    assert_eq!(
        kept("d", &["--rate", "0", "--arena", "64KiB", "--capacity", "3"]),
        (3, 65536, 3)
    );
    // Of that size, or down to a quarter of it.
    assert_eq!(
        kept("e", &["--rate", "0"]),
        ((16 << 20) / 1920, 16 << 20, 40)
    );
    // It is continued as it is.
    assert_eq!(kept("a", &["--rate", "0"]), (7, 7 * 7680, 7));
    assert_eq!(ring_that(&rings.ring("a"), |_| true).published, 80);
}

#[test]
fn what_does_not_fit_is_refused_with_what_to_do() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let card = |size: &'static str| ["frames", "--test-card", size, "--count", "1", "--ring"];
    let made = run(&[&card("64x8")[..], &[&ring, "--capacity", "2"]].concat());
    assert!(made.status.success(), "{made:?}");
    let larger = run(&[&card("640x480")[..], &[&ring]].concat());
    assert_eq!(larger.status.code(), Some(1), "{larger:?}");
    for part in ["921600 bytes", "3072", "--arena", "--replace"] {
        assert!(larger.stderr.contains(part), "{part}: {larger:?}");
    }
    let small = run(&[
        &card("640x480")[..],
        &[&ring, "--arena", "64KiB", "--replace"],
    ]
    .concat());
    assert_eq!(small.status.code(), Some(1), "{small:?}");
    assert!(small.stderr.contains("frames of 65536"), "{small:?}");
    let left = ring_that(&ring, |_| true);
    assert_eq!((left.capacity, left.published, left.epoch), (2, 1, 1));
    let other = run(&[&card("64x8")[..], &[&ring, "--capacity", "3"]].concat());
    assert_eq!(other.status.code(), Some(1), "{other:?}");
    assert!(other.stderr.contains("--replace replaces it"), "{other:?}");
    let stdin = run(&["frames", "-", "--ring", &ring]);
    assert_eq!(stdin.status.code(), Some(2), "{stdin:?}");
    assert!(stdin.stderr.contains("--raw BYTES"), "{stdin:?}");
    let records = run(&["synth", "--ring", &ring, "--count", "1"]);
    assert_eq!(records.status.code(), Some(1), "{records:?}");
    for (wrong, expected) in [
        (
            vec!["frames", "/nowhere", "--raw", "5", "--ring", &ring],
            "/nowhere",
        ),
        (
            vec!["frames", "/dev", "--raw", "5", "--ring", &ring],
            "is a directory",
        ),
    ] {
        let outcome = run(&wrong);
        assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
        assert!(outcome.stderr.contains(expected), "{expected}: {outcome:?}");
    }
}

#[test]
fn a_ring_in_place_is_for_lossless_readers() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let arguments = [
        "frames",
        "--test-card",
        "64x8",
        "--count",
        "1",
        "--in-place",
        "--ring",
        &ring,
    ];
    assert!(run(&arguments).status.success());
    let lossy = FrameReader::attach(&ring, ReaderOptions::lossy());
    assert!(
        matches!(lossy, Err(AttachError::InPlace { .. })),
        "{lossy:?}"
    );
    drop(attach_frames(&ring));
}

#[cfg(not(feature = "images"))]
#[test]
fn a_picture_needs_a_program_that_reads_pictures() {
    let rings = Rings::new();
    let picture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/images/colour.jpg");
    let outcome = run(&["frames", picture, "--ring", &rings.ring("r")]);
    assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
    let text = "built without the feature images";
    assert_eq!(outcome.stderr.matches(text).count(), 1, "{outcome:?}");
    assert!(!rings.path().join("r.ring").exists());
}
