//! Records as they lie in memory, one after the other.

use ringbuf_core::Schema;

use super::{
    Source,
    error::{Fault, InputError},
};
use crate::inlet::{Blocks, Came, Pieces};

/// Bytes as a source of records.
pub struct RawSource {
    blocks: Box<dyn Blocks>,
    schema: Schema,
    /// What has come, and how much of it was handed out.
    bytes: Vec<u8>,
    used: usize,
    /// Records handed out.
    records: u64,
    is_waiting: bool,
    /// What is wrong behind the records that were handed out last.
    failed: Option<anyhow::Error>,
}

impl RawSource {
    /// The records of what comes from there.
    pub(crate) fn new(blocks: Box<dyn Blocks>, schema: Schema) -> RawSource {
        RawSource {
            blocks,
            schema,
            bytes: Vec::new(),
            used: 0,
            records: 0,
            is_waiting: false,
            failed: None,
        }
    }

    /// The same as if these bytes came through a pipe, so many at a time.
    #[doc(hidden)]
    pub fn in_pieces(bytes: &[u8], piece: usize, schema: Schema) -> RawSource {
        RawSource::new(Box::new(Pieces::new(bytes, piece)), schema)
    }

    fn left(&self) -> &[u8] {
        &self.bytes[self.used..]
    }

    /// Hands out at most `most` records that have come.
    fn hand_out(&mut self, out: &mut Vec<u8>, most: usize) -> usize {
        let size = self.schema.size();
        let count = (self.left().len() / size).min(most);
        let bytes = count * size;
        out.extend_from_slice(&self.left()[..bytes]);
        self.used += bytes;
        self.records += count as u64;
        count
    }

    fn keep(&mut self, more: &[u8]) {
        self.bytes.drain(..self.used);
        self.used = 0;
        self.bytes.extend_from_slice(more);
    }

    fn fault(&self, fault: Fault) -> anyhow::Error {
        let name = super::STDIN.to_owned();
        InputError { name, fault }.into()
    }
}

impl Source for RawSource {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn fill(&mut self, out: &mut Vec<u8>, max: usize) -> anyhow::Result<usize> {
        self.is_waiting = false;
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let mut filled = self.hand_out(out, max);
        while filled < max {
            let fault = match self.blocks.take() {
                Ok(Came::Bytes(more)) => {
                    self.keep(&more);
                    filled += self.hand_out(out, max - filled);
                    continue;
                }
                Ok(Came::Nothing) => {
                    self.is_waiting = true;
                    break;
                }
                Ok(Came::End) if self.left().is_empty() => break,
                Ok(Came::End) => Fault::LeftOver {
                    record: self.records,
                    left: self.left().len(),
                    size: self.schema.size(),
                },
                Err(error) => Fault::Read(error),
            };
            let error = self.fault(fault);
            if filled == 0 {
                return Err(error);
            }
            self.failed = Some(error);
            break;
        }
        Ok(filled)
    }

    fn is_waiting(&self) -> bool {
        self.is_waiting
    }
}

impl std::fmt::Debug for RawSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawSource")
            .field("records", &self.records)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::schema_text;

    #[test]
    fn whole_records_come_out_and_what_is_left_over_is_told() {
        let schema = schema_text::parse("a:u8,b:u16").expect("a schema");
        let bytes: Vec<u8> = (0..32).collect();
        for piece in 1..=32 {
            for max in [1, 2, 100] {
                let mut source = RawSource::in_pieces(&bytes, piece, schema.clone());
                let mut out = Vec::new();
                let error = loop {
                    let before = out.len();
                    match source.fill(&mut out, max) {
                        Ok(0) => assert!(source.is_waiting(), "{piece} {max}"),
                        Ok(count) => {
                            assert!(count <= max);
                            assert_eq!(out.len(), before + 3 * count);
                        }
                        Err(error) => break error.to_string(),
                    }
                };
                assert_eq!(out, bytes[..30]);
                let expected = "ended inside of record 10 (the first is 0): 2 bytes were left over, expected 3";
                assert!(error.contains(expected), "{error}");
            }
        }
    }

    #[test]
    fn a_fault_comes_behind_what_came_before_it() {
        struct Breaks(u32);
        impl Blocks for Breaks {
            fn take(&mut self) -> std::io::Result<Came> {
                self.0 += 1;
                match self.0 {
                    1 => Ok(Came::Bytes(vec![7; 3])),
                    2 => Err(std::io::Error::other("gone")),
                    _ => Ok(Came::End),
                }
            }
        }
        let schema = schema_text::parse("a:u8").expect("a schema");
        let mut source = RawSource::new(Box::new(Breaks(0)), schema);
        let mut out = Vec::new();
        let mut fill = || {
            source
                .fill(&mut out, 100)
                .map_err(|error| error.to_string())
        };
        assert_eq!(fill(), Ok(3));
        assert_eq!(
            fill(),
            Err("standard input: cannot be read: gone".to_owned())
        );
    }
}
