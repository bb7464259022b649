//! What a reader got, checked against what was published.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

use ringbuf_core::{Batch, Event, Ledger};

use crate::kinds::Kind;

/// Which producer published what: the first sequence and the epoch of each.
#[derive(Clone, Debug, Default)]
pub struct History(Arc<Mutex<Vec<(u64, u64)>>>);

impl History {
    /// Of a ring whose first producer begins.
    pub fn new() -> History {
        let history = History::default();
        history.begins(0, 1);
        history
    }

    /// Must be said before that producer publishes.
    pub fn begins(&self, first: u64, epoch: u64) {
        self.0.lock().unwrap().push((first, epoch));
    }

    fn epoch_of(&self, sequence: u64) -> u64 {
        let epochs = self.0.lock().unwrap();
        let (_, epoch) = epochs
            .iter()
            .rev()
            .find(|(first, _)| *first <= sequence)
            .unwrap();
        *epoch
    }
}

/// Whether what a reader got is what was published, each record once and in its place.
#[derive(Debug)]
pub struct Account<K> {
    history: History,
    joined: u64,
    /// The sequence that must come next, but for what is missed.
    next: u64,
    read: u64,
    missed: u64,
    /// Epoch and publication time of the last record.
    last: Option<(u64, i64)>,
    kind: PhantomData<K>,
}

impl<K: Kind> Account<K> {
    /// Of a reader by its ledger when it has joined.
    pub fn of(joined: &Ledger, history: &History) -> Account<K> {
        Account {
            history: history.clone(),
            joined: joined.joined,
            next: joined.joined,
            read: 0,
            missed: 0,
            last: None,
            kind: PhantomData,
        }
    }

    pub fn cursor(&self) -> u64 {
        self.next
    }

    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// Takes a batch into the account.
    pub fn take(&mut self, batch: &Batch<'_, K::Item>) -> Option<Event> {
        let (first, records) = (batch.first_sequence(), batch.records());
        assert_eq!(
            first,
            self.next + batch.missed(),
            "{} records come after {}, {} missed",
            records.len(),
            self.next,
            batch.missed()
        );
        for (i, (sequence, record)) in (first..).zip(records).enumerate() {
            let epoch = self.history.epoch_of(sequence);
            let expected = K::record(epoch, sequence);
            assert_eq!(
                *record, expected,
                "record {sequence} is not that of epoch {epoch}"
            );
            if let Some(time) = batch.published_ns(i) {
                let is_later = self
                    .last
                    .is_none_or(|(of, last)| of != epoch || last <= time);
                assert!(is_later, "record {sequence} has an old time");
                self.last = Some((epoch, time));
            }
        }
        self.missed += batch.missed();
        self.read += records.len() as u64;
        self.next = first + records.len() as u64;
        batch.event()
    }

    /// What the reader's own ledger must say.
    pub fn check(&self, ledger: &Ledger) {
        assert!(ledger.adds_up(), "{ledger:?}");
        let expected = Ledger {
            joined: self.joined,
            cursor: self.next,
            read: self.read,
            missed: self.missed,
            skipped: 0,
        };
        assert_eq!(*ledger, expected);
    }
}
