//! Lines of text, or of whatever bytes come between the ends of lines: one frame each.

use std::ops::Range;

use anyhow::Context;

use super::{FrameSource, Next, Outline};
use crate::{
    inlet::{Blocks, Came, Inlet},
    line_cutter::{Line, LineCutter},
    report::say,
};

/// So many lines that are too long are told one by one.
const TELL: u64 = 3;

/// One frame a line.
#[derive(Debug)]
pub(crate) struct Lines {
    inlet: Inlet,
    cutter: LineCutter,
    line: Range<usize>,
    /// Lines that have come.
    number: u64,
    most: usize,
    too_long: u64,
}

impl Lines {
    /// The lines of what comes in there.
    pub(crate) fn new(inlet: Inlet) -> Lines {
        Lines {
            inlet,
            cutter: LineCutter::new(),
            line: 0..0,
            number: 0,
            most: usize::MAX,
            too_long: 0,
        }
    }

    fn pass_over(&mut self, len: u64) {
        self.too_long += 1;
        if self.too_long <= TELL {
            let (number, most) = (self.number, self.most);
            let more = match self.too_long {
                TELL => "; others are only counted",
                _ => "",
            };
            say(&format!(
                "line {number} is passed over: it has {len} bytes, and the ring has room for {most} (--arena){more}"
            ));
        }
    }
}

impl FrameSource for Lines {
    fn next(&mut self) -> anyhow::Result<Next> {
        let mut ended = false;
        loop {
            while let Some(line) = self.cutter.line() {
                self.number += 1;
                match line {
                    Line::At(range) => {
                        self.line = range;
                        return Ok(Next::Frame(Outline::bytes(self.line.len())));
                    }
                    Line::TooLong(len) => self.pass_over(len),
                }
            }
            if ended {
                return Ok(Next::End);
            }
            match self.inlet.take().context("cannot read standard input")? {
                Came::Bytes(bytes) => self.cutter.push(&bytes),
                Came::Nothing => return Ok(Next::Waiting),
                Came::End => {
                    self.cutter.finish();
                    ended = true;
                }
            }
        }
    }

    fn fill(&mut self, out: &mut [u8]) -> anyhow::Result<()> {
        out.copy_from_slice(self.cutter.bytes(self.line.clone()));
        Ok(())
    }

    fn limit(&mut self, bytes: usize) {
        self.most = bytes;
        self.cutter.limit(bytes);
    }

    fn too_long(&self) -> u64 {
        self.too_long
    }
}
