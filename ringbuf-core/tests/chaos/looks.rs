//! What can be seen of a ring and of its readers from outside, at every moment and after a death.

use std::thread::sleep;
use std::time::{Duration, Instant};

use ringbuf_core::AttachError;
use ringbuf_core::inspect::{self, ProducerState, ReaderInfo};

use crate::actor::HUNG;
use crate::fault::{Verdict, ensure};
use crate::kinds::ReaderKind;
use crate::note::Read;
use crate::reading::holds;
use crate::scene::Scene;

impl Scene<'_> {
    /// What is left of a dead reader must agree with what it last noted.
    pub fn look_at_the_dead(&mut self, kind: &ReaderKind, reader: &str, noted: &Read) -> Verdict {
        let id = reader.split(' ').nth(1).unwrap_or_default();
        let begun = Instant::now();
        let (dead, published) = loop {
            let Ok(info) = inspect::info(&self.ring) else {
                return Err("a reader was killed, and its ring is gone".to_owned());
            };
            let readers = info.readers.unwrap_or_default();
            // Unless its slot is another's by now.
            let Some(dead) = readers.into_iter().find(|reader| reader.name == id) else {
                return Ok(());
            };
            if !dead.is_alive {
                break (dead, info.published);
            }
            // For a moment somebody else may hold its slot under its name: the producer that evicts it, or who
            // takes the slot and has not said its own name yet.
            ensure(begun.elapsed() < HUNG, || {
                format!("{reader} was killed, and is said to live")
            })?;
            sleep(Duration::from_millis(1));
        };
        let Some(ledger) = dead.ledger else {
            return Err(format!(
                "{reader} was killed, and its ledger cannot be read"
            ));
        };
        let agrees = noted.attached == 0
            || ledger.joined == noted.joined
                && ledger.cursor >= noted.cursor
                && ledger.read >= noted.read
                && ledger.missed >= noted.missed;
        ensure(
            ledger.adds_up() && agrees && ledger.cursor <= published,
            || format!("{reader} was killed; its ledger is {ledger:?}, it last noted {noted:?}"),
        )?;
        self.figures.dead_ledgers += 1;
        if holds(kind) && !dead.is_demoted {
            self.dead.push(ledger.cursor);
        }
        Ok(())
    }

    /// What everybody can see from outside holds at every moment.
    pub fn look(&mut self) -> Verdict {
        let info = match inspect::info(&self.ring) {
            Ok(info) => info,
            Err(AttachError::NotFound { .. }) => {
                let is_over = self.book.ring().is_none();
                return ensure(is_over, || "the ring is gone".to_owned());
            }
            Err(error) => return Err(format!("info: {error}")),
        };
        let id = format!("{:032x}", u128::from_be_bytes(info.ring_id));
        if self.book.ring().is_none_or(|ring| ring.id != id) {
            return Ok(());
        }
        ensure(
            info.oldest <= info.published && self.seen <= info.published,
            || {
                format!(
                    "published went from {} to {}, oldest {}",
                    self.seen, info.published, info.oldest
                )
            },
        )?;
        self.seen = info.published;
        let lives = self
            .producer
            .as_ref()
            .is_some_and(|producer| producer.ready && !producer.closing);
        ensure(!lives || info.producer == ProducerState::Live, || {
            format!("the producer lives, and is said to be {:?}", info.producer)
        })?;
        self.look_at_readers(info.readers.as_deref().unwrap_or_default())?;
        let gone = info.published.saturating_sub(self.setting.capacity);
        let before = self.dead.len();
        self.dead.retain(|&cursor| cursor >= gone);
        self.figures.evictions += (before - self.dead.len()) as u64;
        Ok(())
    }

    fn look_at_readers(&mut self, readers: &[ReaderInfo]) -> Verdict {
        for reader in readers {
            let Some(ledger) = reader.ledger else {
                continue;
            };
            ensure(ledger.adds_up(), || {
                format!("{}: its ledger from outside is {ledger:?}", reader.name)
            })?;
            self.figures.live_ledgers += u64::from(reader.is_alive);
        }
        Ok(())
    }
}
