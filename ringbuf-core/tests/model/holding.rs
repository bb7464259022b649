//! Batches that are held on their own, and records that are copied to where the caller says.

use std::time::Duration;

use ringbuf_core::{HeldBatch, Next, ReadError};

use crate::handles::{AnyReader, Got, Told};
use crate::run::{Outcome, Run};
use crate::same;
use crate::value::{self, Row};

/// A batch that is held, and what it brought.
pub struct Holding {
    batch: HeldBatch,
    owner: String,
    rows: Vec<Row>,
    times: Vec<Option<i64>>,
}

impl Run {
    pub fn hold_on(&mut self, at: usize) -> Outcome {
        let Some(AnyReader::Untyped(reader)) = &mut self.readers[at] else {
            return Ok(());
        };
        let found = reader.next_held(Duration::ZERO);
        let seen = self.expected(at, u64::MAX)?;
        let Some(model) = &mut self.model.readers[at] else {
            return Err("a reader without a model".to_owned());
        };
        let stays = model.holds_on(&self.model.rings[model.ring]);
        let (owner, ring) = (model.name.clone(), model.ring);
        let (batch, got) = match found {
            Ok(Next::Batch(batch)) => {
                same!("held in the ring", batch.is_in_place(), stays);
                let told = told(&batch);
                (
                    Some((batch, told.rows.clone(), told.times.clone())),
                    Got::Batch(told),
                )
            }
            other => (None, nothing(other)?),
        };
        self.compare(got, seen, true, ring)?;
        if let Some((batch, rows, times)) = batch {
            self.count(if stays { "held" } else { "held as a copy" });
            self.held.push(Holding {
                batch,
                owner,
                rows,
                times,
            });
        }
        Ok(())
    }

    pub fn give_back(&mut self, number: usize) {
        let Some(number) = number.checked_rem(self.held.len()) else {
            return;
        };
        let Holding { batch, owner, .. } = self.held.remove(number);
        let first = batch.first_sequence();
        let was_in_place = batch.is_in_place();
        drop(batch);
        if was_in_place && let Some(model) = self.model.reader(&owner) {
            model.lets_go_of(first);
            self.count(if number > 0 {
                "given back early"
            } else {
                "given back"
            });
        }
        self.model.gone.retain(|reader| !reader.held.is_empty());
    }

    /// What is held stays as it was handed out.
    pub fn check_held(&self) -> Outcome {
        for held in &self.held {
            let told = told(&held.batch);
            same!(format!("held of {}", held.owner), &told.rows, &held.rows);
            same!("the times of what is held", &told.times, &held.times);
        }
        Ok(())
    }

    pub fn read_into(&mut self, at: usize, room: usize) -> Outcome {
        let Some(AnyReader::Untyped(reader)) = &mut self.readers[at] else {
            return Ok(());
        };
        const ROW: usize = size_of::<Row>();
        // Neither aligned nor whole records.
        let mut bytes = vec![0xEE; room * ROW + 8];
        let found = reader.read_into(&mut bytes[1..], Duration::ZERO);
        if room == 0 {
            let is_refused = matches!(
                found,
                Err(ReadError::NoRoom {
                    found: 7,
                    record_size: ROW
                })
            );
            same!("no room: refused", is_refused, true);
            return Ok(());
        }
        let seen = self.expected(at, room as u64)?;
        let Some(model) = &mut self.model.readers[at] else {
            return Err("a reader without a model".to_owned());
        };
        model.gives_back();
        let ring = model.ring;
        let got = match found {
            Ok(Next::Batch(read)) => {
                self.count("read into");
                same!("behind the room", &bytes[bytes.len() - 7..], [0xEE; 7]);
                Got::Batch(Told {
                    first: read.first_sequence,
                    missed: read.missed,
                    event: read.event,
                    rows: value::rows(&bytes[1..][..read.count * ROW]),
                    times: Vec::new(),
                })
            }
            other => nothing(other)?,
        };
        self.compare(got, seen, true, ring)
    }
}

fn told(batch: &HeldBatch) -> Told {
    let rows = value::rows(batch.bytes());
    assert_eq!(
        (rows.len(), rows.is_empty()),
        (batch.len(), batch.is_empty())
    );
    assert_eq!(batch.published_ns(rows.len()), None);
    Told {
        first: batch.first_sequence(),
        missed: batch.missed(),
        event: batch.event(),
        times: (0..rows.len()).map(|i| batch.published_ns(i)).collect(),
        rows,
    }
}

/// What brought no batch.
fn nothing<B>(found: Result<Next<B>, ReadError>) -> Result<Got, String> {
    Ok(match found {
        Ok(Next::TimedOut) => Got::Nothing,
        Ok(Next::Closed) => Got::Closed,
        Err(ReadError::Removed) => Got::Removed,
        Err(ReadError::Replaced) => Got::Replaced,
        Ok(Next::Batch(_)) => return Err("a batch".to_owned()),
        Err(error) => return Err(error.to_string()),
    })
}
