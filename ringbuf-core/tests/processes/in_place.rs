//! Producers that write in place: what they leave when they are killed, and what their children have of it.

use std::thread;
use std::time::Duration;

use ringbuf_core::inspect::{self, ProducerState};
use ringbuf_core::{CreateOptions, Event, Producer, PublishError, Reader, ReaderOptions, Retain};

use crate::checked::{Checked, Tally};
use crate::support::process::{hear, say, start};
use crate::support::system;
use crate::support::{Numbers, Rings, eventually, limit};

/// In 128 cells: claims wrap elsewhere than the ring is full.
const CAPACITY: u64 = 100;
/// A sequence that no record of these tests has.
const NEVER: u64 = 1 << 40;

fn create(ring: &str) -> Producer<Checked> {
    let options = CreateOptions::default().in_place(true);
    Producer::create_with(ring, Retain::records(CAPACITY), &options).unwrap()
}

fn attach(ring: &str) -> Reader<Checked> {
    Reader::attach(ring, ReaderOptions::lossless()).unwrap()
}

/// Publishes 80 records, claims all that the ring keeps beside a reader that has read them, writes half of it, and
/// stays there until it is killed.
pub fn half_a_claim(arguments: &[String]) {
    let mut producer = create(&arguments[0]);
    say("created");
    hear();
    for sequence in 0..80 {
        producer.publish(&Checked::of(sequence)).unwrap();
    }
    let mut claim = producer.claim(CAPACITY as usize).unwrap();
    let (first, rest) = claim.slices_mut().unwrap();
    assert_eq!((first.len(), rest.len()), (48, 52), "it wraps");
    first.fill(Checked::of(NEVER));
    rest[..20].fill(Checked::of(NEVER));
    say("half");
    hear();
}

#[test]
fn what_was_being_written_in_place_when_its_producer_was_killed_is_never_read() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("in-place");
    let mut victim = start("half a claim", &[&ring]);
    victim.says("created");
    let mut reader = attach(&ring);
    let mut tally = Tally::from(0);
    victim.tell("claim");
    while tally.next < 80 {
        tally.take(&reader.next().unwrap().unwrap());
    }
    victim.says("half");
    // Behind a claim of all there is nothing to join at but the next record.
    let mut joined = Reader::<Checked>::attach(&ring, ReaderOptions::lossless().from_oldest());
    let joiner = joined.as_mut().unwrap();
    assert_eq!((joiner.cursor(), joiner.lag()), (80, 0));
    assert!(joiner.poll().unwrap().is_none());
    assert_eq!(joiner.latest().unwrap(), None);
    victim.kill();

    let info = inspect::info(&ring).unwrap();
    assert_eq!((info.producer, info.published), (ProducerState::Died, 80));
    let mut heir = create(&ring);
    // What the dead one left there, which is nobody's.
    let mut claim = heir.claim_in_place(CAPACITY as usize).unwrap();
    assert_eq!((claim.first_sequence(), claim.len()), (80, 48));
    assert!(claim.records_mut()[47].is_of(NEVER));
    for (sequence, record) in (80..).zip(&mut claim.records_mut()[..5]) {
        *record = Checked::of(sequence);
    }
    claim.commit_first(5);
    heir.publish(&Checked::of(85)).unwrap();
    heir.close();
    for (reader, from) in [(&mut reader, 80), (joiner, 80)] {
        let mut tally = Tally::from(from);
        let mut events = Vec::new();
        while let Some(batch) = reader.next().unwrap() {
            tally.take(&batch);
            events.extend(batch.event());
        }
        assert!(tally.is_faultless() && tally.next == 86, "{tally:?}");
        let restarted = Event::Restarted {
            epoch: 2,
            first_sequence: Some(80),
        };
        assert_eq!(events, [restarted]);
        assert!(reader.ledger().adds_up() && reader.ledger().missed == 0);
    }
}

/// Writes in place, commits, commits in part and gives up, until it is killed.
pub fn writes_in_place(arguments: &[String]) {
    let mut producer = create(&arguments[0]);
    say("created");
    hear();
    let mut numbers = Numbers::new(producer.published());
    loop {
        let next = producer.published();
        let count = numbers.below(CAPACITY) as usize + 1;
        let commit = numbers.below(count as u64 + 1) as usize;
        let right = next..next + commit as u64;
        let record = |sequence| {
            Checked::of(if right.contains(&sequence) {
                sequence
            } else {
                NEVER
            })
        };
        if numbers.below(2) == 0 {
            let mut claim = producer.claim(count).unwrap();
            let (first, rest) = claim.slices_mut().unwrap();
            for (sequence, place) in (next..).zip(first.iter_mut().chain(rest)) {
                *place = record(sequence);
            }
            claim.commit_first(commit);
        } else {
            let mut claim = producer.claim_in_place(count).unwrap();
            for (sequence, place) in (next..).zip(claim.records_mut()) {
                *place = record(sequence);
            }
            let commit = commit.min(claim.len());
            claim.commit_first(commit);
        }
    }
}

/// Reads until the end, checking every record where it lies.
fn follow(mut reader: Reader<Checked>) -> (Tally, u64) {
    let (mut tally, mut restarts) = (Tally::from(reader.cursor()), 0);
    while let Some(batch) = reader.next().unwrap() {
        tally.take(&batch);
        restarts += u64::from(matches!(batch.event(), Some(Event::Restarted { .. })));
    }
    assert!(reader.ledger().adds_up() && reader.ledger().missed == 0);
    (tally, restarts)
}

#[test]
fn nobody_reads_a_torn_record_though_producers_that_write_in_place_are_killed() {
    const DEATHS: u64 = 6;
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("in-place");
    let mut readers = Vec::new();
    for death in 0..DEATHS {
        let mut producer = start("writes in place", &[&ring]);
        producer.says("created");
        if readers.is_empty() {
            readers.extend(
                [attach(&ring), attach(&ring)].map(|reader| thread::spawn(|| follow(reader))),
            );
        }
        let before = inspect::info(&ring).unwrap().published;
        producer.tell("publish");
        eventually("it publishes more than a lap", || {
            inspect::info(&ring).unwrap().published > before + CAPACITY
        });
        thread::sleep(Duration::from_micros(700 * death));
        producer.kill();
    }
    let published = inspect::info(&ring).unwrap().published;
    create(&ring).close();
    for reader in readers {
        let (tally, restarts) = reader.join().unwrap();
        assert!(tally.is_faultless(), "{tally:?}");
        assert_eq!((tally.read, tally.missed), (published, 0));
        assert_eq!(restarts, DEATHS);
    }
}

/// Forks with a claim in hand; the child asks for the records and says what it got, then its parent writes them.
pub fn forks_in_a_claim(arguments: &[String]) {
    let mut producer = create(&arguments[0]);
    producer.publish(&Checked::of(0)).unwrap();
    let mut exact = producer.claim(3).unwrap();
    let (first, _) = exact.slices_mut().unwrap();
    first.fill(Checked::of(NEVER));
    let child = system::fork();
    if child.is_none() {
        let refused = matches!(exact.slices_mut(), Err(PublishError::Forked));
        exact.commit();
        let refused = refused && matches!(producer.claim_in_place(2), Err(PublishError::Forked));
        say(if refused { "refused" } else { "its parent's" });
        system::end_now();
    }
    hear();
    exact.abort();
    let mut claim = producer.claim_in_place(3).unwrap();
    for (sequence, place) in (1..).zip(claim.records_mut()) {
        *place = Checked::of(sequence);
    }
    if system::fork().is_none() {
        claim.records_mut().fill(Checked::of(NEVER));
        say(claim.records_mut().len());
        claim.commit();
        system::end_now();
    }
    hear();
    claim.commit();
    producer.close();
}

#[test]
fn the_child_of_a_producer_gets_none_of_the_records_it_writes() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("in-place");
    let mut family = start("forks in a claim", &[&ring]);
    family.says("refused");
    let mut reader =
        Reader::<Checked>::attach(&ring, ReaderOptions::lossless().from_oldest()).unwrap();
    family.tell("go on");
    family.says("0");
    assert_eq!(reader.poll().unwrap().unwrap().records().len(), 1);
    assert!(reader.poll().unwrap().is_none());
    family.tell("commit");
    family.finish();
    let mut tally = Tally::from(1);
    while let Some(batch) = reader.next().unwrap() {
        tally.take(&batch);
    }
    assert!(tally.is_faultless() && tally.next == 4, "{tally:?}");
}

/// Stopped in the middle of a claim it holds up nobody but those who wait for its records, and goes on with it.
#[test]
fn a_producer_that_is_stopped_in_a_claim_keeps_nobody_from_joining() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("in-place");
    let mut producer = start("half a claim", &[&ring]);
    producer.says("created");
    producer.tell("claim");
    producer.says("half");
    producer.stop();
    let readers: Vec<Reader<Checked>> = (0..64).map(|_| attach(&ring)).collect();
    assert!(readers.iter().all(|reader| reader.cursor() == 80));
    drop(readers);
    producer.kill();
}
