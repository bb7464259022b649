//! Frames as arrays: the shape and the values that were published, whatever they are read as.

use ndarray::{Array, Array2, Array3, Array4, ArrayD, Dimension, arr0, s};
use ringbuf_core::{
    CreateOptions, Element, FrameInfo, FrameReader, FrameRetain, Number, PublishError,
    ReaderOptions, ViewError,
};

use crate::home;

/// What the next frame is as an array.
fn next<T: Number>(reader: &mut FrameReader) -> Result<ArrayD<T>, ViewError> {
    let batch = reader.poll().unwrap().unwrap();
    let mut frames = batch.frames();
    let frame = frames.next().unwrap();
    assert_eq!(frames.len(), 0);
    let array = frame.array::<T>()?;
    let bytes = frame.bytes().as_ptr_range();
    let values = array.as_ptr().cast();
    assert!(
        array.is_empty() || values == bytes.start,
        "the array is read where the frame is"
    );
    Ok(array.to_owned())
}

fn counted<D: Dimension>(shape: impl ndarray::ShapeBuilder<Dim = D>) -> Array<f32, D> {
    let mut count = 0.0;
    Array::from_shape_simple_fn(shape, || {
        count += 1.0;
        count
    })
}

#[test]
fn arrays_arrive_as_they_are() {
    let home = &home();
    for options in [ReaderOptions::lossless(), ReaderOptions::lossy()] {
        let mut producer = home.frames(FrameRetain::bytes(8192));
        let mut reader = producer.reader(options).unwrap();
        let mut check = |array: ArrayD<f32>| {
            producer.publish_array(&array, 3).unwrap();
            assert_eq!(next::<f32>(&mut reader).unwrap(), array);
        };
        check(counted(7).into_dyn());
        check(counted((3, 5)).into_dyn());
        check(counted((2, 3, 4)).into_dyn());
        check(counted((2, 3, 4, 5)).into_dyn());
        check(counted((0, 5)).into_dyn());
        check(counted((1, 1)).into_dyn());
    }
}

/// What does not lie in order, and what is only part of an array, is put in order.
#[test]
fn views_of_any_kind_are_published_in_order() {
    let home = &home();
    let mut producer = home.frames(FrameRetain::bytes(8192));
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    let array: Array3<f32> = counted((4, 5, 6));
    producer
        .publish_array(&array.slice(s![1..3, .., ..]), 0)
        .unwrap();
    let part = array.slice(s![1..3, .., ..]).into_dyn();
    assert_eq!(next::<f32>(&mut reader).unwrap(), part);
    producer.publish_array(&array.t(), 0).unwrap();
    assert_eq!(next::<f32>(&mut reader).unwrap(), array.t().into_dyn());
    let stepped = array.slice(s![..;2, ..;-1, 1..;3]);
    producer.publish_array(&stepped, 0).unwrap();
    assert_eq!(next::<f32>(&mut reader).unwrap(), stepped.into_dyn());
    let columns: Array2<f32> = counted((5, 4)).reversed_axes();
    producer.publish_array(&columns, 0).unwrap();
    assert_eq!(next::<f32>(&mut reader).unwrap(), columns.into_dyn());
}

#[test]
fn arrays_are_written_in_place() {
    let home = &home();
    let options = CreateOptions::default().in_place(true);
    let mut producer = home.frames_with(FrameRetain::bytes(4096), &options);
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    let expected: Array4<f32> = counted((2, 2, 3, 4));
    let shape = [2, 2, 3, 4];
    let mut claim = producer.claim(48 * 4).unwrap();
    for other in [&[48, 2][..], &[47], &[], &[1; 5], &[usize::MAX, 0]] {
        let refused = claim.array_mut::<f32>(other).unwrap_err();
        assert!(
            matches!(refused, PublishError::Shape { .. }),
            "{other:?}: {refused}"
        );
    }
    claim.array_mut(&shape).unwrap().assign(&expected);
    claim
        .commit_with(FrameInfo::array_of::<f32>(&shape))
        .unwrap();
    assert_eq!(next::<f32>(&mut reader).unwrap(), expected.into_dyn());

    let mut copying = home.frames(FrameRetain::bytes(4096));
    let mut claim = copying.claim(4).unwrap();
    let refused = claim.array_mut::<f32>(&[1]).unwrap_err();
    assert!(
        matches!(refused, PublishError::NotInPlace { .. }),
        "{refused}"
    );
}

#[test]
fn what_is_no_such_array_is_an_error() {
    let home = &home();
    let mut producer = home.frames(FrameRetain::bytes(4096));
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    producer.publish(&[0; 8]).unwrap();
    assert_eq!(next::<u8>(&mut reader), Err(ViewError::NoShape));
    let described = FrameInfo::array(Element::F64, &[1]);
    producer.publish_with(&[0; 8], described).unwrap();
    let other = next::<u64>(&mut reader).unwrap_err();
    let found = Element::F64;
    assert!(
        matches!(other, ViewError::Element { found: element, .. } if element == found),
        "{other}"
    );

    // No dimension, and one too many.
    let scalar = producer.publish_array(&arr0(1.0f32), 0).unwrap_err();
    assert!(matches!(scalar, PublishError::Shape { .. }), "{scalar}");
    let many: ArrayD<f32> = ArrayD::zeros(vec![1; 5]);
    let many = producer.publish_array(&many, 0).unwrap_err();
    assert!(matches!(many, PublishError::Shape { .. }), "{many}");
    // As large as nothing, and larger than any array.
    let empty = FrameInfo::array_of::<f32>(&[0, usize::MAX]);
    let empty = producer.publish_with(&[], empty).unwrap_err();
    assert!(matches!(empty, PublishError::Shape { .. }), "{empty}");
}
