//! Joining as a lossless reader while the producer runs on the room it granted itself before.

use loom::sync::Arc;
use loom::thread;
use loom_tests::{
    First, check, copy, drain, go, lossless, lossy, open, poll, publish, race, records, ring, take,
    take_rest, try_publish,
};
use ringbuf_core::model::{Begin, Follower, Kind, Memory, News};

/// A producer that published `ahead` without readers and tries `claims` while a reader joins.
fn join(first: First, memory: Arc<Memory>, ahead: &[u64], claims: &'static [u64], start: Begin) {
    let mut writer = open(&memory);
    ahead.iter().for_each(|&n| publish(&mut writer, n));
    let (published, mut reader) = race(
        first,
        move || {
            for &n in claims {
                let _ = try_publish(&mut writer, n);
            }
            writer.published()
        },
        move || {
            let mut reader = lossless(&memory, 0, start);
            take(&mut reader, 1);
            take(&mut reader, 1);
            reader
        },
    );
    take_rest(&mut reader, published);
}

#[test]
fn from_now() {
    check(3, |first| {
        join(first, ring(2), &[1, 1], &[1, 1, 1], Begin::Now)
    });
}

#[test]
fn from_the_oldest() {
    check(3, |first| {
        join(first, ring(2), &[1, 1], &[1, 1, 1], Begin::Oldest)
    });
}

#[test]
fn capacity_one() {
    check(3, |first| {
        join(first, ring(1), &[1, 1, 1], &[1, 1], Begin::Oldest)
    });
}

#[test]
fn claims_of_two() {
    check(3, |first| join(first, ring(2), &[2], &[2, 2], Begin::Now));
}

#[test]
fn claims_of_two_from_the_oldest() {
    check(3, |first| {
        join(first, ring(2), &[2], &[2, 2], Begin::Oldest)
    });
}

/// Capacity 16 is the smallest with steps of two: the producer grants itself more than it claims.
#[test]
fn steps_of_two() {
    check(3, |first| {
        join(first, ring(16), &[8, 8, 1], &[1, 1, 1], Begin::Oldest)
    });
}

#[test]
fn beside_a_reader_further_back() {
    check(2, |first| {
        let memory = ring(2);
        let mut writer = open(&memory);
        publish(&mut writer, 1);
        let mut behind = lossless(&memory, 1, Begin::Oldest);
        publish(&mut writer, 1);
        let other = thread::spawn(move || {
            take(&mut behind, 2);
            take(&mut behind, 1);
            go(&mut behind, 1);
        });
        let (published, mut reader) = race(
            first,
            move || {
                for _ in 0..3 {
                    let _ = try_publish(&mut writer, 1);
                }
                writer.published()
            },
            move || {
                let mut reader = lossless(&memory, 0, Begin::Oldest);
                take(&mut reader, 1);
                reader
            },
        );
        other.join().unwrap();
        take_rest(&mut reader, published);
    });
}

/// A reader that joins a producer with `ahead` records published, which goes on with three more.
fn beginning(
    first: First,
    ahead: u64,
    reader: impl FnOnce(&Arc<Memory>) -> Follower + 'static,
) -> (u64, Follower) {
    let memory = ring(2);
    let mut writer = open(&memory);
    (0..ahead).for_each(|_| publish(&mut writer, 1));
    race(
        first,
        move || {
            for _ in 0..3 {
                let _ = try_publish(&mut writer, 1);
            }
            writer.published()
        },
        move || reader(&memory),
    )
}

/// Who asks for a record has missed exactly those from there on that it does not get.
#[test]
fn at_a_record() {
    check(2, |first| {
        let (published, mut reader) =
            beginning(first, 4, |memory| lossless(memory, 0, Begin::At(1)));
        let ledger = *reader.ledger();
        assert_eq!((ledger.joined, ledger.read), (1, 0));
        // One was overwritten before, and no more than the producer had granted itself by then.
        assert!(ledger.missed >= 1 && ledger.cursor <= published);
        take_rest(&mut reader, published);
    });
}

#[test]
fn at_a_record_and_lossy() {
    check(3, |first| {
        let (published, mut reader) = beginning(first, 3, |memory| {
            let reader = lossy(memory, 0, Begin::At(0));
            assert!(reader.ledger().missed >= 1, "what is gone is told at once");
            reader
        });
        assert_eq!(reader.ledger().joined, 0);
        drain(&mut reader, published - 2, published);
        let ledger = reader.ledger();
        // Those before the last two are gone, and no other.
        assert_eq!((ledger.read, ledger.missed), (2, published - 2));
    });
}

/// A record that is not there yet is the next.
#[test]
fn at_a_record_to_come() {
    check(2, |first| {
        let (published, mut reader) =
            beginning(first, 1, |memory| lossless(memory, 0, Begin::At(100)));
        let ledger = *reader.ledger();
        assert!((1..=published).contains(&ledger.joined));
        assert_eq!((ledger.cursor, ledger.missed), (ledger.joined, 0));
        take_rest(&mut reader, published);
    });
}

/// As many of the newest as asked for or as there are, and nothing counts as missed.
#[test]
fn at_the_last_records() {
    check(2, |first| {
        let (published, mut reader) =
            beginning(first, 3, |memory| lossless(memory, 0, Begin::Last(1)));
        let ledger = *reader.ledger();
        assert!((2..=published).contains(&ledger.joined), "{ledger:?}");
        assert_eq!((ledger.cursor, ledger.missed), (ledger.joined, 0));
        take_rest(&mut reader, published);
    });
}

#[test]
fn at_more_records_than_are_kept() {
    check(3, |first| {
        let (published, mut reader) =
            beginning(first, 3, |memory| lossy(memory, 0, Begin::Last(9)));
        let joined = reader.ledger().joined;
        assert!((1..=published).contains(&joined));
        drain(&mut reader, published - 2, published);
        let kept = 2.min(published - joined);
        assert_eq!(reader.ledger().read, kept);
    });
}

/// Whoever reads to a certain record stops there, whatever the producer does, and whatever was overwritten of
/// what lies before it.
#[test]
fn up_to_a_record() {
    check(2, |first| {
        let (_, mut reader) = beginning(first, 1, |memory| {
            let mut reader = lossy(memory, 0, Begin::Oldest);
            reader.set_until(2);
            poll(&mut reader, 2);
            reader
        });
        while reader.ledger().cursor < 2 {
            poll(&mut reader, 2);
        }
        assert_eq!(poll(&mut reader, 2), News::Nothing);
        assert_eq!(reader.ledger().cursor, 2);
    });
}

/// The same for a reader that holds the producer, which stops there too.
fn held_up_to_a_record(first: First, kind: Kind, attempt: fn(&mut Follower) -> News) {
    let memory = ring(2);
    let mut writer = open(&memory);
    let mut reader = Follower::join_holding(Arc::clone(&memory), 0, kind, Begin::Now).unwrap();
    reader.set_until(1);
    publish(&mut writer, 1);
    let (published, mut reader) = race(
        first,
        move || {
            for _ in 0..3 {
                let _ = try_publish(&mut writer, 1);
            }
            writer.published()
        },
        move || {
            attempt(&mut reader);
            attempt(&mut reader);
            reader
        },
    );
    assert_eq!(attempt(&mut reader), News::Nothing);
    assert_eq!(reader.ledger().cursor, 1);
    assert!(published <= 3);
}

#[test]
fn up_to_a_record_in_place() {
    check(3, |first| {
        held_up_to_a_record(first, Kind::Lossless, |reader| take(reader, 2));
    });
}

#[test]
fn up_to_a_record_and_bounded() {
    check(3, |first| {
        held_up_to_a_record(first, Kind::Bounded, |reader| copy(reader, 2));
    });
}

/// A reader that joins between the producer's two looks holds it; what that keeps, the next to join still gets.
#[test]
fn behind_who_joined_meanwhile() {
    check(3, |first| {
        let memory = ring(2);
        let mut writer = open(&memory);
        publish(&mut writer, 2);
        let readers = Arc::clone(&memory);
        let (is_full, _reader) = race(
            first,
            move || try_publish(&mut writer, 1).is_err(),
            move || lossless(&readers, 0, Begin::Oldest),
        );
        let second = lossless(&memory, 1, Begin::Oldest);
        assert_eq!(second.ledger().joined, u64::from(!is_full));
    });
}

/// The producer dies in a claim and another goes on, while a reader joins.
#[test]
fn across_a_restart() {
    check(3, |first| {
        let memory = ring(2);
        let mut writer = open(&memory);
        publish(&mut writer, 1);
        let (published, mut reader) = race(
            first,
            {
                let memory = Arc::clone(&memory);
                move || {
                    let _ = try_publish(&mut writer, 1);
                    if let Ok(first) = writer.try_claim(2) {
                        writer.write(first, &records(first, 1, 7));
                    }
                    drop(writer);
                    let mut writer = open(&memory);
                    for _ in 0..2 {
                        let _ = try_publish(&mut writer, 1);
                    }
                    writer.published()
                }
            },
            move || {
                let mut reader = lossless(&memory, 0, Begin::Oldest);
                take(&mut reader, 1);
                take(&mut reader, 1);
                reader
            },
        );
        while reader.ledger().cursor < published {
            take(&mut reader, 1);
            reader.release();
        }
        assert_eq!(reader.ledger().read, published - reader.ledger().joined);
    });
}
