//! What is known to have been published, by whom, and what the readers say of it.

use std::collections::BTreeMap;

use crate::fault::{Verdict, ensure};
use crate::note::Produced;
use crate::statements::Statements;

/// How an epoch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Killed,
    Closed,
}

/// One producer's part of a ring.
#[derive(Clone, Copy, Debug)]
pub struct Epoch {
    pub first: u64,
    /// Where it ended, and how.
    pub end: Option<(u64, How)>,
}

/// How a ring came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Removed,
    Replaced,
}

/// One ring of that name.
#[derive(Debug)]
pub struct Ring {
    pub id: String,
    pub epochs: BTreeMap<u64, Epoch>,
    /// All that was published, once nobody can publish any more.
    pub total: Option<u64>,
    /// Dropped because there was no room.
    pub refused: u64,
    pub fate: Option<Fate>,
}

/// The rings of a setting, one after the other, all of the same name.
#[derive(Debug, Default)]
pub struct Book {
    pub rings: Vec<Ring>,
    statements: Vec<Statements>,
}

impl Book {
    /// The ring that lies there now.
    pub fn ring(&mut self) -> Option<&mut Ring> {
        self.rings.last_mut().filter(|ring| ring.total.is_none())
    }

    /// A producer has the ring.
    pub fn producer_is_ready(&mut self, id: &str, epoch: u64, first: u64) -> Verdict {
        let Some(ring) = self.ring() else {
            ensure((epoch, first) == (1, 0), || {
                format!("a new ring begins with epoch {epoch} at {first}, expected 1 at 0")
            })?;
            self.rings.push(Ring {
                id: id.to_owned(),
                epochs: BTreeMap::from([(
                    1,
                    Epoch {
                        first: 0,
                        end: None,
                    },
                )]),
                total: None,
                refused: 0,
                fate: None,
            });
            return Ok(());
        };
        let published = ring.published();
        let newest = ring.newest();
        ensure(id == ring.id, || {
            format!(
                "ring {} was to be continued, and the producer has {id}",
                ring.id
            )
        })?;
        ensure((epoch, first) == (newest + 1, published), || {
            format!(
                "a producer begins with epoch {epoch} at {first}, expected {} at {published}: \
                 epoch {newest} ended there",
                newest + 1
            )
        })?;
        ring.epochs.insert(epoch, Epoch { first, end: None });
        Ok(())
    }

    /// A producer is gone; what its ring says then must be possible after what it noted.
    pub fn producer_is_gone(
        &mut self,
        how: How,
        noted: Option<Produced>,
        (epoch, published): (u64, u64),
    ) -> Verdict {
        let Some(ring) = self.ring() else {
            return Err("a producer ended, and there is no ring".to_owned());
        };
        let newest = ring.newest();
        match noted {
            Some(noted) => {
                let most = match how {
                    How::Killed => noted.possible,
                    How::Closed => noted.committed,
                };
                ensure((noted.committed..=most).contains(&published), || {
                    format!(
                        "epoch {newest} ended ({how:?}) with published {published}, expected {} to {most}",
                        noted.committed
                    )
                })?;
                ensure(epoch == newest, || {
                    format!("epoch {epoch}, expected {newest}")
                })?;
            }
            // Killed before it said that it has the ring.
            None => {
                let end = ring.published();
                ensure(published == end, || {
                    format!("published {published}, expected {end}: nothing was since")
                })?;
                ensure(epoch == newest || epoch == newest + 1, || {
                    format!("epoch {epoch} after {newest}")
                })?;
                if epoch > newest {
                    ring.epochs.insert(
                        epoch,
                        Epoch {
                            first: end,
                            end: None,
                        },
                    );
                }
            }
        }
        let last = ring.epochs.values_mut().next_back().unwrap();
        last.end.get_or_insert((published, how));
        Ok(())
    }

    /// Nobody will publish on this ring any more.
    pub fn ring_is_over(&mut self, fate: Fate) {
        if let Some(ring) = self.ring() {
            ring.total = Some(ring.published());
            ring.fate = Some(fate);
        }
    }

    pub fn keep(&mut self, statements: Statements) {
        self.statements.push(statements);
    }

    /// Holds all that was said against all that is known, at the end of a setting.
    pub fn check(&self) -> Verdict {
        for ring in &self.rings {
            let sum: u64 = ring.epochs.values().map(Epoch::count).sum();
            ensure(Some(sum) == ring.total, || {
                format!(
                    "the epochs published {sum} in all, expected {:?}",
                    ring.total
                )
            })?;
        }
        for statements in &self.statements {
            statements
                .check(&self.rings)
                .map_err(|fault| format!("{}: {fault}", statements.reader))?;
        }
        Ok(())
    }
}

impl Epoch {
    fn count(&self) -> u64 {
        self.end.map_or(0, |(end, _)| end - self.first)
    }
}

impl Ring {
    /// The newest epoch.
    pub fn newest(&self) -> u64 {
        *self.epochs.keys().next_back().unwrap()
    }

    /// Where the newest epoch ended, or began if it has not.
    pub fn published(&self) -> u64 {
        let newest = self.epochs[&self.newest()];
        newest.end.map_or(newest.first, |(end, _)| end)
    }
}
