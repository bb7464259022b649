//! One image file: what it holds is known when it is opened, and decoded where it is wanted.
//!
//! By the decoders that the crate `image` has inside as well: with that around them the programs took 40 s of processor
//! time more to build, most of it for the management of colours that nobody asks for here.

use std::{fs, io::Cursor, path::Path};

use anyhow::{Context, anyhow};
use ringbuf_core::Element;
use zune_jpeg::{
    JpegDecoder,
    zune_core::{colorspace::ColorSpace, options::DecoderOptions},
};

use super::Outline;

/// Endings of the names of files that are read as images, in lower case.
const ENDINGS: [&str; 3] = ["png", "jpg", "jpeg"];

type Bytes = Cursor<Vec<u8>>;

/// An image that was opened.
pub(crate) struct ImageFile {
    decoder: Decoder,
    outline: Outline,
}

enum Decoder {
    Png(Box<png::Reader<Bytes>>),
    Jpeg(Box<JpegDecoder<Bytes>>),
}

/// Whether a file is an image, by its name.
pub(crate) fn is_named_so(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| {
        ENDINGS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(ending))
    })
}

impl ImageFile {
    /// Reads the file and the head of the image. What it holds counts, not what it is called.
    pub(crate) fn open(path: &Path) -> anyhow::Result<ImageFile> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        ImageFile::of(bytes).with_context(|| broken(path))
    }

    fn of(bytes: Vec<u8>) -> anyhow::Result<ImageFile> {
        match bytes.as_slice() {
            [0x89, b'P', b'N', b'G', ..] => png(bytes),
            [0xff, 0xd8, ..] => jpeg(bytes),
            [] => Err(anyhow!("it is empty")),
            _ => Err(anyhow!("it is neither PNG nor JPEG")),
        }
    }

    /// What it holds.
    pub(crate) fn outline(&self) -> Outline {
        self.outline
    }

    /// Decodes it into `out`, which is as long as the image.
    pub(crate) fn decode(self, path: &Path, out: &mut [u8]) -> anyhow::Result<()> {
        let decoded = match self.decoder {
            Decoder::Png(mut reader) => reader
                .next_frame(out)
                .map(drop)
                .map_err(anyhow::Error::from),
            Decoder::Jpeg(mut decoder) => {
                decoder.decode_into(out).map_err(|error| anyhow!("{error}"))
            }
        };
        decoded.with_context(|| broken(path))?;
        let is_wide = self
            .outline
            .image
            .is_some_and(|image| image.element == Element::U16);
        if is_wide {
            // PNG has the most significant byte first.
            out.as_chunks_mut()
                .0
                .iter_mut()
                .for_each(|value: &mut [u8; 2]| value.reverse());
        }
        Ok(())
    }
}

fn broken(path: &Path) -> String {
    format!("{} cannot be decoded", path.display())
}

fn png(bytes: Vec<u8>) -> anyhow::Result<ImageFile> {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    // Palettes become colours, fewer than 8 bits become 8, a transparent colour becomes a channel.
    decoder.set_transformations(png::Transformations::EXPAND);
    decoder.set_ignore_text_chunk(true);
    let reader = decoder.read_info()?;
    let (width, height) = reader.info().size();
    let (colour, depth) = reader.output_color_type();
    let element = match depth {
        png::BitDepth::Sixteen => Element::U16,
        _ => Element::U8,
    };
    let outline = outline(element, height as usize, width as usize, colour.samples())?;
    Ok(ImageFile {
        decoder: Decoder::Png(Box::new(reader)),
        outline,
    })
}

fn jpeg(bytes: Vec<u8>) -> anyhow::Result<ImageFile> {
    const MOST: usize = u16::MAX as usize;
    // Otherwise half an image would be filled up with grey.
    let options = DecoderOptions::default().set_strict_mode(true);
    let options = options.set_max_width(MOST).set_max_height(MOST);
    let mut decoder = JpegDecoder::new_with_options(Cursor::new(bytes), options);
    decoder
        .decode_headers()
        .map_err(|error| anyhow!("{error}"))?;
    let wanted = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => ColorSpace::Luma,
        _ => ColorSpace::RGB,
    };
    decoder.set_options(options.jpeg_set_out_colorspace(wanted));
    let (width, height) = decoder
        .dimensions()
        .context("it does not say how large it is")?;
    let outline = outline(Element::U8, height, width, wanted.num_components())?;
    Ok(ImageFile {
        decoder: Decoder::Jpeg(Box::new(decoder)),
        outline,
    })
}

fn outline(
    element: Element,
    height: usize,
    width: usize,
    channels: usize,
) -> anyhow::Result<Outline> {
    Outline::image(element, [height, width, channels]).with_context(|| {
        format!("it is {width} x {height} pixels large, more than any memory has room for")
    })
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn names_say_what_is_an_image() {
        for yes in ["a.png", "a.PNG", "a/b.c.jpeg", "x.Jpg"] {
            assert!(is_named_so(Path::new(yes)), "{yes}");
        }
        for no in ["png", "a.txt", ".png", "a.png.part", ""] {
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
}
