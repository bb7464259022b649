//! Rings of records and rings of frames: who takes one for the other is told so.

use ringbuf_core::{
    AttachError, CreateError, Element, Field, FrameProducer, FrameReader, FrameRetain, Producer,
    Reader, ReaderOptions, Retain, Schema, UntypedProducer, UntypedReader,
};

use crate::refused::{CAPACITY, contents, frames_kept};
use crate::support::Rings;

/// What the records of a ring of frames are (`docs/FORMAT.md`).
fn descriptors() -> Schema {
    Schema::packed([
        Field::new("start", Element::U64).unit("B"),
        Field::new("len", Element::U64).unit("B"),
        Field::new("tag", Element::U64),
        Field::new("dtype", Element::Text(7)),
        Field::new("ndim", Element::U8),
        Field::new("shape", Element::U64).shape(&[4]),
    ])
    .unwrap()
}

fn of_every_delivery() -> [ReaderOptions; 3] {
    let bounded = ReaderOptions::bounded(std::time::Duration::from_secs(1));
    [ReaderOptions::lossy(), bounded, ReaderOptions::lossless()]
}

/// Even one whose records look like descriptors: there is no arena that they could be about.
#[test]
fn a_reader_of_frames_refuses_records() {
    let rings = Rings::new();
    let ring = rings.reference("records");
    let retain = Retain::records(CAPACITY);
    let mut producer = UntypedProducer::create(&ring, descriptors(), retain).unwrap();
    producer.publish_bytes(&[0; 64]).unwrap();
    let plain = rings.reference("plain");
    let _plain = Producer::<u64>::create(&plain, retain).unwrap();
    for ring in [&ring, &plain] {
        let before = contents(rings.path());
        for options in of_every_delivery() {
            let error = FrameReader::attach(ring, options).unwrap_err();
            assert!(matches!(error, AttachError::NotFrames { .. }), "{error}");
            let text = error.to_string();
            assert!(text.contains("holds records, expected frames"), "{text}");
        }
        assert!(contents(rings.path()) == before, "it left something");
    }
}

#[test]
fn a_typed_reader_refuses_frames() {
    let rings = Rings::new();
    let ring = rings.reference("frames");
    let mut producer = FrameProducer::create(&ring, frames_kept()).unwrap();
    producer.publish(b"frame").unwrap();
    let before = contents(rings.path());
    for options in of_every_delivery() {
        let error = Reader::<[u64; 8]>::attach(&ring, options).unwrap_err();
        let is_it = matches!(&error, AttachError::SchemaMismatch { .. });
        assert!(is_it, "{error}");
        let text = error.to_string();
        assert!(text.contains("dtype") && text.contains("shape"), "{text}");
    }
    assert!(contents(rings.path()) == before, "it left something");
    // Who takes whatever there is gets the descriptors.
    let mut reader = UntypedReader::attach(&ring, ReaderOptions::lossless().from_oldest()).unwrap();
    let batch = reader.poll().unwrap().unwrap();
    assert_eq!(batch.records().record(0).unwrap()[8], 5, "its length");
}

/// What is there and what was asked for are both shown.
#[test]
fn one_is_not_continued_as_the_other() {
    let rings = Rings::new();
    let (records, frames) = (rings.reference("records"), rings.reference("frames"));
    let retain = Retain::records(CAPACITY);
    let create_records = |ring: &str| UntypedProducer::create(ring, descriptors(), retain);
    let create_frames = |ring: &str| FrameProducer::create(ring, frames_kept());
    create_records(&records).unwrap().close();
    create_frames(&frames).unwrap().close();
    let before = contents(rings.path());
    let (of_records, of_frames) = ("5 records, no arena", "5 frames, an arena of 1024 bytes");
    for (error, there, asked) in [
        (create_frames(&records).map(drop), of_records, of_frames),
        (create_records(&frames).map(drop), of_frames, of_records),
    ] {
        let error = error.unwrap_err();
        let CreateError::Different {
            found, expected, ..
        } = &error
        else {
            panic!("{error}")
        };
        assert_eq!((found.as_str(), expected.as_str()), (there, asked));
    }
    let plain = Producer::<u64>::create(&frames, retain)
        .map(drop)
        .unwrap_err();
    assert!(matches!(plain, CreateError::Different { .. }), "{plain}");
    // Nor with another arena.
    for other in [
        FrameRetain::bytes(2048).at_most(CAPACITY),
        FrameRetain::bytes(1024).at_most(CAPACITY + 1),
    ] {
        let error = FrameProducer::create(&frames, other).unwrap_err();
        assert!(matches!(error, CreateError::Different { .. }), "{error}");
    }
    assert!(contents(rings.path()) == before, "something was changed");
    create_frames(&frames).unwrap().publish(b"goes on").unwrap();
}
