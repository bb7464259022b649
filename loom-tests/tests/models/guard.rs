//! Models that must fail: if the seam fell back to the standard library's atomics, loom would see no
//! interleaving, these would pass, and the build would fail.

use loom::thread;
use loom_tests::{
    First, Keeping, LONG, STRIDE, bounded, check, check_deaths, lossless, lossy, open, poll,
    publish, race, records, ring, ring_in_place, ring_without_demotions, stamped, take, time,
    try_publish_in_place,
};
use ringbuf_core::model::{Begin, leave};

/// A producer that writes without a claim.
#[test]
#[should_panic(expected = "is torn")]
fn a_write_without_a_claim_shows() {
    check(3, |first| {
        let memory = ring(1);
        let mut writer = open(&memory);
        let mut reader = lossy(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        race(
            first,
            move || writer.write(1, &records(1, 1, 1)),
            move || poll(&mut reader, 1),
        );
    });
}

/// A producer that publishes before it writes, and dies in between.
#[test]
#[should_panic(expected = "is torn")]
fn a_death_between_two_stores_shows() {
    check_deaths(1, |_, death| {
        let memory = ring(1);
        let mut writer = open(&memory);
        let mut reader = lossy(&memory, 0, Begin::Now);
        death.befall(
            &mut writer,
            &[
                |writer| assert_eq!(writer.try_claim(1), Ok(0)),
                |writer| writer.commit(1),
                |writer| writer.write(0, &records(0, 1, 1)),
            ],
        );
        poll(&mut reader, 1);
    });
}

/// A producer that says only afterwards when it published a record.
#[test]
#[should_panic(expected = "the time of another record")]
fn a_time_behind_its_record_shows() {
    check(3, |first| {
        let memory = stamped(1, false);
        let mut writer = open(&memory);
        let mut reader = lossy(&memory, 0, Begin::Now);
        race(
            first,
            move || {
                let sequence = writer.try_claim(1).unwrap();
                writer.write(sequence, &records(sequence, 1, 1));
                writer.commit(1);
                memory.stamp(sequence, 1, time(sequence));
            },
            move || poll(&mut reader, 1),
        );
    });
}

/// A bounded reader's gate that is turned off while it copies.
#[test]
#[should_panic(expected = "Causality violation")]
fn a_copy_that_nobody_holds_shows() {
    check(3, |first| {
        let memory = ring_without_demotions(1);
        let mut writer = open(&memory);
        let mut reader = bounded(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        leave(&memory, 0);
        race(
            first,
            move || publish(&mut writer, 1),
            move || reader.poll_bounded(&mut [0; STRIDE], &mut []).unwrap(),
        );
    });
}

/// A lossless reader whose gate is turned off while it reads.
#[test]
#[should_panic(expected = "Causality violation")]
fn a_reader_without_a_gate_shows() {
    check(3, |first| {
        let memory = ring(1);
        let mut writer = open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        leave(&memory, 0);
        race(
            first,
            move || publish(&mut writer, 1),
            move || take(&mut reader, 1),
        );
    });
}

/// A claim in place beside a lossless reader whose gate is turned off: it is held until it is written.
#[test]
#[should_panic(expected = "Causality violation")]
fn a_claim_in_place_beside_a_reader_without_a_gate_shows() {
    check(3, |first| {
        let memory = ring_in_place(1);
        let mut writer = open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        leave(&memory, 0);
        race(
            first,
            move || {
                writer.try_claim(1).unwrap();
                drop(writer.in_place(1, 1));
            },
            move || take(&mut reader, 1),
        );
    });
}

/// A look at the newest record while another thread gives back what holds it, without the lock between them.
#[test]
#[should_panic(expected = "Causality violation")]
fn a_look_while_others_give_back_shows() {
    check(2, |first| {
        let memory = ring_in_place(1);
        let mut writer = open(&memory);
        let mut reader = Keeping::join(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        let held = reader.hold(1);
        let other = thread::spawn(move || drop(held));
        race(
            first,
            move || try_publish_in_place(&mut writer, 1, 1),
            move || reader.follower.latest_held(&mut [0; STRIDE]),
        )
        .0
        .ok();
        other.join().unwrap();
    });
}

/// A producer that never wakes anybody.
#[test]
#[should_panic(expected = "deadlock")]
fn a_publication_without_a_wake_shows() {
    // Only with the reader first: loom can report a deadlock of the main thread alone.
    check(3, |_| {
        let memory = ring(1);
        let mut writer = open(&memory);
        let reader = lossy(&memory, 0, Begin::Now);
        race(
            First::Reader,
            move || publish(&mut writer, 1),
            move || reader.wait(LONG).unwrap(),
        );
    });
}
