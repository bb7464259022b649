//! Decimal numbers, digit by digit: a detour over floating point would turn `0.010078907` seconds into a neighbouring
//! nanosecond, and 2^53 + 1 into 2^53.

/// More digits than this cannot matter to a nanosecond that fits into 64 bits, and the mantissa stays clear of
/// overflow.
const MANTISSA_LIMIT: i128 = 10_i128.pow(36);

/// A decimal number times 10^`exponent`, rounded to the nearest whole number, a half away from zero.
pub(crate) fn nearest(text: &str, exponent: i32) -> Option<i128> {
    let (negative, mantissa, scale) = parts(text)?;
    let magnitude = scaled(mantissa, scale.checked_add(exponent)?)?;
    Some(if negative { -magnitude } else { magnitude })
}

/// A decimal number that is a whole one, in whatever notation: `12`, `12.0`, `1.2e1`.
pub(crate) fn whole(text: &str) -> Option<i128> {
    if let Ok(short) = text.parse::<i64>() {
        return Some(short.into());
    }
    // What was dropped for being more digits than anybody needs may not have been zeros.
    const MOST: usize = 36;
    if text.bytes().filter(u8::is_ascii_digit).count() > MOST {
        return None;
    }
    let (negative, mantissa, scale) = parts(text)?;
    let magnitude = match 10_i128.checked_pow(scale.unsigned_abs()) {
        _ if mantissa == 0 => 0,
        Some(factor) if scale >= 0 => mantissa.checked_mul(factor)?,
        Some(factor) if mantissa % factor == 0 => mantissa / factor,
        _ => return None,
    };
    Some(if negative { -magnitude } else { magnitude })
}

/// The sign, the digits as one whole number, and the power of ten that puts the point back.
fn parts(text: &str) -> Option<(bool, i128, i32)> {
    let (negative, unsigned) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let (digits, power) = match unsigned.iter().position(|b| matches!(b, b'e' | b'E')) {
        Some(at) => (&unsigned[..at], power_of_ten(&unsigned[at + 1..])?),
        None => (unsigned, 0),
    };
    let (mantissa, dropped) = decimal_digits(digits)?;
    Some((negative, mantissa, dropped.checked_add(power)?))
}

fn decimal_digits(digits: &[u8]) -> Option<(i128, i32)> {
    let (mut mantissa, mut dropped, mut after_point, mut seen) = (0_i128, 0_i32, false, false);
    for &byte in digits {
        match byte {
            b'0'..=b'9' => {
                seen = true;
                if mantissa < MANTISSA_LIMIT {
                    mantissa = mantissa * 10 + i128::from(byte - b'0');
                    dropped = dropped.checked_sub(i32::from(after_point))?;
                } else {
                    dropped = dropped.checked_add(i32::from(!after_point))?;
                }
            }
            b'.' if !after_point => after_point = true,
            _ => return None,
        }
    }
    seen.then_some((mantissa, dropped))
}

fn power_of_ten(text: &[u8]) -> Option<i32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn scaled(mantissa: i128, scale: i32) -> Option<i128> {
    if mantissa == 0 {
        return Some(0);
    }
    let factor = 10_i128.checked_pow(scale.unsigned_abs());
    if scale >= 0 {
        return mantissa.checked_mul(factor?);
    }
    match factor {
        Some(factor) => Some(mantissa / factor + i128::from(mantissa % factor >= factor / 2)),
        None => Some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_in_every_notation() {
        let cases = [
            ("0", 0),
            ("-0.0", 0),
            ("12", 12),
            ("+12", 12),
            ("12.000", 12),
            ("1.2e1", 12),
            ("120e-1", 12),
            ("-9223372036854775809", -9_223_372_036_854_775_809),
            ("18446744073709551615", 18_446_744_073_709_551_615),
            ("1e20", 100_000_000_000_000_000_000),
            ("0e999999999", 0),
        ];
        for (text, value) in cases {
            assert_eq!(whole(text), Some(value), "{text}");
        }
    }

    #[test]
    fn what_is_not_whole_or_not_exact_is_none() {
        for text in [
            "",
            "-",
            ".",
            "x",
            "0.5",
            "9007199254740992.1",
            "1e-1",
            "1e-999999",
            "1e99",
            "1e9999999999",
            "10000000000000000000000000000000000000.5",
            "nan",
            "inf",
            "0x10",
            "1_000",
        ] {
            assert_eq!(whole(text), None, "{text}");
        }
    }

    #[test]
    fn nearest_rounds_half_away_from_zero() {
        assert_eq!(nearest("0.5", 0), Some(1));
        assert_eq!(nearest("-0.5", 0), Some(-1));
        assert_eq!(nearest("0.49", 0), Some(0));
        assert_eq!(nearest("1.2345", 3), Some(1235));
    }
}
