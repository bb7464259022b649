//! Batches that are held on their own, several at once: what is held is not written over, whoever gives it back and in
//! whatever order, and a producer that sleeps for room goes on as soon as it may.

use loom::sync::Arc;
use loom::thread;
use loom_tests::{
    Death, First, Frames, Keeping, STRIDE, Taken, check, check_deaths, expect, frame_ring,
    lossless, open, publish, publish_waiting, race, ring, ring_in_place, take, take_rest, to_words,
    try_publish, try_publish_in_place,
};
use ringbuf_core::model::{Begin, Memory, News, Writer, evict};

/// So many attempts to publish one record; one that finds no room is given up.
fn attempts(writer: &mut Writer, attempts: usize) -> u64 {
    for _ in 0..attempts {
        let _ = try_publish(writer, 1);
    }
    writer.published()
}

/// A full ring of two, and a reader that has joined before.
fn full() -> (Arc<Memory>, Writer, Keeping) {
    let memory = ring(2);
    let mut writer = open(&memory);
    let reader = Keeping::join(&memory, 0, Begin::Now);
    publish(&mut writer, 2);
    (memory, writer, reader)
}

#[test]
fn given_back_in_order() {
    check(3, |first| {
        let (_, mut writer, mut reader) = full();
        let (published, mut reader) = race(
            first,
            move || attempts(&mut writer, 3),
            move || {
                let older = reader.hold(1);
                let newer = reader.hold(1);
                drop(older);
                drop(newer);
                // Whatever came meanwhile.
                drop(reader.hold(2));
                reader
            },
        );
        reader.take_rest(published);
    });
}

#[test]
fn given_back_out_of_order() {
    check(3, |first| {
        let (_, mut writer, mut reader) = full();
        let (published, mut reader) = race(
            first,
            move || attempts(&mut writer, 3),
            move || {
                let older = reader.hold(1).unwrap();
                drop(reader.hold(1));
                assert_eq!(reader.held(), 2, "the gate has passed what is held");
                older.look();
                drop(older);
                assert_eq!(reader.held(), 0);
                reader
            },
        );
        reader.take_rest(published);
    });
}

/// Whichever comes last opens the gate over both.
#[test]
fn given_back_by_two_threads() {
    check(2, |first| {
        let (_, mut writer, mut reader) = full();
        let older = reader.hold(1);
        let newer = reader.hold(1);
        let other = thread::spawn(move || drop(older));
        let (published, mut reader) = race(
            first,
            move || attempts(&mut writer, 2),
            move || {
                drop(newer);
                reader
            },
        );
        other.join().unwrap();
        reader.take_rest(published);
    });
}

/// What the reader has in hand beside it stays, too: the gate goes on to that, and no further.
#[test]
fn given_back_beside_what_is_in_hand() {
    check(2, |first| {
        let (_, mut writer, mut reader) = full();
        let held = reader.hold(1);
        let other = thread::spawn(move || drop(held));
        let (published, mut reader) = race(
            first,
            move || attempts(&mut writer, 3),
            move || {
                assert!(matches!(reader.take(1), News::Records(_)));
                let words = reader.follower.held().words();
                expect(&words, 1);
                reader.release();
                reader
            },
        );
        other.join().unwrap();
        reader.take_rest(published);
    });
}

/// What is given back in hand stays behind what is held.
#[test]
fn in_hand_beside_what_is_held() {
    check(3, |first| {
        let (_, mut writer, mut reader) = full();
        let (published, mut reader) = race(
            first,
            move || attempts(&mut writer, 3),
            move || {
                let held = reader.hold(1);
                reader.take(1);
                reader.release();
                reader.take(1);
                drop(held);
                reader.release();
                reader
            },
        );
        reader.take_rest(published);
    });
}

/// One record of room, so that every store counts.
#[test]
fn woken_by_what_is_given_back() {
    check(3, |first| {
        let memory = ring(1);
        let mut writer = open(&memory);
        let mut reader = Keeping::join(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        let ((), mut reader) = race(
            first,
            move || publish_waiting(&mut writer, 1),
            move || {
                drop(reader.hold(1));
                reader
            },
        );
        reader.take_rest(2);
    });
}

#[test]
fn woken_by_the_last_of_two_threads() {
    check(2, |first| {
        let (_, mut writer, mut reader) = full();
        let older = reader.hold(1);
        let newer = reader.hold(1);
        let other = thread::spawn(move || drop(older));
        let ((), mut reader) = race(
            first,
            move || publish_waiting(&mut writer, 2),
            move || {
                drop(newer);
                reader
            },
        );
        other.join().unwrap();
        reader.take_rest(4);
    });
}

/// From the first batch that it held on, its keeper moves the gate over what it has in hand, too.
#[test]
fn woken_by_a_release_behind_what_was_held() {
    check(3, |first| {
        let (_, mut writer, mut reader) = full();
        drop(reader.hold(1));
        let ((), mut reader) = race(
            first,
            move || publish_waiting(&mut writer, 2),
            move || {
                reader.take(1);
                reader.release();
                reader
            },
        );
        reader.take_rest(4);
    });
}

/// A reader at the end of its span holds the producer by what is held, and by that alone.
#[test]
fn at_its_end_with_something_held() {
    check(3, |first| {
        let memory = ring(1);
        let mut writer = open(&memory);
        let mut reader = Keeping::join(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        let held = reader.hold(1);
        race(
            first,
            move || (0..3).for_each(|_| publish_waiting(&mut writer, 1)),
            move || {
                reader.let_go();
                drop(held);
                assert_eq!(reader.held(), 0);
                // It stays.
                reader
            },
        );
    });
}

/// Nobody is woken, so that nothing but the gate says that it was given back.
#[test]
fn at_its_end_what_is_held_stays() {
    check(3, |first| {
        let (_, mut writer, mut reader) = full();
        let held = reader.hold(2);
        reader.let_go();
        race(first, move || attempts(&mut writer, 3), move || drop(held));
        drop(reader);
    });
}

#[test]
fn at_its_end_with_nothing_held_any_more() {
    check(3, |first| {
        let memory = ring(1);
        let mut writer = open(&memory);
        let mut reader = Keeping::join(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        drop(reader.hold(1));
        race(
            first,
            move || (0..3).for_each(|_| publish_waiting(&mut writer, 1)),
            move || {
                reader.let_go();
                reader
            },
        );
    });
}

/// The slot is left when the reader and all that it handed out are gone; then it is the next one's.
#[test]
fn the_reader_goes_first() {
    check(3, |first| {
        let (memory, mut writer, mut reader) = full();
        let (published, mut next) = race(
            first,
            move || attempts(&mut writer, 3),
            move || {
                let older = reader.hold(1);
                let newer = reader.hold(1);
                drop(reader);
                drop(newer);
                drop(older);
                let mut next = lossless(&memory, 0, Begin::Oldest);
                take(&mut next, 2);
                next
            },
        );
        take_rest(&mut next, published);
    });
}

/// The next producer takes the gate as it stands.
#[test]
fn across_a_restart() {
    check(2, |first| {
        let (memory, mut writer, mut reader) = full();
        let held = reader.hold(1);
        let reopened = Arc::clone(&memory);
        race(
            first,
            move || {
                attempts(&mut writer, 1);
                drop(writer);
                let mut next = open(&reopened);
                attempts(&mut next, 2);
            },
            move || {
                drop(reader.hold(1));
                drop(held);
            },
        );
    });
}

/// A ring that is written in place: the newest record is looked at while nothing is given back.
#[test]
fn the_latest_record_while_others_give_back() {
    check(2, |first| {
        let memory = ring_in_place(2);
        let mut writer = open(&memory);
        let mut reader = Keeping::join(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        let held = reader.hold(1);
        let other = thread::spawn(move || drop(held));
        let (published, mut reader) = race(
            first,
            move || {
                for _ in 0..3 {
                    let _ = try_publish_in_place(&mut writer, 1, 1);
                }
                writer.published()
            },
            move || {
                let mut bytes = [0; STRIDE];
                if let Some(sequence) = reader.latest_held(&mut bytes) {
                    expect(&to_words(&bytes), sequence);
                }
                reader
            },
        );
        other.join().unwrap();
        reader.take_rest(published);
    });
}

/// Before each store, with records held and given back; whoever turns its gate off then frees all of them.
#[test]
fn a_holder_that_dies() {
    check_deaths(2, |first, death| {
        let (memory, mut writer, reader) = full();
        let death: Death = death.clone();
        let (mut writer, mut next) = race(
            first,
            move || {
                attempts(&mut writer, 2);
                writer
            },
            move || {
                let mut life = Some(reader);
                let died = death.befall(&mut life, &[hold_two_and_go]);
                if died {
                    evict(&memory, 0);
                }
                lossless(&memory, 0, Begin::Oldest)
            },
        );
        take_rest(&mut next, writer.published());
        next.release();
        // Nobody holds the ring any more.
        publish(&mut writer, 2);
    });
}

/// All in one step: who has died does the rest without effect.
fn hold_two_and_go(life: &mut Option<Keeping>) {
    let mut reader = life.take().unwrap();
    let older = reader.hold(1);
    let newer = reader.hold(1);
    drop(newer);
    reader.let_go();
    drop(reader);
    drop(older);
}

// Frames

/// A reader of two frames of which it holds each on its own, beside a producer with more.
fn frames(first: First, memory: &Arc<Memory>, more: &'static [u64], only: fn(u64) -> bool) {
    let mut producer = Frames::open(memory);
    let mut reader = Keeping::join(memory, 0, Begin::Now);
    (0..3).for_each(|_| producer.publish(8));
    let taken = move || Taken::new(1).out_of(3).only(only);
    let (published, mut reader) = race(
        first,
        move || producer.attempts(more),
        move || {
            let older = reader.hold_frames(&mut taken());
            let newer = reader.hold_frames(&mut taken());
            drop(newer);
            drop(older);
            reader
        },
    );
    while reader.follower.ledger().cursor < published {
        reader.hold_frames(&mut taken());
    }
    let ledger = reader.follower.ledger();
    assert_eq!((ledger.missed, reader.held()), (0, 0));
    let skipped = (0..published).filter(|&frame| !only(frame)).count();
    assert_eq!(ledger.skipped, skipped as u64);
}

#[test]
fn frames_given_back_out_of_order() {
    check(3, |first| {
        frames(first, &frame_ring(4, 24), &[8, 16], |_| true)
    });
}

/// What nobody wants of a run is held with the rest, and given back with it.
#[test]
fn frames_with_some_passed_over() {
    check(3, |first| {
        frames(first, &frame_ring(4, 24), &[16, 8], |frame| frame != 1);
    });
}

/// The producer sleeps for bytes of frames that are passed over behind what was held.
#[test]
fn woken_by_frames_passed_over() {
    check(3, |first| {
        let memory = frame_ring(2, 16);
        let mut producer = Frames::open(&memory);
        let mut reader = Keeping::join(&memory, 0, Begin::Now);
        (0..2).for_each(|_| producer.publish(8));
        drop(reader.hold_frames(&mut Taken::new(1)));
        race(
            first,
            move || producer.publish_waiting(16),
            move || {
                assert!(
                    reader
                        .hold_frames(&mut Taken::new(2).only(|_| false))
                        .is_none()
                )
            },
        );
    });
}
