//! The rows of a CSV file, one at a time: bounded memory whatever the file holds, and a line number
//! that is right in every error.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use csv::ByteRecord;

use super::csv_error::{CsvError, Fault};

/// The longest row in bytes: a thousand columns of a thousand characters.
const LONGEST_ROW: usize = 1 << 20;
/// How far the parser reads ahead of the row it is at.
const READ_AHEAD: usize = 1 << 16;

/// A file being read row by row; the first row is the header.
#[derive(Debug)]
pub(crate) struct Rows {
    path: PathBuf,
    reader: csv::Reader<Bounded<File>>,
    row: ByteRecord,
}

impl Rows {
    /// Opens a regular file.
    pub(crate) fn open(path: &Path, delimiter: u8) -> Result<Rows, CsvError> {
        let file = open_regular(path).map_err(|fault| CsvError {
            path: path.to_owned(),
            fault,
        })?;
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(READ_AHEAD)
            .from_reader(Bounded {
                inner: file,
                allowance: 0,
            });
        Ok(Rows {
            path: path.to_owned(),
            reader,
            row: ByteRecord::new(),
        })
    }

    /// Moves on to the next row that is not blank; `false` at the end of the file.
    pub(crate) fn advance(&mut self) -> Result<bool, CsvError> {
        self.reader.get_mut().allowance = LONGEST_ROW + READ_AHEAD;
        match self.reader.read_byte_record(&mut self.row) {
            Ok(more) => Ok(more),
            Err(error) => Err(self.fault(match error.into_kind() {
                csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                    Fault::TooLong {
                        line: self.line(),
                        limit: LONGEST_ROW,
                    }
                }
                csv::ErrorKind::Io(error) => Fault::Read(error),
                other => Fault::Read(io::Error::other(format!("{other:?}"))),
            })),
        }
    }

    /// The row moved to last.
    pub(crate) fn row(&self) -> &ByteRecord {
        &self.row
    }

    /// The line the current row begins in, counted from 1.
    ///
    /// Counted from the file again, and only when somebody asks: the parser's own number is one too
    /// small after a blank line or a CRLF.
    pub(crate) fn line(&self) -> u64 {
        let start = self.row.position().map_or(0, |position| position.byte());
        File::open(&self.path)
            .and_then(|file| line_of(BufReader::new(file), start))
            .unwrap_or(0)
    }

    /// An error about this file.
    pub(crate) fn fault(&self, fault: Fault) -> CsvError {
        CsvError {
            path: self.path.clone(),
            fault,
        }
    }
}

fn open_regular(path: &Path) -> Result<File, Fault> {
    // Looked at before opening: to open a pipe that nobody writes would block.
    let kind = std::fs::metadata(path).map_err(Fault::Open)?.file_type();
    if kind.is_dir() {
        return Err(Fault::NotAFile {
            found: "a directory",
        });
    }
    if !kind.is_file() {
        return Err(Fault::NotAFile {
            found: "a pipe or a device",
        });
    }
    File::open(path).map_err(Fault::Open)
}

/// The line of the first byte at or after `start` that does not end a line.
fn line_of(mut bytes: impl BufRead, start: u64) -> io::Result<u64> {
    let (mut line, mut at, mut previous) = (1, 0_u64, 0_u8);
    loop {
        let chunk = bytes.fill_buf()?;
        if chunk.is_empty() {
            return Ok(line);
        }
        for &byte in chunk {
            if at >= start && byte != b'\n' && byte != b'\r' {
                return Ok(line);
            }
            if byte == b'\r' || (byte == b'\n' && previous != b'\r') {
                line += 1;
            }
            previous = byte;
            at += 1;
        }
        let used = chunk.len();
        bytes.consume(used);
    }
}

/// Reads until an allowance is used up; topping it up per row bounds what one row can take.
#[derive(Debug)]
struct Bounded<R> {
    inner: R,
    allowance: usize,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = buffer.len().min(self.allowance);
        if room == 0 && !buffer.is_empty() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let read = self.inner.read(&mut buffer[..room])?;
        self.allowance -= read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("temporary file");
        std::fs::write(file.path(), text).expect("writes");
        file
    }

    fn lines(text: &str) -> Vec<(u64, String)> {
        let file = written(text.as_bytes());
        let mut rows = Rows::open(file.path(), b',').expect("opens");
        let mut found = Vec::new();
        while rows.advance().expect("reads") {
            let cells: Vec<_> = rows.row().iter().map(String::from_utf8_lossy).collect();
            found.push((rows.line(), cells.join("|")));
        }
        found
    }

    #[test]
    fn lines_are_counted_right_with_every_line_end() {
        let expected = vec![
            (1, "a|b".to_owned()),
            (2, "1|2".to_owned()),
            (4, "3|4".to_owned()),
        ];
        assert_eq!(lines("a,b\n1,2\n\n3,4\n"), expected);
        assert_eq!(lines("a,b\r\n1,2\r\n\r\n3,4"), expected);
        assert_eq!(lines("\u{feff}a,b\r1,2\r\r3,4\r"), expected);
    }

    #[test]
    fn a_quote_may_span_lines() {
        let found = lines("a,b\n\"1\n1\",2\n3,4\n");
        assert_eq!(found[1], (2, "1\n1|2".to_owned()));
        assert_eq!(found[2], (4, "3|4".to_owned()));
    }

    #[test]
    fn a_row_without_an_end_is_refused_in_bounded_memory() {
        for start in ["a,b\n1,2\n", "a,b\n1,2\n\"3,"] {
            let mut text = start.as_bytes().to_vec();
            text.extend(std::iter::repeat_n(b'x', 3 * LONGEST_ROW));
            let file = written(&text);
            let mut rows = Rows::open(file.path(), b',').expect("opens");
            assert!(rows.advance().is_ok_and(|more| more));
            assert!(rows.advance().is_ok_and(|more| more));
            let error = rows.advance().expect_err("too long").to_string();
            assert!(
                error.contains("line 3: longer than 1048576 bytes"),
                "{error}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_refused_without_blocking() {
        let open = |path: &str| {
            Rows::open(Path::new(path), b',')
                .map(|_| ())
                .map_err(|e| e.to_string())
        };
        assert!(open("/").is_err_and(|e| e.starts_with("/: this is a directory")));
        assert!(open("/dev/null").is_err_and(|e| e.contains("a pipe or a device")));
        assert!(
            open("/nowhere.csv").is_err_and(|e| e.starts_with("/nowhere.csv: cannot be opened"))
        );
    }
}
