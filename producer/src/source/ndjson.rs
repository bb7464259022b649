//! JSON objects, one a line: each is a record.
//!
//! The first one says what a record consists of, unless a schema does.

use ringbuf_core::Schema;

use super::{
    Source,
    csv_time::TimeFormat,
    error::InputError,
    json_lines::JsonLines,
    json_object::Keys,
    options::ColumnOptions,
    steps::{Moved, Steps},
};
use crate::inlet::{Blocks, Pieces};

/// Lines of JSON as a source of records.
pub struct NdjsonSource {
    lines: JsonLines,
    keys: Keys,
    /// The line that said what a record consists of is still to be published.
    at_first: bool,
    steps: Steps,
}

impl NdjsonSource {
    /// Objects that come from there, as soon as the first one has. None if `nap` says that nobody waits for it.
    pub(crate) fn from_pipe(
        blocks: Box<dyn Blocks>,
        options: &ColumnOptions,
        nap: &dyn Fn() -> bool,
    ) -> Result<Option<NdjsonSource>, InputError> {
        let mut lines = JsonLines::new(blocks);
        let at_first = options.schema.is_none()
            && loop {
                match lines.advance()? {
                    Moved::ToNext => break true,
                    Moved::ToEnd => break false,
                    Moved::Nowhere if nap() => {}
                    Moved::Nowhere => return Ok(None),
                }
            };
        let first = match at_first {
            true => Some((lines.number(), lines.text()?)),
            false => None,
        };
        let keys = Keys::new(first, options).map_err(|fault| lines.fault(fault))?;
        Ok(Some(NdjsonSource {
            lines,
            keys,
            at_first,
            steps: Steps::default(),
        }))
    }

    /// The same as if these bytes came through a pipe, so many at a time.
    #[doc(hidden)]
    pub fn in_pieces(
        bytes: &[u8],
        piece: usize,
        options: &ColumnOptions,
    ) -> Result<NdjsonSource, InputError> {
        let pieces = Box::new(Pieces::new(bytes, piece));
        let source = NdjsonSource::from_pipe(pieces, options, &|| true)?;
        Ok(source.expect("it was waited for"))
    }

    /// Makes the first record, to see whether the options fit before anything is done with it. False if `nap` says
    /// that nobody waits for it.
    pub(crate) fn read_ahead(&mut self, nap: &dyn Fn() -> bool) -> Result<bool, InputError> {
        let (lines, keys, at_first) = (&mut self.lines, &mut self.keys, &mut self.at_first);
        self.steps
            .read_ahead(nap, |out| push(lines, keys, at_first, out))
    }

    /// The time's key and how it is understood.
    pub fn time(&self) -> Option<(&str, TimeFormat)> {
        self.keys.time()
    }
}

/// Appends the record of the next line. One that fails leaves `out` alone.
fn push(
    lines: &mut JsonLines,
    keys: &mut Keys,
    at_first: &mut bool,
    out: &mut Vec<u8>,
) -> Result<Moved, InputError> {
    if !std::mem::take(at_first) {
        let moved = lines.advance()?;
        if moved != Moved::ToNext {
            return Ok(moved);
        }
    }
    let before = out.len();
    let text = lines.text()?;
    out.resize(before + keys.schema().size(), 0);
    match keys.write(lines.number(), text, &mut out[before..]) {
        Ok(()) => Ok(Moved::ToNext),
        Err(fault) => {
            out.truncate(before);
            Err(lines.fault(fault))
        }
    }
}

impl Source for NdjsonSource {
    fn schema(&self) -> &Schema {
        self.keys.schema()
    }

    fn fill(&mut self, out: &mut Vec<u8>, max: usize) -> anyhow::Result<usize> {
        let (lines, keys, at_first) = (&mut self.lines, &mut self.keys, &mut self.at_first);
        self.steps
            .fill(out, max, |out| push(lines, keys, at_first, out))
    }

    fn is_waiting(&self) -> bool {
        self.steps.is_waiting()
    }
}

impl std::fmt::Debug for NdjsonSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NdjsonSource")
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "ndjson_tests.rs"]
mod tests;
