//! The rows of a CSV file, one at a time: bounded memory whatever the file holds, and a line number
//! that is right in every error.

use std::{collections::VecDeque, fs::File, path::Path};

use csv_core::ReadRecordResult;

use super::{
    csv_row::{LineCount, Row},
    error::{Fault, InputError},
    steps::Moved,
};
use crate::inlet::{Blocks, Came, FileBlocks};

/// The longest row in bytes: a thousand columns of a thousand characters.
const LONGEST_ROW: usize = 1 << 20;

/// What a file may begin with that is not part of its first cell.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A file or a pipe being read row by row; the first row is the header.
pub(crate) struct Rows {
    name: String,
    blocks: Box<dyn Blocks>,
    parser: Box<csv_core::Reader>,
    /// What has come, and how much of it the parser has had.
    block: Vec<u8>,
    parsed: usize,
    ended: bool,
    /// The row that is being put together, and how many bytes of cells it has.
    partial: Row,
    partial_bytes: usize,
    is_whole: bool,
    row: Row,
    /// Rows that somebody had to see before it was their turn.
    ahead: VecDeque<Row>,
    lines: LineCount,
    /// Bytes the parser has had.
    taken: u64,
    total: Option<u64>,
}

/// What lies ahead.
#[derive(Debug)]
pub(crate) enum Ahead<'a> {
    Row(&'a Row),
    End,
    /// Nobody waited for it.
    Unknown,
}

impl Rows {
    /// Opens a regular file.
    pub(crate) fn open(path: &Path, delimiter: u8) -> Result<Rows, InputError> {
        let name = path.display().to_string();
        let (file, len) = open_regular(path).map_err(|fault| InputError {
            name: name.clone(),
            fault,
        })?;
        let mut rows = Rows::new(name, Box::new(FileBlocks::new(file)), delimiter);
        rows.total = Some(len);
        Ok(rows)
    }

    /// The rows of what comes from there.
    pub(crate) fn new(name: String, blocks: Box<dyn Blocks>, delimiter: u8) -> Rows {
        let parser = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        Rows {
            name,
            blocks,
            parser: Box::new(parser),
            block: Vec::new(),
            parsed: 0,
            ended: false,
            partial: Row::default(),
            partial_bytes: 0,
            is_whole: false,
            row: Row::default(),
            ahead: VecDeque::new(),
            lines: LineCount::new(),
            taken: 0,
            total: None,
        }
    }

    /// Moves on to the next row that is not blank.
    pub(crate) fn advance(&mut self) -> Result<Moved, InputError> {
        if let Some(row) = self.ahead.pop_front() {
            self.row = row;
            return Ok(Moved::ToNext);
        }
        let moved = self.parse()?;
        if moved == Moved::ToNext {
            std::mem::swap(&mut self.row, &mut self.partial);
        }
        Ok(moved)
    }

    /// The same, with a nap for as long as nothing comes; `nap` says when nobody waits any more.
    pub(crate) fn advance_or_nap(&mut self, nap: &dyn Fn() -> bool) -> Result<Moved, InputError> {
        loop {
            match self.advance()? {
                Moved::Nowhere if nap() => {}
                moved => return Ok(moved),
            }
        }
    }

    /// One more row beyond those seen already, which stays to be moved to.
    pub(crate) fn look_ahead(&mut self, nap: &dyn Fn() -> bool) -> Result<Ahead<'_>, InputError> {
        loop {
            match self.parse()? {
                Moved::ToNext => {
                    self.ahead.push_back(self.partial.trimmed());
                    break;
                }
                Moved::Nowhere if nap() => {}
                Moved::Nowhere => return Ok(Ahead::Unknown),
                Moved::ToEnd => return Ok(Ahead::End),
            }
        }
        Ok(self.ahead.back().map_or(Ahead::End, Ahead::Row))
    }

    /// The row moved to last.
    pub(crate) fn row(&self) -> &Row {
        &self.row
    }

    /// The line the current row begins in, counted from 1.
    pub(crate) fn line(&self) -> u64 {
        self.row.line
    }

    /// How much of a file has been read, from 0 to 1.
    pub(crate) fn share(&self) -> Option<f64> {
        let total = self.total.filter(|&total| total > 0)?;
        Some((self.taken as f64 / total as f64).min(1.0))
    }

    /// An error about this file.
    pub(crate) fn fault(&self, fault: Fault) -> InputError {
        InputError {
            name: self.name.clone(),
            fault,
        }
    }

    /// Puts the next row together in `partial`.
    fn parse(&mut self) -> Result<Moved, InputError> {
        if std::mem::take(&mut self.is_whole) {
            (self.partial.len, self.partial_bytes) = (0, 0);
        }
        loop {
            if self.needs_more() {
                match self.blocks.take() {
                    Ok(Came::Bytes(bytes)) => self.keep(bytes),
                    Ok(Came::Nothing) => return Ok(Moved::Nowhere),
                    Ok(Came::End) => self.ended = true,
                    Err(error) => return Err(self.fault(Fault::Read(error))),
                }
                continue;
            }
            let row = &mut self.partial;
            let (result, bytes, cells, ends) = self.parser.read_record(
                &self.block[self.parsed..],
                &mut row.cells[self.partial_bytes..],
                &mut row.ends[row.len..],
            );
            self.lines.pass(&self.block[self.parsed..][..bytes]);
            self.parsed += bytes;
            self.taken += bytes as u64;
            self.partial_bytes += cells;
            row.len += ends;
            if self.lines.row_bytes() > LONGEST_ROW {
                return Err(self.fault(Fault::TooLong {
                    line: self.lines.of_row(),
                    limit: LONGEST_ROW,
                    advice: "is a quote left open, or is this no CSV file?",
                }));
            }
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => grow(&mut row.cells),
                ReadRecordResult::OutputEndsFull => grow(&mut row.ends),
                ReadRecordResult::End => return Ok(Moved::ToEnd),
                ReadRecordResult::Record => {
                    row.line = self.lines.of_row();
                    self.lines.next_row();
                    self.is_whole = true;
                    return Ok(Moved::ToNext);
                }
            }
        }
    }
}

impl Rows {
    fn needs_more(&self) -> bool {
        let rest = &self.block[self.parsed..];
        // The parser knows a byte order mark only when it sees all of it at once.
        let may_be_mark =
            self.taken == 0 && (BYTE_ORDER_MARK.starts_with(rest) || rest == BYTE_ORDER_MARK);
        !self.ended && (rest.is_empty() || may_be_mark)
    }

    fn keep(&mut self, bytes: Vec<u8>) {
        if self.parsed == self.block.len() {
            self.block = bytes;
            self.parsed = 0;
        } else {
            self.block.extend_from_slice(&bytes);
        }
    }
}

fn grow<T: Clone + Default>(room: &mut Vec<T>) {
    const LEAST: usize = 64;
    room.resize((2 * room.len()).max(LEAST), T::default());
}

fn open_regular(path: &Path) -> Result<(File, u64), Fault> {
    // Looked at before opening: to open a pipe that nobody writes would block.
    let metadata = std::fs::metadata(path).map_err(Fault::Open)?;
    if metadata.is_dir() {
        return Err(Fault::NotAFile {
            found: "a directory",
        });
    }
    if !metadata.is_file() {
        return Err(Fault::NotAFile {
            found: "a pipe or a device",
        });
    }
    let file = File::open(path).map_err(Fault::Open)?;
    Ok((file, metadata.len()))
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows")
            .field("name", &self.name)
            .field("line", &self.line())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inlet::Pieces;

    /// Every row with its line, of a text that comes in pieces of this size with a pause after each.
    fn rows(text: &[u8], piece: usize) -> Result<Vec<(u64, String)>, String> {
        let pieces = Box::new(Pieces::new(text, piece));
        let mut rows = Rows::new("it".to_owned(), pieces, b',');
        let mut found = Vec::new();
        loop {
            match rows.advance().map_err(|error| error.to_string())? {
                Moved::Nowhere => {}
                Moved::ToEnd => return Ok(found),
                Moved::ToNext => {
                    let cells: Vec<_> = rows.row().iter().map(String::from_utf8_lossy).collect();
                    found.push((rows.line(), cells.join("|")));
                }
            }
        }
    }

    fn lines(text: &str) -> Vec<(u64, String)> {
        let whole = rows(text.as_bytes(), text.len()).expect("reads");
        for piece in 1..text.len() {
            let pieces = rows(text.as_bytes(), piece).expect("reads");
            assert_eq!(pieces, whole, "in pieces of {piece}");
        }
        whole
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
        assert_eq!(lines("\u{feff}"), []);
        assert_eq!(lines("\u{feff}x"), [(1, "x".to_owned())]);
    }

    #[test]
    fn a_quote_may_span_lines() {
        let found = lines("a,b\n\"1\n1\",2\n3,4\n");
        assert_eq!(found[1], (2, "1\n1|2".to_owned()));
        assert_eq!(found[2], (4, "3|4".to_owned()));
    }

    #[test]
    fn a_row_is_there_with_its_end_and_not_before() {
        let (pieces, more) = Pieces::by_hand();
        let mut rows = Rows::new("it".to_owned(), Box::new(pieces), b',');
        let mut advance = || rows.advance().expect("reads");
        assert_eq!(advance(), Moved::Nowhere);
        for (text, moved) in [
            ("a,b", Moved::Nowhere),
            ("\n", Moved::ToNext),
            ("1,", Moved::Nowhere),
            ("2\r\n3", Moved::ToNext),
        ] {
            more.send(text.as_bytes().to_vec()).expect("sends");
            assert_eq!(advance(), moved, "{text}");
            assert_eq!(advance(), Moved::Nowhere, "{text}");
        }
        drop(more);
        assert_eq!((advance(), advance()), (Moved::ToNext, Moved::ToEnd));
    }

    #[test]
    fn who_looks_ahead_takes_nothing_away() {
        let pieces = Box::new(Pieces::new(b"a\n1\n2\n3\n", 1));
        let mut rows = Rows::new("it".to_owned(), pieces, b',');
        let nap = || true;
        let first = |row: &Row| row.get(0).expect("a cell").to_vec();
        assert_eq!(rows.advance_or_nap(&nap).expect("reads"), Moved::ToNext);
        for expected in [b"1", b"2"] {
            let Ahead::Row(row) = rows.look_ahead(&nap).expect("reads") else {
                panic!("a row");
            };
            assert_eq!(first(row), expected);
        }
        assert_eq!(first(rows.row()), b"a");
        for (line, expected) in [(2, b"1"), (3, b"2"), (4, b"3")] {
            assert_eq!(rows.advance_or_nap(&nap).expect("reads"), Moved::ToNext);
            assert_eq!((rows.line(), first(rows.row())), (line, expected.to_vec()));
        }
        assert!(matches!(rows.look_ahead(&nap), Ok(Ahead::End)));
        let (pieces, _more) = Pieces::by_hand();
        let mut rows = Rows::new("it".to_owned(), Box::new(pieces), b',');
        assert!(matches!(rows.look_ahead(&|| false), Ok(Ahead::Unknown)));
    }

    #[test]
    fn a_row_without_an_end_is_refused_in_bounded_memory() {
        for start in ["a,b\n1,2\n", "a,b\n1,2\n\"3,"] {
            let mut text = start.as_bytes().to_vec();
            text.extend(std::iter::repeat_n(b'x', 3 * LONGEST_ROW));
            for piece in [1000, 64 * 1024] {
                let error = rows(&text, piece).expect_err("too long");
                assert!(
                    error.contains("line 3: longer than 1048576 bytes"),
                    "{error}"
                );
            }
        }
        let pieces = Box::new(Pieces::new(&[b'x'; 3 * LONGEST_ROW], 1000));
        let mut endless = Rows::new("it".to_owned(), pieces, b',');
        while endless.advance().is_ok() {}
        assert!(endless.taken < LONGEST_ROW as u64 + 2000);
        assert!(endless.partial.cells.len() <= 2 * LONGEST_ROW);
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
