//! The ledger seen from outside while its owner writes it: it always adds up and never goes back.

use loom::sync::Arc;
use loom::thread;
use loom_tests::{check, lossless, lossy, open, poll, publish, ring, take};
use ringbuf_core::model::{Ledger, Memory, Start, observe};

/// Looks twice at the ledger of slot 0 while somebody works on it.
fn look_twice(memory: &Arc<Memory>) {
    let slot = &memory.control().slots.0[0];
    let mut before: Option<Ledger> = None;
    for _ in 0..2 {
        let now = observe(slot).expect("the owner does not change it as often as that");
        assert!(now.adds_up(), "{now:?}");
        if let Some(before) = before {
            assert!(now.cursor >= before.cursor && now.read >= before.read, "{before:?} {now:?}");
        }
        before = Some(now);
    }
}

#[test]
fn of_a_lossless_reader() {
    check(3, || {
        let memory = ring(4);
        let mut writer = open(&memory);
        let mut reader = lossless(&memory, 0, Start::Now);
        publish(&mut writer, 3);
        let owner = thread::spawn(move || {
            for _ in 0..3 {
                take(&mut reader, 1);
            }
            reader.release();
        });
        look_twice(&memory);
        owner.join().unwrap();
    });
}

#[test]
fn of_a_reader_that_misses() {
    check(3, || {
        let memory = ring(2);
        let mut writer = open(&memory);
        let mut reader = lossy(&memory, 0, Start::Now);
        publish(&mut writer, 1);
        let owner = thread::spawn(move || {
            poll(&mut reader, 1);
            (0..3).for_each(|_| publish(&mut writer, 1));
            poll(&mut reader, 1);
            poll(&mut reader, 1);
        });
        look_twice(&memory);
        owner.join().unwrap();
    });
}
