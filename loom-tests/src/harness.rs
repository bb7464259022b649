//! What all models share: how they are run and counted, what a record holds, and the checks that every
//! delivery must pass.

use std::any::type_name_of_val;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use loom::sync::Arc;
use loom::thread;
use ringbuf_core::model::{
    Barrier, Begin, Fault, Follower, Full, Gate, Geometry, Kind, Memory, Moment, News, Waits,
    Where, Writer, is_dead, leave, notify,
};

/// Bytes of a record: two words, so that a torn record shows.
pub const STRIDE: usize = 16;

/// Never reached: loom's sleepers have no clock, so a lost wake-up is a deadlock.
pub const LONG: Duration = Duration::MAX;

/// Which side of a model runs on until it blocks, when nothing preempts it.
///
/// Loom looks for races only with the last access to a word, so a thread that loads a word before it
/// stores it hides the loads of others before: what one order of the sides leaves out, the other finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// The producer's side.
    Producer,
    /// The readers' side.
    Reader,
}

/// Runs a model in both orders under every schedule with at most `preemptions` preemptions
/// (`LOOM_MAX_PREEMPTIONS` in their place, if set) and says how many executions that took.
pub fn check(preemptions: usize, model: impl Fn(First) + Send + Sync + 'static) {
    let name = type_name_of_val(&model).replace("::{{closure}}", "");
    let model = std::sync::Arc::new(model);
    let begun = Instant::now();
    let executions = [First::Producer, First::Reader].map(|first| {
        let model = std::sync::Arc::clone(&model);
        explore(preemptions, move || model(first))
    });
    let seconds = begun.elapsed().as_secs_f64();
    let [producer, reader] = executions;
    println!("explored {name}: {producer} + {reader} executions, {seconds:.1} s");
    assert!(
        producer + reader > 20,
        "a model that explores nothing shows nothing"
    );
}

pub(crate) fn explore(preemptions: usize, model: impl Fn() + Send + Sync + 'static) -> u64 {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(preemptions);
    builder.max_branches = 10_000;
    let executions = std::sync::Arc::new(AtomicU64::new(0));
    let counter = std::sync::Arc::clone(&executions);
    builder.check(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        model();
    });
    executions.load(Ordering::Relaxed)
}

/// Runs both sides at the same time and returns what they return.
pub fn race<P: 'static, R: 'static>(
    first: First,
    producer: impl FnOnce() -> P + 'static,
    reader: impl FnOnce() -> R + 'static,
) -> (P, R) {
    match first {
        First::Producer => {
            let other = thread::spawn(reader);
            let produced = producer();
            (produced, other.join().unwrap())
        }
        First::Reader => {
            let other = thread::spawn(producer);
            let read = reader();
            (other.join().unwrap(), read)
        }
    }
}

/// A new ring without the newest-record mirror.
pub fn ring(capacity: u64) -> Arc<Memory> {
    Arc::new(Memory::heap(Geometry::new(capacity, STRIDE, false)).unwrap())
}

/// A new ring with the newest-record mirror.
pub fn mirrored(capacity: u64) -> Arc<Memory> {
    let geometry = Geometry::new(capacity, STRIDE, true);
    assert!(geometry.mirror, "the record does not fit the mirror");
    Arc::new(Memory::heap(geometry).unwrap())
}

/// A new ring in which no bounded reader is ever demoted: what it copies is held as if borrowed.
pub fn ring_without_demotions(capacity: u64) -> Arc<Memory> {
    let memory = Memory::heap(Geometry::new(capacity, STRIDE, false)).unwrap();
    Arc::new(memory.without_demotions())
}

/// A new ring with slots for so many registered readers.
pub fn ring_with_slots(capacity: u64, slots: usize) -> Arc<Memory> {
    let memory = Memory::heap(Geometry::new(capacity, STRIDE, false)).unwrap();
    Arc::new(memory.with_slots(slots))
}

/// A new ring with publication times.
pub fn stamped(capacity: u64, mirror: bool) -> Arc<Memory> {
    let geometry = Geometry::new(capacity, STRIDE, mirror).stamped(true);
    Arc::new(Memory::heap(geometry).unwrap())
}

/// A new ring that is written in place.
pub fn ring_in_place(capacity: u64) -> Arc<Memory> {
    let geometry = Geometry::new(capacity, STRIDE, false).in_place(true);
    // Nobody is ever demoted there: what a reader copies of what it holds is held as if borrowed.
    Arc::new(Memory::heap(geometry).unwrap().without_demotions())
}

/// Opens the ring as its producer.
pub fn open(memory: &Arc<Memory>) -> Writer {
    open_as(memory, Waits::All, Barrier::Producer)
}

/// Opens the ring as a producer that looks only at these gates.
pub fn open_waiting_for(memory: &Arc<Memory>, waits: Waits) -> Writer {
    open_as(memory, waits, Barrier::Producer)
}

/// Opens the ring as a producer that leaves the barriers to the sleepers.
pub fn open_unfenced(memory: &Arc<Memory>) -> Writer {
    open_as(memory, Waits::All, Barrier::Sleepers)
}

fn open_as(memory: &Arc<Memory>, waits: Waits, barrier: Barrier) -> Writer {
    Writer::open(Arc::clone(memory), waits, barrier, Moment::default())
}

/// Joins as a lossy reader.
pub fn lossy(memory: &Arc<Memory>, slot: usize, begin: Begin) -> Follower {
    Follower::join_lossy(Arc::clone(memory), slot, begin).unwrap()
}

/// Joins as a lossless reader.
pub fn lossless(memory: &Arc<Memory>, slot: usize, begin: Begin) -> Follower {
    Follower::join_holding(Arc::clone(memory), slot, Kind::Lossless, begin).unwrap()
}

/// Joins as a bounded reader.
pub fn bounded(memory: &Arc<Memory>, slot: usize, begin: Begin) -> Follower {
    Follower::join_holding(Arc::clone(memory), slot, Kind::Bounded, begin).unwrap()
}

/// What goes on when a reader goes that keeps nothing.
pub fn go(follower: &mut Follower, slot: usize) {
    follower.release();
    leave(follower.memory(), slot);
}

/// The words of record `sequence` as `epoch` writes it.
pub fn words(sequence: u64, epoch: u64) -> [u64; 2] {
    let first = epoch << 32 | (sequence + 1);
    [first, !first]
}

/// The bytes of `count` records.
pub fn records(sequence: u64, count: u64, epoch: u64) -> Vec<u8> {
    (sequence..sequence + count)
        .flat_map(|sequence| words(sequence, epoch))
        .flat_map(u64::to_ne_bytes)
        .collect()
}

/// Checks that these words are record `sequence`, and whole; returns the epoch that wrote it.
pub fn expect(words: &[u64], sequence: u64) -> u64 {
    assert_eq!(words[1], !words[0], "record {sequence} is torn");
    assert_eq!(
        words[0] as u32 as u64,
        sequence + 1,
        "another record than {sequence}"
    );
    words[0] >> 32
}

/// The publication time of the records of a claim that begins at `first`.
pub fn time(first: u64) -> u64 {
    first + 1000
}

/// Claims, writes and commits `count` records at once; nobody is woken.
pub fn try_publish(writer: &mut Writer, count: u64) -> Result<(), Full> {
    try_publish_in(writer, count, 1)
}

/// As [`try_publish`], with the epoch written into the records. A single record the short way, where the writer does.
pub fn try_publish_in(writer: &mut Writer, count: u64, epoch: u64) -> Result<(), Full> {
    if count == 1 {
        let record = records(writer.published(), 1, epoch);
        if writer.publish_at_once(&record, |_, _| {}).is_some() {
            return Ok(());
        }
    }
    let first = writer.try_claim(count)?;
    writer.write(first, &records(first, count, epoch));
    writer.stamp(count, time(first));
    writer.commit(count);
    Ok(())
}

/// Capacity of the smallest ring whose producer grants itself more than it claims: every other record goes at once.
pub const GRANTED: u64 = 16;

/// Publishes so many that the ring of [`GRANTED`] records has gone around, and the next record goes at once.
pub fn go_around(writer: &mut Writer) {
    (0..=GRANTED).for_each(|_| publish(writer, 1));
}

/// Publishes one record at once, wherever that is open, and wakes.
pub fn publish_at_once(writer: &mut Writer) {
    let record = records(writer.published(), 1, 1);
    let sequence = writer.published();
    let published = writer.publish_at_once(&record, notify);
    assert_eq!(published, Some(sequence), "it must be claimed");
}

/// As [`try_publish`], written where the records lie.
pub fn try_publish_in_place(writer: &mut Writer, count: u64, epoch: u64) -> Result<(), Full> {
    let first = writer.try_claim(count)?;
    write_in_place(writer, first, count, epoch);
    writer.commit(count);
    Ok(())
}

/// Writes records of a claim where they lie, and holds them all until the last word is written.
pub fn write_in_place(writer: &mut Writer, first: u64, count: u64, epoch: u64) {
    let (mut head, mut rest) = writer.in_place(first, count).expect("what was claimed");
    let words: Vec<u64> = (first..first + count)
        .flat_map(|sequence| words(sequence, epoch))
        .collect();
    let in_head = head.len();
    assert!(is_dead() || in_head + rest.len() == words.len());
    for (i, &word) in words.iter().enumerate().take(in_head + rest.len()) {
        match i.checked_sub(in_head) {
            None => head.set(i, word),
            Some(i) => rest.set(i, word),
        }
    }
}

/// As [`try_publish`] where nobody can be in the way.
pub fn publish(writer: &mut Writer, count: u64) {
    try_publish(writer, count).unwrap();
}

/// Publishes and wakes, sleeping until there is room.
pub fn publish_waiting(writer: &mut Writer, count: u64) {
    while try_publish(writer, count).is_err() {
        writer.wait_for_room(count, LONG).unwrap();
    }
    writer.notify();
}

/// One look at who is in the way: demotes the bounded readers among them, and publishes if that leaves room.
/// Returns how many were demoted.
pub fn try_publish_past(writer: &mut Writer, count: u64) -> (u64, Result<(), Full>) {
    let demoted = demote_all(writer, count);
    (demoted, try_publish(writer, count))
}

/// Demotes the bounded readers in the way of a claim and returns how many they were.
pub fn demote_all(writer: &Writer, count: u64) -> u64 {
    let in_the_way: Vec<Gate> = writer.in_the_way(count).collect();
    let demoted = in_the_way.into_iter().filter(|&gate| writer.demote(gate));
    demoted.count() as u64
}

/// Publishes where only bounded readers can be in the way, demoting them, and returns how many that were.
pub fn publish_past(writer: &mut Writer, count: u64) -> u64 {
    let mut demotions = 0;
    loop {
        let (demoted, published) = try_publish_past(writer, count);
        demotions += demoted;
        if published.is_ok() {
            return demotions;
        }
    }
}

/// One attempt of a lossy reader with a buffer for `most` records; checks all it delivers and accounts.
pub fn poll(follower: &mut Follower, most: usize) -> News {
    poll_epoch(follower, most, None)
}

/// As [`poll`]; every record must be of `epoch`, if given.
pub fn poll_epoch(follower: &mut Follower, most: usize, epoch: Option<u64>) -> News {
    attempt(follower, most, epoch, Follower::poll_copy)
}

/// One attempt of a bounded reader that was not told that it was demoted, as [`poll_epoch`]; what it is
/// delivered follows on what it got before.
pub fn copy_epoch(follower: &mut Follower, most: usize, epoch: Option<u64>) -> News {
    let before = *follower.ledger();
    let news = attempt(follower, most, epoch, Follower::poll_bounded);
    assert_eq!(follower.ledger().missed, before.missed);
    assert_ne!(news, News::Overrun);
    news
}

/// As [`copy_epoch`] with records of any epoch.
pub fn copy(follower: &mut Follower, most: usize) -> News {
    copy_epoch(follower, most, None)
}

/// An attempt with a buffer for `most` records: whatever it delivers is whole, the right record of the right
/// time, and accounted for.
fn attempt(
    follower: &mut Follower,
    most: usize,
    epoch: Option<u64>,
    poll: impl FnOnce(&mut Follower, &mut [u8], &mut [u64]) -> Result<News, Fault>,
) -> News {
    let before = *follower.ledger();
    let mut buffer = vec![0; most * STRIDE];
    let is_stamped = follower.memory().geometry().stamped;
    let mut stamps = vec![0; if is_stamped { most } else { 0 }];
    let news = poll(follower, &mut buffer, &mut stamps).unwrap();
    let after = *follower.ledger();
    assert!(after.adds_up(), "{after:?}");
    assert!(after.cursor >= before.cursor);
    match news {
        News::Records(run) => {
            assert!(run.count > 0 && run.first >= before.cursor);
            assert_eq!(after.cursor, run.first + run.count);
            assert_eq!(after.read - before.read, run.count);
            let records = &buffer[run.offset()..];
            for (i, record) in records.chunks(STRIDE).take(run.count as usize).enumerate() {
                let wrote = expect(&to_words(record), run.first + i as u64);
                assert!(
                    epoch.is_none_or(|epoch| epoch == wrote),
                    "taken for another epoch's"
                );
            }
            let stamps = stamps.iter().skip(run.offset() / STRIDE);
            for (record, &stamp) in (run.first..run.first + run.count).zip(stamps) {
                assert_eq!(stamp, time(record), "the time of another record");
            }
        }
        News::Overrun => assert_eq!(after.read, before.read),
        _ => assert_eq!(after, before),
    }
    news
}

/// The words of these bytes.
pub fn to_words(bytes: &[u8]) -> Vec<u64> {
    let words = bytes.as_chunks().0.iter();
    words.map(|bytes| u64::from_ne_bytes(*bytes)).collect()
}

/// How a bounded reader reads.
#[derive(Clone, Copy, Debug)]
pub struct Ways {
    /// One attempt for so many, of this epoch if given, while it has not been told that it was demoted.
    pub held: fn(&mut Follower, usize, Option<u64>) -> News,
    /// One attempt after that.
    pub demoted: fn(&mut Follower, usize, Option<u64>) -> News,
    /// With the producer gone, the rest after that: all that is kept from a sequence on, up to another.
    pub drain: fn(&mut Follower, u64, u64),
}

/// How one of records does.
pub const RECORDS: Ways = Ways {
    held: copy_epoch,
    demoted: poll_epoch,
    drain,
};

/// A bounded reader that reads on as a lossy one when it is told that it was demoted.
#[derive(Debug)]
pub struct Patient {
    /// Its place in the ring.
    pub follower: Follower,
    /// So often it was told that it was demoted.
    pub told: u64,
    /// Where it stood when it was told last.
    pub told_at: Option<u64>,
    is_demoted: bool,
    ways: Ways,
}

impl Patient {
    /// Joins.
    pub fn join(memory: &Arc<Memory>, slot: usize, begin: Begin) -> Patient {
        Patient::reading(RECORDS, memory, slot, begin)
    }

    /// Joins as a reader that reads like this.
    pub fn reading(ways: Ways, memory: &Arc<Memory>, slot: usize, begin: Begin) -> Patient {
        Patient {
            follower: bounded(memory, slot, begin),
            told: 0,
            told_at: None,
            is_demoted: false,
            ways,
        }
    }

    /// One attempt, with a buffer for `most` records.
    pub fn poll(&mut self, most: usize) -> News {
        self.poll_epoch(most, None)
    }

    /// Attempts with buffers for so many records.
    pub fn polls(&mut self, buffers: &[usize]) {
        for &most in buffers {
            self.poll(most);
        }
    }

    /// As [`Patient::poll`]; every record must be of `epoch`, if given.
    pub fn poll_epoch(&mut self, most: usize, epoch: Option<u64>) -> News {
        if self.is_demoted {
            return (self.ways.demoted)(&mut self.follower, most, epoch);
        }
        let news = (self.ways.held)(&mut self.follower, most, epoch);
        if news == News::Demoted {
            self.told += 1;
            self.told_at = Some(self.follower.ledger().cursor);
            self.is_demoted = true;
        }
        news
    }

    /// Holds the producer again, after it was told that it does not any more.
    pub fn rejoin(&mut self) {
        assert!(std::mem::take(&mut self.is_demoted));
        let before = *self.follower.ledger();
        self.follower.rejoin().unwrap();
        let after = *self.follower.ledger();
        assert!(after.adds_up(), "{after:?}");
        assert_eq!(after.read, before.read);
    }

    /// With the producer gone, after `demotions`: told of every one of them, all the rest if it is not
    /// demoted, and otherwise all that is still kept, from the oldest on. Returns where it was told last.
    pub fn drain(self, demotions: u64, published: u64) -> Option<u64> {
        let capacity = self.follower.memory().geometry().capacity;
        self.drain_from(demotions, published.saturating_sub(capacity), published)
    }

    /// As [`Patient::drain`], with what is kept from this one on.
    pub fn drain_from(mut self, demotions: u64, kept_from: u64, published: u64) -> Option<u64> {
        let was_told = self.told;
        while self.told < demotions {
            match self.poll(1) {
                News::Records(_) | News::Overrun | News::Demoted => {}
                news => {
                    // It was demoted while it joined, and has read all there is: told with the next record.
                    assert_eq!(news, News::Nothing, "a demotion was not told");
                    assert_eq!(self.follower.ledger().cursor, published);
                    return self.told_at;
                }
            }
        }
        assert_eq!(self.told, demotions, "told of demotions that were none");
        if self.is_demoted {
            (self.ways.drain)(&mut self.follower, kept_from, published);
        } else {
            assert_eq!(self.told, was_told);
            let missed = self.follower.ledger().missed;
            while let News::Records(run) = self.poll(1) {
                assert_eq!(run.count, 1);
            }
            let ledger = self.follower.ledger();
            assert_eq!((ledger.cursor, ledger.missed), (published, missed));
        }
        self.told_at
    }
}

/// One attempt of a lossless reader, at most `most` records; checks all it is handed, which it holds
/// until the next attempt.
pub fn take(follower: &mut Follower, most: u64) -> News {
    take_epoch(follower, most, None)
}

/// As [`take`]; every record must be of `epoch`, if given.
pub fn take_epoch(follower: &mut Follower, most: u64, epoch: Option<u64>) -> News {
    let missed = follower.ledger().missed;
    let is_mirrored = follower.memory().geometry().mirror;
    let mut buffer = vec![0; if is_mirrored { STRIDE } else { 0 }];
    let news = follower.poll_in_place(most, &mut buffer).unwrap();
    let ledger = *follower.ledger();
    assert!(ledger.adds_up() && ledger.missed == missed, "{ledger:?}");
    if let News::Records(run) = news {
        assert!(run.count > 0);
        assert_eq!(run.first, ledger.cursor);
        let words = match run.at {
            Where::Cells => follower.held().words(),
            Where::Buffer(offset) => to_words(&buffer[offset..]),
        };
        for (i, record) in words.chunks(2).enumerate() {
            let wrote = expect(record, run.first + i as u64);
            assert!(
                epoch.is_none_or(|epoch| epoch == wrote),
                "taken for another epoch's"
            );
        }
        assert_eq!(words.len() as u64, run.count * 2);
    }
    news
}

/// The next record, if it is the newest one and mirrored, and there is nothing else to tell; checks it and what is
/// accounted for it. What was handed out before is released first.
pub fn take_newest(follower: &mut Follower, is_lossless: bool, epoch: Option<u64>) -> bool {
    follower.release();
    let before = *follower.ledger();
    let mut record = [0; STRIDE];
    let run = follower.take_newest(&mut record, is_lossless);
    let after = *follower.ledger();
    assert!(after.adds_up(), "{after:?}");
    let Some(run) = run else {
        assert_eq!(after, before);
        assert!(!follower.is_holding());
        return false;
    };
    assert_eq!((run.first, run.count), (before.cursor, 1));
    assert_eq!(run.at, Where::Buffer(0));
    assert_eq!(follower.seen(), run.first + 1);
    let wrote = expect(&to_words(&record), run.first);
    assert!(
        epoch.is_none_or(|epoch| epoch == wrote),
        "taken for another epoch's"
    );
    assert_eq!(follower.is_holding(), is_lossless);
    let counted = u64::from(!is_lossless);
    assert_eq!(after.read, before.read + counted);
    assert_eq!(after.cursor, before.cursor + counted);
    true
}

/// What a reader does that waits for each record: the newest one out of the mirror, or else an attempt.
pub fn next(follower: &mut Follower, is_lossless: bool, epoch: Option<u64>) -> Option<News> {
    if take_newest(follower, is_lossless, epoch) {
        return None;
    }
    Some(match is_lossless {
        true => take_epoch(follower, 2, epoch),
        false => poll_epoch(follower, 2, epoch),
    })
}

/// With the producer gone: a lossy reader gets all that is still kept, from the oldest on.
pub fn drain(follower: &mut Follower, kept_from: u64, published: u64) {
    let mut expected = follower.ledger().cursor.max(kept_from);
    while follower.ledger().cursor < published {
        let News::Records(run) = poll(follower, 1) else {
            panic!("a quiet ring kept {expected} but did not deliver it");
        };
        assert_eq!(run.first, expected);
        expected += 1;
    }
    assert_eq!(poll(follower, 1), News::Nothing);
    assert_eq!(follower.ledger().cursor, published);
}

/// With the producer gone: a lossless reader gets all the rest, and has missed nothing since it joined.
pub fn take_rest(follower: &mut Follower, published: u64) {
    let missed = follower.ledger().missed;
    while let News::Records(_) = take(follower, 1) {}
    let ledger = follower.ledger();
    assert_eq!((ledger.cursor, ledger.missed), (published, missed));
    assert_eq!(ledger.read, published - ledger.joined - missed);
}
