//! Frames of lossless readers, in place: a store into bytes that a reader holds is a data race that loom reports, and so
//! is a look at bytes that are written in place.

use loom::sync::Arc;
use loom_tests::{
    First, Frames, Taken, check, expect_copied, frame_ring, frame_ring_in_place, lossless, race,
    take_frames, take_into, take_rest_of_frames,
};
use ringbuf_core::model::frames::Span;
use ringbuf_core::model::{Begin, DESCRIPTOR_BYTES, Fault, Follower, Memory, News, observe};

/// A producer of `before` that goes on with `more`, copied in, beside a reader that makes attempts at so many each.
fn one_reader(
    first: First,
    memory: &Arc<Memory>,
    before: &[u64],
    more: &'static [u64],
    attempts: &'static [usize],
) {
    let mut producer = Frames::open(memory);
    let mut reader = lossless(memory, 0, Begin::Now);
    before.iter().for_each(|&len| producer.publish(len));
    let (published, mut reader) = race(
        first,
        move || producer.attempts(more),
        move || {
            for &most in attempts {
                take_frames(&mut reader, most);
            }
            reader
        },
    );
    take_rest_of_frames(&mut reader, published);
}

#[test]
fn around_the_arena() {
    check(3, |first| {
        one_reader(
            first,
            &frame_ring(4, 32),
            &[16, 16],
            &[16, 16, 8],
            &[1, 2, 1],
        );
    });
}

/// The cells go around before the arena does.
#[test]
fn around_the_cells() {
    check(3, |first| {
        one_reader(first, &frame_ring(2, 64), &[8, 8], &[8, 8, 8], &[2, 1, 1]);
    });
}

#[test]
fn a_frame_as_long_as_the_arena() {
    check(3, |first| {
        one_reader(first, &frame_ring(3, 16), &[8, 8], &[16, 8], &[1, 1, 1]);
    });
}

/// A batch in hand stops exactly the claim that would overwrite its bytes.
#[test]
fn what_is_held_blocks() {
    check(3, |first| {
        let memory = frame_ring(8, 32);
        let mut producer = Frames::open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        producer.publish(16);
        producer.publish(8);
        take_frames(&mut reader, 1);
        producer.publish(8);
        let full = producer.try_publish(8).unwrap_err();
        assert_eq!(full.gate.cursor, 0);
        let (mut producer, mut reader) = race(
            first,
            move || {
                producer.attempts(&[8, 8, 8]);
                producer
            },
            move || {
                take_frames(&mut reader, 1);
                reader
            },
        );
        // Two words are free now, and not a third.
        assert_eq!(producer.attempts(&[8, 8, 8]), 5);
        reader.release();
        assert_eq!(producer.attempts(&[8, 8]), 6);
        take_rest_of_frames(&mut reader, 6);
    });
}

// Joining

/// A producer of `before` that goes on with `more`, copied in or written in place, while a reader joins.
fn joining(first: First, memory: Arc<Memory>, before: &[u64], more: &'static [u64], begin: Begin) {
    let mut producer = Frames::open(&memory);
    before.iter().for_each(|&len| producer.publish(len));
    let (published, mut reader) = race(
        first,
        move || go_on(&mut producer, more),
        move || {
            let mut reader = lossless(&memory, 0, begin);
            take_frames(&mut reader, 1);
            take_frames(&mut reader, 1);
            reader
        },
    );
    take_rest_of_frames(&mut reader, published);
}

fn go_on(producer: &mut Frames, lengths: &[u64]) -> u64 {
    if !producer.writer.memory().geometry().in_place {
        return producer.attempts(lengths);
    }
    for &len in lengths {
        let _ = producer.try_publish_in_place(len, 1);
    }
    producer.writer.published()
}

#[test]
fn a_reader_that_joins_from_now() {
    check(2, |first| {
        joining(first, frame_ring(4, 32), &[16, 16], &[16, 8], Begin::Now);
    });
}

#[test]
fn a_reader_that_joins_from_the_oldest() {
    check(2, |first| {
        joining(first, frame_ring(4, 32), &[16, 16], &[16, 8], Begin::Oldest);
    });
}

/// An arena of eight words is the smallest of which the producer grants itself more than it claims.
fn granted(more: u64) -> (Arc<Memory>, Frames) {
    let memory = frame_ring(7, 64);
    let mut producer = Frames::open(&memory);
    [8, 8, 8, 8, 16, 16, 8]
        .iter()
        .for_each(|&len| producer.publish(len));
    assert!(producer.writer.is_granted(producer.want(more).count));
    (memory, producer)
}

#[test]
fn a_reader_that_joins_on_room_granted_ahead() {
    check(2, |first| {
        let (memory, mut producer) = granted(8);
        let (published, mut reader) = race(
            first,
            move || producer.attempts(&[8, 8]),
            move || {
                let mut reader = lossless(&memory, 0, Begin::Oldest);
                take_frames(&mut reader, 1);
                reader
            },
        );
        take_rest_of_frames(&mut reader, published);
    });
}

/// Of what is kept the producer grants itself only what lies wholly within its step: the rest is there for who joins.
#[test]
fn what_a_step_leaves() {
    check(3, |first| {
        let memory = frame_ring(7, 64);
        let mut producer = Frames::open(&memory);
        [8, 16, 16, 16, 8]
            .iter()
            .for_each(|&len| producer.publish(len));
        let (published, mut reader) = race(
            first,
            move || producer.attempts(&[8]),
            move || {
                let mut reader = lossless(&memory, 0, Begin::Oldest);
                assert!(reader.ledger().joined <= 1, "{:?}", reader.ledger());
                take_frames(&mut reader, 1);
                reader
            },
        );
        take_rest_of_frames(&mut reader, published);
    });
}

// Written in place

#[test]
fn written_in_place() {
    check(3, |first| {
        let memory = frame_ring_in_place(4, 32);
        let mut producer = Frames::open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        producer.publish(16);
        producer.publish(16);
        let (published, mut reader) = race(
            first,
            move || go_on(&mut producer, &[16, 16, 8]),
            move || {
                for most in [1, 2, 1] {
                    take_frames(&mut reader, most);
                }
                reader
            },
        );
        take_rest_of_frames(&mut reader, published);
    });
}

#[test]
fn written_in_place_while_a_reader_joins() {
    check(2, |first| {
        joining(
            first,
            frame_ring_in_place(4, 32),
            &[16, 16],
            &[16, 8],
            Begin::Oldest,
        );
    });
}

/// Given up, refused, or shorter than claimed: what is not committed is never seen, and what was refused is not lent.
#[test]
fn claims_given_up() {
    check(3, |first| {
        let memory = frame_ring_in_place(4, 32);
        let mut producer = Frames::open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        producer.publish(8);
        producer.publish(8);
        let (published, mut reader) = race(
            first,
            move || {
                for len in [8, 32] {
                    let want = producer.want(len);
                    match producer.try_claim(len) {
                        Ok(want) => producer.write_in_place(want, 9),
                        Err(_) => assert!(producer.writer.payload_in_place(want).is_none()),
                    }
                }
                if let Ok(mut want) = producer.try_claim(16) {
                    want.span.len = 8;
                    producer.write_in_place(want, 1);
                    producer.commit(want);
                }
                let _ = producer.try_publish(8);
                producer.writer.published()
            },
            move || {
                take_into(&mut reader, &mut Taken::new(2), Some(1));
                take_into(&mut reader, &mut Taken::new(1), Some(1));
                reader
            },
        );
        take_rest_of_frames(&mut reader, published);
    });
}

/// Only where the ring is written in place is anything lent.
#[test]
fn nothing_is_lent_where_others_may_look() {
    check(3, |first| {
        let memory = frame_ring(4, 32);
        let mut producer = Frames::open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        producer.publish(8);
        race(
            first,
            move || {
                let want = producer.try_claim(8).unwrap();
                assert!(producer.writer.payload_in_place(want).is_none());
                producer.publish(8);
            },
            move || take_frames(&mut reader, 1),
        );
    });
}

/// The newest frame, looked at only while it is held.
#[test]
fn the_latest_frame_held() {
    check(3, |first| {
        let memory = frame_ring_in_place(2, 16);
        let mut producer = Frames::open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        producer.publish(8);
        race(
            first,
            move || go_on(&mut producer, &[8, 8, 8]),
            move || {
                let look = |cursor: u64, reader: &Follower| {
                    let (mut descriptor, mut payload) = ([0; DESCRIPTOR_BYTES], Vec::new());
                    let newest = reader.latest_held_frame(&mut descriptor, &mut payload);
                    if let Some(sequence) = newest {
                        assert!(sequence >= cursor);
                        expect_copied(sequence, &descriptor, &payload);
                    }
                };
                look(0, &reader);
                if let News::Records(run) = take_frames(&mut reader, 2) {
                    look(run.first, &reader);
                    reader.release();
                    look(run.first + run.count, &reader);
                }
            },
        );
    });
}

// A filter

/// What nobody wants of a batch is given back with the rest, and accounted for as what it is.
#[test]
fn some_are_wanted() {
    check(3, |first| {
        let memory = frame_ring(4, 32);
        let mut producer = Frames::open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        (0..3).for_each(|_| producer.publish(8));
        let taken = || Taken::new(1).out_of(3).only(|frame| frame % 2 == 0);
        let (published, mut reader) = race(
            first,
            move || producer.attempts(&[8, 16, 8]),
            move || {
                take_into(&mut reader, &mut taken(), None);
                take_into(&mut reader, &mut taken(), None);
                reader
            },
        );
        while take_into(&mut reader, &mut taken(), None) != News::Nothing {}
        let ledger = reader.ledger();
        assert_eq!((ledger.cursor, ledger.missed), (published, 0));
        assert_eq!(ledger.skipped, published / 2);
    });
}

/// Where none is wanted, their bytes are free again at once; whoever looks at the ledger from outside sees them counted.
#[test]
fn none_is_wanted() {
    check(3, |first| {
        let memory = frame_ring(2, 16);
        let mut producer = Frames::open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        producer.publish(8);
        let observed = Arc::clone(&memory);
        let (mut producer, mut reader) = race(
            first,
            move || {
                producer.attempts(&[8, 8]);
                let left = observe(&observed.control().slots.0[0]);
                assert!(left.is_none_or(|left| left.adds_up()), "{left:?}");
                producer
            },
            move || {
                let news = take_into(&mut reader, &mut Taken::new(2).only(|_| false), None);
                assert_eq!(news, News::Skipped);
                reader
            },
        );
        let published = producer.attempts(&[8]);
        assert!(published >= 3, "what was passed over is not free");
        while take_into(&mut reader, &mut Taken::new(2).only(|_| false), None) != News::Nothing {}
        let ledger = *reader.ledger();
        assert_eq!((ledger.cursor, ledger.skipped), (published, published));
        assert_eq!(observe(&memory.control().slots.0[0]), Some(ledger));
    });
}

/// Somebody stores a descriptor of a frame that lies where none can: the error names it, and nothing is looked at.
#[test]
fn a_frame_outside() {
    const OUTSIDE: Span = Span { start: 24, len: 16 };
    fn attempt(reader: &mut Follower) -> Option<Fault> {
        let mut descriptors = [0; 2 * DESCRIPTOR_BYTES];
        let news = reader.poll_frames_in_place(&mut descriptors, &mut Taken::new(2));
        assert_eq!(reader.is_holding(), matches!(news, Ok(News::Records(_))));
        news.err()
    }
    check(3, |first| {
        let memory = frame_ring(2, 32);
        let mut producer = Frames::open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        let ((), (mut reader, found)) = race(
            first,
            move || {
                producer.publish(8);
                let mut want = producer.try_claim(8).unwrap();
                want.span = OUTSIDE;
                producer.write(want, 1);
                producer.commit(want);
            },
            move || {
                let found = attempt(&mut reader);
                (reader, found)
            },
        );
        let found = found.or_else(|| (0..2).find_map(|_| attempt(&mut reader)));
        let (sequence, Span { start, len }) = (1, OUTSIDE);
        let fault = Fault::FrameOutside {
            sequence,
            start,
            len,
        };
        assert_eq!(found, Some(fault));
        assert!(reader.held_payload(OUTSIDE).is_none());
    });
}
