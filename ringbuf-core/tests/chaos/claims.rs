//! Claims: some of what is claimed is published, the rest is what must never be read.

use std::thread::sleep;
use std::time::Duration;

use ringbuf_core::PublishError;

use crate::content::Item;
use crate::fault::{Verdict, ensure};
use crate::publishing::{Manner, Publisher};
use crate::ring::Ring;
use crate::setting::chance;
use crate::support::HANGS;
use crate::support::process::say;

impl<T: Item> Publisher<T> {
    /// Writes what it will publish last, and all the rest as what must never be read.
    pub fn publish_a_claim(&mut self) -> Verdict {
        let count = self.some(self.capacity);
        let kept = match chance(&mut self.numbers, 6) {
            true => 0,
            false => self.numbers.below(count + 1),
        };
        let dawdles = chance(&mut self.numbers, 6);
        let nap = Duration::from_micros(self.numbers.below(2000));
        let (key, epoch, next) = (self.key, self.epoch, self.noted.committed);
        self.make(kept);
        let records = std::mem::take(&mut self.records);
        let Ring::Typed(producer) = &mut self.ring else {
            unreachable!("only what is typed");
        };
        let published = match producer.claim(count as usize) {
            Ok(mut claim) => {
                let found = claim.first_sequence();
                ensure(found == next, || {
                    format!("claim gave sequence {found}, expected {next}")
                })?;
                for i in 0..count {
                    claim.write(i as usize, &T::of(key.abandoned(epoch, next + i)));
                }
                if dawdles {
                    sleep(nap);
                }
                claim.write_slice(0, &records);
                self.noted.possible = next + kept;
                self.note.set_produced(&self.noted);
                match kept {
                    0 => claim.abort(),
                    _ => _ = claim.commit_first(kept as usize),
                }
                self.records = records;
                // What it gave up itself is neither published nor refused.
                return self.account("claim", kept, kept, Manner::Limited);
            }
            Err(PublishError::Full { .. }) if self.drops => 0,
            Err(error) => return Err(format!("claim: {error}")),
        };
        self.records = records;
        self.account("claim", count, published, Manner::Patient)
    }

    /// Claims and writes as much as there is room for, and waits for its death.
    pub fn stay_in_a_claim(&mut self) -> Verdict {
        if matches!(self.ring, Ring::Frames(_)) {
            return self.stay_in_a_claimed_frame();
        }
        let count = match chance(&mut self.numbers, 2) {
            true => self.capacity,
            false => self.some(self.capacity),
        };
        let (key, epoch, next) = (self.key, self.epoch, self.noted.committed);
        let Ring::Typed(producer) = &mut self.ring else {
            return Ok(());
        };
        match producer.claim(count as usize) {
            Ok(mut claim) => {
                for i in 0..count {
                    claim.write(i as usize, &T::of(key.abandoned(epoch, next + i)));
                }
                say("claimed");
                sleep(2 * HANGS);
                Err("it was to die in its claim".to_owned())
            }
            Err(PublishError::Full { .. }) if self.drops => {
                self.account("claim", count, 0, Manner::Patient)
            }
            Err(error) => Err(format!("claim: {error}")),
        }
    }
}
