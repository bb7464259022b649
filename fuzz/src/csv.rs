//! Recordings in CSV files.

use std::path::Path;

use producer::source::Source;
use producer::source::csv::{CsvOptions, CsvSource};
use producer::source::csv_time::TimeFormat;
use producer::source::options::ColumnOptions;
use producer::source::schema_text;
use producer::values;
use ringbuf_core::{Element, Records, Role};

use crate::image::Input;
use crate::schema::assert_holds;
use crate::{assert_is_message, home};

/// How a time may be written; empty: found by the header.
const UNITS: [&str; 8] = [
    "", "datetime", "s", "ms", "ns", "unix-s", "unix-us", "unix-ns",
];

/// Options in two bytes and a line with the name of a column, or a schema, then the file: the records are what the
/// cells say, however many are asked for at once, from a file and through a pipe, and errors say where.
pub(crate) fn csv(input: &[u8]) {
    let mut input = Input(input);
    let (flags, unit) = (input.byte(), input.byte());
    let line = input.0.iter().position(|&byte| byte == b'\n');
    let name = String::from_utf8_lossy(input.take(line.unwrap_or(0))).into_owned();
    input.take(1);
    let text = input.0;
    home::with(|directory| {
        let path = directory.join("recording.csv");
        std::fs::write(&path, text).expect("a file");
        let named = |flag: u8| (flags & flag != 0).then(|| name.clone());
        let options = CsvOptions {
            path: path.clone(),
            delimiter: b",;\t|"[usize::from(flags & 3)],
            columns: ColumnOptions {
                time: named(4),
                time_format: format_of(UNITS[usize::from(unit % 8)]),
                no_time: flags & 8 != 0,
                text: named(16).map(|name| (name, 6)).into_iter().collect(),
                leave_out: named(32).into_iter().collect(),
                schema: named(64).and_then(|schema| schema_text::parse(&schema).ok()),
                leave_out_others: flags & 128 != 0,
            },
        };
        let (at_once, one_by_one) = (read(&options, 1000), read(&options, 1));
        assert_eq!(at_once, one_by_one, "the same in large pieces and small");
        let piece = 1 + usize::from(unit / 8);
        let piped = read_pieces(text, piece, &options);
        let name = path.display().to_string();
        let of_file = piped
            .1
            .map(|error| error.replacen("standard input", &name, 1));
        assert_eq!((piped.0, of_file), at_once, "the same through a pipe");
        let (bytes, error) = at_once;
        if let Some(error) = error {
            assert_says_where(&error, &path, text);
        } else {
            assert_is_what_it_says(&options, text, &bytes);
        }
    });
}

fn format_of(unit: &str) -> Option<TimeFormat> {
    (!unit.is_empty()).then(|| values::time_unit(unit).expect("a unit"))
}

fn read(options: &CsvOptions, max: usize) -> Read {
    match CsvSource::open(options) {
        Ok(mut source) => read_all(&mut source, max),
        Err(error) => (Vec::new(), Some(error.to_string())),
    }
}

fn read_pieces(text: &[u8], piece: usize, options: &CsvOptions) -> Read {
    match CsvSource::in_pieces(text, piece, options.delimiter, &options.columns) {
        Ok(mut source) => read_all(&mut source, 1000),
        Err(error) => (Vec::new(), Some(error.to_string())),
    }
}

/// All records, and the error in front of which they end.
pub(crate) type Read = (Vec<u8>, Option<String>);

pub(crate) fn read_all(source: &mut dyn Source, max: usize) -> Read {
    let size = source.schema().size();
    let mut bytes = Vec::new();
    loop {
        let before = bytes.len();
        match source.fill(&mut bytes, max) {
            Ok(0) if source.is_waiting() => {}
            Ok(0) => return (bytes, None),
            Ok(count) => {
                assert!(count <= max);
                assert_eq!(bytes.len(), before + count * size);
            }
            Err(error) => {
                assert_eq!(bytes.len(), before, "a row that fails leaves nothing");
                return (bytes, Some(error.to_string()));
            }
        }
    }
}

fn assert_says_where(error: &str, path: &Path, text: &[u8]) {
    assert_is_message(error);
    assert!(error.starts_with(path.to_str().expect("ours")), "{error}");
    let Some((_, line)) = error.split_once(": line ") else {
        return;
    };
    let digits = line.split(|c: char| !c.is_ascii_digit()).next();
    let line: usize = digits.and_then(|line| line.parse().ok()).expect("a line");
    let ends = text.iter().filter(|byte| b"\r\n".contains(byte)).count();
    assert!((1..=ends + 1).contains(&line), "{error}: {ends} line ends");
}

/// Compares with the rows as the parser of the format alone sees them.
fn assert_is_what_it_says(options: &CsvOptions, text: &[u8], bytes: &[u8]) {
    let source = CsvSource::open(options).expect("it was opened before");
    let schema = source.schema();
    assert_holds(schema);
    let records = Records::new(schema, bytes);
    let mut rows = csv::ReaderBuilder::new()
        .delimiter(options.delimiter)
        .from_reader(text);
    let header = rows.byte_headers().expect("a header").clone();
    let columns: Vec<_> = header
        .iter()
        .map(|name| schema.column(std::str::from_utf8(name).expect("UTF-8")))
        .collect();
    let mut count = 0;
    for (record, row) in rows.byte_records().enumerate() {
        let row = row.expect("a row as long as the header");
        for (cell, column) in row.iter().zip(&columns) {
            let (Some(column), Ok(cell)) = (column, std::str::from_utf8(cell)) else {
                continue;
            };
            let is_time = [Element::DateTimeNs, Element::DurationNs].contains(&column.element());
            if is_time && column.role() == Role::Value {
                continue;
            }
            if let Role::Time(_) = column.role() {
                let is_said = source.time().map(|(name, _)| name) == Some(column.name());
                assert!(is_said || options.columns.schema.is_some());
            } else if let Element::Text(size) = column.element() {
                assert!(cell.len() <= size);
                let text = records.text(record, column).expect("text");
                assert_eq!(text, cell.trim_end_matches('\0'));
            } else if let Some(found) = records.integer(record, column) {
                let expected: f64 = cell.trim().parse().expect("a number");
                assert_eq!(found as f64, expected, "{cell:?}");
            } else {
                let expected = match column.element() {
                    Element::F32 => f64::from(cell.trim().parse().unwrap_or(f32::NAN)),
                    _ => cell.trim().parse().unwrap_or(f64::NAN),
                };
                let found = records.number(record, column).unwrap_or(f64::NAN);
                assert_eq!(found.to_bits(), expected.to_bits(), "{cell:?}");
            }
        }
        count = record + 1;
    }
    assert_eq!(records.len(), count, "a record for every row");
}
