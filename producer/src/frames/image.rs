//! One image file: what it holds is known when it is opened, and decoded where it is wanted.

use std::{
    fs::File,
    io::{self, Cursor, Read},
    path::Path,
};

use anyhow::{Context, bail, ensure};
use image::{ColorType, ImageDecoder, ImageFormat, ImageReader, Limits};
use memchr::memmem;
use ringbuf_core::Element;

use super::Outline;

/// What is read, whatever else the decoders that are linked could.
const FORMATS: [ImageFormat; 6] = [
    ImageFormat::Png,
    ImageFormat::Jpeg,
    ImageFormat::Tiff,
    ImageFormat::Gif,
    ImageFormat::Bmp,
    ImageFormat::Pnm,
];

/// The same in words.
const KNOWN: &str = "PNG, JPEG, TIFF, GIF, BMP, PNM";

/// Bytes of a file, of an image, and of what its decoder needs beside it: a few bytes of file can claim any size.
const MOST: u64 = 1 << 30;

/// An image that was opened.
pub(crate) struct ImageFile {
    decoder: Box<dyn ImageDecoder>,
    outline: Outline,
}

/// Whether a file is an image, by its name.
pub(crate) fn is_named_so(path: &Path) -> bool {
    ImageFormat::from_path(path).is_ok_and(|format| FORMATS.contains(&format))
}

/// What images are called.
pub(crate) fn names() -> String {
    let endings = FORMATS.iter().flat_map(|format| format.extensions_str());
    let names: Vec<_> = endings.map(|ending| format!("*.{ending}")).collect();
    names.join(", ")
}

impl ImageFile {
    /// Reads the file and the head of the image. What it holds counts, not what it is called.
    pub(crate) fn open(path: &Path) -> anyhow::Result<ImageFile> {
        let bytes = read(path).with_context(|| format!("cannot read {}", path.display()))?;
        ImageFile::of(bytes).with_context(|| broken(path))
    }

    fn of(bytes: Vec<u8>) -> anyhow::Result<ImageFile> {
        ensure!(!bytes.is_empty(), "it is empty");
        ensure!(
            (bytes.len() as u64) < MOST,
            "the file is longer than {MOST} bytes: --raw BYTES takes one of any length"
        );
        let format = image::guess_format(&bytes).ok();
        let Some(format) = format.filter(|format| FORMATS.contains(format)) else {
            bail!("it is none of {KNOWN}");
        };
        // The decoder would fill up the rest with grey.
        ensure!(
            format != ImageFormat::Jpeg || has_an_end(&bytes),
            "the end of it is missing"
        );
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(MOST);
        let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
        reader.limits(limits);
        let decoder = reader.into_decoder()?;
        let outline = outline(&decoder)?;
        Ok(ImageFile {
            decoder: Box::new(decoder),
            outline,
        })
    }

    /// What it holds.
    pub(crate) fn outline(&self) -> Outline {
        self.outline
    }

    /// Decodes it into `out`, which is as long as the image.
    pub(crate) fn decode(self, path: &Path, out: &mut [u8]) -> anyhow::Result<()> {
        let decoded = self.decoder.read_image_boxed(out);
        decoded.with_context(|| broken(path))
    }
}

/// A pipe or a device may have no end.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn broken(path: &Path) -> String {
    format!("{} cannot be decoded", path.display())
}

/// Whether the last scan of a JPEG, behind any small picture in its head, is followed by the mark of the end:
/// in the data of a scan neither mark can occur.
fn has_an_end(jpeg: &[u8]) -> bool {
    const SCAN: [u8; 2] = [0xff, 0xda];
    const END: [u8; 2] = [0xff, 0xd9];
    memmem::rfind(jpeg, &END) > memmem::rfind(jpeg, &SCAN)
}

fn outline(decoder: &impl ImageDecoder) -> anyhow::Result<Outline> {
    let (width, height) = decoder.dimensions();
    ensure!(width > 0 && height > 0, "there is no pixel in it");
    let colour = decoder.color_type();
    let channels = usize::from(colour.channel_count());
    let shape = [height as usize, width as usize, channels];
    Outline::image(element(colour)?, shape)
        .filter(|outline| outline.len as u64 <= MOST)
        .with_context(|| {
            let len = decoder.total_bytes();
            format!("{width} x {height} pixels are {len} bytes: expected {MOST} at most")
        })
}

fn element(colour: ColorType) -> anyhow::Result<Element> {
    Ok(match colour.bytes_per_pixel() / colour.channel_count() {
        1 => Element::U8,
        2 => Element::U16,
        // Numbers of 4 bytes are always floats.
        4 => Element::F32,
        _ => bail!("its colours are {colour:?}: expected values of 1, 2 or 4 bytes"),
    })
}

#[cfg(test)]
#[path = "image_tests.rs"]
mod tests;
