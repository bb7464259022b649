//! Rows for workers.

use std::ops::Range;

/// The rows of worker `index` of so many: all of them get as many as the others, or one more.
///
/// ```
/// let parts: Vec<_> = (0..4).map(|index| examples::rows(10, index, 4)).collect();
/// assert_eq!(parts, [0..2, 2..5, 5..7, 7..10]);
/// assert!(examples::rows(3, 0, 4).is_empty());
/// ```
pub fn rows(count: usize, index: usize, workers: usize) -> Range<usize> {
    count * index / workers..count * (index + 1) / workers
}
