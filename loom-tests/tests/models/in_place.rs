//! Claims that are written in place: their cells are the producer's alone from the claim to the commit, so whoever
//! looks there, even without a word to show for it, is a data race that loom reports.

use loom::sync::Arc;
use loom::thread;
use loom_tests::{
    First, GRANTED, STRIDE, check, expect, go_around, lossless, open, publish, publish_at_once,
    race, ring_in_place, take, take_epoch, take_rest, to_words, try_publish, try_publish_in_place,
    write_in_place,
};
use ringbuf_core::model::{Begin, Follower, Memory, News, Writer};

/// So many claims in place of these sizes; one that finds no room is given up.
fn claims(writer: &mut Writer, claims: &[u64]) -> u64 {
    for &count in claims {
        let _ = try_publish_in_place(writer, count, 1);
    }
    writer.published()
}

#[test]
fn one_reader() {
    check(3, |first| {
        let memory = ring_in_place(2);
        let mut writer = open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        publish(&mut writer, 2);
        let (published, mut reader) = race(
            first,
            move || claims(&mut writer, &[1, 1, 1]),
            move || {
                take(&mut reader, 1);
                take(&mut reader, 2);
                take(&mut reader, 2);
                reader
            },
        );
        take_rest(&mut reader, published);
    });
}

/// Three records in four cells: claims of two wrap at the cells, not at the capacity.
#[test]
fn claims_that_wrap() {
    check(3, |first| {
        let memory = ring_in_place(3);
        let mut writer = open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        publish(&mut writer, 2);
        publish(&mut writer, 1);
        let (published, mut reader) = race(
            first,
            move || claims(&mut writer, &[2, 2]),
            move || {
                take(&mut reader, 2);
                take(&mut reader, 1);
                take(&mut reader, 1);
                reader
            },
        );
        take_rest(&mut reader, published);
    });
}

#[test]
fn two_readers() {
    check(3, |first| {
        let memory = ring_in_place(2);
        let mut writer = open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        let mut second = lossless(&memory, 1, Begin::Now);
        publish(&mut writer, 2);
        let other = thread::spawn(move || {
            take(&mut second, 1);
            take(&mut second, 1);
            second
        });
        let (published, mut reader) = race(
            first,
            move || claims(&mut writer, &[1, 1]),
            move || {
                take(&mut reader, 2);
                take(&mut reader, 1);
                reader
            },
        );
        take_rest(&mut reader, published);
        take_rest(&mut other.join().unwrap(), published);
    });
}

/// Given up, committed in part, and copied into: what is not committed is never seen, and written over.
#[test]
fn claims_given_up() {
    check(3, |first| {
        let memory = ring_in_place(2);
        let mut writer = open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        let (published, mut reader) = race(
            first,
            move || {
                for count in [2, 1] {
                    if let Ok(first) = writer.try_claim(count) {
                        write_in_place(&mut writer, first, count, 9);
                    }
                }
                if let Ok(first) = writer.try_claim(2) {
                    write_in_place(&mut writer, first, 1, 1);
                    writer.commit(1);
                }
                let _ = try_publish(&mut writer, 1);
                writer.published()
            },
            move || {
                take_epoch(&mut reader, 2, Some(1));
                take_epoch(&mut reader, 1, Some(1));
                reader
            },
        );
        take_rest(&mut reader, published);
    });
}

/// A producer that published `ahead` without readers and makes `more` claims while a reader joins.
fn join(first: First, memory: Arc<Memory>, ahead: u64, more: &'static [u64], start: Begin) {
    let mut writer = open(&memory);
    (0..ahead).for_each(|_| publish(&mut writer, 1));
    let (published, mut reader) = race(
        first,
        move || claims(&mut writer, more),
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
fn a_reader_that_joins_from_now() {
    check(2, |first| {
        join(first, ring_in_place(2), 2, &[1, 1, 1], Begin::Now);
    });
}

#[test]
fn a_reader_that_joins_from_the_oldest() {
    check(2, |first| {
        join(first, ring_in_place(2), 2, &[1, 1, 1], Begin::Oldest);
    });
}

#[test]
fn a_reader_that_joins_with_capacity_one() {
    check(3, |first| {
        join(first, ring_in_place(1), 3, &[1, 1], Begin::Oldest);
    });
}

/// What a claim of two holds is nothing to join at, whether it is committed or not.
#[test]
fn a_reader_that_joins_beside_claims_of_two() {
    check(3, |first| {
        join(first, ring_in_place(2), 2, &[2, 2], Begin::Oldest);
    });
}

/// Between claims in place one record goes at once: copied in, beside a reader that joins from the oldest.
#[test]
fn a_reader_that_joins_beside_a_record_at_once() {
    check(2, |first| {
        let memory = ring_in_place(GRANTED);
        let mut writer = open(&memory);
        go_around(&mut writer);
        let (published, mut reader) = race(
            first,
            move || {
                publish_at_once(&mut writer);
                claims(&mut writer, &[1, 2])
            },
            move || {
                let mut reader = lossless(&memory, 0, Begin::Oldest);
                take(&mut reader, 1);
                take(&mut reader, 1);
                reader
            },
        );
        take_rest(&mut reader, published);
    });
}

/// The producer dies in a claim, the next writes over it.
#[test]
fn a_reader_that_joins_across_a_restart() {
    check(2, |first| {
        let memory = ring_in_place(2);
        let mut writer = open(&memory);
        publish(&mut writer, 1);
        let joined = Arc::clone(&memory);
        let (published, mut reader) = race(
            first,
            move || {
                if let Ok(first) = writer.try_claim(2) {
                    write_in_place(&mut writer, first, 2, 9);
                }
                drop(writer);
                claims(&mut open(&memory), &[1, 1])
            },
            move || {
                let mut reader = lossless(&joined, 0, Begin::Oldest);
                take_epoch(&mut reader, 1, Some(1));
                take_epoch(&mut reader, 1, Some(1));
                reader
            },
        );
        while reader.ledger().cursor < published {
            take_epoch(&mut reader, 1, Some(1));
            reader.release();
        }
    });
}

/// The newest record is looked at only while it is held: read or not, the producer may write over it at any moment.
#[test]
fn the_latest_record_held() {
    check(3, |first| {
        let memory = ring_in_place(2);
        let mut writer = open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        race(
            first,
            move || claims(&mut writer, &[1, 1, 1]),
            move || {
                let look = |cursor: u64, reader: &Follower| {
                    let mut bytes = [0; STRIDE];
                    if let Some(sequence) = reader.latest_held(&mut bytes) {
                        assert!(sequence >= cursor);
                        expect(&to_words(&bytes), sequence);
                    }
                };
                look(0, &reader);
                if let News::Records(run) = take(&mut reader, 2) {
                    look(run.first, &reader);
                    reader.release();
                    look(run.first + run.count, &reader);
                }
            },
        );
    });
}

/// Who joins behind its end holds the producer further on than it reads, and nothing that lies between.
#[test]
fn the_latest_record_of_who_ends_before_it_has_begun() {
    check(2, |first| {
        let memory = ring_in_place(2);
        let mut writer = open(&memory);
        publish(&mut writer, 2);
        publish(&mut writer, 2);
        race(
            first,
            move || claims(&mut writer, &[2, 2]),
            move || {
                let mut reader = lossless(&memory, 0, Begin::At(1));
                reader.set_until(2);
                let mut bytes = [0; STRIDE];
                if let Some(sequence) = reader.latest_held(&mut bytes) {
                    expect(&to_words(&bytes), sequence);
                }
                reader.let_go();
                assert_eq!(reader.latest_held(&mut bytes), None, "it holds nobody");
            },
        );
    });
}
