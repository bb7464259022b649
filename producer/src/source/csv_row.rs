//! One row of a CSV file, and the number of its line.

/// The cells of a row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    /// The cells one after the other, and room for more.
    pub(crate) cells: Vec<u8>,
    /// Where each of them ends, and room for more.
    pub(crate) ends: Vec<usize>,
    /// How many there are.
    pub(crate) len: usize,
    /// The line it begins in, counted from 1.
    pub(crate) line: u64,
}

impl Row {
    /// How many cells there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Bytes of all of them.
    pub(crate) fn bytes(&self) -> usize {
        self.ends[..self.len].last().copied().unwrap_or(0)
    }

    /// The same row without room for more.
    pub(crate) fn trimmed(&self) -> Row {
        Row {
            cells: self.cells[..self.bytes()].to_vec(),
            ends: self.ends[..self.len].to_vec(),
            ..*self
        }
    }

    /// One of them.
    pub(crate) fn get(&self, at: usize) -> Option<&[u8]> {
        let ends = &self.ends[..self.len];
        let end = *ends.get(at)?;
        let start = at.checked_sub(1).map_or(0, |before| ends[before]);
        self.cells.get(start..end)
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends[..self.len].iter().map(move |&end| {
            let cell = &self.cells[start..end];
            start = end;
            cell
        })
    }
}

/// Counts lines while bytes go by, whether they end in LF, CRLF or CR.
#[derive(Debug)]
pub(crate) struct LineCount {
    line: u64,
    after_cr: bool,
    /// The line in which the row began, if it has begun.
    began: Option<u64>,
    /// Bytes of the row.
    bytes: usize,
}

impl LineCount {
    /// At the first line, in front of a row.
    pub(crate) fn new() -> LineCount {
        LineCount {
            line: 1,
            after_cr: false,
            began: None,
            bytes: 0,
        }
    }

    /// From here on it is another row.
    pub(crate) fn next_row(&mut self) {
        (self.began, self.bytes) = (None, 0);
    }

    /// The next bytes; line ends in front of a row do not belong to it.
    pub(crate) fn pass(&mut self, bytes: &[u8]) {
        let mut bytes = bytes;
        if self.began.is_none() {
            let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
            let blank = bytes.iter().take_while(|byte| is_end(byte)).count();
            self.count(&bytes[..blank]);
            bytes = &bytes[blank..];
            if bytes.is_empty() {
                return;
            }
            self.began = Some(self.line);
        }
        self.bytes += bytes.len();
        self.count(bytes);
    }

    fn count(&mut self, bytes: &[u8]) {
        let mut next = 0;
        for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            let is_second_half = bytes[at] == b'\n' && self.after_cr && at == next;
            self.line += u64::from(!is_second_half);
            self.after_cr = bytes[at] == b'\r';
            next = at + 1;
        }
        self.after_cr &= next == bytes.len();
    }

    /// The line in which the row begins, or would.
    pub(crate) fn of_row(&self) -> u64 {
        self.began.unwrap_or(self.line)
    }

    /// Bytes of the row up to here.
    pub(crate) fn row_bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_in_whatever_pieces_they_come() {
        let text = b"\n\r\n\ra\rb\r\nc\rd\n\ne";
        // In front of `a` there are 3 ends, behind it 5.
        for piece in 1..=text.len() {
            let mut lines = LineCount::new();
            for piece in text.chunks(piece) {
                lines.pass(piece);
            }
            assert_eq!((lines.of_row(), lines.line), (4, 9), "{piece}");
            assert_eq!(lines.row_bytes(), 11);
            lines.next_row();
            assert_eq!(lines.of_row(), 9);
        }
    }

    #[test]
    fn cells_lie_one_after_the_other() {
        let row = Row {
            cells: b"abcxxxx".to_vec(),
            ends: vec![1, 1, 3, 99],
            len: 3,
            line: 1,
        };
        let cells: Vec<&[u8]> = row.iter().collect();
        assert_eq!(cells, [&b"a"[..], b"", b"bc"]);
        let by_number: Vec<_> = (0..4).map(|at| row.get(at)).collect();
        assert_eq!(by_number, [Some(&b"a"[..]), Some(b""), Some(b"bc"), None]);
    }
}
