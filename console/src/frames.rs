//! Frames, for showing: what is in one, and one in words.

pub mod describe;

use ringbuf_core::{Element, Frame};

/// A frame.
#[derive(Debug, Clone, Copy)]
pub struct FrameView<'a> {
    /// Its number.
    pub sequence: u64,
    /// When it was published, nanoseconds since the Unix epoch; `None` if the ring does not tell.
    pub published_ns: Option<i64>,
    /// A number that its producer gave it.
    pub tag: u64,
    /// The type of its elements and its shape, if its producer said.
    pub array: Option<(Element, &'a [usize])>,
    /// What it consists of.
    pub bytes: &'a [u8],
}

/// What is in a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Content<'a> {
    /// UTF-8 that its producer says nothing of.
    Text(&'a str),
    /// Of 8 or 16 bits, with 1 to 4 channels.
    Image(Image<'a>),
    /// Any other array.
    Array {
        /// Of what.
        element: Element,
        /// How many in each direction.
        shape: &'a [usize],
        /// One after the other, the last index first.
        bytes: &'a [u8],
    },
    /// Anything else.
    Bytes(&'a [u8]),
}

/// Rows of pixels from the top to the bottom, the channels of each one together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Image<'a> {
    /// How many rows.
    pub height: u32,
    /// Pixels of a row.
    pub width: u32,
    /// Values of a pixel.
    pub channels: usize,
    /// Two bytes a channel, the lower one first.
    pub is_wide: bool,
    /// The pixels.
    pub bytes: &'a [u8],
}

impl<'a> FrameView<'a> {
    /// This frame.
    pub fn of(frame: &Frame<'a>) -> FrameView<'a> {
        FrameView {
            sequence: frame.sequence(),
            published_ns: frame.published_ns(),
            tag: frame.tag(),
            array: frame.element().map(|element| (element, frame.shape())),
            bytes: frame.bytes(),
        }
    }

    /// What is in it.
    pub fn content(&self) -> Content<'a> {
        let bytes = self.bytes;
        let Some((element, shape)) = self.array else {
            return match std::str::from_utf8(bytes) {
                // No text has a NUL, and zeros are no text.
                Ok(text) if !bytes.contains(&0) => Content::Text(text),
                _ => Content::Bytes(bytes),
            };
        };
        match self.image(element, shape) {
            Some(image) => Content::Image(image),
            None => Content::Array {
                element,
                shape,
                bytes,
            },
        }
    }

    fn image(&self, element: Element, shape: &[usize]) -> Option<Image<'a>> {
        let &[height, width, channels @ 1..=4] = shape else {
            return None;
        };
        let side = |size: usize| u32::try_from(size).ok().filter(|&size| size > 0);
        Some(Image {
            height: side(height)?,
            width: side(width)?,
            channels,
            is_wide: match element {
                Element::U8 => false,
                Element::U16 => true,
                _ => return None,
            },
            bytes: self.bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frame 42, published one and a half seconds after the epoch, with tag 7.
    pub(super) fn frame<'a>(
        bytes: &'a [u8],
        array: Option<(Element, &'a [usize])>,
    ) -> FrameView<'a> {
        FrameView {
            sequence: 42,
            published_ns: Some(1_500_000_000),
            tag: 7,
            array,
            bytes,
        }
    }

    #[test]
    fn text_is_what_nobody_says_is_something_else() {
        assert_eq!(frame(b"", None).content(), Content::Text(""));
        let text = "gr\u{fc}\u{df}e\t\u{1b}[2J";
        assert_eq!(frame(text.as_bytes(), None).content(), Content::Text(text));
        for bytes in [&b"\xff"[..], b"a\0b", &[0; 9]] {
            assert_eq!(frame(bytes, None).content(), Content::Bytes(bytes));
        }
        let said = frame(b"abc", Some((Element::U8, &[3])));
        assert!(matches!(said.content(), Content::Array { .. }));
    }

    #[test]
    fn images_have_three_dimensions_and_few_channels() {
        let is_image = |element: Element, shape: &[usize]| {
            let bytes = vec![0; element.size() * shape.iter().product::<usize>()];
            matches!(
                frame(&bytes, Some((element, shape))).content(),
                Content::Image(_)
            )
        };
        for channels in 1..=4 {
            assert!(is_image(Element::U8, &[2, 3, channels]));
            assert!(is_image(Element::U16, &[2, 3, channels]));
        }
        assert!(!is_image(Element::U8, &[2, 3, 5]) && !is_image(Element::U8, &[2, 3, 0]));
        assert!(!is_image(Element::U8, &[0, 3, 1]) && !is_image(Element::U8, &[2, 0, 1]));
        assert!(!is_image(Element::U8, &[2, 3]) && !is_image(Element::U8, &[1, 2, 3, 1]));
        assert!(!is_image(Element::I8, &[2, 3, 1]) && !is_image(Element::F32, &[2, 3, 1]));
    }
}
