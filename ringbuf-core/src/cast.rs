//! Records as bytes and bytes as records.
#![allow(unsafe_code)]

use crate::record::Record;

/// The bytes of records.
#[inline]
pub(crate) fn as_bytes<T: Record>(records: &[T]) -> &[u8] {
    // SAFETY: the slice is valid for `size_of_val` bytes; a `Record` has no padding, so every byte is
    // initialised; `u8` has no alignment.
    unsafe { std::slice::from_raw_parts(records.as_ptr().cast(), size_of_val(records)) }
}

/// The records in `bytes`, which must be whole ones and aligned.
#[inline]
pub(crate) fn as_records<T: Record>(bytes: &[u8]) -> &[T] {
    // No bytes may lie anywhere: those of a batch that only brings an event do.
    if bytes.is_empty() {
        return &[];
    }
    let records = bytes.as_ptr().cast::<T>();
    assert!(
        records.is_aligned(),
        "records lie aligned in a ring and in a reader's buffer"
    );
    let count = bytes.len() / size_of::<T>();
    // SAFETY: `count` records fit in `bytes` and the pointer is aligned; a `Record` is valid for every
    // bit pattern; the lifetime is that of `bytes`.
    unsafe { std::slice::from_raw_parts(records, count) }
}

/// As [`as_records`], to be written.
#[inline]
pub(crate) fn as_records_mut<T: Record>(bytes: &mut [u8]) -> &mut [T] {
    if bytes.is_empty() {
        return &mut [];
    }
    let records = bytes.as_mut_ptr().cast::<T>();
    assert!(records.is_aligned(), "records lie aligned in a ring");
    let count = bytes.len() / size_of::<T>();
    // SAFETY: `count` records fit in `bytes` and the pointer is aligned; a `Record` is valid for every bit pattern and
    // has no padding, so what is written are initialised bytes; the borrow is that of `bytes`, as exclusive.
    unsafe { std::slice::from_raw_parts_mut(records, count) }
}

/// The bytes of words, to be written.
#[inline]
pub(crate) fn words_as_bytes(words: &mut [u64]) -> &mut [u8] {
    let len = size_of_val(words);
    // SAFETY: valid for `len` bytes, exclusively borrowed, and every bit pattern is a `u64`.
    unsafe { std::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), len) }
}

/// The bytes of words.
#[inline]
pub(crate) fn words_as_bytes_ref(words: &[u64]) -> &[u8] {
    // SAFETY: valid for that many bytes, all initialised.
    unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), size_of_val(words)) }
}
