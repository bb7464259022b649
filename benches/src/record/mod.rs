//! Records whose every word follows from their sequence: word i of record s is s + i.
//!
//! Making and checking them uses what the processor has: it is to be no more than a small part of what is measured.
#![allow(unsafe_code)]

mod check;
mod wide;

use std::mem::MaybeUninit;

pub use check::Check;

/// The record of one sequence.
///
/// ```
/// assert_eq!(benches::record::make::<3>(5), [5, 6, 7]);
/// ```
#[inline(always)]
pub fn make<const N: usize>(sequence: u64) -> [u64; N] {
    std::array::from_fn(|i| sequence.wrapping_add(i as u64))
}

/// Writes records, the first of this sequence.
///
/// ```
/// let mut records = [[0; 8]; 2];
/// benches::record::fill(&mut records, 5);
/// assert_eq!(records[1][7], 13);
/// ```
#[inline(always)]
pub fn fill<const N: usize>(records: &mut [[u64; N]], first: u64) {
    wide::fill(records, first);
}

/// The same into memory that holds nothing yet.
///
/// ```
/// let mut records = Vec::with_capacity(2);
/// let room = &mut records.spare_capacity_mut()[..2];
/// benches::record::fill_uninit::<3>(room, 5);
/// // SAFETY: both were written.
/// unsafe { records.set_len(2) };
/// assert_eq!(records, [[5, 6, 7], [6, 7, 8]]);
/// ```
#[inline(always)]
pub fn fill_uninit<const N: usize>(records: &mut [MaybeUninit<[u64; N]>], first: u64) {
    let data = records.as_mut_ptr().cast::<[u64; N]>();
    // SAFETY: the same memory and length; any bytes are valid words, and each is written before it is read.
    let records = unsafe { std::slice::from_raw_parts_mut(data, records.len()) };
    fill(records, first);
}

/// The bytes of records, as they lie.
///
/// ```
/// assert_eq!(benches::record::as_bytes(&[[1u64.to_le()]]), [1, 0, 0, 0, 0, 0, 0, 0]);
/// ```
#[inline(always)]
pub fn as_bytes<const N: usize>(records: &[[u64; N]]) -> &[u8] {
    let words = records.as_flattened();
    // SAFETY: the same memory, borrowed as long; words are made of bytes, and bytes lie anywhere.
    unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), size_of_val(words)) }
}

/// Whether every word of these records is what its sequence says.
///
/// ```
/// let mut records = [[5, 6], [6, 7]];
/// assert!(benches::record::are_right(&records, 5));
/// records[1][0] = 5;
/// assert!(!benches::record::are_right(&records, 5));
///
/// let mut lines = [[0; 8]; 3];
/// benches::record::fill(&mut lines, 7);
/// assert!(benches::record::are_right(&lines, 7));
/// for word in 0..24 {
///     let mut wrong = lines;
///     wrong.as_flattened_mut()[word] ^= 1 << 63;
///     assert!(!benches::record::are_right(&wrong, 7));
/// }
/// ```
#[inline(always)]
pub fn are_right<const N: usize>(records: &[[u64; N]], first: u64) -> bool {
    let mut wrong = [0; 4];
    wide::compare(records, first, &mut wrong);
    wrong == [0; 4]
}

#[inline(always)]
fn fill_any<const N: usize>(records: &mut [[u64; N]], first: u64) {
    for (record, sequence) in records.iter_mut().zip(first..) {
        for (i, word) in record.iter_mut().enumerate() {
            *word = sequence.wrapping_add(i as u64);
        }
    }
}

/// Adds the bits that are not what they have to be.
#[inline(always)]
fn compare_any<const N: usize>(records: &[[u64; N]], first: u64, wrong: &mut [u64; 4]) {
    let mut found = 0;
    for (record, sequence) in records.iter().zip(first..) {
        for (i, word) in record.iter().enumerate() {
            found |= word ^ sequence.wrapping_add(i as u64);
        }
    }
    wrong[0] |= found;
}
