//! Producers that are killed in the middle of their work, and those that go on after them.

use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use ringbuf_core::{Event, Ledger, Producer, Reader, ReaderOptions, Retain, inspect};

use crate::checked::{Checked, Tally};
use crate::support::process::{Role, hear, say, start};
use crate::support::{HANGS, Numbers, Rings, limit};

const CAPACITY: u64 = 100;

/// Says where it begins; publishes when it is told to, in every way, until it is killed or closes.
pub fn endless_producer(arguments: &[String]) {
    let retain = Retain::records(CAPACITY);
    let mut producer = Producer::<Checked>::create(&arguments[0], retain).unwrap();
    say(producer.published());
    hear();
    let most = arguments[1].parse().unwrap_or(u64::MAX);
    let mut numbers = Numbers::new(producer.published());
    while producer.published() < most {
        let next = producer.published();
        let count = numbers.below(CAPACITY) + 1;
        let records: Vec<Checked> = (next..next + count).map(Checked::of).collect();
        match numbers.below(3) {
            0 => drop(producer.publish(&records[0]).unwrap()),
            1 => drop(producer.publish_slice(&records).unwrap()),
            _ => {
                let mut claim = producer.claim(count as usize).unwrap();
                for (i, record) in records.iter().enumerate() {
                    claim.write(i, record);
                }
                claim.commit_first(numbers.below(count + 1) as usize);
            }
        }
    }
    producer.close();
}

/// Reads to the end in a thread of its own, reporting every event and where it came.
fn follow(
    mut reader: Reader<Checked>,
    events: Sender<(Event, u64)>,
) -> impl FnOnce() -> (Tally, Ledger) {
    move || {
        let mut tally = Tally::from(reader.cursor());
        loop {
            let Some(batch) = reader.next().unwrap() else {
                return (tally, reader.ledger());
            };
            tally.take(&batch);
            if let Some(event) = batch.event() {
                assert!(batch.records().is_empty());
                events.send((event, batch.first_sequence())).unwrap();
            }
            drop(batch);
            assert!(reader.ledger().adds_up());
        }
    }
}

fn event(events: &Receiver<(Event, u64)>) -> (Event, u64) {
    events.recv_timeout(HANGS).expect("an event")
}

#[test]
fn readers_learn_of_every_death_and_of_every_restart_where_it_happened() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("restarts");
    let begin = |most: &str| -> (Role, u64) {
        let mut producer = start("endless producer", &[&ring, most]);
        let first = producer.said().parse().unwrap();
        producer.tell("publish");
        (producer, first)
    };
    let mut producer = start("endless producer", &[&ring, "for ever"]);
    producer.says("0");
    let attach = |options: ReaderOptions| Reader::<Checked>::attach(&ring, options).unwrap();
    // All slots are taken, so that one of the readers observes.
    let mut fill: Vec<Reader<Checked>> = (0..64).map(|_| attach(ReaderOptions::lossy())).collect();
    let observer = attach(ReaderOptions::lossy());
    assert!(observer.is_observer());
    fill.clear();
    let readers = [
        attach(ReaderOptions::lossless()),
        attach(ReaderOptions::bounded(HANGS)),
        attach(ReaderOptions::lossy()),
        observer,
    ];
    let (threads, events): (Vec<_>, Vec<_>) = readers
        .into_iter()
        .map(|reader| {
            let (sender, receiver) = mpsc::channel();
            (thread::spawn(follow(reader, sender)), receiver)
        })
        .unzip();
    producer.tell("publish");

    for epoch in 2..=5 {
        thread::sleep(Duration::from_millis(20 * epoch));
        producer.kill();
        let published = inspect::info(&ring).unwrap().published;
        for events in &events {
            assert_eq!(event(events), (Event::ProducerDied, published));
        }
        let most = if epoch == 5 {
            published + 5000
        } else {
            u64::MAX
        };
        let first;
        (producer, first) = begin(&most.to_string());
        assert_eq!(first, published, "sequences go on");
        for events in &events {
            let first_sequence = Some(first);
            assert_eq!(
                event(events),
                (
                    Event::Restarted {
                        epoch,
                        first_sequence
                    },
                    first
                )
            );
        }
    }
    producer.finish();
    let published = inspect::info(&ring).unwrap().published;
    for (i, thread) in threads.into_iter().enumerate() {
        let (tally, ledger) = thread.join().unwrap();
        assert!(tally.is_faultless(), "{tally:?}");
        assert_eq!((tally.read, tally.missed), (ledger.read, ledger.missed));
        assert_eq!(ledger.cursor, published);
        assert!(
            ledger.read > 0 && (i > 1 || ledger.missed == 0),
            "{ledger:?}"
        );
    }
    assert!(events.iter().all(|events| events.try_recv().is_err()));
}

#[test]
fn a_reader_that_was_away_finds_every_boundary_in_its_place() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("restarts");
    let retain = Retain::records(CAPACITY);
    let mut producer = Producer::<Checked>::create(&ring, retain).unwrap();
    let attach = |options: ReaderOptions| Reader::<Checked>::attach(&ring, options).unwrap();
    let mut readers = [
        attach(ReaderOptions::lossless()),
        attach(ReaderOptions::bounded(HANGS)),
        attach(ReaderOptions::lossy()),
    ];
    let mut expected = Vec::new();
    for epoch in 2..=6 {
        for _ in 0..epoch {
            producer
                .publish(&Checked::of(producer.published()))
                .unwrap();
        }
        let first = producer.published();
        // Some close, some just go (to the readers both are a restart).
        drop(producer);
        producer = Producer::<Checked>::create(&ring, retain).unwrap();
        expected.push((epoch, first));
    }
    producer.close();
    for reader in &mut readers {
        let mut tally = Tally::from(0);
        let mut found = Vec::new();
        while let Some(batch) = reader.next().unwrap() {
            tally.take(&batch);
            match batch.event() {
                None => {}
                Some(Event::Restarted {
                    epoch,
                    first_sequence,
                }) => {
                    assert_eq!(first_sequence, Some(batch.first_sequence()));
                    found.push((epoch, batch.first_sequence()));
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(found, expected);
        assert!(tally.is_faultless());
        assert_eq!(tally.read, 2 + 3 + 4 + 5 + 6);
    }
}

#[test]
fn a_reader_that_was_away_for_more_restarts_than_are_remembered_loses_no_record() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("restarts");
    let retain = Retain::records(CAPACITY);
    let producer = Producer::<Checked>::create(&ring, retain).unwrap();
    let attach = |options: ReaderOptions| Reader::<Checked>::attach(&ring, options).unwrap();
    let mut readers = [
        attach(ReaderOptions::lossless()),
        attach(ReaderOptions::bounded(HANGS)),
        attach(ReaderOptions::lossy()),
    ];
    drop(producer);
    let newest = 41;
    for _ in 2..=newest {
        let mut producer = Producer::<Checked>::create(&ring, retain).unwrap();
        for _ in 0..2 {
            producer
                .publish(&Checked::of(producer.published()))
                .unwrap();
        }
    }
    for reader in &mut readers {
        let mut tally = Tally::from(0);
        let mut last = 1;
        while let Some(batch) = reader.next().unwrap() {
            tally.take(&batch);
            if let Some(event) = batch.event() {
                let Event::Restarted {
                    epoch,
                    first_sequence,
                } = event
                else {
                    panic!("{event:?}");
                };
                assert!(epoch > last, "{epoch} after {last}");
                last = epoch;
                // Two records each, from the second epoch on.
                let place = batch.first_sequence();
                assert!(first_sequence.is_none_or(|first| first == place));
                assert!(first_sequence.is_none() || place == (epoch - 2) * 2);
            }
        }
        assert_eq!((tally.read, tally.missed, last), (80, 0, newest));
        assert!(tally.is_faultless());
    }
}

#[test]
fn what_a_producer_had_begun_to_write_when_it_ended_is_never_read() {
    let rings = Rings::new();
    let ring = rings.reference("restarts");
    let create = || Producer::<Checked>::create(&ring, Retain::records(8)).unwrap();
    let mut first = create();
    for i in 0..8 {
        first.publish(&Checked::of(i)).unwrap();
    }
    // The cells of records 0 to 2.
    let mut claim = first.claim(3).unwrap();
    claim.write_slice(0, &[Checked::of(999); 3]);
    drop(first);
    let mut second = create();
    for published in 8..20 {
        let options = ReaderOptions::lossy().from_oldest();
        let mut reader = Reader::<Checked>::attach(&ring, options).unwrap();
        let oldest = (published - 8).max(3);
        let mut tally = Tally::from(oldest);
        while let Some(batch) = reader.poll().unwrap() {
            tally.take(&batch);
        }
        assert!(tally.is_faultless(), "{tally:?}");
        assert_eq!((tally.read, tally.missed), (published - oldest, 0));
        assert_eq!(second.publish(&Checked::of(published)).unwrap(), published);
    }
}
