//! Where frames come from. A source tells what its next frame is, then writes it where it is told to;
//! it knows nothing of rings and of time.

mod card;
#[cfg(feature = "images")]
mod files;
#[cfg(feature = "images")]
mod image;
mod lines;
#[cfg(any(test, not(feature = "images")))]
mod no_files;
mod raw;

use ringbuf_core::Element;

#[cfg(feature = "images")]
pub(crate) use self::files::ImageFiles;
#[cfg(not(feature = "images"))]
pub(crate) use self::no_files::ImageFiles;
pub(crate) use self::{
    card::{CardSize, TestCard},
    lines::Lines,
    raw::Raw,
};

/// Something that makes frames.
pub(crate) trait FrameSource {
    /// What comes next. Asked again before [`FrameSource::fill`], the frame before is passed over.
    ///
    /// # Errors
    ///
    /// When the source cannot go on.
    fn next(&mut self) -> anyhow::Result<Next>;

    /// Writes the frame that was announced last; `out` is as long as it is.
    ///
    /// # Errors
    ///
    /// When it cannot be made after all, such as an image of which half is missing.
    fn fill(&mut self, out: &mut [u8]) -> anyhow::Result<()>;

    /// Bytes of the largest frame, if that is known before the first of them.
    fn largest(&self) -> Option<usize> {
        None
    }

    /// What the frame that was announced last is called.
    fn name(&self) -> String {
        "a frame".to_owned()
    }

    /// Nothing longer fits into the ring.
    fn limit(&mut self, _bytes: usize) {}

    /// Frames that were passed over for being longer.
    fn too_long(&self) -> u64 {
        0
    }
}

/// What a source has to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Frame(Outline),
    /// Nothing at the moment: this thread is unparked when that changes.
    Waiting,
    End,
}

/// A frame before there are bytes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outline {
    pub(crate) len: usize,
    /// Absent: bytes without a description.
    pub(crate) image: Option<Image>,
}

/// Height x width x channels of one type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) element: Element,
    pub(crate) shape: [usize; 3],
}

impl Outline {
    /// Bytes without a description.
    pub(crate) fn bytes(len: usize) -> Outline {
        Outline { len, image: None }
    }

    /// An image; `None` for one of more bytes than any memory has.
    pub(crate) fn image(element: Element, shape: [usize; 3]) -> Option<Outline> {
        let len = shape
            .iter()
            .try_fold(element.size(), |len, &n| len.checked_mul(n))?;
        isize::try_from(len).ok()?;
        let image = Some(Image { element, shape });
        Some(Outline { len, image })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_so_many_bytes() {
        let len = |element, shape| Outline::image(element, shape).map(|outline| outline.len);
        assert_eq!(len(Element::U8, [480, 640, 3]), Some(921_600));
        assert_eq!(len(Element::U16, [2, 3, 1]), Some(12));
        assert_eq!(len(Element::U16, [usize::MAX / 2, 1, 2]), None);
        assert_eq!(len(Element::U8, [usize::MAX, 1, 1]), None);
    }
}
