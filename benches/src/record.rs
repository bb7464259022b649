//! Records whose every word follows from their sequence.

/// A record of `N` words: word i of record s is s + i.
///
/// ```
/// let records = benches::record::run::<8>(5, 2);
/// assert_eq!(records[1][7], 13);
/// assert!(benches::record::is_right(&records[1], 6));
/// ```
pub fn run<const N: usize>(first: u64, count: usize) -> Vec<[u64; N]> {
    (first..).take(count).map(make).collect()
}

/// The record of one sequence.
#[inline]
pub fn make<const N: usize>(sequence: u64) -> [u64; N] {
    std::array::from_fn(|i| sequence.wrapping_add(i as u64))
}

/// Whether every word of a record is what its sequence says.
#[inline]
pub fn is_right<const N: usize>(record: &[u64; N], sequence: u64) -> bool {
    let mut wrong = 0;
    for (i, word) in record.iter().enumerate() {
        wrong |= word ^ sequence.wrapping_add(i as u64);
    }
    wrong == 0
}
