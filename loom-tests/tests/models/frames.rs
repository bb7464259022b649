//! Frames of readers that copy: no torn or mixed frame while its bytes or its descriptor are overwritten, every loss
//! counted, and who is demoted is told.

use loom::sync::Arc;
use loom_tests::{
    FRAMES, First, Frames, Patient, Taken, bounded, check, copy_into, demote_all, drain_frames,
    expect_copied, frame_ring, frame_ring_without_demotions, lossy, poll_frames, poll_into, race,
};
use ringbuf_core::model::{Begin, DESCRIPTOR_BYTES, Memory, News, frames};

/// A reader at the oldest frame of a ring in which `before` are published, which makes two attempts at `most` frames
/// beside a producer of `more`.
fn one_reader(
    first: First,
    memory: &Arc<Memory>,
    before: &[u64],
    more: &'static [u64],
    most: usize,
) {
    let mut producer = Frames::open(memory);
    before.iter().for_each(|&len| producer.publish(len));
    let mut reader = lossy(memory, 0, Begin::Oldest);
    let (producer, mut reader) = race(
        first,
        move || {
            more.iter().for_each(|&len| producer.publish(len));
            producer.writer
        },
        move || {
            for _ in 0..2 {
                poll_frames(&mut reader, most);
            }
            reader
        },
    );
    drain_frames(&mut reader, producer.oldest(), producer.published());
}

/// Two frames fill the arena, and the descriptors stay.
#[test]
fn bytes_that_are_overwritten() {
    check(3, |first| {
        one_reader(first, &frame_ring(4, 32), &[16, 16], &[16, 16], 2);
    });
}

/// The bound is exact: a frame lies right in front of it.
#[test]
fn frames_of_one_word() {
    check(3, |first| {
        one_reader(first, &frame_ring(4, 16), &[8, 8], &[8, 8], 2);
    });
}

/// The bytes stay; of two descriptors mixed none would lie in the arena.
#[test]
fn a_descriptor_that_is_overwritten() {
    check(3, |first| {
        one_reader(first, &frame_ring(1, 32), &[24], &[8], 1);
    });
}

/// Cells whose frames are gone hold younger ones: only those of what is kept count for the next claim.
#[test]
fn a_long_frame_behind_short_ones() {
    check(2, |first| {
        let before = &[8, 8, 8, 8, 24];
        one_reader(first, &frame_ring(4, 32), before, &[8, 8], 2);
    });
}

/// What does not fit at the end begins at the beginning.
#[test]
fn a_gap_at_the_end() {
    check(3, |first| {
        one_reader(first, &frame_ring(4, 32), &[8, 16], &[16, 8], 2);
    });
}

#[test]
fn a_frame_as_long_as_the_arena() {
    check(3, |first| {
        one_reader(first, &frame_ring(3, 16), &[8], &[16, 8], 1);
    });
}

/// Frames without bytes, and those that end within a word.
#[test]
fn frames_of_any_length() {
    check(2, |first| {
        one_reader(first, &frame_ring(4, 32), &[0, 12, 0], &[12, 0, 16], 3);
    });
}

#[test]
fn a_reader_that_joins() {
    check(3, |first| {
        let memory = frame_ring(4, 32);
        let mut producer = Frames::open(&memory);
        producer.publish(16);
        producer.publish(16);
        let (producer, mut reader) = race(
            first,
            move || {
                producer.publish(16);
                producer.writer
            },
            move || {
                let mut reader = lossy(&memory, 0, Begin::Oldest);
                poll_frames(&mut reader, 1);
                reader
            },
        );
        drain_frames(&mut reader, producer.oldest(), producer.published());
    });
}

/// Of four frames of which two fit, two are missed.
#[test]
fn what_is_missed() {
    check(3, |first| {
        let memory = frame_ring(4, 32);
        let mut producer = Frames::open(&memory);
        let mut reader = lossy(&memory, 0, Begin::Now);
        (0..4).for_each(|_| producer.publish(16));
        let (oldest, mut reader) = race(
            first,
            move || {
                // What is given up is lost all the same.
                producer.try_claim(8).unwrap();
                producer.writer.oldest()
            },
            move || {
                poll_frames(&mut reader, 3);
                reader
            },
        );
        assert_eq!(oldest, 3);
        drain_frames(&mut reader, oldest, 4);
        let ledger = reader.ledger();
        assert!(ledger.missed == 2 || ledger.missed == 3, "{ledger:?}");
        assert_eq!(ledger.read, 4 - ledger.missed);
    });
}

/// A claim of the whole arena is given up, and a small one follows it: what the first overwrote is gone.
#[test]
fn a_claim_given_up_then_a_smaller_one() {
    check(3, |first| {
        let memory = frame_ring(4, 32);
        let mut producer = Frames::open(&memory);
        let mut reader = lossy(&memory, 0, Begin::Now);
        producer.publish(16);
        producer.publish(16);
        let (producer, mut reader) = race(
            first,
            move || {
                let want = producer.try_claim(32).unwrap();
                producer.write(want, 9);
                producer.publish(8);
                producer.writer
            },
            move || {
                poll_into(&mut reader, &mut Taken::new(2), Some(1));
                reader
            },
        );
        drain_frames(&mut reader, producer.oldest(), producer.published());
        assert!(reader.ledger().read >= 1);
    });
}

/// The newest frame without a place in the ring: whole, and never older than one seen before.
#[test]
fn the_latest_frame() {
    check(2, |first| {
        // The newest is always kept.
        let memory = frame_ring(4, 48);
        let mut producer = Frames::open(&memory);
        producer.publish(24);
        race(
            first,
            move || [16, 24].iter().for_each(|&len| producer.publish(len)),
            move || {
                let mut seen = 0;
                for _ in 0..2 {
                    let (mut descriptor, mut payload) = ([0; DESCRIPTOR_BYTES], Vec::new());
                    let newest = frames::latest(&memory, &mut descriptor, &mut payload).unwrap();
                    expect_copied(newest, &descriptor, &payload);
                    assert!(newest >= seen);
                    seen = newest;
                }
            },
        );
    });
}

// A filter

/// Every other frame is passed over, and counted; what is overwritten of them is missed, as of others.
#[test]
fn some_are_wanted() {
    check(2, |first| {
        let memory = frame_ring(4, 32);
        let mut producer = Frames::open(&memory);
        let mut reader = lossy(&memory, 0, Begin::Now);
        (0..3).for_each(|_| producer.publish(8));
        let (published, mut reader) = race(
            first,
            move || producer.attempts(&[16, 8]),
            move || {
                let mut taken = Taken::new(1).out_of(3).only(|frame| frame % 2 == 1);
                for _ in 0..2 {
                    poll_into(&mut reader, &mut taken, None);
                }
                reader
            },
        );
        let mut taken = Taken::new(2).only(|frame| frame % 2 == 1);
        while poll_into(&mut reader, &mut taken, None) != News::Nothing {}
        let ledger = reader.ledger();
        assert_eq!(ledger.cursor, published);
        // Of those that are not gone.
        assert!(ledger.read + ledger.missed >= 2 && ledger.skipped + ledger.missed >= 3);
    });
}

/// None is: nothing is handed out, and all is accounted for.
#[test]
fn none_is_wanted() {
    check(3, |first| {
        let memory = frame_ring(2, 32);
        let mut producer = Frames::open(&memory);
        let mut reader = lossy(&memory, 0, Begin::Now);
        producer.publish(8);
        let (published, mut reader) = race(
            first,
            move || producer.attempts(&[8, 8]),
            move || {
                poll_into(&mut reader, &mut Taken::new(2).only(|_| false), None);
                reader
            },
        );
        while poll_into(&mut reader, &mut Taken::new(2).only(|_| false), None) != News::Nothing {}
        let ledger = reader.ledger();
        assert_eq!((ledger.cursor, ledger.read), (published, 0));
        assert_eq!(ledger.skipped, published - ledger.missed);
    });
}

// Bounded readers

/// A reader that makes attempts at so many frames each beside a producer that publishes past it.
fn demoted(
    first: First,
    memory: &Arc<Memory>,
    before: [u64; 2],
    more: &'static [u64],
    attempts: &'static [usize],
) {
    let mut producer = Frames::open(memory);
    let mut reader = Patient::reading(FRAMES, memory, 0, Begin::Now);
    before.iter().for_each(|&len| producer.publish(len));
    let ((demotions, producer), reader) = race(
        first,
        move || {
            let demotions: u64 = more.iter().map(|&len| producer.publish_past(len)).sum();
            (demotions, producer.writer)
        },
        move || {
            reader.polls(attempts);
            reader
        },
    );
    reader.drain_from(demotions, producer.oldest(), producer.published());
}

/// While it copies a payload: whole, or told.
#[test]
fn demoted_while_it_copies() {
    check(2, |first| {
        demoted(first, &frame_ring(4, 32), [16; 2], &[16], &[1, 1]);
    });
}

/// The same with room for all there is.
#[test]
fn demoted_while_it_copies_two() {
    check(2, |first| {
        demoted(first, &frame_ring(4, 32), [16; 2], &[16, 8], &[2, 2]);
    });
}

/// The cells are overwritten, and the bytes stay: of two descriptors mixed none would lie in the arena.
#[test]
fn demoted_while_it_copies_descriptors() {
    check(2, |first| {
        demoted(first, &frame_ring(2, 48), [24, 16], &[8], &[2, 1]);
    });
}

/// The producer demotes and does nothing more: the reader is told, and gets everything all the same.
#[test]
fn demoted_for_nothing() {
    check(3, |first| {
        let memory = frame_ring(4, 32);
        let mut producer = Frames::open(&memory);
        let mut reader = Patient::reading(FRAMES, &memory, 0, Begin::Now);
        producer.publish(16);
        producer.publish(16);
        let (demotions, reader) = race(
            first,
            move || demote_all(&producer.writer, producer.want(8).count),
            move || {
                reader.polls(&[1; 2]);
                reader
            },
        );
        reader.drain_from(demotions, 0, 2);
    });
}

/// Nobody is demoted: stores into bytes that it copies are data races.
#[test]
fn waited_for() {
    check(3, |first| {
        let memory = frame_ring_without_demotions(4, 32);
        let mut producer = Frames::open(&memory);
        let mut reader = Patient::reading(FRAMES, &memory, 0, Begin::Now);
        producer.publish(16);
        producer.publish(16);
        let (published, reader) = race(
            first,
            move || producer.attempts(&[16, 8, 8]),
            move || {
                reader.polls(&[1, 2]);
                reader
            },
        );
        reader.drain_from(0, 0, published);
    });
}

/// The same with a filter: what it passes over it gives back at once, and all of it is accounted for.
#[test]
fn some_are_wanted_by_who_is_waited_for() {
    check(3, |first| {
        let memory = frame_ring_without_demotions(4, 32);
        let mut producer = Frames::open(&memory);
        let mut reader = bounded(&memory, 0, Begin::Now);
        (0..3).for_each(|_| producer.publish(8));
        let taken = || Taken::new(1).out_of(3).only(|frame| frame % 2 == 0);
        let (published, mut reader) = race(
            first,
            move || producer.attempts(&[8, 16, 8]),
            move || {
                for _ in 0..2 {
                    copy_into(&mut reader, &mut taken(), None);
                }
                reader
            },
        );
        while copy_into(&mut reader, &mut taken(), None) != News::Nothing {}
        let ledger = reader.ledger();
        assert_eq!((ledger.cursor, ledger.missed), (published, 0));
        assert_eq!(ledger.skipped, published / 2);
    });
}

/// Asleep for room, woken by who has copied the bytes in the way.
#[test]
fn woken_by_an_advance() {
    check(3, |first| {
        let memory = frame_ring_without_demotions(4, 16);
        let mut producer = Frames::open(&memory);
        let mut reader = bounded(&memory, 0, Begin::Now);
        producer.publish(16);
        let ((), mut reader) = race(
            first,
            move || producer.publish_waiting(8),
            move || {
                copy_into(&mut reader, &mut Taken::new(1), None);
                reader
            },
        );
        copy_into(&mut reader, &mut Taken::new(1), None);
        assert_eq!((reader.ledger().read, reader.ledger().missed), (2, 0));
    });
}
