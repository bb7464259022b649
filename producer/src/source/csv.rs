//! A recording in a CSV file.
//!
//! The first line names the columns, and a column's name is its field's name, letter for letter.
//! Values are 64-bit floating point whatever they look like (a column that holds whole numbers for a
//! million lines may hold 0.5 in the next); an empty cell is NaN. Times are passed on as they are,
//! steps backwards and holes too: they belong to the recording.

use std::path::{Path, PathBuf};

use ringbuf_core::Schema;

use super::{
    Source, csv_cell,
    csv_columns::{Columns, Kind},
    csv_error::{CsvError, Fault},
    csv_rows::Rows,
    csv_time::TimeFormat,
};

/// How to read a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvOptions {
    pub path: PathBuf,
    pub delimiter: u8,
    /// The time column's name; found by its name when absent.
    pub time: Option<String>,
    /// How the time column is written; found by its name and first cell when absent.
    pub time_format: Option<TimeFormat>,
    /// Leave the time column out of the records.
    pub no_time: bool,
    /// Columns that hold text, with the bytes to keep for each.
    pub text: Vec<(String, usize)>,
    pub leave_out: Vec<String>,
}

/// Rows this deep are looked at to see how the times are written.
const PROBE_ROWS: usize = 1000;

/// A CSV file as a source of records.
#[derive(Debug)]
pub struct CsvSource {
    rows: Rows,
    columns: Columns,
    /// The first record, if it was read before it was asked for.
    ahead: Vec<u8>,
    failed: Option<CsvError>,
}

impl CsvSource {
    /// Opens a recording and reads its header.
    pub fn open(options: &CsvOptions) -> Result<CsvSource, CsvError> {
        let rows = at_header(&options.path, options.delimiter)?;
        let columns = Columns::resolve(&rows, options, |column| {
            first_cell(&options.path, options.delimiter, column)
        })?;
        Ok(CsvSource {
            rows,
            columns,
            ahead: Vec::new(),
            failed: None,
        })
    }

    /// Reads the first record, to see whether the options fit the file before anything is done
    /// with it.
    pub(crate) fn read_ahead(&mut self) -> Result<(), CsvError> {
        if self.ahead.is_empty() {
            let mut ahead = Vec::new();
            self.push_row(&mut ahead)?;
            self.ahead = ahead;
        }
        Ok(())
    }

    /// The time column's name and how it is understood.
    pub fn time(&self) -> Option<(&str, TimeFormat)> {
        self.columns.time()
    }

    /// Appends the next row; `false` at the end of the file. A row that fails leaves `out` alone.
    fn push_row(&mut self, out: &mut Vec<u8>) -> Result<bool, CsvError> {
        if !self.rows.advance()? {
            return Ok(false);
        }
        let before = out.len();
        self.push_cells(out).map_err(|fault| {
            out.truncate(before);
            self.rows.fault(fault)
        })?;
        Ok(true)
    }

    fn push_cells(&self, out: &mut Vec<u8>) -> Result<(), Fault> {
        let (row, kinds) = (self.rows.row(), &self.columns.kinds);
        if row.len() != kinds.len() {
            return Err(Fault::RowLength {
                line: self.rows.line(),
                found: row.len(),
                expected: kinds.len(),
            });
        }
        for (at, (cell, kind)) in row.iter().zip(kinds).enumerate() {
            if !push_cell(cell, *kind, out) {
                return Err(self.bad_cell(at, cell, *kind));
            }
        }
        Ok(())
    }

    #[cold]
    fn bad_cell(&self, at: usize, cell: &[u8], kind: Kind) -> Fault {
        let expected = if std::str::from_utf8(cell).is_err() {
            "UTF-8; save the file again as UTF-8".to_owned()
        } else {
            match kind {
                Kind::Time(format) => format.expected(),
                Kind::Text(size) => format!("at most {size} bytes of text; see --text"),
                Kind::Number | Kind::Left if cell.iter().any(|b| b";\t|".contains(b)) => {
                    "a number; if no comma separates the columns, see --delimiter".to_owned()
                }
                Kind::Number | Kind::Left => {
                    "a number; publish the column as text with --text, or use --leave-out"
                        .to_owned()
                }
            }
        };
        Fault::Cell {
            line: self.rows.line(),
            column: at + 1,
            name: self.columns.names[at].clone(),
            found: csv_cell::shown(cell),
            expected,
        }
    }
}

impl Source for CsvSource {
    fn schema(&self) -> &Schema {
        &self.columns.schema
    }

    fn fill(&mut self, out: &mut Vec<u8>, max: usize) -> anyhow::Result<usize> {
        if let Some(error) = self.failed.take() {
            return Err(error.into());
        }
        let first = usize::from(max > 0 && !self.ahead.is_empty());
        if first > 0 {
            out.append(&mut self.ahead);
        }
        for filled in first..max {
            match self.push_row(out) {
                Ok(true) => {}
                Ok(false) => return Ok(filled),
                Err(error) if filled == 0 => return Err(error.into()),
                Err(error) => {
                    self.failed = Some(error);
                    return Ok(filled);
                }
            }
        }
        Ok(max)
    }
}

fn push_cell(cell: &[u8], kind: Kind, out: &mut Vec<u8>) -> bool {
    let Ok(cell) = std::str::from_utf8(cell) else {
        return kind == Kind::Left;
    };
    match kind {
        Kind::Left => true,
        Kind::Text(size) => csv_cell::push_text(cell, size, out),
        Kind::Number => csv_cell::number(cell)
            .map(|value| out.extend_from_slice(&value.to_le_bytes()))
            .is_some(),
        Kind::Time(format) => format
            .parse(cell)
            .map(|ns| out.extend_from_slice(&ns.to_le_bytes()))
            .is_some(),
    }
}

fn at_header(path: &Path, delimiter: u8) -> Result<Rows, CsvError> {
    let mut rows = Rows::open(path, delimiter)?;
    if rows.advance()? {
        Ok(rows)
    } else {
        Err(rows.fault(Fault::Empty))
    }
}

/// The first cell of a column that is not empty, from a second look at the file: the rows that are
/// to be published stay unread.
fn first_cell(path: &Path, delimiter: u8, column: usize) -> Result<Option<String>, CsvError> {
    let mut rows = at_header(path, delimiter)?;
    for _ in 0..PROBE_ROWS {
        if !rows.advance()? {
            break;
        }
        let cell = String::from_utf8_lossy(rows.row().get(column).unwrap_or_default());
        if !csv_cell::is_missing(cell.trim()) {
            return Ok(Some(cell.into_owned()));
        }
    }
    Ok(None)
}

#[cfg(test)]
#[path = "csv_tests.rs"]
mod tests;
