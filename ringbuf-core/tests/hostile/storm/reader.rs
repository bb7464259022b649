//! Readers of every kind, and what each of their calls may come to.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use ringbuf_core::{
    Batch, Next, ReadError, Reader, ReaderOptions, Start, Until, UntypedReader, Wait, inspect,
};

use crate::support::{HANGS, Numbers};

use super::seat::{Seat, kind};
use super::{CAPACITY, Goods, Scene, frames};

/// How one reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Lossy,
    Bounded,
    Lossless,
    /// It cannot find `NAME.readers`.
    Observer,
    Untyped,
}

pub const CALLS: u64 = 30;
/// For calls without a time of their own.
const AT_ONCE: Duration = Duration::ZERO;

/// Attaches and reads so many times, and tries until it has had something to read in a good part of them.
pub fn read(
    seat: &Seat,
    (scene, kind): (Scene, Kind),
    (ring, window): (&str, &Path),
    seed: u64,
    turns: u64,
) {
    let mut numbers = Numbers::new(seed);
    let began = Instant::now();
    let mut turn = 0;
    while turn < turns || seat.counted("attached") < turns / 4 && began.elapsed() < HANGS {
        turn += 1;
        let options = options(kind, &mut numbers);
        let typed = match scene.goods {
            Goods::Records => typed,
            _ => frames::read,
        };
        match kind {
            Kind::Untyped => untyped(seat, ring, options, &mut numbers),
            Kind::Observer => {
                let seen = window.join("seen.ring");
                let _ = fs::remove_file(&seen);
                if fs::hard_link(ring, &seen).is_ok() {
                    typed(
                        seat,
                        scene,
                        &seen.display().to_string(),
                        options,
                        &mut numbers,
                    );
                }
            }
            _ => typed(seat, scene, ring, options, &mut numbers),
        }
    }
}

fn options(kind: Kind, numbers: &mut Numbers) -> ReaderOptions {
    let options = match kind {
        Kind::Bounded => ReaderOptions::bounded(Duration::from_micros(numbers.below(2000))),
        Kind::Lossless => ReaderOptions::lossless(),
        Kind::Lossy | Kind::Observer | Kind::Untyped => ReaderOptions::lossy(),
    };
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    let around_now = now.as_nanos() as i64 - numbers.below(20_000_000) as i64 + 10_000_000;
    let start = match numbers.below(16) {
        0..=3 => Start::Now,
        4..=6 => Start::Last(numbers.below(2 * CAPACITY)),
        7 | 8 => Start::LastFor(Duration::from_millis(numbers.below(20))),
        9 | 10 => Start::At(around_now - 20_000_000),
        11 => Start::At(numbers.next() as i64),
        12 => Start::Sequence(numbers.below(10_000)),
        13 => Start::Sequence(numbers.next()),
        _ => Start::Oldest,
    };
    let wait = match numbers.below(4) {
        0 => Wait::Spin,
        1 => Wait::Yield,
        _ => Wait::Sleep,
    };
    let options = options.start(start).wait(wait).unverified();
    match numbers.below(10) {
        0 => options.until(Until::Sequence(numbers.next())),
        1 => options.until(Until::Sequence(numbers.below(100_000))),
        2 => options.until(Until::At(around_now + 20_000_000)),
        3 => options.until(Until::At(numbers.next() as i64)),
        _ => options,
    }
}

/// What is left of a reader after this error: nothing.
pub fn ends(seat: &Seat, error: &ReadError) {
    seat.count(kind(error));
    match error {
        ReadError::Damaged(damage) => assert!(damage.to_string().contains("found"), "{damage}"),
        ReadError::Removed | ReadError::Replaced => {}
        error => panic!("{error}"),
    }
}

fn typed(seat: &Seat, scene: Scene, ring: &str, options: ReaderOptions, numbers: &mut Numbers) {
    let attached = seat.call("attach", AT_ONCE, || Reader::<u64>::attach(ring, options));
    let mut reader = match attached {
        Ok(reader) => reader,
        Err(error) => return seat.count(format!("no attach {}", kind(&error))),
    };
    seat.count("attached");
    for _ in 0..CALLS {
        let goes_on = ask(seat, scene, &mut reader, numbers);
        let ledger = reader.ledger();
        assert!(ledger.adds_up(), "{ledger:?}");
        assert_eq!(ledger.cursor, reader.cursor());
        let (lag, lag_time) = seat.call("lag", AT_ONCE, || (reader.lag(), reader.lag_time()));
        let latest = seat.call("latest", AT_ONCE, || reader.latest());
        black_box((lag, lag_time, latest.unwrap()));
        match goes_on {
            Ok(true) => {}
            Ok(false) => break,
            // What it was told once does not keep it from being asked again.
            Err(error) if numbers.below(2) == 0 => ends(seat, &error),
            Err(error) => return ends(seat, &error),
        }
        if reader.is_demoted() && numbers.below(2) == 0 {
            seat.count("rejoins");
            if let Err(error) = seat.call("rejoin", AT_ONCE, || reader.rejoin()) {
                return ends(seat, &error);
            }
        }
    }
    seat.call("leave", AT_ONCE, || drop(reader));
}

/// One call for news; false if there will be no more.
fn ask(
    seat: &Seat,
    scene: Scene,
    reader: &mut Reader<u64>,
    numbers: &mut Numbers,
) -> Result<bool, ReadError> {
    let timeout = Duration::from_micros(numbers.below(3000));
    // Where a gate stops the producer who waits for records may wait for ever. Through its second name an observer does
    // not see that the ring is another's by now, and waits, too.
    let news = match numbers.below(8) {
        0 if !scene.is_held_by_gates() && !reader.is_observer() => seat
            .call("next", AT_ONCE, || reader.next())?
            .map_or(Next::Closed, Next::Batch),
        1..=3 => seat
            .call("poll", AT_ONCE, || reader.poll())?
            .map_or(Next::TimedOut, Next::Batch),
        _ => seat.call("next_timeout", timeout, || reader.next_timeout(timeout))?,
    };
    match news {
        Next::Batch(batch) => took(seat, &batch),
        Next::TimedOut => seat.count("nothing"),
        Next::Closed => {
            seat.count("closed");
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whatever the records say, there are not more of them than there can be, and all of it can be looked at.
fn took(seat: &Seat, batch: &Batch<'_, u64>) {
    seat.count("batches");
    let records = seat.call("records", AT_ONCE, || batch.records());
    assert!(records.len() as u64 <= CAPACITY, "{}", records.len());
    let sum = records
        .iter()
        .fold(0_u64, |sum, record| sum.wrapping_add(*record));
    let end = batch.first_sequence().checked_add(records.len() as u64);
    assert!(end.is_some(), "{}", batch.first_sequence());
    seat.call("published_ns", AT_ONCE, || {
        for index in 0..records.len() + 2 {
            let time = batch.published_ns(index);
            assert!(time.is_none() || index < records.len());
        }
    });
    if let Some(event) = batch.event() {
        seat.count(kind(&event));
    }
    black_box((sum, batch.missed()));
}

/// The same through the schema.
fn untyped(seat: &Seat, ring: &str, options: ReaderOptions, numbers: &mut Numbers) {
    let attached = seat.call("attach", AT_ONCE, || UntypedReader::attach(ring, options));
    let mut reader = match attached {
        Ok(reader) => reader,
        Err(error) => return seat.count(format!("no attach {}", kind(&error))),
    };
    seat.count("attached");
    let column = reader.schema().columns()[0].clone();
    for _ in 0..CALLS {
        let timeout = Duration::from_micros(numbers.below(3000));
        match seat.call("next_timeout", timeout, || reader.next_timeout(timeout)) {
            Ok(Next::Batch(batch)) => {
                seat.count("batches");
                let records = batch.records();
                assert!(records.len() as u64 <= CAPACITY, "{}", records.len());
                black_box(records.numbers(&column).sum::<f64>());
            }
            Ok(Next::TimedOut) => seat.count("nothing"),
            Ok(Next::Closed) => return seat.count("closed"),
            Err(error) => return ends(seat, &error),
        }
        assert!(reader.ledger().adds_up(), "{:?}", reader.ledger());
        drop(seat.call("latest", AT_ONCE, || reader.latest()).unwrap());
        if numbers.below(8) == 0 {
            let info = seat.call("info", AT_ONCE, || inspect::info(ring));
            seat.count(if info.is_ok() { "info" } else { "no info" });
        }
    }
}
