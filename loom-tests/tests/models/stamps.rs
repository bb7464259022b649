//! Publication times: what is delivered with a record is its own time, also while the producer laps the
//! reader.

use loom::sync::Arc;
use loom_tests::{
    First, Patient, check, drain, lossy, open, poll, publish, publish_past, race, stamped, time,
};
use ringbuf_core::model::{Begin, Memory, stamp};

/// A lossy reader that polls twice with a buffer of `most` records; every delivery is checked with its times.
fn one_reader(first: First, memory: Arc<Memory>, records: u64, most: usize) {
    let mut writer = open(&memory);
    let mut reader = lossy(&memory, 0, Begin::Now);
    let ((), mut reader) = race(
        first,
        move || (0..records).for_each(|_| publish(&mut writer, 1)),
        move || {
            poll(&mut reader, most);
            poll(&mut reader, most);
            reader
        },
    );
    let capacity = memory.geometry().capacity;
    drain(&mut reader, records.saturating_sub(capacity), records);
}

#[test]
fn of_a_reader_with_room_for_two() {
    check(3, |first| one_reader(first, stamped(2, false), 3, 2));
}

#[test]
fn of_a_reader_with_room_for_one() {
    check(3, |first| one_reader(first, stamped(1, false), 2, 1));
}

#[test]
fn beside_the_mirror() {
    check(3, |first| one_reader(first, stamped(1, true), 2, 1));
}

#[test]
fn of_a_bounded_reader() {
    check(2, |first| {
        let memory = stamped(1, false);
        let mut writer = open(&memory);
        let mut reader = Patient::join(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        let (demotions, reader) = race(
            first,
            move || publish_past(&mut writer, 1),
            move || {
                reader.polls(&[1; 2]);
                reader
            },
        );
        reader.drain(demotions, 2);
    });
}

/// The time of one record from outside, while it is published and while it is overwritten: none, or its own.
#[test]
fn of_one_record() {
    check(2, |first| {
        let memory = stamped(2, false);
        let mut writer = open(&memory);
        publish(&mut writer, 1);
        race(
            first,
            {
                let memory = Arc::clone(&memory);
                move || {
                    (0..3).for_each(|_| publish(&mut writer, 1));
                    assert_eq!(
                        [1, 2, 3, 4].map(|record| stamp(&memory, record)),
                        [None, Some(time(2)), Some(time(3)), None]
                    );
                }
            },
            {
                let memory = Arc::clone(&memory);
                move || {
                    for record in [0, 1, 2] {
                        if let Some(at) = stamp(&memory, record) {
                            assert_eq!(at, time(record), "the time of another record");
                        }
                    }
                }
            },
        );
    });
}
