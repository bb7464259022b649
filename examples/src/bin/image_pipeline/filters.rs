//! What is done to a picture: height × width × channels.

use std::ops::Range;

use ndarray::{Array3, ArrayView3, s};

/// Rows on either side that a row depends on: the blur and the sharpening look one further each.
const HALO: usize = 2;

type Kernel = [[i32; 3]; 3];

const BOX: Kernel = [[1; 3]; 3];
const SHARPEN: Kernel = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]];

/// Inverts, blurs and sharpens.
pub fn all(picture: ArrayView3<'_, u8>) -> Array3<u8> {
    let inverted = picture.mapv(|value| 255 - value);
    let blurred = weighted(inverted.view(), &BOX, 9);
    weighted(blurred.view(), &SHARPEN, 1)
}

/// The same for some rows of it, which only looks at those and their halo.
pub fn part(picture: ArrayView3<'_, u8>, rows: Range<usize>) -> Array3<u8> {
    if rows.is_empty() {
        return Array3::zeros((0, picture.dim().1, picture.dim().2));
    }
    let first = rows.start.saturating_sub(HALO);
    let end = (rows.end + HALO).min(picture.dim().0);
    // What is wrong at an edge that is none of the picture stays within the halo.
    let done = all(picture.slice(s![first..end, .., ..]));
    done.slice_move(s![rows.start - first..rows.end - first, .., ..])
}

/// Every value weighed with its neighbours; those beyond an edge are as at the edge.
fn weighted(picture: ArrayView3<'_, u8>, kernel: &Kernel, divisor: i32) -> Array3<u8> {
    let (height, width, _) = picture.dim();
    let near = |at: usize, step: usize, size: usize| (at + step).saturating_sub(1).min(size - 1);
    Array3::from_shape_fn(picture.dim(), |(y, x, channel)| {
        let mut sum = 0;
        for (down, weights) in kernel.iter().enumerate() {
            for (right, weight) in weights.iter().enumerate() {
                let place = [near(y, down, height), near(x, right, width), channel];
                sum += weight * i32::from(picture[place]);
            }
        }
        (sum / divisor).clamp(0, 255) as u8
    })
}
