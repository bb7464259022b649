//! Records of one type.

use std::time::Duration;

use ringbuf_core::{
    Batch, Claim, Event, Ledger, Next, Producer, ReadError, Reader, Record, deaths,
};

use super::{Follow, Hand, Publish, alike, hand_alike};

impl<T: Record> Publish<T> for Producer<T> {
    fn published(&self) -> u64 {
        self.published()
    }

    fn publish(&mut self, items: &[T]) {
        match items {
            [record] => self.publish(record).unwrap(),
            records => self.publish_slice(records).unwrap(),
        };
    }

    fn claim(&mut self, items: &[T], commit: usize, is_in_place: bool) {
        let mut claim = self.claim(items.len()).unwrap();
        write(&mut claim, items, is_in_place);
        match commit {
            0 => claim.abort(),
            _ => drop(claim.commit_first(commit)),
        }
    }

    fn claim_in_one_piece(&mut self, items: &[T]) {
        let mut claim = self.claim_in_place(items.len()).unwrap();
        for (place, record) in claim.records_mut().iter_mut().zip(items) {
            deaths::step();
            *place = *record;
        }
        deaths::step();
        claim.commit();
    }

    fn close(self) {
        self.close();
    }
}

impl<T: Record> Follow for Reader<T> {
    type Item = T;
    type Batch<'a> = Batch<'a, T>;

    alike!();

    fn latest(&self) -> Option<(u64, T)> {
        self.latest().unwrap()
    }
}

/// Writes these records into a claim, in the way of the ring.
fn write<T: Record>(claim: &mut Claim<'_, T>, records: &[T], is_in_place: bool) {
    if !is_in_place {
        for (i, record) in records.iter().enumerate() {
            claim.write(i, record);
        }
        return;
    }
    let (first, rest) = claim.slices_mut().unwrap();
    for (place, record) in first.iter_mut().chain(rest).zip(records) {
        // What is stored there is nothing that dies by itself.
        deaths::step();
        *place = *record;
    }
    deaths::step();
}

impl<T: Record> Hand for Batch<'_, T> {
    type Item = T;

    hand_alike!();

    fn items(&self) -> impl Iterator<Item = (u64, T, Option<i64>)> {
        let records = (self.first_sequence()..).zip(self.records()).enumerate();
        records.map(|(i, (sequence, record))| (sequence, *record, self.published_ns(i)))
    }
}
