//! The lines of what comes in, each a text, none of them endless.

use std::ops::Range;

use super::{
    csv_cell,
    error::{Fault, InputError},
    steps::Moved,
};
use crate::{
    inlet::{Blocks, Came},
    line_cutter::{Line, LineCutter},
};

/// The longest line in bytes.
const LONGEST: usize = 1 << 20;

/// Lines that are not blank.
pub(crate) struct JsonLines {
    blocks: Box<dyn Blocks>,
    cutter: LineCutter,
    ended: bool,
    line: Range<usize>,
    number: u64,
}

impl JsonLines {
    /// The lines of what comes from there.
    pub(crate) fn new(blocks: Box<dyn Blocks>) -> JsonLines {
        let mut cutter = LineCutter::new();
        cutter.limit(LONGEST);
        JsonLines {
            blocks,
            cutter,
            ended: false,
            line: 0..0,
            number: 0,
        }
    }

    /// Moves on to the next line that is not blank.
    pub(crate) fn advance(&mut self) -> Result<Moved, InputError> {
        loop {
            while let Some(line) = self.cutter.line() {
                self.number += 1;
                let Line::At(range) = line else {
                    return Err(self.too_long());
                };
                let is_blank = self.cutter.bytes(range.clone()).trim_ascii().is_empty();
                self.line = range;
                if !is_blank {
                    return Ok(Moved::ToNext);
                }
            }
            // The rest of a line that cannot be used is not waited for.
            if self.cutter.is_too_long() {
                self.number += 1;
                return Err(self.too_long());
            }
            if self.ended {
                return Ok(Moved::ToEnd);
            }
            match self.blocks.take() {
                Ok(Came::Bytes(bytes)) => self.cutter.push(&bytes),
                Ok(Came::Nothing) => return Ok(Moved::Nowhere),
                Ok(Came::End) => {
                    self.cutter.finish();
                    self.ended = true;
                }
                Err(error) => return Err(self.fault(Fault::Read(error))),
            }
        }
    }

    /// The line moved to last, without the mark of a byte order.
    pub(crate) fn text(&self) -> Result<&str, InputError> {
        let bytes = self.cutter.bytes(self.line.clone());
        let text = std::str::from_utf8(bytes).map_err(|error| {
            self.fault(Fault::Json {
                line: self.number,
                column: error.valid_up_to() + 1,
                found: csv_cell::shown(bytes),
                reason: "it is not UTF-8".to_owned(),
                advice: "",
            })
        })?;
        Ok(match self.number {
            1 => text.trim_start_matches('\u{feff}'),
            _ => text,
        })
    }

    /// Its number, counted from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// An error about what comes in.
    pub(crate) fn fault(&self, fault: Fault) -> InputError {
        InputError {
            name: super::STDIN.to_owned(),
            fault,
        }
    }

    fn too_long(&self) -> InputError {
        self.fault(Fault::TooLong {
            line: self.number,
            limit: LONGEST,
            advice: "expected one JSON object a line",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inlet::Pieces;

    #[test]
    fn the_end_of_a_line_that_cannot_be_used_is_not_waited_for() {
        let (pieces, more) = Pieces::by_hand();
        let mut lines = JsonLines::new(Box::new(pieces));
        more.send(b"{}\n\n".to_vec()).expect("sends");
        assert!(matches!(lines.advance(), Ok(Moved::ToNext)));
        more.send(vec![b'x'; LONGEST]).expect("sends");
        assert!(matches!(lines.advance(), Ok(Moved::Nowhere)));
        more.send(vec![b'x'; 2]).expect("sends");
        let error = lines.advance().expect_err("too long").to_string();
        assert!(
            error.contains("line 3: longer than 1048576 bytes"),
            "{error}"
        );
    }
}
