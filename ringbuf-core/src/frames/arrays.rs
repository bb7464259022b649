//! Frames as n-dimensional arrays of the crate `ndarray`.

use ndarray::{ArrayRef, ArrayViewD, ArrayViewMutD, Dimension, IxDyn};

use super::batch::Frame;
use super::claim::FrameClaim;
use super::info::FrameInfo;
use super::producer::FrameProducer;
use crate::cast;
use crate::error::{PublishError, ViewError};
use crate::record::Number;

impl<'a> Frame<'a> {
    /// The frame as an array of the shape its producer gave it, without a copy. Needs the feature `ndarray`.
    ///
    /// # Errors
    ///
    /// Its producer has not said that it is an array ([`ViewError::NoShape`]), or says that it is one of another type.
    ///
    /// ```
    /// use ndarray::{Axis, array};
    /// use ringbuf_core::{FrameInfo, FrameProducer, FrameRetain, ReaderOptions};
    ///
    /// let mut producer = FrameProducer::heap(FrameRetain::bytes(4096))?;
    /// let mut reader = producer.reader(ReaderOptions::lossless())?;
    /// let picture = [10, 20, 30, 40, 50, 60];
    /// producer.publish_with(&picture, FrameInfo::array_of::<u8>(&[2, 3]))?;
    /// let batch = reader.poll()?.unwrap();
    /// let frame = batch.frames().next().unwrap();
    /// let rows = frame.array::<u8>()?;
    /// assert_eq!(rows[[1, 2]], 60);
    /// assert_eq!(rows.index_axis(Axis(0), 1), array![40, 50, 60].into_dyn());
    /// assert!(frame.array::<f32>().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn array<T: Number>(&self) -> Result<ArrayViewD<'a, T>, ViewError> {
        if self.element().is_none() {
            return Err(ViewError::NoShape);
        }
        let values = self.values::<T>()?;
        // Cannot fail: a shape that does not fit is none.
        ArrayViewD::from_shape(IxDyn(self.shape()), values).map_err(|_| ViewError::NoShape)
    }
}

impl FrameClaim<'_> {
    /// As [`FrameClaim::values_mut`], as an array of this shape: what is computed is written where readers will find it.
    /// Commit it with [`FrameInfo::array_of`] the same shape. Needs the feature `ndarray`.
    ///
    /// # Errors
    ///
    /// As there, and [`PublishError::Shape`] if an array of this shape is not as long as the frame.
    ///
    /// ```
    /// use ndarray::{Ix2, array, linalg::general_mat_mul};
    /// use ringbuf_core::{CreateOptions, FrameInfo, FrameProducer, FrameRetain, ReaderOptions};
    ///
    /// let options = CreateOptions::default().in_place(true);
    /// let mut producer = FrameProducer::heap_with(FrameRetain::bytes(4096), &options)?;
    /// let mut reader = producer.reader(ReaderOptions::lossless())?;
    /// let (a, b) = (array![[1.0, 2.0]], array![[3.0], [4.0]]);
    /// let mut claim = producer.claim(size_of::<f64>())?;
    /// let mut product = claim.array_mut::<f64>(&[1, 1])?.into_dimensionality::<Ix2>()?;
    /// general_mat_mul(1.0, &a, &b, 0.0, &mut product);
    /// claim.commit_with(FrameInfo::array_of::<f64>(&[1, 1]))?;
    /// assert_eq!(reader.poll()?.unwrap().frames().next().unwrap().array::<f64>()?[[0, 0]], 11.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn array_mut<T: Number>(
        &mut self,
        shape: &[usize],
    ) -> Result<ArrayViewMutD<'_, T>, PublishError> {
        FrameInfo::array_of::<T>(shape).check(self.len())?;
        let values = self.values_mut()?;
        Ok(ArrayViewMutD::from_shape(IxDyn(shape), values)
            .expect("as many values as the frame has"))
    }
}

impl FrameProducer {
    /// Publishes an array of 1 to 4 dimensions, and what it is, under a tag. An array or a view of any kind will do; what
    /// does not lie in the order of C is put in order first. Needs the feature `ndarray`.
    ///
    /// # Errors
    ///
    /// As [`FrameProducer::publish_with`].
    ///
    /// ```
    /// use ndarray::{Array2, array};
    /// use ringbuf_core::{FrameProducer, FrameRetain, ReaderOptions};
    ///
    /// let mut producer = FrameProducer::heap(FrameRetain::bytes(4096))?;
    /// let mut reader = producer.reader(ReaderOptions::lossless())?;
    /// let cloud: Array2<f32> = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    /// producer.publish_array(&cloud, 0)?;
    /// producer.publish_array(&cloud.t(), 1)?;
    /// let batch = reader.poll()?.unwrap();
    /// for frame in batch.frames() {
    ///     let expected = if frame.tag() == 0 { cloud.view() } else { cloud.t() };
    ///     assert_eq!(frame.array::<f32>()?, expected.into_dyn());
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn publish_array<T: Number, D: Dimension>(
        &mut self,
        array: &ArrayRef<T, D>,
        tag: u64,
    ) -> Result<u64, PublishError> {
        let info = FrameInfo::array_of::<T>(array.shape()).tagged(tag);
        let ordered = array.as_standard_layout();
        let values = ordered.as_slice().expect("in the order of C");
        self.publish_with(cast::as_bytes(values), info)
    }
}
