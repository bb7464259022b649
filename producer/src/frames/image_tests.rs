//! Images of every format, whole and damaged.

use std::fs;

use super::*;

/// A PNG of 3 x 2 pixels.
fn png_of(colour: png::ColorType, depth: png::BitDepth, data: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 3, 2);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    if colour == png::ColorType::Indexed {
        encoder.set_palette(&[1, 2, 3, 4, 5, 6][..]);
    }
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(data).expect("data");
    writer.finish().expect("an end");
    file
}

fn decoded(file: Vec<u8>) -> (Element, [usize; 3], Vec<u8>) {
    let image = ImageFile::of(file).expect("opens");
    let outline = image.outline();
    let mut out = vec![0; outline.len];
    image.decode(Path::new("x"), &mut out).expect("decodes");
    let what = outline.image.expect("an image");
    (what.element, what.shape, out)
}

#[test]
fn png_comes_out_as_it_went_in() {
    use png::{BitDepth, ColorType};
    for (colour, channels) in [
        (ColorType::Grayscale, 1),
        (ColorType::GrayscaleAlpha, 2),
        (ColorType::Rgb, 3),
        (ColorType::Rgba, 4),
    ] {
        let data: Vec<u8> = (10..10 + 6 * channels as u8).collect();
        let file = png_of(colour, BitDepth::Eight, &data);
        assert_eq!(decoded(file), (Element::U8, [2, 3, channels], data));
    }
}

#[test]
fn wide_values_become_little_endian() {
    let data: Vec<u8> = (0..12).collect();
    let file = png_of(png::ColorType::Grayscale, png::BitDepth::Sixteen, &data);
    let turned = vec![1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10];
    assert_eq!(decoded(file), (Element::U16, [2, 3, 1], turned));
}

#[test]
fn palettes_become_colours() {
    let file = png_of(
        png::ColorType::Indexed,
        png::BitDepth::One,
        &[0b0100_0000, 0b1010_0000],
    );
    let (a, b) = ([1, 2, 3], [4, 5, 6]);
    let pixels = [a, b, a, b, a, b].concat();
    assert_eq!(decoded(file), (Element::U8, [2, 3, 3], pixels));
}

#[test]
fn half_an_image_is_none() {
    let data: Vec<u8> = (0..18).collect();
    let whole = png_of(png::ColorType::Rgb, png::BitDepth::Eight, &data);
    for len in 0..whole.len() - 12 {
        let fails = ImageFile::of(whole[..len].to_vec())
            .and_then(|image| image.decode(Path::new("x"), &mut [0; 18]));
        assert!(fails.is_err(), "{len} of {}", whole.len());
    }
}

/// A picture of 3 x 2 pixels.
fn picture_of(format: ImageFormat, colour: ColorType, data: &[u8]) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    image::write_buffer_with_format(&mut file, data, 3, 2, colour, format).expect("writes");
    file.into_inner()
}

#[test]
fn every_format_comes_out_as_it_went_in() {
    use ImageFormat::{Bmp, Gif, Pnm, Tiff};
    for (format, colour, element) in [
        (Bmp, ColorType::Rgb8, Element::U8),
        (Gif, ColorType::Rgba8, Element::U8),
        (Pnm, ColorType::L8, Element::U8),
        (Pnm, ColorType::Rgb8, Element::U8),
        (Tiff, ColorType::L8, Element::U8),
        (Tiff, ColorType::L16, Element::U16),
        (Tiff, ColorType::Rgb32F, Element::F32),
    ] {
        let bytes = 6 * colour.bytes_per_pixel();
        // All bits of alpha are set, and floats are no NaN.
        let data: Vec<u8> = (0..bytes)
            .map(|i| if i % 4 == 3 && format != Tiff { 255 } else { i })
            .collect();
        let file = picture_of(format, colour, &data);
        let shape = [2, 3, usize::from(colour.channel_count())];
        assert_eq!(
            decoded(file.clone()),
            (element, shape, data),
            "{format:?} {colour:?}"
        );
        for len in 0..file.len() - 2 {
            let fails = ImageFile::of(file[..len].to_vec())
                .and_then(|image| image.decode(Path::new("x"), &mut vec![0; bytes.into()]));
            assert!(
                fails.is_err(),
                "{format:?} {colour:?} {len} of {}",
                file.len()
            );
        }
    }
}

#[test]
fn no_damage_of_one_byte_does_more_than_fail() {
    use ImageFormat::{Bmp, Gif, Jpeg, Png, Pnm, Tiff};
    for format in [Bmp, Gif, Jpeg, Png, Pnm, Tiff] {
        let colour = if format == Gif {
            ColorType::Rgba8
        } else {
            ColorType::Rgb8
        };
        let data: Vec<u8> = (0..6 * colour.bytes_per_pixel()).collect();
        let whole = picture_of(format, colour, &data);
        for (at, value) in (0..whole.len()).flat_map(|at| [0, 1, 0x7f, 0xff].map(|v| (at, v))) {
            let mut file = whole.clone();
            file[at] = value;
            let image = ImageFile::of(file);
            // What claims to be large is refused, or would only fill memory.
            if let Ok(image) = image
                && image.outline().len < 1 << 20
            {
                let mut out = vec![0; image.outline().len];
                let _ = image.decode(Path::new("x"), &mut out);
            }
        }
    }
}

#[test]
fn a_few_bytes_that_claim_much_or_nothing_are_refused() {
    for file in ["P5 30000 40000 255\n", "P6 65536 65536 65535\n"] {
        let error = ImageFile::of(file.into()).map(drop).expect_err("too large");
        assert!(
            format!("{error:#}").contains("bytes: expected 1073741824 at most"),
            "{error:#}"
        );
    }
    assert!(ImageFile::of("P5 0 0 255\n".into()).is_err());
    assert!(ImageFile::of("P6 4000000000 4000000000 255\n".into()).is_err());
    let mut bmp = picture_of(ImageFormat::Bmp, ColorType::Rgb8, &[0; 18]);
    bmp[18..26].copy_from_slice(&[0xff, 0xff, 0, 0, 0xff, 0xff, 0, 0]);
    assert!(ImageFile::of(bmp).is_err());
}

#[test]
fn names_say_what_is_an_image() {
    for yes in ["a.png", "a.PNG", "a/b.c.jpeg", "x.Jpg", "y.tif", "z.pgm"] {
        assert!(is_named_so(Path::new(yes)), "{yes}");
    }
    for no in ["png", "a.txt", ".png", "a.png.part", "a.exr", ""] {
        assert!(!is_named_so(Path::new(no)), "{no}");
    }
}

/// A file of 20 x 12 pixels: red grows to the right, green downwards, blue shrinks to the right.
fn jpeg_called(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/images");
    fs::read(path.join(name)).expect("a file")
}

#[test]
fn jpeg_is_grey_or_colour() {
    let near = |found: &[u8], expected: &[u8]| {
        let differ = |(a, b): (&u8, &u8)| a.abs_diff(*b) > 3;
        assert!(
            !found.iter().zip(expected).any(differ),
            "{found:?} {expected:?}"
        );
    };
    let pixel = 5 * 20 + 7;
    for name in ["colour.jpg", "progressive.jpg"] {
        let (element, shape, out) = decoded(jpeg_called(name));
        assert_eq!((element, shape), (Element::U8, [12, 20, 3]), "{name}");
        near(&out[pixel * 3..][..3], &[84, 100, 213]);
    }
    let (element, shape, out) = decoded(jpeg_called("grey.jpg"));
    assert_eq!((element, shape), (Element::U8, [12, 20, 1]));
    near(&out[pixel..=pixel], &[67]);
}

#[test]
fn half_a_jpeg_is_none() {
    for name in ["colour.jpg", "progressive.jpg", "grey.jpg"] {
        let whole = jpeg_called(name);
        for len in [2, 100, whole.len() / 2, whole.len() * 3 / 4] {
            let fails = ImageFile::of(whole[..len].to_vec())
                .and_then(|image| image.decode(Path::new("x"), &mut [0; 720]));
            assert!(fails.is_err(), "{name} {len}");
        }
    }
}
