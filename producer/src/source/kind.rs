//! One value: from text to the bytes of its field, exactly or not at all.

use ringbuf_core::Element;

use super::{csv_cell, csv_time, csv_time::TimeFormat, decimal};

/// How a value is read, and what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Time(TimeFormat),
    /// A number of a type that is no text and no time.
    Number(Element),
    /// So many bytes of text.
    Text(usize),
    /// Not published.
    Left,
}

impl Kind {
    /// What a field of this type takes; times are written in `time`, or in what is usual for their type.
    pub(crate) fn of(element: Element, time: Option<TimeFormat>, name: &str) -> Kind {
        match element {
            Element::Text(size) => Kind::Text(size),
            Element::DateTimeNs => Kind::Time(time.unwrap_or(TimeFormat::DateTime)),
            Element::DurationNs => Kind::Time(time.unwrap_or_else(|| TimeFormat::recording(name))),
            number => Kind::Number(number),
        }
    }

    /// Bytes of the value.
    pub(crate) fn size(self) -> usize {
        match self {
            Kind::Time(_) => 8,
            Kind::Number(element) => element.size(),
            Kind::Text(size) => size,
            Kind::Left => 0,
        }
    }

    /// Writes the value that a text means; `None` if it means none, or one that does not fit.
    pub(crate) fn write(self, text: &str, out: &mut [u8]) -> Option<()> {
        match self {
            Kind::Left => {}
            Kind::Text(_) => csv_cell::write_text(text, out)?,
            Kind::Time(format) => out.copy_from_slice(&format.parse(text)?.to_le_bytes()),
            Kind::Number(element) => {
                let text = text.trim();
                match write_number(element, text, out) {
                    None if csv_cell::is_missing(text) => self.write_missing(out)?,
                    written => written?,
                }
            }
        }
        Some(())
    }

    /// Writes that there is no value; `None` if the type has nothing that says so.
    pub(crate) fn write_missing(self, out: &mut [u8]) -> Option<()> {
        match self {
            Kind::Left => {}
            Kind::Text(_) => out.fill(0),
            Kind::Time(_) => out.copy_from_slice(&csv_time::MISSING.to_le_bytes()),
            Kind::Number(Element::F64) => out.copy_from_slice(&f64::NAN.to_le_bytes()),
            Kind::Number(Element::F32) => out.copy_from_slice(&f32::NAN.to_le_bytes()),
            Kind::Number(_) => return None,
        }
        Some(())
    }

    /// What would have been right, for an error.
    pub(crate) fn expected(self) -> String {
        match self {
            Kind::Time(format) => format.expected(),
            Kind::Text(size) => format!("at most {size} bytes of text; see --text"),
            Kind::Left => "anything".to_owned(),
            Kind::Number(Element::F64) => "a number".to_owned(),
            Kind::Number(Element::F32) => "a number within the range of f32".to_owned(),
            Kind::Number(element) => format!("a whole number within the range of {element}"),
        }
    }

    /// The same where it is a number, and one that the type does not have.
    pub(crate) fn inexact(self) -> String {
        let range = match self {
            Kind::Number(Element::F32) => "f32 (whole numbers up to 2^24, and some above)",
            _ => "float64 (whole numbers up to 2^53, and some above)",
        };
        format!(
            "a number that is one of {range}; --schema gives it another type, --text publishes it as text"
        )
    }

    /// Whether a text is a number that the type cannot hold, rather than no number at all.
    pub(crate) fn is_inexact(self, text: &str) -> bool {
        matches!(self, Kind::Number(Element::F32 | Element::F64))
            && text.trim().parse::<f64>().is_ok()
    }
}

fn write_number(element: Element, text: &str, out: &mut [u8]) -> Option<()> {
    match element {
        Element::F64 => return write_f64(text, out),
        Element::F32 => return write_f32(text, out),
        _ => {}
    }
    let value = decimal::whole(text)?;
    match element {
        Element::U8 => out.copy_from_slice(&u8::try_from(value).ok()?.to_le_bytes()),
        Element::U16 => out.copy_from_slice(&u16::try_from(value).ok()?.to_le_bytes()),
        Element::U32 => out.copy_from_slice(&u32::try_from(value).ok()?.to_le_bytes()),
        Element::U64 => out.copy_from_slice(&u64::try_from(value).ok()?.to_le_bytes()),
        Element::I8 => out.copy_from_slice(&i8::try_from(value).ok()?.to_le_bytes()),
        Element::I16 => out.copy_from_slice(&i16::try_from(value).ok()?.to_le_bytes()),
        Element::I32 => out.copy_from_slice(&i32::try_from(value).ok()?.to_le_bytes()),
        Element::I64 => out.copy_from_slice(&i64::try_from(value).ok()?.to_le_bytes()),
        _ => return None,
    }
    Some(())
}

/// From here on not every whole number is one of these.
const WHOLE_F64: f64 = 9_007_199_254_740_992.0;
const WHOLE_F32: f32 = 16_777_216.0;

fn write_f64(text: &str, out: &mut [u8]) -> Option<()> {
    let value: f64 = text.parse().ok()?;
    if value.abs() >= WHOLE_F64 && !is_as_written(text, value) {
        return None;
    }
    out.copy_from_slice(&value.to_le_bytes());
    Some(())
}

fn write_f32(text: &str, out: &mut [u8]) -> Option<()> {
    let value: f32 = text.parse().ok()?;
    if value.abs() >= WHOLE_F32 && !is_as_written(text, value.into()) {
        return None;
    }
    out.copy_from_slice(&value.to_le_bytes());
    Some(())
}

/// A fraction is rounded to the nearest, as floating point is; a number that is written as a whole one is somebody's
/// count or name, and a large one without its last digits is another.
#[cold]
fn is_as_written(text: &str, value: f64) -> bool {
    let has_digits = text.bytes().any(|byte| byte.is_ascii_digit());
    if value.is_infinite() {
        return !has_digits;
    }
    let is_plain = text
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-'));
    // What is larger than this type is larger than any count.
    !is_plain
        || text
            .parse::<i128>()
            .is_ok_and(|whole| whole == value as i128)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(kind: Kind, text: &str) -> Option<Vec<u8>> {
        let mut out = vec![0xA5; kind.size()];
        kind.write(text, &mut out).map(|()| out)
    }

    fn number(element: Element, text: &str) -> Option<Vec<u8>> {
        written(Kind::Number(element), text)
    }

    #[test]
    fn whole_numbers_fit_or_are_refused() {
        let cases = [
            (Element::U8, "0", "255", "256", "-1"),
            (Element::U16, "0", "65535", "65536", "-1"),
            (Element::U32, "0", "4294967295", "4294967296", "-1"),
            (
                Element::U64,
                "0",
                "18446744073709551615",
                "18446744073709551616",
                "-1",
            ),
            (Element::I8, "-128", "127", "128", "-129"),
            (Element::I16, "-32768", "32767", "32768", "-32769"),
            (
                Element::I32,
                "-2147483648",
                "2147483647",
                "2147483648",
                "-2147483649",
            ),
            (
                Element::I64,
                "-9223372036854775808",
                "9223372036854775807",
                "9223372036854775808",
                "-9223372036854775809",
            ),
        ];
        for (element, least, most, above, below) in cases {
            for text in [least, most, " 7 ", "7.0", "7e0"] {
                assert!(number(element, text).is_some(), "{element} {text}");
            }
            for text in [above, below, "0.5", "", "nan", "x", "1e300", "true"] {
                assert_eq!(number(element, text), None, "{element} {text}");
            }
        }
        let most = number(Element::U64, "18446744073709551615");
        assert_eq!(most, Some(u64::MAX.to_le_bytes().to_vec()));
        assert_eq!(number(Element::I8, "-2"), Some(vec![254]));
    }

    #[test]
    fn fractions_are_rounded_and_whole_numbers_are_not() {
        let f64 = |text: &str| number(Element::F64, text);
        let f32 = |text: &str| number(Element::F32, text);
        assert_eq!(f64("0.1"), Some(0.1_f64.to_le_bytes().to_vec()));
        assert_eq!(f32("0.1"), Some(0.1_f32.to_le_bytes().to_vec()));
        for exact in [
            "9007199254740992",
            "9007199254740994",
            "-9007199254740992",
            "1e300",
            "inf",
            "-inf",
        ] {
            let value: f64 = exact.parse().expect("a number");
            assert_eq!(f64(exact), Some(value.to_le_bytes().to_vec()), "{exact}");
        }
        for not in [
            "9007199254740993",
            "-9007199254740993",
            "18446744073709551615",
            "1e999",
            "-1e999",
        ] {
            assert_eq!(f64(not), None, "{not}");
            assert!(Kind::Number(Element::F64).is_inexact(not), "{not}");
        }
        assert_eq!(f64(&"9".repeat(50)), None);
        assert!(f32("16777216").is_some() && f32("16777218").is_some());
        assert_eq!(f32("16777217"), None);
        assert_eq!(f32("1e39"), None);
        assert!(f64("1e39").is_some());
    }

    #[test]
    fn what_is_missing_is_a_value_where_the_type_has_one() {
        let mut out = [1; 8];
        for (kind, expected) in [
            (Kind::Number(Element::F64), f64::NAN.to_le_bytes()),
            (Kind::Time(TimeFormat::DateTime), i64::MIN.to_le_bytes()),
            (Kind::Text(8), [0; 8]),
        ] {
            kind.write_missing(&mut out).expect("has one");
            assert_eq!(out, expected);
            kind.write("", &mut out).expect("the same");
            assert_eq!(out, expected);
        }
        assert_eq!(
            number(Element::F32, "n/a"),
            Some(f32::NAN.to_le_bytes().to_vec())
        );
        assert_eq!(number(Element::I64, "n/a"), None);
    }

    #[test]
    fn a_schema_says_what_a_field_takes() {
        let unix = TimeFormat::Unix(csv_time::TimeUnit::Millis);
        let of = |element, format| Kind::of(element, format, "t_ms");
        assert_eq!(of(Element::Text(3), None), Kind::Text(3));
        assert_eq!(of(Element::U8, Some(unix)), Kind::Number(Element::U8));
        assert_eq!(of(Element::DateTimeNs, Some(unix)), Kind::Time(unix));
        assert_eq!(
            of(Element::DateTimeNs, None),
            Kind::Time(TimeFormat::DateTime)
        );
        let recording = TimeFormat::Recording(csv_time::TimeUnit::Millis);
        assert_eq!(of(Element::DurationNs, None), Kind::Time(recording));
    }
}
