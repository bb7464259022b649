//! What is said of a frame beside its bytes.

use crate::error::PublishError;
use crate::record::Number;
use crate::schema::{Element, MAX_DIMENSIONS};

/// What is said of a frame beside its bytes: a tag, and what kind of array it is.
///
/// ```
/// use ringbuf_core::{Element, FrameInfo};
///
/// let line = FrameInfo::tag(3);
/// let picture = FrameInfo::image(480, 640, 3).tagged(7);
/// let cloud = FrameInfo::array(Element::F32, &[10_000, 3]);
/// # let _ = (line, picture, cloud);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameInfo {
    pub(super) tag: u64,
    pub(super) array: Option<Array>,
}

/// An element type and a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Array {
    pub(super) element: Element,
    /// As given: perhaps more than a descriptor holds.
    pub(super) dimensions: usize,
    pub(super) shape: [usize; MAX_DIMENSIONS],
}

impl Array {
    /// Bytes of it; `None` if a descriptor cannot say it, or no array can be as large: without its empty dimensions it
    /// must be possible, too.
    fn bytes(&self) -> Option<usize> {
        if !(1..=MAX_DIMENSIONS).contains(&self.dimensions) {
            return None;
        }
        let shape = &self.shape[..self.dimensions];
        let bytes = shape
            .iter()
            .try_fold(self.element.size(), |bytes, &size| {
                bytes.checked_mul(size.max(1))
            })
            .filter(|&bytes| isize::try_from(bytes).is_ok())?;
        Some(if shape.contains(&0) { 0 } else { bytes })
    }
}

impl FrameInfo {
    /// Bytes with a tag. What it means is between who publishes and who reads: a kind, a camera, a part.
    pub const fn tag(tag: u64) -> FrameInfo {
        FrameInfo { tag, array: None }
    }

    /// An array of 1 to 4 dimensions, in the order of C: the last index runs fastest. Publishing fails with
    /// [`PublishError::Shape`] if it has others, or is not as long as the frame. Text is no element type.
    pub fn array(element: Element, shape: &[usize]) -> FrameInfo {
        let mut kept = [0; MAX_DIMENSIONS];
        for (kept, &size) in kept.iter_mut().zip(shape) {
            *kept = size;
        }
        FrameInfo {
            tag: 0,
            array: Some(Array {
                element,
                dimensions: shape.len(),
                shape: kept,
            }),
        }
    }

    /// As [`FrameInfo::array`], the type of its elements given as Rust knows it.
    ///
    /// ```
    /// use ringbuf_core::{Element, FrameInfo};
    ///
    /// assert_eq!(FrameInfo::array_of::<f32>(&[3, 4]), FrameInfo::array(Element::F32, &[3, 4]));
    /// ```
    pub fn array_of<T: Number>(shape: &[usize]) -> FrameInfo {
        FrameInfo::array(T::ELEMENT, shape)
    }

    /// A picture of bytes: height × width × channels.
    pub fn image(height: usize, width: usize, channels: usize) -> FrameInfo {
        FrameInfo::array(Element::U8, &[height, width, channels])
    }

    /// The same with a tag.
    pub fn tagged(self, tag: u64) -> FrameInfo {
        FrameInfo { tag, ..self }
    }

    /// That it fits a frame of so many bytes.
    pub(super) fn check(&self, len: usize) -> Result<(), PublishError> {
        let Some(array) = &self.array else {
            return Ok(());
        };
        let is_number = !matches!(array.element, Element::Text(_));
        if is_number && array.bytes() == Some(len) {
            return Ok(());
        }
        Err(PublishError::Shape {
            element: array.element,
            dimensions: array.dimensions,
            shape: array.shape[..array.dimensions.min(MAX_DIMENSIONS)].to_vec(),
            len,
        })
    }
}
