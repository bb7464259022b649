//! Create, attach by name, close, continue, remove; and an error for each wrong order.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use ringbuf_core::{
    AttachError, CreateError, CreateOptions, Delivery, Event, Producer, ReadError, Reader,
    ReaderOptions, Record, Retain, inspect,
};

use crate::support::process::{hear, say, start};
use crate::support::{Rings, limit};

/// A type of the life-cycle tests, as arguments can name it.
trait Value: Record + Display + FromStr + PartialEq + std::fmt::Debug {}
impl Value for u8 {}
impl Value for f64 {}

/// Calls a function for the type that the first argument names.
macro_rules! with_type {
    ($function:ident, $arguments:expr) => {
        match $arguments[0].as_str() {
            "u8" => $function::<u8>(&$arguments[1..]),
            "f64" => $function::<f64>(&$arguments[1..]),
            other => panic!("no type {other}"),
        }
    };
}

/// Reads what is kept, then what comes, to the end, and says each value.
pub fn reads_values(arguments: &[String]) {
    fn read<T: Value>(arguments: &[String]) {
        let options = ReaderOptions::lossless().from_oldest();
        let mut reader = Reader::<T>::attach(&arguments[0], options).unwrap();
        say("attached");
        while let Some(batch) = reader.next().unwrap() {
            batch.records().iter().for_each(say);
        }
    }
    with_type!(read, arguments)
}

/// Tries to be a second producer, and says what comes of it.
pub fn second_producer(arguments: &[String]) {
    fn try_create<T: Value>(arguments: &[String]) {
        match Producer::<T>::create(&arguments[0], Retain::records(4)) {
            Err(error @ CreateError::InUse { .. }) => say(error),
            other => panic!("{other:?}"),
        }
    }
    with_type!(try_create, arguments)
}

/// Continues a closed ring with the values it is given, when it is told to.
pub fn continues(arguments: &[String]) {
    fn publish<T: Value>(arguments: &[String]) {
        let mut producer = Producer::<T>::create(&arguments[0], Retain::records(4)).unwrap();
        say(producer.published());
        hear();
        for value in &arguments[1..] {
            let value = value.parse().ok().unwrap();
            say(producer.publish(&value).unwrap());
        }
    }
    with_type!(publish, arguments)
}

fn whole_life<T: Value>(kind: &str, values: [T; 4]) {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("block");

    // Before anybody has created it.
    for error in [
        Reader::<T>::attach(&ring, ReaderOptions::lossy()).unwrap_err(),
        Reader::<T>::attach(&ring, ReaderOptions::lossless()).unwrap_err(),
        inspect::info(&ring).unwrap_err(),
    ] {
        assert!(matches!(error, AttachError::NotFound { .. }), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("there is no ring block") && text.contains(&ring),
            "{text}"
        );
    }
    assert!(rings.names().is_empty(), "looking leaves nothing behind");

    let mut producer = Producer::<T>::create(&ring, Retain::records(4)).unwrap();
    producer.publish(&values[0]).unwrap();
    let other = start("reads values", &[kind, &ring]);
    other.says("attached");
    producer.publish(&values[1]).unwrap();
    let mut reader = producer
        .reader(ReaderOptions::lossless().from_oldest())
        .unwrap();

    let refused = start("second producer", &[kind, &ring]).finish();
    assert!(
        refused[0].contains("ring block") && refused[0].contains("living producer"),
        "{refused:?}"
    );
    let error = inspect::remove(&ring).unwrap_err();
    assert!(error.to_string().contains("its producer lives"), "{error}");

    producer.close();
    let said = other.finish();
    let said: Vec<T> = said
        .iter()
        .map(|value| value.parse().ok().unwrap())
        .collect();
    assert_eq!(said, values[..2]);

    // Another process goes on where this one ended.
    let [third, fourth] = [values[2].to_string(), values[3].to_string()];
    let mut next = start("continues", &[kind, &ring, &third, &fourth]);
    next.says("2");
    let mut got = Vec::new();
    read_values(&mut reader, &mut got);
    next.tell("go on");
    assert_eq!(next.finish(), ["2", "3"]);
    read_values(&mut reader, &mut got);
    assert_eq!(got, values);
    assert!(reader.next().unwrap().is_none());

    let info = inspect::info(&ring).unwrap();
    assert_eq!((info.epoch, info.published, info.capacity), (2, 4, 4));
    inspect::remove(&ring).unwrap();
    assert!(rings.names().is_empty());
    assert!(matches!(reader.next(), Err(ReadError::Removed)));
    let error = Reader::<T>::attach(&ring, ReaderOptions::lossy()).unwrap_err();
    assert!(matches!(error, AttachError::NotFound { .. }), "{error}");
    let error = inspect::remove(&ring).unwrap_err();
    assert!(
        error.to_string().contains("there is no ring block"),
        "{error}"
    );
}

/// What can be read now; a restart must stand exactly where the second producer begins.
fn read_values<T: Value>(reader: &mut Reader<T>, got: &mut Vec<T>) {
    while let Some(batch) = reader.poll().unwrap() {
        assert_eq!(batch.first_sequence(), got.len() as u64);
        if let Some(event) = batch.event() {
            let first_sequence = Some(2);
            assert_eq!(
                event,
                Event::Restarted {
                    epoch: 2,
                    first_sequence
                }
            );
            assert_eq!((batch.first_sequence(), batch.records().len()), (2, 0));
        }
        got.extend_from_slice(batch.records());
    }
}

#[test]
fn a_ring_of_bytes_from_creation_to_removal() {
    whole_life::<u8>("u8", [1, 2, 254, 255]);
}

#[test]
fn a_ring_of_numbers_from_creation_to_removal() {
    whole_life::<f64>("f64", [0.1, -2.5, 1e300, 4.0]);
}

#[test]
fn a_reader_of_another_type_is_refused_with_both_schemas() {
    let rings = Rings::new();
    let ring = rings.reference("block");
    let producer = Producer::<f64>::create(&ring, Retain::records(4)).unwrap();
    let error = Reader::<u8>::attach(&ring, ReaderOptions::lossy()).unwrap_err();
    assert!(
        matches!(error, AttachError::SchemaMismatch { .. }),
        "{error}"
    );
    let text = error.to_string();
    for part in [
        "ring block holds other records",
        "found:\nrecord of 8 bytes:",
        "value  f64",
        "expected:\nrecord of 1 bytes:",
        "value  u8",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    assert!(Reader::<i64>::attach(&ring, ReaderOptions::lossy()).is_err());
    assert!(Reader::<[f64; 1]>::attach(&ring, ReaderOptions::lossy()).is_err());
    assert_eq!(
        producer.registered_readers(),
        0,
        "who is refused leaves no trace"
    );
}

#[test]
fn a_ring_is_continued_only_as_what_it_is() {
    let rings = Rings::new();
    let ring = rings.reference("block");
    let mut producer = Producer::<f64>::create(&ring, Retain::records(4)).unwrap();
    producer.publish(&0.5).unwrap();
    producer.close();

    let error = Producer::<f64>::create(&ring, Retain::records(5)).unwrap_err();
    assert!(matches!(error, CreateError::Different { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("found:    4 records\n") && text.contains("expected: 5 records\n"),
        "only what differs: {text}"
    );
    let error = Producer::<u8>::create(&ring, Retain::records(4)).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("value: <f8") && text.contains("value: |u1"),
        "{text}"
    );

    // Nothing was changed by asking.
    let producer = Producer::<f64>::create(&ring, Retain::records(4)).unwrap();
    assert_eq!(producer.published(), 1);
    assert_eq!(inspect::info(&ring).unwrap().epoch, 2);
    assert_eq!(rings.names(), ["block.readers", "block.ring"]);
}

#[test]
fn a_replaced_ring_tells_its_readers() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("block");
    let mut producer = Producer::<f64>::create(&ring, Retain::records(4)).unwrap();
    let mut lossless = Reader::<f64>::attach(&ring, ReaderOptions::lossless()).unwrap();
    let mut lossy = Reader::<f64>::attach(&ring, ReaderOptions::lossy()).unwrap();
    producer.publish(&0.5).unwrap();
    let options = CreateOptions::default().replace(true);
    let alive = Producer::<u8>::create_with(&ring, Retain::records(2), &options).unwrap_err();
    assert!(matches!(alive, CreateError::InUse { .. }), "{alive}");
    producer.close();

    let other = Producer::<u8>::create_with(&ring, Retain::records(2), &options).unwrap();
    for reader in [&mut lossless, &mut lossy] {
        assert_eq!(reader.next().unwrap().unwrap().records(), [0.5]);
        let error = reader.next().unwrap_err();
        assert!(matches!(error, ReadError::Replaced), "{error}");
    }
    assert_eq!((other.published(), other.capacity()), (0, 2));
    assert_eq!(inspect::info(&ring).unwrap().epoch, 1);
    assert_eq!(rings.names(), ["block.readers", "block.ring"]);
}

/// For the role: a producer of one record, to be killed.
pub fn one_record(arguments: &[String]) {
    let mut producer = Producer::<f64>::create(&arguments[0], Retain::records(4)).unwrap();
    producer.publish(&0.5).unwrap();
    say("ready");
    hear();
}

/// A reader that sleeps is woken by the replacement itself, and must not find the name still free.
#[test]
fn readers_asleep_are_told_of_the_replacement() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("block");
    let other = start("one record", &[&ring]);
    other.says("ready");
    let attach = |options: ReaderOptions| Reader::<f64>::attach(&ring, options).unwrap();
    let mut readers = Vec::new();
    for _ in 0..10 {
        readers.push(attach(ReaderOptions::lossless()));
        readers.push(attach(ReaderOptions::lossy()));
    }
    other.kill();
    let asleep: Vec<_> = readers
        .into_iter()
        .map(|mut reader| {
            std::thread::spawn(move || {
                loop {
                    if let Err(error) = reader.next().map(|batch| drop(batch.unwrap())) {
                        return error;
                    }
                }
            })
        })
        .collect();
    // Time to fall asleep; who has not is told all the same.
    std::thread::sleep(std::time::Duration::from_millis(50));
    let options = CreateOptions::default().replace(true);
    let _producer = Producer::<f64>::create_with(&ring, Retain::records(4), &options).unwrap();
    for reader in asleep {
        let error = reader.join().unwrap();
        assert!(matches!(error, ReadError::Replaced), "{error}");
    }
}

/// What the producer allows is part of the ring: continuing it with less is refused, not forgotten.
#[test]
fn a_ring_that_allows_more_is_a_different_one() {
    let rings = Rings::new();
    let ring = rings.reference("block");
    drop(Producer::<f64>::create(&ring, Retain::records(4)).unwrap());
    let strict = CreateOptions::default().allow(Delivery::Lossy);
    let error = Producer::<f64>::create_with(&ring, Retain::records(4), &strict).unwrap_err();
    assert!(matches!(error, CreateError::Different { .. }), "{error}");
    assert!(error.to_string().contains("readers up to lossy"), "{error}");
    let strict = strict.replace(true);
    let _producer = Producer::<f64>::create_with(&ring, Retain::records(4), &strict).unwrap();
    let error = Reader::<f64>::attach(&ring, ReaderOptions::lossless()).unwrap_err();
    assert!(matches!(error, AttachError::NotAllowed { .. }), "{error}");
}

/// So is that it is written in place: its readers attached to that, and those of another ring did not.
#[test]
fn a_ring_that_is_written_in_place_is_a_different_one() {
    let rings = Rings::new();
    let ring = rings.reference("block");
    let through = CreateOptions::default();
    let in_place = CreateOptions::default().in_place(true);
    let create =
        |options: &CreateOptions| Producer::<f64>::create_with(&ring, Retain::records(4), options);
    for (first, other) in [(&through, &in_place), (&in_place, &through)] {
        drop(create(&first.clone().replace(true)).unwrap());
        let error = create(other).unwrap_err();
        assert!(matches!(error, CreateError::Different { .. }), "{error}");
        let is_first = std::ptr::eq(first, &raw const in_place);
        let (found, expected) = match is_first {
            true => ("written in place", "written through"),
            false => ("written through", "written in place"),
        };
        let said = format!("found:    {found}\n  expected: {expected}\n");
        assert!(
            error.to_string().contains(&said),
            "only what differs: {error}"
        );
        let again = create(first).unwrap();
        assert_eq!(inspect::info(&ring).unwrap().in_place, is_first);
        again.close();
    }

    let before = rings.names();
    let copied = in_place.clone().allow(Delivery::Lossy);
    let error = create(&copied).unwrap_err();
    assert!(matches!(error, CreateError::InPlace { .. }), "{error}");
    let other = rings.reference("other");
    let error = Producer::<f64>::create_with(&other, Retain::records(4), &copied).unwrap_err();
    assert!(matches!(error, CreateError::InPlace { .. }), "{error}");
    assert_eq!(rings.names(), before, "nothing was made");
}

#[test]
fn the_longest_bound_is_one_that_the_files_can_hold() {
    let rings = Rings::new();
    let ring = rings.reference("long");
    let options = CreateOptions::default().allow(Delivery::Bounded(Duration::MAX));
    let create = || Producer::<u8>::create_with(&ring, Retain::records(8), &options);
    let producer = create().unwrap();
    Reader::<u8>::attach(&ring, ReaderOptions::bounded(Duration::MAX)).unwrap();
    producer.close();
    create().unwrap();
}
