//! `producer frames` with pictures: what was decoded comes out, to the last byte.

mod common;

use std::fs::{self, File};

use common::{Image, Rings, as_images, hear_frames, ring_that, run};
use ringbuf_core::Element;

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
fn what_is_no_image_is_refused_with_what_to_do() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    for (wrong, expected) in [
        ("/nowhere", "cannot read /nowhere"),
        ("/dev", "no image in /dev"),
        ("/dev/null", "it is empty"),
    ] {
        let outcome = run(&["frames", wrong, "--ring", &ring]);
        assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
        assert!(outcome.stderr.contains(expected), "{expected}: {outcome:?}");
    }
}
