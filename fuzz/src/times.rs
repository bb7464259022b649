//! Times in the cells of a recording.

use jiff::Timestamp;
use producer::source::csv_time::{MISSING, TimeFormat, is_time_header};
use producer::values;

/// Units of a time as they are typed, and their decimal places to a nanosecond.
const UNITS: [(&str, usize); 8] = [
    ("s", 9),
    ("ms", 6),
    ("us", 3),
    ("ns", 0),
    ("unix-s", 9),
    ("unix-ms", 6),
    ("unix-us", 3),
    ("unix-ns", 0),
];

/// What is read as a time prints back to the same instant, to the nanosecond, and is the instant that is written there.
pub(crate) fn times(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let (header, cell) = text.split_once('\n').unwrap_or(("time", text));
    let _ = (is_time_header(header), is_time_header(cell));
    let guessed = TimeFormat::guess(header, Some(cell));
    assert_eq!(guessed, TimeFormat::guess(header, Some(cell.trim())));
    for (unit, places) in UNITS {
        let format = values::time_unit(unit).expect("a unit");
        let found = format.parse(cell);
        match found {
            Some(MISSING) => assert_is_missing(cell),
            Some(ns) => assert_eq!(format.parse(&decimal(ns, places)), Some(ns)),
            None => {}
        }
        if found != Some(MISSING)
            && let Some(expected) = exact(cell.trim(), places)
        {
            assert_eq!(found, expected, "{cell:?} {unit}");
        }
    }
    date(cell);
}

fn date(cell: &str) {
    let format = TimeFormat::DateTime;
    match format.parse(cell) {
        Some(MISSING) => assert_is_missing(cell),
        Some(ns) => {
            let time = Timestamp::from_nanosecond(ns.into()).expect("every i64 is one");
            assert_eq!(format.parse(&time.to_string()), Some(ns));
            // A zone that is written must not be passed over.
            if cell.contains(['Z', 'z', '[', '+']) {
                let zoned: Timestamp = cell.trim().parse().expect("a time with its zone");
                assert_eq!(zoned.as_nanosecond(), i128::from(ns));
            }
        }
        None => {}
    }
}

fn assert_is_missing(cell: &str) {
    assert!(cell.trim().len() <= 4 && !cell.contains(|c: char| c.is_ascii_digit()));
}

/// Nanoseconds as a number with so many decimal places.
fn decimal(ns: i64, places: usize) -> String {
    let unit = 10_u64.pow(places as u32);
    let (sign, ns) = (if ns < 0 { "-" } else { "" }, ns.unsigned_abs());
    match places {
        0 => format!("{sign}{ns}"),
        _ => format!("{sign}{}.{:0places$}", ns / unit, ns % unit),
    }
}

/// The same with the digits moved as text; `None` for a number that would take too many, or is none.
fn exact(cell: &str, places: usize) -> Option<Option<i64>> {
    const MOST: i64 = 300;
    let unsigned = cell.strip_prefix(['-', '+']).unwrap_or(cell);
    let (number, power) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let power: i64 = power
        .parse()
        .ok()
        .filter(|power: &i64| (-MOST..=MOST).contains(power))?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{fraction}");
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    if !is_number || digits.len() > MOST as usize {
        return None;
    }
    // Where the point is: so many digits before it.
    let point = whole.len() as i64 + places as i64 + power;
    let zeros = "0".repeat(usize::try_from(-point).unwrap_or(0) + 1);
    let digits = format!("{zeros}{digits}{}", "0".repeat(2 * MOST as usize));
    let point = usize::try_from(point + zeros.len() as i64).ok()?;
    let (kept, rest) = digits.split_at(point);
    let kept = kept.trim_start_matches('0');
    if kept.len() > 30 {
        return Some(None);
    }
    let kept: i128 = if kept.is_empty() {
        0
    } else {
        kept.parse().ok()?
    };
    let magnitude = kept + i128::from(rest.as_bytes()[0] >= b'5');
    let signed = if cell.starts_with('-') {
        -magnitude
    } else {
        magnitude
    };
    Some(i64::try_from(signed).ok().filter(|&ns| ns != MISSING))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_moved_by_hand() {
        assert_eq!(exact("1.5", 9), Some(Some(1_500_000_000)));
        assert_eq!(exact("-0.0000000005", 9), Some(Some(-1)));
        assert_eq!(exact("5e-10", 9), Some(Some(1)));
        assert_eq!(exact("4.9e-10", 9), Some(Some(0)));
        assert_eq!(exact("5.40E-05", 3), Some(Some(0)));
        assert_eq!(exact(".5e1", 0), Some(Some(5)));
        assert_eq!(exact("9223372036854775808", 0), Some(None));
        assert_eq!(exact("x", 0), None);
    }
}
