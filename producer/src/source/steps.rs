//! Records made one at a time, of which some have not come yet and one may be wrong.

use super::error::InputError;

/// What came of moving on to the next row, line or record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moved {
    ToNext,
    /// There is no whole one yet: this thread is unparked when more comes.
    Nowhere,
    ToEnd,
}

/// What is kept from one fill to the next.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    /// The first record, if it was read before it was asked for.
    ahead: Vec<u8>,
    is_waiting: bool,
    /// What is wrong behind the records that were handed out last.
    failed: Option<InputError>,
}

impl Steps {
    /// Makes the first record, to see whether the options fit before anything is done with it. False if `nap` says
    /// that nobody waits for it.
    pub(crate) fn read_ahead(
        &mut self,
        nap: &dyn Fn() -> bool,
        mut push: impl FnMut(&mut Vec<u8>) -> Result<Moved, InputError>,
    ) -> Result<bool, InputError> {
        while self.ahead.is_empty() {
            match push(&mut self.ahead)? {
                Moved::Nowhere if nap() => {}
                Moved::Nowhere => return Ok(false),
                Moved::ToNext | Moved::ToEnd => break,
            }
        }
        Ok(true)
    }

    /// Appends at most `max` records, each made by `push`, which leaves alone what it cannot add to.
    pub(crate) fn fill(
        &mut self,
        out: &mut Vec<u8>,
        max: usize,
        mut push: impl FnMut(&mut Vec<u8>) -> Result<Moved, InputError>,
    ) -> anyhow::Result<usize> {
        self.is_waiting = false;
        if let Some(error) = self.failed.take() {
            return Err(error.into());
        }
        let first = usize::from(max > 0 && !self.ahead.is_empty());
        if first > 0 {
            out.append(&mut self.ahead);
        }
        for filled in first..max {
            match push(out) {
                Ok(Moved::ToNext) => {}
                Ok(moved) => {
                    self.is_waiting = moved == Moved::Nowhere;
                    return Ok(filled);
                }
                Err(error) if filled == 0 => return Err(error.into()),
                Err(error) => {
                    self.failed = Some(error);
                    return Ok(filled);
                }
            }
        }
        Ok(max)
    }

    /// Whether there may be more although the last fill had none.
    pub(crate) fn is_waiting(&self) -> bool {
        self.is_waiting
    }
}
