//! The ledger seen from outside while its owner writes it: it always adds up and never goes back.

use loom::sync::Arc;
use loom_tests::{check, lossless, lossy, open, poll, publish, race, ring, take};
use ringbuf_core::model::{Begin, Ledger, Memory, observe};

/// Looks at the ledger of slot 0 while its owner works on it.
fn look(memory: &Arc<Memory>, times: usize) {
    let slot = &memory.control().slots.0[0];
    let mut before: Option<Ledger> = None;
    for _ in 0..times {
        let now = observe(slot).expect("the owner does not change it as often as that");
        assert!(now.adds_up(), "{now:?}");
        if let Some(before) = before {
            assert!(
                now.cursor >= before.cursor && now.read >= before.read,
                "{before:?} {now:?}"
            );
        }
        before = Some(now);
    }
}

/// The owner writes it twice more: that is when a copy is written over.
#[test]
fn of_a_lossless_reader() {
    check(3, |first| {
        let memory = ring(2);
        let mut writer = open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        publish(&mut writer, 2);
        race(
            first,
            move || {
                take(&mut reader, 1);
                take(&mut reader, 1);
                reader.release();
            },
            move || look(&memory, 1),
        );
    });
}

/// No fence of the producer or of a gate stands between two updates.
#[test]
fn of_a_lossy_reader_that_misses() {
    check(3, |first| {
        let memory = ring(2);
        let mut writer = open(&memory);
        let mut reader = lossy(&memory, 0, Begin::Now);
        (0..4).for_each(|_| publish(&mut writer, 1));
        race(
            first,
            move || {
                poll(&mut reader, 1);
                poll(&mut reader, 1);
            },
            move || look(&memory, 1),
        );
    });
}

/// One that did not join at the first record.
#[test]
fn of_a_reader_that_joined_late() {
    check(3, |first| {
        let memory = ring(2);
        let mut writer = open(&memory);
        publish(&mut writer, 1);
        let mut reader = lossless(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        let owner = Arc::clone(&memory);
        race(
            first,
            move || {
                take(&mut reader, 1);
                reader.release();
                assert_eq!(observe(&owner.control().slots.0[0]), Some(*reader.ledger()));
            },
            move || look(&memory, 1),
        );
    });
}

#[test]
fn twice() {
    check(3, |first| {
        let memory = ring(2);
        let mut writer = open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        race(
            first,
            move || {
                take(&mut reader, 1);
                reader.release();
            },
            move || look(&memory, 2),
        );
    });
}
