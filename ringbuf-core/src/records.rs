//! A run of records of any ring, read through its schema.

use crate::schema::{Column, Element, Schema};

/// A run of records: bytes, and the schema that says what they mean.
///
/// Nothing here can panic: what lies outside the run or the record is `None`.
///
/// ```
/// use ringbuf_core::{Element, Field, Records, Schema};
///
/// let schema = Schema::packed([
///     Field::new("n", Element::U32),
///     Field::new("volts", Element::F32),
/// ]).unwrap();
/// let mut bytes = Vec::new();
/// for n in 0..3u32 {
///     bytes.extend(n.to_le_bytes());
///     bytes.extend((n as f32 / 2.0).to_le_bytes());
/// }
/// let records = Records::new(&schema, &bytes);
/// let volts = schema.column("volts").unwrap();
/// assert_eq!(records.len(), 3);
/// assert_eq!(records.number(1, &volts), Some(0.5));
/// assert_eq!(records.numbers(&volts).sum::<f64>(), 1.5);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Records<'a> {
    schema: &'a Schema,
    bytes: &'a [u8],
}

impl<'a> Records<'a> {
    /// The records in these bytes; what is left of an incomplete last one is ignored.
    pub fn new(schema: &'a Schema, bytes: &'a [u8]) -> Records<'a> {
        let whole = bytes.len() - bytes.len() % schema.size();
        Records {
            schema,
            bytes: &bytes[..whole],
        }
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.bytes.len() / self.schema.size()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What a record consists of.
    pub fn schema(&self) -> &'a Schema {
        self.schema
    }

    /// All the records, one directly after the other.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The bytes of record `i` of the run.
    pub fn record(&self, i: usize) -> Option<&'a [u8]> {
        let size = self.schema.size();
        let from = i.checked_mul(size)?;
        self.bytes.get(from..)?.get(..size)
    }

    /// A number of record `i`; integers are converted, times are in nanoseconds.
    ///
    /// `None` for text, for a time that is missing, and beyond the run. Above 2^53 an `f64` cannot
    /// hold every integer: see [`integer`](Records::integer).
    ///
    /// ```
    /// use ringbuf_core::{Element, Field, Records, Schema};
    ///
    /// let schema = Schema::packed([Field::new("at", Element::DateTimeNs)]).unwrap();
    /// let at = schema.column("at").unwrap();
    /// let bytes = [1_500i64.to_le_bytes(), i64::MIN.to_le_bytes()].concat();
    /// let records = Records::new(&schema, &bytes);
    /// assert_eq!(records.number(0, &at), Some(1_500.0));
    /// assert_eq!(records.number(1, &at), None);
    /// assert_eq!(records.number(2, &at), None);
    /// ```
    pub fn number(&self, i: usize, column: &Column) -> Option<f64> {
        number(self.record(i)?, column.element(), column.offset())
    }

    /// An integer or a time in nanoseconds of record `i`, exactly.
    ///
    /// `None` for floating point, for text, for a time that is missing, and beyond the run.
    ///
    /// ```
    /// use ringbuf_core::{Element, Field, Records, Schema};
    ///
    /// let schema = Schema::packed([Field::new("n", Element::U64)]).unwrap();
    /// let bytes = u64::MAX.to_le_bytes();
    /// let records = Records::new(&schema, &bytes);
    /// let n = schema.column("n").unwrap();
    /// assert_eq!(records.integer(0, &n), Some(u64::MAX.into()));
    /// ```
    pub fn integer(&self, i: usize, column: &Column) -> Option<i128> {
        let record = self.record(i)?;
        let at = column.offset();
        Some(match column.element() {
            Element::U8 => u8::from_le_bytes(array(record, at)?).into(),
            Element::U16 => u16::from_le_bytes(array(record, at)?).into(),
            Element::U32 => u32::from_le_bytes(array(record, at)?).into(),
            Element::U64 => u64::from_le_bytes(array(record, at)?).into(),
            Element::I8 => i8::from_le_bytes(array(record, at)?).into(),
            Element::I16 => i16::from_le_bytes(array(record, at)?).into(),
            Element::I32 => i32::from_le_bytes(array(record, at)?).into(),
            Element::I64 => i64::from_le_bytes(array(record, at)?).into(),
            Element::DateTimeNs | Element::DurationNs => nanoseconds(record, at)?.into(),
            Element::F32 | Element::F64 | Element::Text(_) => return None,
        })
    }

    /// The text in record `i`, without the NULs behind it; what is not UTF-8 is replaced by `�`.
    ///
    /// `None` for numbers, and beyond the run.
    ///
    /// ```
    /// use ringbuf_core::{Element, Field, Records, Schema};
    ///
    /// let schema = Schema::packed([Field::new("unit", Element::Text(6))]).unwrap();
    /// let records = Records::new(&schema, b"pump\0\0");
    /// let unit = schema.column("unit").unwrap();
    /// assert_eq!(records.text(0, &unit).unwrap(), "pump");
    /// ```
    pub fn text(&self, i: usize, column: &Column) -> Option<String> {
        let Element::Text(size) = column.element() else {
            return None;
        };
        let text = self.record(i)?.get(column.offset()..)?.get(..size)?;
        let end = text
            .iter()
            .rposition(|&byte| byte != 0)
            .map_or(0, |last| last + 1);
        Some(String::from_utf8_lossy(&text[..end]).into_owned())
    }

    /// A column from top to bottom, one number a record: NaN where [`number`](Records::number)
    /// has none.
    ///
    /// ```
    /// use ringbuf_core::{Element, Field, Records, Schema};
    ///
    /// let schema = Schema::packed([Field::new("x", Element::I8)]).unwrap();
    /// let records = Records::new(&schema, &[1, 2, 255]);
    /// let x = schema.column("x").unwrap();
    /// assert_eq!(records.numbers(&x).collect::<Vec<_>>(), [1.0, 2.0, -1.0]);
    /// ```
    pub fn numbers(&self, column: &Column) -> impl ExactSizeIterator<Item = f64> + use<'a> {
        let (element, offset) = (column.element(), column.offset());
        let records = self.bytes.chunks_exact(self.schema.size());
        records.map(move |record| number(record, element, offset).unwrap_or(f64::NAN))
    }
}

#[inline]
fn number(record: &[u8], element: Element, at: usize) -> Option<f64> {
    Some(match element {
        Element::U8 => u8::from_le_bytes(array(record, at)?).into(),
        Element::U16 => u16::from_le_bytes(array(record, at)?).into(),
        Element::U32 => u32::from_le_bytes(array(record, at)?).into(),
        Element::U64 => u64::from_le_bytes(array(record, at)?) as f64,
        Element::I8 => i8::from_le_bytes(array(record, at)?).into(),
        Element::I16 => i16::from_le_bytes(array(record, at)?).into(),
        Element::I32 => i32::from_le_bytes(array(record, at)?).into(),
        Element::I64 => i64::from_le_bytes(array(record, at)?) as f64,
        Element::F32 => f32::from_le_bytes(array(record, at)?).into(),
        Element::F64 => f64::from_le_bytes(array(record, at)?),
        Element::DateTimeNs | Element::DurationNs => nanoseconds(record, at)? as f64,
        Element::Text(_) => return None,
    })
}

fn nanoseconds(record: &[u8], at: usize) -> Option<i64> {
    let value = i64::from_le_bytes(array(record, at)?);
    (value != i64::MIN).then_some(value)
}

fn array<const N: usize>(record: &[u8], at: usize) -> Option<[u8; N]> {
    record.get(at..)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Field;

    fn every_type() -> Schema {
        Schema::packed([
            Field::new("u1", Element::U8),
            Field::new("u2", Element::U16),
            Field::new("u4", Element::U32),
            Field::new("u8", Element::U64),
            Field::new("i1", Element::I8),
            Field::new("i2", Element::I16),
            Field::new("i4", Element::I32),
            Field::new("i8", Element::I64),
            Field::new("f4", Element::F32),
            Field::new("f8", Element::F64),
            Field::new("at", Element::DateTimeNs),
            Field::new("since", Element::DurationNs),
            Field::new("text", Element::Text(5)),
        ])
        .unwrap()
    }

    fn record_of_every_type() -> Vec<u8> {
        let mut bytes = vec![200];
        bytes.extend(60_000u16.to_le_bytes());
        bytes.extend(4_000_000_000u32.to_le_bytes());
        bytes.extend((u64::MAX - 1).to_le_bytes());
        bytes.extend((-100i8).to_le_bytes());
        bytes.extend((-30_000i16).to_le_bytes());
        bytes.extend((-2_000_000_000i32).to_le_bytes());
        bytes.extend((i64::MIN).to_le_bytes());
        bytes.extend(0.5f32.to_le_bytes());
        bytes.extend((-0.25f64).to_le_bytes());
        bytes.extend((-7i64).to_le_bytes());
        bytes.extend(i64::MIN.to_le_bytes());
        bytes.extend(b"a\0\xff\0\0");
        bytes
    }

    #[test]
    fn every_type_is_read() {
        let schema = every_type();
        let bytes = record_of_every_type();
        let records = Records::new(&schema, &bytes);
        let number = |name: &str| records.number(0, &schema.column(name).unwrap());
        let integer = |name: &str| records.integer(0, &schema.column(name).unwrap());
        assert_eq!(number("u1"), Some(200.0));
        assert_eq!(number("u2"), Some(60_000.0));
        assert_eq!(number("u4"), Some(4e9));
        assert_eq!(number("u8"), Some(18_446_744_073_709_551_614.0));
        assert_eq!(number("i1"), Some(-100.0));
        assert_eq!(number("i2"), Some(-30_000.0));
        assert_eq!(number("i4"), Some(-2e9));
        assert_eq!(number("i8"), Some(i64::MIN as f64));
        assert_eq!(number("f4"), Some(0.5));
        assert_eq!(number("f8"), Some(-0.25));
        assert_eq!(number("at"), Some(-7.0));
        assert_eq!(number("since"), None);
        assert_eq!(number("text"), None);
        assert_eq!(integer("u8"), Some(i128::from(u64::MAX) - 1));
        assert_eq!(integer("i8"), Some(i64::MIN.into()));
        assert_eq!(integer("at"), Some(-7));
        assert_eq!(integer("since"), None);
        assert_eq!(integer("f4"), None);
        assert_eq!(integer("f8"), None);
        assert_eq!(integer("text"), None);
    }

    #[test]
    fn text_keeps_inner_nuls_and_replaces_what_is_not_utf8() {
        let schema = every_type();
        let bytes = record_of_every_type();
        let records = Records::new(&schema, &bytes);
        let text = |name: &str| records.text(0, &schema.column(name).unwrap());
        assert_eq!(text("text").unwrap(), "a\0\u{fffd}");
        assert_eq!(text("u1"), None);
    }

    #[test]
    fn the_column_scan_agrees_with_single_reads() {
        let schema = every_type();
        let bytes = [record_of_every_type(), record_of_every_type()].concat();
        let records = Records::new(&schema, &bytes);
        for column in schema.columns() {
            let scanned: Vec<u64> = records.numbers(&column).map(f64::to_bits).collect();
            let single: Vec<u64> = (0..2)
                .map(|i| records.number(i, &column).unwrap_or(f64::NAN).to_bits())
                .collect();
            assert_eq!(scanned, single, "{}", column.name());
        }
    }

    #[test]
    fn a_partial_record_is_ignored() {
        let schema = Schema::packed([Field::new("x", Element::U32)]).unwrap();
        let records = Records::new(&schema, &[1, 0, 0, 0, 2, 0, 0]);
        assert_eq!((records.len(), records.bytes().len()), (1, 4));
        assert_eq!(records.record(1), None);
        assert!(Records::new(&schema, &[1, 2, 3]).is_empty());
    }

    #[test]
    fn nothing_outside_the_run_is_read() {
        let schema = Schema::packed([Field::new("x", Element::U8)]).unwrap();
        let records = Records::new(&schema, &[1, 2, 3]);
        assert_eq!(records.record(usize::MAX), None);
        assert_eq!(records.number(3, &schema.column("x").unwrap()), None);
        for foreign in every_type().columns().iter().skip(1) {
            assert_eq!(records.number(0, foreign), None);
            assert_eq!(records.integer(0, foreign), None);
            assert_eq!(records.text(0, foreign), None);
            assert!(records.numbers(foreign).all(f64::is_nan));
        }
    }
}
