//! What a reader got, checked against what was published.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

use ringbuf_core::{Event, Ledger};

use crate::ends::Hand;
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
    pub fn take(&mut self, batch: &impl Hand<Item = K::Item>) -> Option<Event> {
        let (first, missed) = (batch.first_sequence(), batch.missed());
        self.pass_over(first, missed);
        self.next = first;
        for (sequence, record, time) in batch.items() {
            self.pass_over(sequence, 0);
            let epoch = self.history.epoch_of(sequence);
            let expected = K::record(epoch, sequence);
            assert_eq!(
                record, expected,
                "record {sequence} is not that of epoch {epoch}"
            );
            assert!(K::wants(sequence), "record {sequence} is not wanted");
            if let Some(time) = time {
                let is_later = self
                    .last
                    .is_none_or(|(of, last)| of != epoch || last <= time);
                assert!(is_later, "record {sequence} has an old time");
                self.last = Some((epoch, time));
            }
            self.read += 1;
            self.next = sequence + 1;
        }
        self.missed += missed;
        batch.event()
    }

    /// All from the next one up to this one are missed, or not wanted.
    fn pass_over(&self, sequence: u64, missed: u64) {
        let expected = self.next + missed;
        // Where among those that are not wanted it missed some cannot be told.
        let is_left_out = match missed {
            0 => (expected..sequence).all(|sequence| !K::wants(sequence)),
            _ => K::IS_CHOSEN || sequence == expected,
        };
        assert!(
            expected <= sequence && is_left_out,
            "{sequence} comes after {}, {missed} missed",
            self.next
        );
    }

    /// What the reader's own ledger must say.
    pub fn check(&mut self, ledger: &Ledger) {
        assert!(ledger.adds_up(), "{ledger:?}");
        self.pass_over(ledger.cursor, 0);
        self.next = ledger.cursor;
        let expected = Ledger {
            joined: self.joined,
            cursor: self.next,
            read: self.read,
            missed: self.missed,
            skipped: self.next - self.joined - self.read - self.missed,
        };
        assert_eq!(*ledger, expected);
        if self.missed == 0 {
            let unwanted = (self.joined..self.next).filter(|&sequence| !K::wants(sequence));
            assert_eq!(unwanted.count() as u64, ledger.skipped, "{ledger:?}");
        }
    }
}
