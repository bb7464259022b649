//! `producer frames`: what goes in comes out, to the last byte.

mod common;

use std::fs::{self, File};

use common::{HeardFrame, Rings, attach_frames, hear_frames, ring_that, run};
use ringbuf_core::{AttachError, Element, FrameReader, ReaderOptions};

/// What its elements are, its shape and its bytes.
type Image = (Element, [usize; 3], Vec<u8>);

/// Writes a PNG of these pixels, the most significant byte first.
fn png(rings: &Rings, name: &str, (colour, depth): (png::ColorType, png::BitDepth), bytes: &[u8]) {
    let file = File::create(rings.path().join("images").join(name)).expect("a file");
    let mut encoder = png::Encoder::new(file, 3, 2);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(bytes).expect("data");
}

/// Three images, a recording of one and something else; and what they hold.
fn images(rings: &Rings) -> (String, Vec<Image>) {
    use png::{BitDepth, ColorType};
    let directory = rings.path().join("images");
    fs::create_dir(&directory).expect("a directory");
    let bytes: Vec<u8> = (100..136).collect();
    png(
        rings,
        "b.png",
        (ColorType::Rgb, BitDepth::Eight),
        &bytes[..18],
    );
    png(
        rings,
        "a.png",
        (ColorType::Grayscale, BitDepth::Eight),
        &bytes[..6],
    );
    png(rings, "c.PNG", (ColorType::Rgb, BitDepth::Sixteen), &bytes);
    fs::write(directory.join("notes.txt"), "not an image").expect("writes");
    let turned = bytes.chunks(2).flat_map(|two| [two[1], two[0]]).collect();
    let expected = vec![
        (Element::U8, [2, 3, 1], bytes[..6].to_vec()),
        (Element::U8, [2, 3, 3], bytes[..18].to_vec()),
        (Element::U16, [2, 3, 3], turned),
    ];
    (directory.display().to_string(), expected)
}

fn as_images(frames: &[HeardFrame]) -> Vec<Image> {
    let image = |frame: &HeardFrame| {
        let shape = frame.header.shape().try_into().expect("three dimensions");
        let element = frame.header.element().expect("an element");
        (element, shape, frame.bytes.clone())
    };
    frames.iter().map(image).collect()
}

#[test]
fn images_come_out_as_they_were_decoded_copied_and_in_place() {
    for in_place in [false, true] {
        let rings = Rings::new();
        let (directory, expected) = images(&rings);
        let ring = rings.ring("r");
        let mut arguments = vec!["frames", &directory, "--rate", "0", "--tag", "9"];
        if in_place {
            arguments.push("--in-place");
        }
        let (frames, outcome) = hear_frames(&ring, &arguments);
        assert!(outcome.status.success(), "{outcome:?}");
        assert_eq!(as_images(&frames), expected);
        for (n, frame) in frames.iter().enumerate() {
            assert_eq!((frame.header.sequence(), frame.header.tag()), (n as u64, 9));
            assert!(frame.header.published_ns().is_some());
        }
        assert!(outcome.stderr.contains("1 skipped"), "{outcome:?}");
        assert!(outcome.stderr.contains("notes.txt"), "{outcome:?}");
        let summary = outcome.summary();
        assert_eq!(
            (&summary["published"], &summary["bytes"]),
            (&3.into(), &60.into())
        );
        assert_eq!(ring_that(&ring, |_| true).in_place, in_place);
    }
}

#[test]
fn a_jpeg_is_a_frame_too_and_round_and_round_it_goes() {
    let rings = Rings::new();
    let picture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/images/colour.jpg");
    let arguments = ["frames", picture, "--rate", "0", "--repeat", "--count", "3"];
    let (frames, outcome) = hear_frames(&rings.ring("r"), &arguments);
    assert!(outcome.status.success(), "{outcome:?}");
    let frames = as_images(&frames);
    assert_eq!(frames.len(), 3);
    assert_eq!((frames[0].0, frames[0].1), (Element::U8, [12, 20, 3]));
    assert!(frames.iter().all(|frame| frame == &frames[0]));
}

#[test]
fn a_broken_image_ends_the_run_and_is_named() {
    for in_place in [false, true] {
        let rings = Rings::new();
        let (directory, expected) = images(&rings);
        let broken = rings.path().join("images/b.png");
        let whole = fs::read(&broken).expect("reads");
        // The head is there, so that it fails only in the middle of decoding.
        fs::write(&broken, &whole[..whole.len() - 30]).expect("writes");
        let mut arguments = vec!["frames", &directory, "--rate", "0"];
        if in_place {
            arguments.push("--in-place");
        }
        let (frames, outcome) = hear_frames(&rings.ring("r"), &arguments);
        assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
        assert_eq!(as_images(&frames), expected[..1]);
        assert_eq!(outcome.published(), 1);
        let path = broken.display().to_string();
        assert_eq!(outcome.stderr.matches(&path).count(), 1, "{outcome:?}");
        assert!(outcome.stderr.contains("cannot be decoded"), "{outcome:?}");
    }
}

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
    assert_eq!(kept("e", &["--rate", "0"]), (32768, 16 << 20, 40));
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
    let other = run(&[&card("64x8")[..], &[&ring, "--capacity", "3"]].concat());
    assert_eq!(other.status.code(), Some(1), "{other:?}");
    assert!(other.stderr.contains("--replace replaces it"), "{other:?}");
    let records = run(&["synth", "--ring", &ring, "--count", "1"]);
    assert_eq!(records.status.code(), Some(1), "{records:?}");
    for (wrong, expected) in [
        (vec!["frames", "/nowhere", "--ring", &ring], "/nowhere"),
        (vec!["frames", "/dev", "--ring", &ring], "no image in /dev"),
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
