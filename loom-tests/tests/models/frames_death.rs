//! Producers of frames that die between any two stores of a publication: nobody is given what was half-written, and the
//! next one goes on behind what is kept, or from the beginning of the arena if nothing is.

use loom::sync::Arc;
use loom_tests::{
    Death, First, Frames, Taken, Told, check_deaths, frame_ring, frame_ring_in_place, lossless,
    lossy, poll_into, race, take_into,
};
use ringbuf_core::model::{Begin, Memory};

// What a producer does when it dies, by the length of the frame.

fn publish<const LEN: u64>(producer: &mut Frames) {
    let _ = producer.try_publish(LEN);
    producer.writer.notify();
}

fn publish_in_place<const LEN: u64>(producer: &mut Frames) {
    let _ = producer.try_publish_in_place(LEN, 1);
    producer.writer.notify();
}

/// The next producer, with frames of these lengths. Returns where its epoch began, and what is published in the end.
fn next(memory: &Arc<Memory>, lengths: &[u64]) -> (u64, u64) {
    let mut producer = Frames::open(memory);
    let began = producer.writer.published();
    for &len in lengths {
        let _ = match memory.geometry().in_place {
            true => producer.try_publish_in_place(len, 2),
            false => producer.try_publish_in(len, 2),
        };
        producer.writer.notify();
    }
    (began, producer.writer.published())
}

/// Behind the frames `before`, beside a lossy reader.
fn beside_a_lossy_reader(
    (first, death): (First, &Death),
    memory: Arc<Memory>,
    before: &[u64],
    step: fn(&mut Frames),
    after: &'static [u64],
) {
    let mut producer = Frames::open(&memory);
    let mut reader = lossy(&memory, 0, Begin::Now);
    before.iter().for_each(|&len| producer.publish(len));
    let most = before.len();
    let death = death.clone();
    let ((began, published), (mut reader, mut told)) = race(
        first,
        move || {
            death.befall(&mut producer, &[step]);
            drop(producer);
            next(&memory, after)
        },
        move || {
            let mut told = Told::default();
            told.of(poll_into(&mut reader, &mut Taken::new(most), Some(1)));
            (reader, told)
        },
    );
    while reader.ledger().cursor < published || told.epoch() < 2 {
        let epoch = Some(told.epoch());
        told.of(poll_into(&mut reader, &mut Taken::new(most), epoch));
    }
    assert_eq!(told.0, [(2, began)]);
}

/// It overwrites one of two.
#[test]
fn in_a_frame() {
    check_deaths(2, |first, death| {
        let memory = frame_ring(4, 32);
        beside_a_lossy_reader((first, death), memory, &[16, 16], publish::<16>, &[8]);
    });
}

/// It overwrites all there is.
#[test]
fn in_a_frame_as_long_as_the_arena() {
    check_deaths(1, |first, death| {
        let memory = frame_ring(3, 32);
        beside_a_lossy_reader((first, death), memory, &[16, 16], publish::<32>, &[8, 24]);
    });
}

/// It overwrites a descriptor: what is half-written says nothing to the next producer.
#[test]
fn in_a_descriptor() {
    check_deaths(2, |first, death| {
        let memory = frame_ring(1, 32);
        beside_a_lossy_reader((first, death), memory, &[24], publish::<8>, &[16]);
    });
}

/// The same beside a reader in place: nothing is missed, and nothing that it holds is written over.
fn beside_a_lossless_reader(
    (first, death): (First, &Death),
    memory: Arc<Memory>,
    steps: &'static [fn(&mut Frames)],
    after: &'static [u64],
) {
    let mut producer = Frames::open(&memory);
    let mut reader = lossless(&memory, 0, Begin::Now);
    producer.publish(16);
    let death = death.clone();
    let ((began, published), (mut reader, mut told)) = race(
        first,
        move || {
            death.befall(&mut producer, steps);
            drop(producer);
            next(&memory, after)
        },
        move || {
            let mut told = Told::default();
            for _ in 0..2 {
                let epoch = Some(told.epoch());
                told.of(take_into(&mut reader, &mut Taken::new(1), epoch));
            }
            (reader, told)
        },
    );
    while reader.ledger().cursor < published || told.epoch() < 2 {
        let epoch = Some(told.epoch());
        told.of(take_into(&mut reader, &mut Taken::new(1), epoch));
    }
    assert_eq!(told.0, [(2, began)]);
    assert_eq!(reader.ledger().read, published);
}

#[test]
fn in_a_frame_beside_a_lossless_reader() {
    check_deaths(2, |first, death| {
        let steps: &[fn(&mut Frames)] = &[publish::<16>, publish::<16>];
        beside_a_lossless_reader((first, death), frame_ring(4, 32), steps, &[16, 8]);
    });
}

#[test]
fn in_a_frame_in_place() {
    check_deaths(2, |first, death| {
        let steps: &[fn(&mut Frames)] = &[publish_in_place::<16>, publish_in_place::<8>];
        beside_a_lossless_reader((first, death), frame_ring_in_place(4, 32), steps, &[16, 8]);
    });
}
