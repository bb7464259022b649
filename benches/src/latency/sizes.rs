//! Sizes of records that this program knows: records are arrays of words, of a length that the compiler must know.

/// Calls a function of a number of words with the number for so many bytes.
macro_rules! with_words {
    ($bytes:expr, $function:ident($($argument:expr),*)) => {
        match $bytes {
            8 => $function::<1>($($argument),*),
            16 => $function::<2>($($argument),*),
            32 => $function::<4>($($argument),*),
            64 => $function::<8>($($argument),*),
            112 => $function::<14>($($argument),*),
            128 => $function::<16>($($argument),*),
            256 => $function::<32>($($argument),*),
            512 => $function::<64>($($argument),*),
            1024 => $function::<128>($($argument),*),
            4096 => $function::<512>($($argument),*),
            65536 => $function::<8192>($($argument),*),
            other => panic!("no records of {other} bytes"),
        }
    };
}
pub(super) use with_words;

const SIZES: [usize; 11] = [8, 16, 32, 64, 112, 128, 256, 512, 1024, 4096, 65536];

/// Reads a size.
pub(super) fn parse(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|bytes| SIZES.contains(bytes))
        .ok_or_else(|| format!("found {text:?}, expected one of {SIZES:?}"))
}
