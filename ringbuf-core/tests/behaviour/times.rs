//! Publication times: every record has its own, and is found by it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use ringbuf_core::{
    AttachError, CreateOptions, Next, Preset, Producer, Reader, ReaderOptions, Retain, Start,
    Until, Wait,
};

use super::{drain, presets};
use crate::home;
use crate::support::{eventually, limit};

const TICK: Duration = Duration::from_millis(2);

fn stamped() -> CreateOptions {
    CreateOptions::default().stamp(true)
}

fn now_ns() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap().as_nanos() as i64
}

/// The sequences a reader gets with their times, until there is nothing more.
fn timed(reader: &mut Reader<u64>) -> Vec<(u64, i64)> {
    let mut all = Vec::new();
    while let Some(batch) = reader.poll().unwrap() {
        for i in 0..batch.records().len() {
            all.push((
                batch.first_sequence() + i as u64,
                batch.published_ns(i).unwrap(),
            ));
        }
        assert_eq!(batch.published_ns(batch.records().len()), None);
    }
    all
}

fn deliveries() -> [ReaderOptions; 3] {
    [
        ReaderOptions::lossy(),
        ReaderOptions::bounded(Duration::from_secs(60)),
        ReaderOptions::lossless(),
    ]
}

#[test]
#[cfg_attr(miri, ignore = "a thousand times slower, it is never in time")]
fn every_record_has_the_time_at_which_it_was_published() {
    let home = home();
    for options in presets() {
        let mut producer = home.producer_with::<u64>(100, &options.stamp(true));
        let mut readers = deliveries().map(|options| producer.reader(options).unwrap());
        let mut known = Vec::new();
        for i in 0..10 {
            let before = now_ns();
            producer.publish(&i).unwrap();
            known.push((before, now_ns()));
            sleep(TICK);
        }
        let before = now_ns();
        producer.publish_slice(&[10, 11, 12]).unwrap();
        known.extend([(before, now_ns()); 3]);
        let first = timed(&mut readers[0]);
        assert_eq!(first.len(), 13);
        // The two clocks are read one after the other when the ring is opened.
        let apart = 50_000_000;
        for ((sequence, at), (before, after)) in first.iter().zip(&known) {
            assert!(
                (before - apart..=after + apart).contains(at),
                "record {sequence}: {at} is not within {before}..{after}"
            );
        }
        assert!(first.is_sorted_by(|a, b| a.1 <= b.1));
        assert!(first[..10].is_sorted_by(|a, b| b.1 - a.1 >= TICK.as_nanos() as i64));
        // To all readers the same.
        for reader in &mut readers[1..] {
            assert_eq!(timed(reader), first);
        }
    }
}

#[test]
fn a_time_belongs_to_its_record_when_the_ring_goes_around() {
    let home = home();
    let options = stamped().preset(Preset::Latency);
    let mut producer = home.producer_with::<u64>(5, &options);
    let mut lossy = producer.reader(ReaderOptions::lossy()).unwrap();
    let mut bounded = producer
        .reader(ReaderOptions::bounded(Duration::from_secs(60)))
        .unwrap();
    let mut all = Vec::new();
    for i in 0..23 {
        producer.publish(&i).unwrap();
        sleep(TICK);
        all.extend(timed(&mut bounded));
    }
    assert_eq!(all.len(), 23);
    assert!(all.is_sorted_by(|a, b| b.1 - a.1 >= TICK.as_nanos() as i64));
    assert_eq!(timed(&mut lossy), all[18..]);
}

#[test]
fn this_moment_is_told_by_the_clock_of_the_publication_times() {
    let home = home();
    for delivery in deliveries() {
        let mut producer = home.producer_with::<u64>(5, &stamped());
        let mut reader = producer.reader(delivery).unwrap();
        let began = Instant::now();
        producer.publish(&7).unwrap();
        sleep(TICK);
        let batch = reader.poll().unwrap().unwrap();
        let since = batch.now_ns().unwrap() - batch.published_ns(0).unwrap();
        let most = began.elapsed().as_nanos() as i64;
        let least = TICK.as_nanos() as i64;
        assert!(
            (least..=most).contains(&since),
            "{since} is not within {least}..={most}"
        );
    }
    let mut producer = home.producer::<u64>(5);
    let mut reader = producer.reader(ReaderOptions::lossy()).unwrap();
    producer.publish(&7).unwrap();
    assert_eq!(reader.poll().unwrap().unwrap().now_ns(), None);
}

#[test]
fn without_times_there_are_none_and_nothing_is_found_by_them() {
    let home = home();
    let mut producer = home.producer::<u64>(5);
    let mut reader = producer.reader(ReaderOptions::lossy()).unwrap();
    producer.publish(&1).unwrap();
    assert_eq!(reader.lag_time(), None);
    assert_eq!(reader.poll().unwrap().unwrap().published_ns(0), None);
    assert_eq!(producer.kept(), None);
    let lossy = ReaderOptions::lossy;
    for options in [
        lossy().start(Start::LastFor(TICK)),
        lossy().start(Start::At(0)),
        lossy().until(Until::At(0)),
    ] {
        let error = producer.reader(options).unwrap_err();
        assert!(matches!(error, AttachError::NoTimes { .. }), "{error}");
        assert!(error.to_string().contains("publication times"), "{error}");
    }
}

#[test]
fn the_lag_in_time_is_the_age_of_the_next_record() {
    let home = home();
    let mut producer = home.producer_with::<u64>(3, &stamped());
    let mut reader = producer.reader(ReaderOptions::lossy()).unwrap();
    assert_eq!(reader.lag_time(), Some(Duration::ZERO));
    producer.publish(&0).unwrap();
    sleep(3 * TICK);
    let lag = reader.lag_time().unwrap();
    assert!(lag >= 3 * TICK, "{lag:?}");
    producer.publish(&1).unwrap();
    assert!(reader.lag_time().unwrap() >= lag);
    drain(&mut reader);
    assert_eq!(reader.lag_time(), Some(Duration::ZERO));
    // When the next record is gone, that of the oldest which is left.
    for i in 2..9 {
        producer.publish(&i).unwrap();
    }
    assert!(reader.lag_time().unwrap() > Duration::ZERO);
}

#[test]
#[cfg_attr(miri, ignore = "a thousand times slower, it is never in time")]
fn a_span_of_time_is_read_exactly() {
    let home = home();
    for capacity in [10, 64] {
        let mut producer = home.producer_with::<u64>(capacity, &stamped());
        for i in 0..40 {
            producer.publish(&i).unwrap();
            sleep(TICK / 4);
        }
        let all = {
            let options = ReaderOptions::lossy().from_oldest();
            timed(&mut producer.reader(options).unwrap())
        };
        assert_eq!(all.len() as u64, capacity.min(40));
        let (from, until) = (all[3].1, all[7].1);
        for options in deliveries() {
            let options = options.start(Start::At(from)).until(Until::At(until));
            let mut reader = producer.reader(options).unwrap();
            assert_eq!(timed(&mut reader), all[3..7]);
            assert!(!reader.begins_late());
            assert!(matches!(reader.next_timeout(TICK), Ok(Next::Closed)));
            assert!(reader.ledger().missed == 0 && reader.ledger().adds_up());
        }
        // Before everything that is kept, and after it.
        let early = ReaderOptions::lossy().start(Start::At(from - 1_000_000_000));
        let mut reader = producer.reader(early.clone()).unwrap();
        assert_eq!(timed(&mut reader), all);
        assert_eq!(reader.begins_late(), capacity < 40, "if some are gone");
        let mut reader = producer.reader(early.until(Until::At(0))).unwrap();
        assert!(matches!(reader.next_timeout(TICK), Ok(Next::Closed)));
        let late = ReaderOptions::lossy().start(Start::At(all.last().unwrap().1 + 1));
        assert_eq!(timed(&mut producer.reader(late).unwrap()), []);
        let hour = 3_600_000_000_000;
        let ahead = ReaderOptions::lossy().start(Start::At(now_ns() + hour));
        let error = producer.reader(ahead).unwrap_err();
        assert!(matches!(error, AttachError::TimeNotYet { .. }), "{error}");
        // Back from the newest.
        let newest = all.last().unwrap().1;
        let time = Duration::from_nanos((newest - all[5].1) as u64);
        let options = ReaderOptions::lossy().start(Start::LastFor(time));
        assert_eq!(timed(&mut producer.reader(options).unwrap()), all[5..]);
    }
}

#[test]
#[cfg_attr(miri, ignore = "a thousand times slower, it is never in time")]
fn a_span_may_end_in_the_future() {
    let home = home();
    let mut producer = home.producer_with::<u64>(1024, &stamped());
    let end = now_ns() + 200_000_000;
    for options in deliveries() {
        let mut reader = producer.reader(options.until(Until::At(end))).unwrap();
        producer.publish(&1).unwrap();
        assert!(!timed(&mut reader).is_empty());
        drop(reader);
    }
    let mut readers = deliveries().map(|options| {
        let options = options.from_oldest().until(Until::At(end));
        producer.reader(options).unwrap()
    });
    while now_ns() < end {
        producer.publish(&2).unwrap();
        sleep(TICK);
    }
    // However late that was: there is a record beyond the end.
    producer.publish(&3).unwrap();
    for reader in &mut readers {
        let got = timed(reader);
        assert!(got.len() > 3 && got.iter().all(|(_, at)| *at < end));
        assert!(matches!(reader.next_timeout(TICK), Ok(Next::Closed)));
        assert!(reader.lag() > 0);
    }
}

#[test]
#[cfg_attr(miri, ignore = "a thousand times slower, it is never in time")]
fn what_is_kept_in_time_is_known_once_the_ring_has_gone_around() {
    let retain = Retain::lasting(Duration::from_millis(100), 100.0);
    assert_eq!(retain.count(), 10);
    let home = home();
    let mut producer: Producer<u64> = home.producer_with(retain.count(), &stamped());
    for i in 0..10 {
        assert_eq!(producer.kept(), None);
        producer.publish(&i).unwrap();
        sleep(TICK);
    }
    producer.publish(&10).unwrap();
    assert!(producer.kept().unwrap() >= 9 * TICK);
    producer.publish_slice(&[0; 10]).unwrap();
    assert!(producer.kept().unwrap() < 9 * TICK);
}

#[test]
fn a_rate_that_is_none_keeps_nothing() {
    for rate in [0.0, -1.0, f64::NAN] {
        let retain = Retain::lasting(Duration::from_secs(5), rate);
        assert_eq!(retain.count(), 0);
        assert!(Producer::<u64>::heap(retain).is_err());
    }
    let forever = Retain::lasting(Duration::MAX, f64::INFINITY);
    assert!(Producer::<u64>::heap(forever).is_err());
}

/// With a ring so small that the reader is lapped again and again: every time lies between the moment its record was
/// made and that of the next, by one and the same difference of the clocks.
#[test]
#[cfg_attr(miri, ignore = "looks at the clock too often")]
fn a_time_belongs_to_its_record_while_the_producer_laps_the_reader() {
    let home = home();
    let began = Instant::now();
    let mut producer = home.producer_with::<u64>(300, &stamped());
    let mut reader = producer.reader(ReaderOptions::lossy()).unwrap();
    let (mut at_least, mut at_most) = (i64::MIN, i64::MAX);
    let (mut read, mut missed) = (0, 0);
    std::thread::scope(|scope| {
        let (enough, is_enough) = mpsc::channel();
        scope.spawn(move || {
            while is_enough.try_recv().is_err() {
                for _ in 0..10_000 {
                    let now = began.elapsed().as_nanos() as u64;
                    producer.publish(&now).unwrap();
                }
            }
        });
        while let Some(batch) = reader.next().unwrap() {
            missed += batch.missed();
            if missed > 10_000 && read > 10_000 {
                let _ = enough.send(());
            }
            let made = batch.records();
            read += made.len();
            for i in 0..made.len() {
                let published = batch.published_ns(i).unwrap();
                at_most = at_most.min(published - made[i] as i64);
                if let Some(next) = made.get(i + 1) {
                    at_least = at_least.max(published - *next as i64);
                }
            }
        }
    });
    assert!(at_least <= at_most, "{at_least} {at_most}");
}

#[test]
#[cfg_attr(miri, ignore = "looks at the clock too often")]
fn a_span_ends_in_time_while_the_producer_runs() {
    let _limit = limit();
    let home = home();
    let over = AtomicBool::new(false);
    let mut producer = home.producer_with::<u64>(1 << 16, &stamped());
    let begin = now_ns();
    let mut readers: Vec<_> = (0..10)
        .map(|i| {
            let end = begin + 5_000_000 * i;
            let options = ReaderOptions::lossy().until(Until::At(end));
            (end, producer.reader(options.wait(Wait::Yield)).unwrap())
        })
        .collect();
    std::thread::scope(|scope| {
        let over = &over;
        scope.spawn(move || {
            while !over.load(Ordering::Relaxed) {
                producer.publish(&0).unwrap();
            }
        });
        for (end, reader) in &mut readers {
            while let Some(batch) = reader.next().unwrap() {
                for i in 0..batch.records().len() {
                    assert!(batch.published_ns(i).unwrap() < *end);
                }
            }
            eventually("more comes behind its end", || reader.lag() > 0);
        }
        over.store(true, Ordering::Relaxed);
    });
}

/// An end that has not come does not keep a reader from what else ends a stream.
#[test]
#[cfg_attr(miri, ignore = "a thousand times slower, it is never in time")]
fn a_ring_that_is_closed_before_the_end_of_a_span_ends_it() {
    let home = home();
    for options in deliveries() {
        let mut producer = home.producer_with::<u64>(8, &stamped());
        let mut reader = producer.reader(options.until(Until::At(i64::MAX))).unwrap();
        producer.publish(&1).unwrap();
        assert_eq!(reader.next().unwrap().unwrap().records(), [1]);
        assert!(matches!(reader.next_timeout(TICK), Ok(Next::TimedOut)));
        producer.publish(&2).unwrap();
        producer.close();
        assert_eq!(reader.next().unwrap().unwrap().records(), [2]);
        assert!(reader.next().unwrap().is_none());
    }
}

#[test]
#[cfg_attr(miri, ignore = "a thousand times slower, it is never in time")]
fn what_was_lost_before_the_end_of_a_span_is_told() {
    let home = home();
    let mut producer = home.producer_with::<u64>(4, &stamped());
    let end = now_ns() + 30_000_000;
    let options = ReaderOptions::lossy().until(Until::At(end));
    let mut reader = producer.reader(options).unwrap();
    producer.publish_slice(&[0, 1, 2]).unwrap();
    while now_ns() < end + 20_000_000 {
        sleep(TICK);
    }
    for i in 3..20 {
        producer.publish(&i).unwrap();
    }
    let (records, missed) = drain(&mut reader);
    assert!(records.is_empty() && missed >= 3, "{missed}");
    assert!(reader.ledger().adds_up());
    assert!(reader.next().unwrap().is_none());
}
