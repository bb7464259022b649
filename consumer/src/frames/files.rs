//! A frame as a file.

use std::io::{self, Write};

use ringbuf_core::Element;

use super::describe::Shape;
use super::{Content, Image};

/// The ending of the name of a file with this in it.
pub fn ending(content: &Content<'_>) -> &'static str {
    match content {
        Content::Text(_) => "txt",
        Content::Image(_) => "png",
        Content::Array { .. } => "npy",
        Content::Bytes(_) => "bin",
    }
}

/// Writes the whole file.
pub fn write(content: &Content<'_>, mut out: impl Write) -> io::Result<()> {
    match content {
        Content::Text(text) => out.write_all(text.as_bytes()),
        Content::Bytes(bytes) => out.write_all(bytes),
        Content::Image(image) => png(image, &mut out),
        Content::Array {
            element,
            shape,
            bytes,
        } => {
            out.write_all(&npy_header(*element, shape))?;
            out.write_all(bytes)
        }
    }?;
    out.flush()
}

fn png(image: &Image<'_>, out: impl Write) -> io::Result<()> {
    let mut encoder = png::Encoder::new(out, image.width, image.height);
    encoder.set_color(match image.channels {
        1 => png::ColorType::Grayscale,
        2 => png::ColorType::GrayscaleAlpha,
        3 => png::ColorType::Rgb,
        _ => png::ColorType::Rgba,
    });
    // Frames come in time, and disks are large.
    encoder.set_compression(png::Compression::Fast);
    if !image.is_wide {
        encoder.set_depth(png::BitDepth::Eight);
        return encoder
            .write_header()?
            .write_image_data(image.bytes)
            .map_err(io_error);
    }
    encoder.set_depth(png::BitDepth::Sixteen);
    // PNG has the most significant byte first.
    let turned: Vec<u8> = image
        .bytes
        .chunks_exact(2)
        .flat_map(|value| [value[1], value[0]])
        .collect();
    encoder
        .write_header()?
        .write_image_data(&turned)
        .map_err(io_error)
}

fn io_error(error: png::EncodingError) -> io::Error {
    error.into()
}

/// What stands in front of an array in a `.npy` file, version 1.0.
fn npy_header(element: Element, shape: &[usize]) -> Vec<u8> {
    const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";
    const ALIGNED: usize = 64;
    let (format, shape) = (element.format(), Shape(shape, ", "));
    let text = format!("{{'descr': '{format}', 'fortran_order': False, 'shape': ({shape},), }}");
    let fixed = MAGIC.len() + size_of::<u16>();
    let len = (fixed + text.len() + 1).next_multiple_of(ALIGNED) - fixed;
    let mut header = MAGIC.to_vec();
    // At most four numbers: far below 65536.
    header.extend((len as u16).to_le_bytes());
    header.extend(text.as_bytes());
    header.resize(fixed + len - 1, b' ');
    header.push(b'\n');
    header
}

#[cfg(test)]
mod tests {
    use super::super::tests::frame;
    use super::*;

    fn file(bytes: &[u8], array: Option<(Element, &[usize])>) -> (&'static str, Vec<u8>) {
        let content = frame(bytes, array).content();
        let mut file = Vec::new();
        write(&content, &mut file).unwrap();
        (ending(&content), file)
    }

    #[test]
    fn text_and_bytes_are_kept_as_they_are() {
        assert_eq!(file(b"a line", None), ("txt", b"a line".to_vec()));
        assert_eq!(file(b"\xff\n", None), ("bin", b"\xff\n".to_vec()));
    }

    #[test]
    fn images_can_be_read_again() {
        for (element, channels) in [
            (Element::U8, 1),
            (Element::U8, 2),
            (Element::U8, 3),
            (Element::U8, 4),
            (Element::U16, 1),
            (Element::U16, 4),
        ] {
            let len = 2 * 3 * channels * element.size();
            let bytes: Vec<u8> = (0..len as u8).collect();
            let (ending, file) = file(&bytes, Some((element, &[2, 3, channels])));
            assert_eq!(ending, "png");
            let mut reader = png::Decoder::new(io::Cursor::new(file))
                .read_info()
                .unwrap();
            let mut out = vec![0; len];
            let info = reader.next_frame(&mut out).unwrap();
            assert_eq!((info.width, info.height), (3, 2));
            assert_eq!(info.color_type.samples(), channels);
            if element == Element::U16 {
                out.chunks_exact_mut(2).for_each(|value| value.swap(0, 1));
            }
            assert_eq!(out, bytes);
        }
    }

    #[test]
    fn arrays_have_a_header_that_numpy_reads() {
        let (ending, file) = file(&[7; 24], Some((Element::F32, &[2, 3])));
        assert_eq!(ending, "npy");
        let (header, data) = file.split_at(128);
        let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3,), }";
        assert!(header.starts_with(b"\x93NUMPY\x01\x00\x76\x00{"));
        assert!(
            std::str::from_utf8(&header[10..])
                .unwrap()
                .starts_with(text)
        );
        assert_eq!(header.last(), Some(&b'\n'));
        assert_eq!(data, [7; 24]);
        let long = npy_header(Element::DateTimeNs, &[usize::MAX; 4]);
        assert!(long.len().is_multiple_of(64) && long.ends_with(b"\n"));
        assert!(
            npy_header(Element::U8, &[5])
                .windows(4)
                .any(|text| text == b"(5,)")
        );
    }
}
