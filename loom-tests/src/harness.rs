//! What all models share: how they are run and counted, what a record holds, and the checks that every
//! delivery must pass.

use std::any::type_name_of_val;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use loom::sync::Arc;
use loom::thread;
use ringbuf_core::model::{
    Begin, Follower, Full, Geometry, Kind, Memory, Moment, News, Waits, Writer,
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

fn explore(preemptions: usize, model: impl Fn() + Send + Sync + 'static) -> u64 {
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
    Arc::new(Memory::heap(Geometry::new(capacity, STRIDE, 8, false)).unwrap())
}

/// A new ring with the newest-record mirror.
pub fn mirrored(capacity: u64) -> Arc<Memory> {
    let geometry = Geometry::new(capacity, STRIDE, 8, true);
    assert!(geometry.mirror, "the record does not fit the mirror");
    Arc::new(Memory::heap(geometry).unwrap())
}

/// Opens the ring as its producer.
pub fn open(memory: &Arc<Memory>) -> Writer {
    Writer::open(Arc::clone(memory), Waits::All, Moment::default())
}

/// Joins as a lossy reader.
pub fn lossy(memory: &Arc<Memory>, slot: usize, begin: Begin) -> Follower {
    Follower::join_lossy(Arc::clone(memory), slot, begin).unwrap()
}

/// Joins as a lossless reader.
pub fn lossless(memory: &Arc<Memory>, slot: usize, begin: Begin) -> Follower {
    Follower::join_holding(Arc::clone(memory), slot, Kind::Lossless, begin).unwrap()
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

/// Claims, writes and commits `count` records at once; nobody is woken.
pub fn try_publish(writer: &mut Writer, count: u64) -> Result<(), Full> {
    try_publish_in(writer, count, 1)
}

/// As [`try_publish`], with the epoch written into the records.
pub fn try_publish_in(writer: &mut Writer, count: u64, epoch: u64) -> Result<(), Full> {
    let first = writer.try_claim(count)?;
    writer.write(first, &records(first, count, epoch));
    writer.commit(count);
    Ok(())
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

/// One attempt of a lossy reader with a buffer for `most` records; checks all it delivers and accounts.
pub fn poll(follower: &mut Follower, most: usize) -> News {
    poll_epoch(follower, most, None)
}

/// As [`poll`]; every record must be of `epoch`, if given.
pub fn poll_epoch(follower: &mut Follower, most: usize, epoch: Option<u64>) -> News {
    let before = *follower.ledger();
    let mut buffer = vec![0; most * STRIDE];
    let news = follower.poll_copy(&mut buffer, &mut []).unwrap();
    let after = *follower.ledger();
    assert!(after.adds_up(), "{after:?}");
    assert!(after.cursor >= before.cursor);
    match news {
        News::Records(run) => {
            assert!(run.count > 0 && run.first >= before.cursor);
            assert_eq!(after.cursor, run.first + run.count);
            assert_eq!(after.read - before.read, run.count);
            let words: Vec<u64> = buffer[run.offset..]
                .as_chunks()
                .0
                .iter()
                .map(|bytes| u64::from_ne_bytes(*bytes))
                .collect();
            for (i, record) in words.chunks(2).take(run.count as usize).enumerate() {
                let wrote = expect(record, run.first + i as u64);
                assert!(
                    epoch.is_none_or(|epoch| epoch == wrote),
                    "taken for another epoch's"
                );
            }
        }
        News::Overrun => assert_eq!(after.read, before.read),
        _ => assert_eq!(after, before),
    }
    news
}

/// One attempt of a lossless reader, at most `most` records; checks all it is handed, which it holds
/// until the next attempt.
pub fn take(follower: &mut Follower, most: u64) -> News {
    let news = follower.poll_in_place(most).unwrap();
    let ledger = *follower.ledger();
    assert!(ledger.adds_up() && ledger.missed == 0, "{ledger:?}");
    if let News::Records(run) = news {
        assert!(run.count > 0);
        assert_eq!(run.first, ledger.cursor);
        let words = follower.held().words();
        for (i, record) in words.chunks(2).enumerate() {
            expect(record, run.first + i as u64);
        }
        assert_eq!(words.len() as u64, run.count * 2);
    }
    news
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

/// With the producer gone: a lossless reader gets all the rest, and has missed nothing.
pub fn take_rest(follower: &mut Follower, published: u64) {
    while let News::Records(_) = take(follower, 1) {}
    let ledger = follower.ledger();
    assert_eq!((ledger.cursor, ledger.missed), (published, 0));
    assert_eq!(ledger.read, published - ledger.joined);
}
