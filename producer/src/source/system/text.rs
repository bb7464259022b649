//! What the kernel writes: lines of words and numbers. Whatever else is found is passed over.

/// The lines, without their ends.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| byte == b'\n')
}

/// The words of a line, which any number of blanks separate.
pub(super) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| byte.is_ascii_whitespace())
        .filter(|word| !word.is_empty())
}

/// A whole number: digits, and nothing else.
pub(super) fn number(word: &[u8]) -> Option<u64> {
    let digit = |sum: u64, &byte: &u8| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then_some(())?;
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    };
    (!word.is_empty()).then_some(())?;
    word.iter().try_fold(0, digit)
}

/// A number with or without a fraction: no sign, no exponent, no word such as `inf`.
pub(super) fn decimal(word: &[u8]) -> Option<f64> {
    let is_plain = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    let word = word.iter().all(is_plain).then_some(word)?;
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// A whole number with or without a sign.
pub(super) fn signed(word: &[u8]) -> Option<i64> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_stand_between_blanks() {
        let found: Vec<&[u8]> = words(b"  a  1\t2 ").collect();
        assert_eq!(found, [&b"a"[..], b"1", b"2"]);
        assert_eq!(words(b"").count(), 0);
    }

    #[test]
    fn numbers_are_digits() {
        assert_eq!(number(b"0"), Some(0));
        assert_eq!(number(b"18446744073709551615"), Some(u64::MAX));
        for junk in [
            "",
            "-1",
            "+1",
            "1.5",
            "x",
            "1x",
            "18446744073709551616",
            "99999999999999999999999",
        ] {
            assert_eq!(number(junk.as_bytes()), None, "{junk}");
        }
        assert_eq!(decimal(b"0.18"), Some(0.18));
        assert_eq!(decimal(b"12"), Some(12.0));
        for junk in ["", ".", "-1.0", "1e3", "inf", "nan", "1.2.3"] {
            assert_eq!(decimal(junk.as_bytes()), None, "{junk}");
        }
        assert_eq!(signed(b"-40000"), Some(-40_000));
        assert_eq!(signed(b"a"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_number_is_read_as_it_was_written(value: u64, small: i64) {
            prop_assert_eq!(number(value.to_string().as_bytes()), Some(value));
            prop_assert_eq!(signed(small.to_string().as_bytes()), Some(small));
        }

        #[test]
        fn nothing_is_too_odd(bytes: Vec<u8>) {
            let joined: Vec<u8> = words(&bytes).flatten().copied().collect();
            prop_assert!(joined.len() <= bytes.len());
            prop_assert!(number(&bytes).is_none() || bytes.iter().all(u8::is_ascii_digit));
            prop_assert!(decimal(&bytes).is_none_or(|value| value >= 0.0));
        }
    }
}
