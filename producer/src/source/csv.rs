//! A recording in a CSV file, or rows that come through a pipe.
//!
//! The first line names the columns, and a column's name is its field's name, letter for letter.
//! Unless a schema is given, values are 64-bit floating point whatever they look like (a column that
//! holds whole numbers for a million lines may hold 0.5 in the next); an empty cell is NaN. Times are
//! passed on as they are, steps backwards and holes too: they belong to the recording.

use std::path::PathBuf;

use ringbuf_core::{Element, Schema};

use super::{
    Source,
    columns::{self, Columns, Place},
    csv_cell, csv_header,
    csv_rows::{Ahead, Rows},
    csv_time::TimeFormat,
    error::{Fault, InputError},
    kind::Kind,
    options::{ColumnOptions, Noun},
    steps::{Moved, Steps},
};
use crate::inlet::{Blocks, Pieces};

/// How to read a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvOptions {
    pub path: PathBuf,
    pub delimiter: u8,
    pub columns: ColumnOptions,
}

/// Rows this deep, and bytes of them, are looked at to see how the times are written.
const PROBE_ROWS: usize = 1000;
const PROBE_BYTES: usize = 4 << 20;

/// Rows as a source of records.
#[derive(Debug)]
pub struct CsvSource {
    rows: Rows,
    columns: Columns,
    steps: Steps,
}

impl CsvSource {
    /// Opens a recording and reads its header.
    pub fn open(options: &CsvOptions) -> Result<CsvSource, InputError> {
        let rows = Rows::open(&options.path, options.delimiter)?;
        // A file keeps nobody waiting.
        let source = CsvSource::on(rows, &options.columns, &|| true)?;
        Ok(source.expect("everything is there"))
    }

    /// Rows that come from there, as soon as there is a header. None if `nap` says that nobody waits for it.
    pub(crate) fn from_pipe(
        blocks: Box<dyn Blocks>,
        delimiter: u8,
        options: &ColumnOptions,
        nap: &dyn Fn() -> bool,
    ) -> Result<Option<CsvSource>, InputError> {
        let rows = Rows::new(super::STDIN.to_owned(), blocks, delimiter);
        CsvSource::on(rows, options, nap)
    }

    /// The same as if these bytes came through a pipe, so many at a time.
    #[doc(hidden)]
    pub fn in_pieces(
        bytes: &[u8],
        piece: usize,
        delimiter: u8,
        options: &ColumnOptions,
    ) -> Result<CsvSource, InputError> {
        let pieces = Box::new(Pieces::new(bytes, piece));
        let source = CsvSource::from_pipe(pieces, delimiter, options, &|| true)?;
        Ok(source.expect("it was waited for"))
    }

    fn on(
        mut rows: Rows,
        options: &ColumnOptions,
        nap: &dyn Fn() -> bool,
    ) -> Result<Option<CsvSource>, InputError> {
        const EXPECTED: &str = "a line with the column names and then one record a line";
        match rows.advance_or_nap(nap)? {
            Moved::ToNext => {}
            Moved::Nowhere => return Ok(None),
            Moved::ToEnd => return Err(rows.fault(Fault::Empty { expected: EXPECTED })),
        }
        let found = csv_header::names(&rows).map_err(|fault| rows.fault(fault))?;
        let names: Vec<String> = found.iter().map(|found| found.name.clone()).collect();
        let unclear = columns::unclear_time(Noun::Column, &names, options)
            .map_err(|fault| rows.fault(fault))?;
        let cell = match unclear {
            None => None,
            Some(column) => match first_cell(&mut rows, column, nap)? {
                Probe::Cell(cell) => Some(cell),
                Probe::None => None,
                Probe::Unknown => return Ok(None),
            },
        };
        let columns = Columns::resolve(Noun::Column, found, options, cell.as_deref())
            .map_err(|fault| rows.fault(fault))?;
        Ok(Some(CsvSource {
            rows,
            columns,
            steps: Steps::default(),
        }))
    }

    /// Reads the first record, to see whether the options fit before anything is done with it. False if `nap` says
    /// that nobody waits for it.
    pub(crate) fn read_ahead(&mut self, nap: &dyn Fn() -> bool) -> Result<bool, InputError> {
        let (rows, columns) = (&mut self.rows, &self.columns);
        self.steps.read_ahead(nap, |out| push(rows, columns, out))
    }

    /// The time column's name and how it is understood.
    pub fn time(&self) -> Option<(&str, TimeFormat)> {
        self.columns.time()
    }
}

/// Appends the record of the next row. One that fails leaves `out` alone.
fn push(rows: &mut Rows, columns: &Columns, out: &mut Vec<u8>) -> Result<Moved, InputError> {
    let moved = rows.advance()?;
    if moved == Moved::ToNext {
        let before = out.len();
        out.resize(before + columns.schema.size(), 0);
        write_cells(rows, columns, &mut out[before..]).map_err(|fault| {
            out.truncate(before);
            rows.fault(fault)
        })?;
    }
    Ok(moved)
}

fn write_cells(rows: &Rows, columns: &Columns, record: &mut [u8]) -> Result<(), Fault> {
    let (row, places) = (rows.row(), &columns.places);
    if row.len() != places.len() {
        return Err(Fault::RowLength {
            line: rows.line(),
            found: row.len(),
            expected: places.len(),
        });
    }
    for (at, (cell, place)) in row.iter().zip(places).enumerate() {
        if write_cell(cell, place, record).is_none() {
            return Err(Fault::Cell {
                line: rows.line(),
                column: at + 1,
                name: columns.names[at].clone(),
                found: csv_cell::shown(cell),
                expected: expected(cell, place.kind),
            });
        }
    }
    Ok(())
}

#[cold]
fn expected(cell: &[u8], kind: Kind) -> String {
    let Ok(text) = std::str::from_utf8(cell) else {
        return "UTF-8; save the file again as UTF-8".to_owned();
    };
    let what = kind.expected();
    match kind {
        Kind::Number(Element::F64) if kind.is_inexact(text) => kind.inexact(),
        Kind::Number(_) if text.contains([';', '\t', '|']) => {
            format!("{what}; if no comma separates the columns, see --delimiter")
        }
        Kind::Number(Element::F64) => {
            format!("{what}; publish the column as text with --text, or use --leave-out")
        }
        _ => what,
    }
}

impl Source for CsvSource {
    fn schema(&self) -> &Schema {
        &self.columns.schema
    }

    fn fill(&mut self, out: &mut Vec<u8>, max: usize) -> anyhow::Result<usize> {
        let (rows, columns) = (&mut self.rows, &self.columns);
        self.steps.fill(out, max, |out| push(rows, columns, out))
    }

    fn is_waiting(&self) -> bool {
        self.steps.is_waiting()
    }

    fn share(&self) -> Option<f64> {
        self.rows.share()
    }
}

fn write_cell(cell: &[u8], place: &Place, record: &mut [u8]) -> Option<()> {
    if place.kind == Kind::Left {
        return Some(());
    }
    let value = &mut record[place.offset..][..place.kind.size()];
    place.kind.write(std::str::from_utf8(cell).ok()?, value)
}

/// What the first cell of a column says that is not empty.
enum Probe {
    Cell(String),
    None,
    /// Nobody waited for it.
    Unknown,
}

/// Looks for it without taking rows away from those that are to be published.
fn first_cell(rows: &mut Rows, column: usize, nap: &dyn Fn() -> bool) -> Result<Probe, InputError> {
    let mut bytes = 0;
    for _ in 0..PROBE_ROWS {
        let row = match rows.look_ahead(nap)? {
            Ahead::Row(row) => row,
            Ahead::End => break,
            Ahead::Unknown => return Ok(Probe::Unknown),
        };
        let cell = String::from_utf8_lossy(row.get(column).unwrap_or_default());
        if !csv_cell::is_missing(cell.trim()) {
            return Ok(Probe::Cell(cell.into_owned()));
        }
        bytes += row.bytes();
        if bytes > PROBE_BYTES {
            break;
        }
    }
    Ok(Probe::None)
}

#[cfg(test)]
#[path = "csv_tests.rs"]
mod tests;
