//! Filling and comparing with what the processor has.

#[cfg(not(target_arch = "x86_64"))]
pub(super) use super::{compare_any as compare, fill_any as fill};
#[cfg(target_arch = "x86_64")]
pub(super) use avx2::{compare, fill};

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m256i, _mm256_add_epi64, _mm256_loadu_si256, _mm256_or_si256, _mm256_set_epi64x,
        _mm256_set1_epi64x, _mm256_storeu_si256, _mm256_xor_si256,
    };

    use crate::record::{compare_any, fill_any};

    #[inline(always)]
    pub(in crate::record) fn fill<const N: usize>(records: &mut [[u64; N]], first: u64) {
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has what the function was compiled for.
            unsafe { fill_avx2(records, first) }
        } else {
            fill_any(records, first);
        }
    }

    #[inline(always)]
    pub(in crate::record) fn compare<const N: usize>(
        records: &[[u64; N]],
        first: u64,
        wrong: &mut [u64; 4],
    ) {
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has what the function was compiled for.
            unsafe { compare_avx2(records, first, wrong) }
        } else {
            compare_any(records, first, wrong);
        }
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn fill_avx2<const N: usize>(records: &mut [[u64; N]], first: u64) {
        match records.as_flattened_mut().as_chunks_mut() {
            (lines, []) if N == 8 => fill_lines(lines, first),
            _ => fill_any(records, first),
        }
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn compare_avx2<const N: usize>(records: &[[u64; N]], first: u64, wrong: &mut [u64; 4]) {
        match records.as_flattened().as_chunks() {
            (lines, []) if N == 8 => compare_lines(lines, first, wrong),
            _ => compare_any(records, first, wrong),
        }
    }

    /// A record of 64 bytes. What the compiler makes of the loops for any size is fast enough for all other sizes, and for
    /// this one slower than what two cores can pass on to each other.
    type Line = [u64; 8];

    /// Both halves of the first record.
    #[target_feature(enable = "avx2")]
    #[inline]
    fn halves(first: u64) -> [__m256i; 2] {
        let first = _mm256_set1_epi64x(first.cast_signed());
        let low = _mm256_add_epi64(first, _mm256_set_epi64x(3, 2, 1, 0));
        [low, _mm256_add_epi64(low, _mm256_set1_epi64x(4))]
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn next(halves: [__m256i; 2]) -> [__m256i; 2] {
        halves.map(|half| _mm256_add_epi64(half, _mm256_set1_epi64x(1)))
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn load(words: &[u64; 4]) -> __m256i {
        // SAFETY: four words; unaligned loads may lie anywhere.
        unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn store(words: &mut [u64; 4], value: __m256i) {
        // SAFETY: four words; unaligned stores may lie anywhere.
        unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), value) };
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn fill_lines(lines: &mut [Line], first: u64) {
        let mut values = halves(first);
        for line in lines {
            for (words, value) in line.as_chunks_mut().0.iter_mut().zip(values) {
                store(words, value);
            }
            values = next(values);
        }
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn compare_lines(lines: &[Line], first: u64, wrong: &mut [u64; 4]) {
        let mut values = halves(first);
        let mut found = load(wrong);
        for line in lines {
            for (words, value) in line.as_chunks().0.iter().zip(values) {
                found = _mm256_or_si256(found, _mm256_xor_si256(load(words), value));
            }
            values = next(values);
        }
        store(wrong, found);
    }
}
