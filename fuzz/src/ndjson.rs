//! JSON objects, one a line.

use producer::source::Source;
use producer::source::ndjson::NdjsonSource;
use producer::source::options::ColumnOptions;
use producer::source::schema_text;
use ringbuf_core::{Element, Field, Records, Schema};
use serde_json::Value;

use crate::assert_is_message;
use crate::csv::{Read, read_all};
use crate::image::Input;
use crate::schema::assert_holds;

/// Two bytes of options and a line with a key, or a schema, then lines: the records are what the objects say, in
/// whatever pieces they come, and errors say where.
pub(crate) fn ndjson(input: &[u8]) {
    let mut input = Input(input);
    let (flags, piece) = (input.byte(), input.byte());
    let line = input.0.iter().position(|&byte| byte == b'\n');
    let name = String::from_utf8_lossy(input.take(line.unwrap_or(0))).into_owned();
    input.take(1);
    let text = input.0;
    let named = |flag: u8| (flags & flag != 0).then(|| name.clone());
    let options = ColumnOptions {
        time: named(4),
        time_format: None,
        no_time: flags & 8 != 0,
        text: named(16).map(|name| (name, 6)).into_iter().collect(),
        leave_out: named(32).into_iter().collect(),
        schema: named(64).and_then(|schema| schema_text::parse(&schema).ok()),
        leave_out_others: flags & 128 != 0,
    };
    let whole = read(text, usize::MAX, 1000, &options);
    let pieces = read(text, 1 + usize::from(piece), 2, &options);
    assert_eq!(whole, pieces, "the same in any pieces");
    match whole {
        (_, Some(error)) => assert_says_where(&error, text),
        (bytes, None) => assert_is_what_it_says(&options, text, &bytes),
    }
}

fn open(text: &[u8], piece: usize, options: &ColumnOptions) -> Result<NdjsonSource, String> {
    NdjsonSource::in_pieces(text, piece, options).map_err(|error| error.to_string())
}

fn read(text: &[u8], piece: usize, max: usize, options: &ColumnOptions) -> Read {
    match open(text, piece, options) {
        Ok(mut source) => read_all(&mut source, max),
        Err(error) => (Vec::new(), Some(error)),
    }
}

fn assert_says_where(error: &str, text: &[u8]) {
    assert_is_message(error);
    assert!(error.starts_with("standard input: "), "{error}");
    let Some((_, line)) = error.split_once("standard input: line ") else {
        return;
    };
    let digits = line.split(|c: char| !c.is_ascii_digit()).next();
    let line: usize = digits.and_then(|line| line.parse().ok()).expect("a line");
    let ends = text.iter().filter(|&&byte| byte == b'\n').count();
    assert!((1..=ends + 1).contains(&line), "{error}: {ends} line ends");
}

/// Compares with the objects as another reader of JSON sees them.
fn assert_is_what_it_says(options: &ColumnOptions, text: &[u8], bytes: &[u8]) {
    let source = open(text, usize::MAX, options).expect("it was opened before");
    let schema = source.schema();
    assert_holds(schema);
    let records = Records::new(schema, bytes);
    let text = std::str::from_utf8(text).expect("it was read");
    let lines = text.trim_start_matches('\u{feff}').split('\n');
    let is_blank = |line: &str| line.trim_ascii().is_empty();
    let mut count = 0;
    for (record, line) in lines.filter(|line| !is_blank(line)).enumerate() {
        count = record + 1;
        let object = match serde_json::from_str(line) {
            Ok(Value::Object(object)) => object,
            // The other reader has no such numbers, not even under keys that are left out.
            Err(error) if error.to_string().contains("number out of range") => continue,
            other => panic!("{other:?}: {line}"),
        };
        for field in schema.fields() {
            let missing = Value::Null;
            let value = object.get(field.name()).unwrap_or(&missing);
            assert_is(&records, record, schema, field, value);
        }
    }
    assert_eq!(records.len(), count, "a record for every object");
}

fn assert_is(records: &Records<'_>, i: usize, schema: &Schema, field: &Field, value: &Value) {
    if !field.get_shape().is_empty() {
        let mut values = vec![value];
        for _ in field.get_shape() {
            let inner = values.into_iter().filter_map(Value::as_array).flatten();
            values = inner.collect();
        }
        assert!(values.len() == field.values() || value.is_null());
        return;
    }
    let column = schema.column(field.name()).expect("a column");
    match (column.element(), value) {
        (Element::Text(_), value) => {
            let expected = value.as_str().unwrap_or("").trim_end_matches('\0');
            assert_eq!(records.text(i, &column).expect("text"), expected);
        }
        (Element::DateTimeNs | Element::DurationNs, _) => {}
        (_, Value::Null) => assert!(records.number(i, &column).expect("one").is_nan()),
        (_, Value::Bool(value)) => assert_eq!(records.number(i, &column), Some(f64::from(*value))),
        (element, Value::Number(value)) => {
            if let (Some(found), Some(expected)) = (records.integer(i, &column), value.as_i128()) {
                return assert_eq!(found, expected);
            }
            let (found, expected) = (records.number(i, &column), value.as_f64());
            let (found, expected) = (found.expect("a number"), expected.expect("a number"));
            // The other reader is a digit off at times.
            let slack = match element {
                Element::F32 => f64::from(f32::EPSILON),
                _ => 2.0 * f64::EPSILON,
            };
            let tiny = f64::from(f32::MIN_POSITIVE);
            let is_close = (found - expected).abs() <= slack * expected.abs().max(tiny);
            assert!(is_close, "{found} {expected}");
        }
        (_, other) => panic!("{other} was taken for a number"),
    }
}
