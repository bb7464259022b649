//! Bytes read as records of any schema.

use ringbuf_console::times::Times;
use ringbuf_console::values::Value;
use ringbuf_core::{Column, Element, Records, Schema};

use crate::image::Input;
use crate::schema::assert_holds;

/// Records that are shown, at most: what is shown twice need not be shown a thousand times.
const SHOWN: usize = 4;
const COLUMNS: usize = 256;

/// A schema, and bytes: every value is the one that stands there, and can be shown to people and to programs.
pub(crate) fn records(input: &[u8]) {
    let mut input = Input(input);
    let Ok(schema) = Schema::from_json(input.run()) else {
        return;
    };
    assert_holds(&schema);
    let bytes = input.0;
    let records = Records::new(&schema, bytes);
    assert_eq!(records.len(), bytes.len() / schema.size());
    assert!(bytes.starts_with(records.bytes()));
    assert_eq!(records.record(records.len()), None);
    let times = Times::of(&schema);
    let columns = schema.columns();
    for record in 0..records.len().min(SHOWN) {
        assert_is_shown(&times.at(&records, record));
        for column in columns.iter().take(COLUMNS) {
            assert_is_read(&records, record, column);
        }
    }
    for column in columns.iter().take(COLUMNS) {
        let scanned = records.numbers(column);
        assert_eq!(scanned.len(), records.len());
        for (record, number) in scanned.take(SHOWN).enumerate() {
            let single = records.number(record, column).unwrap_or(f64::NAN);
            assert_eq!(number.to_bits(), single.to_bits());
        }
        assert_eq!(records.number(records.len(), column), None);
    }
}

/// Compares with the bytes themselves.
fn assert_is_read(records: &Records<'_>, record: usize, column: &Column) {
    let size = column.element().size();
    let bytes = records.record(record).expect("it is there");
    let bytes = &bytes[column.offset()..column.offset() + size];
    let mut word = [0; 8];
    if column.element().is_number() {
        word[..size].copy_from_slice(bytes);
    }
    let unsigned = u64::from_le_bytes(word);
    let signed = (unsigned.cast_signed() << (64 - 8 * size.min(8))) >> (64 - 8 * size.min(8));
    let (integer, number) = match column.element() {
        Element::U8 | Element::U16 | Element::U32 | Element::U64 => {
            (Some(i128::from(unsigned)), Some(unsigned as f64))
        }
        Element::I8 | Element::I16 | Element::I32 | Element::I64 => {
            (Some(i128::from(signed)), Some(signed as f64))
        }
        Element::DateTimeNs | Element::DurationNs if signed == i64::MIN => (None, None),
        Element::DateTimeNs | Element::DurationNs => {
            (Some(i128::from(signed)), Some(signed as f64))
        }
        Element::F32 => (None, Some(f32::from_bits(unsigned as u32).into())),
        Element::F64 => (None, Some(f64::from_bits(unsigned))),
        Element::Text(_) => (None, None),
    };
    assert_eq!(records.integer(record, column), integer);
    let found = records.number(record, column);
    assert_eq!(found.map(f64::to_bits), number.map(f64::to_bits));
    let text = records.text(record, column);
    assert_eq!(text.is_some(), !column.element().is_number());
    if let Some(text) = text {
        let all = String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(text, all.trim_end_matches('\0'));
    }
    assert_is_shown(&Value::of(records, record, column));
}

/// On one line for people, and as JSON for programs.
fn assert_is_shown(value: &(impl std::fmt::Display + serde::Serialize)) {
    let text = value.to_string();
    assert!(!text.contains(char::is_control), "{text:?}");
    assert!(serde_json::to_string(value).is_ok());
}
