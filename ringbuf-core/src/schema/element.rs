//! The types a value can have.

use std::fmt;

use super::SchemaError;
use super::error::excerpt;

/// The type of one value in a record; always little-endian.
///
/// ```
/// use ringbuf_core::Element;
///
/// assert_eq!(Element::F32.format(), "<f4"); // as NumPy writes it
/// assert_eq!(Element::F32.to_string(), "f32"); // as people read it
/// assert_eq!(Element::Text(8).size(), 8);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Element {
    /// Unsigned, 1 byte.
    U8,
    /// Unsigned, 2 bytes.
    U16,
    /// Unsigned, 4 bytes.
    U32,
    /// Unsigned, 8 bytes.
    U64,
    /// Signed, 1 byte.
    I8,
    /// Signed, 2 bytes.
    I16,
    /// Signed, 4 bytes.
    I32,
    /// Signed, 8 bytes.
    I64,
    /// IEEE 754, 4 bytes.
    F32,
    /// IEEE 754, 8 bytes.
    F64,
    /// That many bytes of UTF-8, filled up with NULs.
    Text(usize),
    /// Nanoseconds since the Unix epoch in an `i64`; `i64::MIN` is a missing time.
    DateTimeNs,
    /// Nanoseconds since the start of the recording in an `i64`; `i64::MIN` is a missing time.
    DurationNs,
}

impl Element {
    /// Bytes of one value.
    ///
    /// ```
    /// assert_eq!(ringbuf_core::Element::DateTimeNs.size(), 8);
    /// ```
    pub const fn size(self) -> usize {
        match self {
            Element::U8 | Element::I8 => 1,
            Element::U16 | Element::I16 => 2,
            Element::U32 | Element::I32 | Element::F32 => 4,
            Element::U64 | Element::I64 | Element::F64 => 8,
            Element::DateTimeNs | Element::DurationNs => 8,
            Element::Text(bytes) => bytes,
        }
    }

    /// What NumPy calls this type.
    ///
    /// ```
    /// use ringbuf_core::Element;
    ///
    /// assert_eq!(Element::U8.format(), "|u1");
    /// assert_eq!(Element::Text(16).format(), "|S16");
    /// assert_eq!(Element::DateTimeNs.format(), "<M8[ns]");
    /// ```
    pub fn format(self) -> String {
        match self {
            Element::U8 => "|u1".into(),
            Element::U16 => "<u2".into(),
            Element::U32 => "<u4".into(),
            Element::U64 => "<u8".into(),
            Element::I8 => "|i1".into(),
            Element::I16 => "<i2".into(),
            Element::I32 => "<i4".into(),
            Element::I64 => "<i8".into(),
            Element::F32 => "<f4".into(),
            Element::F64 => "<f8".into(),
            Element::Text(bytes) => format!("|S{bytes}"),
            Element::DateTimeNs => "<M8[ns]".into(),
            Element::DurationNs => "<m8[ns]".into(),
        }
    }

    /// The type that NumPy calls so; the mark of the byte order may be left off.
    ///
    /// # Errors
    ///
    /// [`SchemaError::Format`] for a type that a record cannot hold, big-endian ones among them.
    ///
    /// ```
    /// use ringbuf_core::Element;
    ///
    /// assert_eq!(Element::parse("<f8").unwrap(), Element::F64);
    /// assert_eq!(Element::parse("i4").unwrap(), Element::I32);
    /// assert!(Element::parse(">f8").is_err());
    /// ```
    pub fn parse(format: &str) -> Result<Element, SchemaError> {
        let plain = format.strip_prefix(['<', '|']).unwrap_or(format);
        let element = match plain {
            "u1" => Some(Element::U8),
            "u2" => Some(Element::U16),
            "u4" => Some(Element::U32),
            "u8" => Some(Element::U64),
            "i1" => Some(Element::I8),
            "i2" => Some(Element::I16),
            "i4" => Some(Element::I32),
            "i8" => Some(Element::I64),
            "f4" => Some(Element::F32),
            "f8" => Some(Element::F64),
            "M8[ns]" => Some(Element::DateTimeNs),
            "m8[ns]" => Some(Element::DurationNs),
            text => text
                .strip_prefix('S')
                .and_then(decimal)
                .filter(|&bytes| bytes > 0)
                .map(Element::Text),
        };
        element.ok_or_else(|| SchemaError::Format {
            found: excerpt(format),
        })
    }

    /// Whether a value is a number: everything but text is, times too.
    ///
    /// ```
    /// use ringbuf_core::Element;
    ///
    /// assert!(Element::DurationNs.is_number());
    /// assert!(!Element::Text(4).is_number());
    /// ```
    pub const fn is_number(self) -> bool {
        !matches!(self, Element::Text(_))
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Element::U8 => "u8",
            Element::U16 => "u16",
            Element::U32 => "u32",
            Element::U64 => "u64",
            Element::I8 => "i8",
            Element::I16 => "i16",
            Element::I32 => "i32",
            Element::I64 => "i64",
            Element::F32 => "f32",
            Element::F64 => "f64",
            Element::Text(bytes) => return write!(f, "text({bytes})"),
            Element::DateTimeNs => "datetime(ns)",
            Element::DurationNs => "duration(ns)",
        };
        f.write_str(name)
    }
}

/// Digits and nothing else: `str::parse` alone would take a sign.
pub(super) fn decimal(digits: &str) -> Option<usize> {
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Element; 14] = [
        Element::U8,
        Element::U16,
        Element::U32,
        Element::U64,
        Element::I8,
        Element::I16,
        Element::I32,
        Element::I64,
        Element::F32,
        Element::F64,
        Element::Text(1),
        Element::Text(300),
        Element::DateTimeNs,
        Element::DurationNs,
    ];

    #[test]
    fn every_format_reads_back() {
        for element in ALL {
            assert_eq!(Element::parse(&element.format()), Ok(element));
        }
    }

    #[test]
    fn what_a_record_cannot_hold_is_refused_by_name() {
        for format in [
            "",
            "<",
            "f2",
            ">f4",
            "=f4",
            "?",
            "|b1",
            "<U8",
            "O",
            "<c8",
            "V4",
            "S",
            "S0",
            "S+4",
            "S-1",
            "<M8",
            "<M8[us]",
            "<f4 ",
            "<<f4",
            "S99999999999999999999",
        ] {
            let error = Element::parse(format).unwrap_err();
            assert!(
                error.to_string().contains(&format!("\"{format}\"")),
                "{error}"
            );
        }
    }

    #[test]
    fn long_and_unprintable_formats_are_shortened() {
        let hostile = "\u{1b}[2J".repeat(10_000);
        let shown = Element::parse(&hostile).unwrap_err().to_string();
        assert!(shown.len() < 4_000);
        assert!(!shown.contains('\u{1b}'));
    }
}
