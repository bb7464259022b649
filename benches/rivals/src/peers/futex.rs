//! The bare futex: one record in shared memory, FUTEX_WAIT and FUTEX_WAKE. What waking somebody costs at least.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use anyhow::{Result, ensure};
use benches::bare::{change_and_wake, sleep_until_changed};
use benches::record::{Check, make};
use benches::shared::{LINE, Shared};

use crate::link::Link;
use crate::peer::{Between, Can, Facts, Peer, Receiver, Sender};

pub struct Futex;

/// One line: the futex, and behind it the record.
pub struct End(Shared);

impl End {
    fn open(link: &Link) -> Result<End> {
        Ok(End(Shared::file(&link.path(), LINE)?))
    }

    /// How many records were published, as far as half a word counts.
    fn published(&self) -> &AtomicU32 {
        self.0.half_word(0)
    }

    fn record(&self) -> &[AtomicU64] {
        &self.0.words(0)[1..]
    }
}

impl Peer for Futex {
    const FACTS: Facts = Facts {
        name: "bare-futex",
        between: Between::Processes,
        batch: 0,
        readers: 1,
        can: &[Can::Wake],
    };
    type Sender<const W: usize> = End;
    type Receiver<const W: usize> = End;

    fn sender<const W: usize>(link: &Link) -> Result<End> {
        ensure!(W <= 7, "a cache line holds the futex and 7 words");
        End::open(link)
    }

    fn receiver<const W: usize>(link: &Link) -> Result<End> {
        End::open(link)
    }
}

impl<const W: usize> Sender<W> for End {
    fn send(&mut self, first: u64, count: usize) -> Result<()> {
        for sequence in first..first + count as u64 {
            for (cell, word) in self.record().iter().zip(make::<W>(sequence)) {
                cell.store(word, Ordering::Relaxed);
            }
            change_and_wake(self.published(), (sequence + 1) as u32);
        }
        Ok(())
    }
}

impl<const W: usize> Receiver<W> for End {
    fn receive(&mut self, check: &mut Check<W>) -> Result<()> {
        sleep_until_changed(self.published(), check.next() as u32);
        let mut record = [0; W];
        for (word, cell) in record.iter_mut().zip(self.record()) {
            *word = cell.load(Ordering::Relaxed);
        }
        check.take(&[record]);
        Ok(())
    }
}
