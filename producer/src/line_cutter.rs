//! Cuts a stream of bytes into lines, and keeps no more of a line than is of use.

use std::ops::Range;

/// Bytes come in, lines go out.
#[derive(Debug)]
pub(crate) struct LineCutter {
    bytes: Vec<u8>,
    /// Where the line that is being looked for begins.
    start: usize,
    /// Up to here there is no end of it.
    searched: usize,
    /// Bytes of it that were thrown away, for it is too long.
    dropped: u64,
    most: usize,
    ended: bool,
}

/// One line, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// It lies there, until more bytes come.
    At(Range<usize>),
    /// It was longer than a line may be, by as many bytes as are told.
    TooLong(u64),
}

impl LineCutter {
    /// Lines of any length.
    pub(crate) fn new() -> LineCutter {
        LineCutter {
            bytes: Vec::new(),
            start: 0,
            searched: 0,
            dropped: 0,
            most: usize::MAX,
            ended: false,
        }
    }

    /// Lines that are longer are too long.
    pub(crate) fn limit(&mut self, most: usize) {
        self.most = most;
    }

    /// More bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// There are no more: what is left is a line as well.
    pub(crate) fn finish(&mut self) {
        self.ended = true;
    }

    /// The next line, if all of it is there.
    pub(crate) fn line(&mut self) -> Option<Line> {
        let found = memchr::memchr(b'\n', &self.bytes[self.searched..]);
        let Some(end) = found.map(|at| self.searched + at) else {
            return self.unfinished();
        };
        let text = &self.bytes[self.start..end];
        let len = text.strip_suffix(b"\r").map_or(text.len(), <[u8]>::len);
        let line = self.cut(len);
        self.start = end + 1;
        self.searched = self.start;
        Some(line)
    }

    /// Whether the line whose end has not come is too long already.
    pub(crate) fn is_too_long(&self) -> bool {
        self.dropped > 0
    }

    /// The bytes of a line.
    pub(crate) fn bytes(&self, line: Range<usize>) -> &[u8] {
        &self.bytes[line]
    }

    fn unfinished(&mut self) -> Option<Line> {
        let len = self.bytes.len() - self.start;
        self.searched = self.bytes.len();
        if self.ended {
            let line = (len > 0 || self.dropped > 0).then(|| self.cut(len));
            self.start = self.bytes.len();
            return line;
        }
        // One more than the most may yet turn out to be half of its end.
        if len > self.most.saturating_add(1) {
            self.dropped += len as u64;
            self.start = self.bytes.len();
        }
        None
    }

    /// The line of so many bytes from the start on.
    fn cut(&mut self, len: usize) -> Line {
        let dropped = std::mem::take(&mut self.dropped);
        if dropped > 0 || len > self.most {
            return Line::TooLong(dropped + len as u64);
        }
        Line::At(self.start..self.start + len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a text that comes in pieces of this size; a length for each that is too long.
    fn lines(text: &[u8], piece: usize, most: usize) -> Vec<Result<Vec<u8>, u64>> {
        let mut cutter = LineCutter::new();
        cutter.limit(most);
        let mut found = Vec::new();
        let mut drain = |cutter: &mut LineCutter| {
            while let Some(line) = cutter.line() {
                found.push(match line {
                    Line::At(range) => Ok(cutter.bytes(range).to_vec()),
                    Line::TooLong(len) => Err(len),
                });
            }
        };
        for piece in text.chunks(piece) {
            cutter.push(piece);
            drain(&mut cutter);
        }
        cutter.finish();
        drain(&mut cutter);
        drain(&mut cutter);
        found
    }

    fn texts(text: &str) -> Vec<String> {
        let whole = lines(text.as_bytes(), usize::MAX, usize::MAX);
        for piece in 1..text.len() {
            assert_eq!(lines(text.as_bytes(), piece, usize::MAX), whole, "{piece}");
        }
        let text =
            |line: Result<Vec<u8>, u64>| String::from_utf8(line.expect("fits")).expect("text");
        whole.into_iter().map(text).collect()
    }

    #[test]
    fn ends_are_cut_off_in_whatever_pieces_they_come() {
        assert_eq!(texts("a\nb\n"), ["a", "b"]);
        assert_eq!(texts("a\r\nb\r\n"), ["a", "b"]);
        assert_eq!(texts("a\r\nb"), ["a", "b"]);
        assert_eq!(texts("\n\r\n\n"), ["", "", ""]);
        assert_eq!(texts(""), [""; 0]);
    }

    #[test]
    fn nothing_else_is_cut_off() {
        assert_eq!(texts("a\rb\r\r\nc\r"), ["a\rb\r", "c\r"]);
        assert_eq!(texts(" a \0\n\t\n"), [" a \0", "\t"]);
        assert_eq!(lines(b"\xff\n\x80", 1, 9), [Ok(vec![0xff]), Ok(vec![0x80])]);
    }

    #[test]
    fn lines_that_are_too_long_are_told_and_not_kept() {
        let expected = [Ok(b"1234".to_vec()), Err(5), Ok(vec![]), Err(6)];
        for piece in 1..20 {
            let found = lines(b"1234\r\n12345\n\n123456", piece, 4);
            assert_eq!(found, expected, "{piece}");
        }
        let mut cutter = LineCutter::new();
        cutter.limit(10);
        for _ in 0..1000 {
            cutter.push(&[b'x'; 100]);
            assert_eq!(cutter.line(), None);
        }
        assert!(cutter.bytes.len() <= 200, "{}", cutter.bytes.len());
        cutter.push(b"x\nok\n");
        assert_eq!(cutter.line(), Some(Line::TooLong(100_001)));
        let Some(Line::At(range)) = cutter.line() else {
            panic!("a line");
        };
        assert_eq!(cutter.bytes(range), b"ok");
    }
}
