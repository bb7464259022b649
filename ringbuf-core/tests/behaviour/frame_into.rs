//! Frames that are copied into the caller's bytes, one at a time.

use std::time::Duration;

use ringbuf_core::{
    CreateOptions, Event, FrameCopy, FrameInfo, FrameProducer, FrameReader, FrameRetain, Next,
    ReadError, ReaderOptions, Until,
};

use super::count;
use crate::home;

fn kinds() -> [ReaderOptions; 3] {
    [
        ReaderOptions::lossless(),
        ReaderOptions::bounded(Duration::from_secs(60)),
        ReaderOptions::lossy(),
    ]
}

fn publish(producer: &mut FrameProducer, lengths: &[usize]) {
    for &len in lengths {
        let sequence = producer.published();
        let info = FrameInfo::tag(sequence % 2);
        let bytes = vec![sequence as u8; len];
        producer.publish_with(&bytes, info).unwrap();
    }
}

fn read(reader: &mut FrameReader, out: &mut [u8]) -> FrameCopy {
    match reader.read_into(out, Duration::ZERO).unwrap() {
        Next::Batch(copy) => copy,
        nothing => panic!("{nothing:?}"),
    }
}

/// Each once, whole, and not a byte behind it touched; then the end.
#[test]
fn each_frame_comes_once_and_whole() {
    for options in kinds() {
        let home = home();
        let stamped = CreateOptions::default().stamp(true);
        let mut producer = home.frames_with(FrameRetain::bytes(4096), &stamped);
        let mut reader = producer.reader(options).unwrap();
        let lengths = [10, 0, 64, 200, 7];
        publish(&mut producer, &lengths);
        producer.close();
        for (sequence, len) in (0..).zip(lengths) {
            let mut out = [99; 200];
            let copy = read(&mut reader, &mut out);
            let header = copy.header.unwrap();
            assert_eq!((header.sequence(), header.len()), (sequence, len));
            assert_eq!(header.tag(), sequence % 2);
            assert!(header.published_ns().is_some());
            assert_eq!((copy.missed, copy.event), (0, None));
            assert!(out[..len].iter().all(|&byte| byte == sequence as u8));
            assert!(out[len..].iter().all(|&byte| byte == 99));
            assert_eq!(reader.cursor(), sequence + 1);
        }
        let end = reader.read_into(&mut [], Duration::from_secs(60));
        assert!(matches!(end, Ok(Next::Closed)), "{end:?}");
        assert_eq!(reader.ledger().read, 5);
    }
}

/// It is refused as often as it is asked for with too little room, whatever is passed over in front of it, and is there
/// for who has room, or looks where it lies.
#[test]
fn a_frame_that_does_not_fit_is_still_to_be_read() {
    for options in kinds() {
        for filtered in [false, true] {
            let home = home();
            let mut producer = home.frames(FrameRetain::bytes(4096));
            let mut reader = producer.reader(options.clone()).unwrap();
            publish(&mut producer, &[300, 20, 300, 20]);
            if filtered {
                reader.only(|frame| frame.tag() == 1 || frame.sequence() == 2);
            } else {
                read(&mut reader, &mut [0; 300]);
            }
            let mut out = [0; 20];
            assert_eq!(read(&mut reader, &mut out).header.unwrap().sequence(), 1);
            for room in [0, 20, 299] {
                let mut out = vec![9; room];
                match reader.read_into(&mut out, Duration::ZERO) {
                    Err(ReadError::FrameTooLong {
                        found: 300,
                        room: at,
                    }) => {
                        assert_eq!(at, room as u64);
                    }
                    other => panic!("{other:?}"),
                }
                assert_eq!((reader.cursor(), reader.lag()), (2, 2));
                assert!(out.iter().all(|&byte| byte == 9));
            }
            let mut out = [0; 300];
            let copy = read(&mut reader, &mut out);
            assert_eq!(copy.header.unwrap().sequence(), 2);
            assert_eq!(out, [2; 300]);
            let batch = reader.poll().unwrap().unwrap();
            assert_eq!((batch.len(), batch.first_sequence()), (1, 3));
            drop(batch);
            let ledger = reader.ledger();
            assert!(ledger.adds_up());
            assert_eq!(ledger.skipped, u64::from(filtered));
        }
    }
}

/// What was missed in front of it is told once, with the frame, not lost with the error.
#[test]
fn what_was_missed_is_told_behind_an_error_too() {
    let home = home();
    let mut producer = home.frames(FrameRetain::bytes(256));
    let mut reader = producer.reader(ReaderOptions::lossy()).unwrap();
    publish(&mut producer, &[100; 5]);
    let error = reader
        .read_into(&mut [0; 99], Duration::ZERO)
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "99 bytes to read into: expected at least 100, the size of the next frame"
    );
    let copy = read(&mut reader, &mut [0; 100]);
    assert_eq!((copy.header.unwrap().sequence(), copy.missed), (3, 3));
    assert_eq!(read(&mut reader, &mut [0; 100]).missed, 0);
}

/// A lossless reader gives a frame back when it was copied, and one that does not fit holds the producer.
#[test]
fn a_frame_is_given_back_when_it_was_copied() {
    let home = home();
    let mut producer = home.frames(FrameRetain::bytes(256));
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    let mut has_room = || {
        producer
            .try_publish(&[0; 200], FrameInfo::default())
            .is_ok()
    };
    for turn in 0..count(100, 4) {
        assert!(has_room(), "what was copied is held");
        assert!(!has_room());
        assert!(reader.read_into(&mut [0; 199], Duration::ZERO).is_err());
        assert!(!has_room());
        let copy = read(&mut reader, &mut [0; 256]);
        assert_eq!(copy.header.unwrap().sequence(), turn);
    }
}

/// What happened to the producer or to the reader comes without a frame, in its place.
#[test]
fn an_event_comes_without_a_frame() {
    let home = home();
    let mut producer = home.frames(FrameRetain::bytes(256));
    let options = ReaderOptions::bounded(Duration::ZERO);
    let mut reader = producer.reader(options).unwrap();
    publish(&mut producer, &[100; 4]);
    let copy = read(&mut reader, &mut [0; 100]);
    assert!(copy.header.is_none());
    assert_eq!(copy.event, Some(Event::Demoted));
    let copy = read(&mut reader, &mut [0; 100]);
    assert_eq!((copy.header.unwrap().sequence(), copy.missed), (2, 2));
}

/// However many are passed over, and up to a record and no further.
#[test]
fn it_passes_over_and_ends_as_every_reader_does() {
    let many = count(1000, 140);
    for options in kinds() {
        let home = home();
        let mut producer = home.frames(FrameRetain::bytes(1 << 18).at_most(2000));
        let options = options.until(Until::Sequence(many - 1));
        let mut reader = producer.reader(options).unwrap();
        let wanted = many - 4;
        reader.only(move |frame| frame.sequence() >= wanted);
        publish(&mut producer, &vec![8; many as usize]);
        let (mut found, mut out) = (Vec::new(), [0; 8]);
        loop {
            match reader.read_into(&mut out, Duration::ZERO).unwrap() {
                Next::Batch(copy) => found.extend(copy.header.map(|header| header.sequence())),
                Next::Closed => break,
                Next::TimedOut => panic!("nothing"),
            }
        }
        assert_eq!(found, [many - 4, many - 3, many - 2]);
        let ledger = reader.ledger();
        assert!(ledger.adds_up());
        assert_eq!(ledger.skipped, many - 4);
    }
}

/// It waits as long as it is told to, and no longer; frames come in what it was given before, batches behind it as ever.
#[test]
fn it_waits_for_a_frame() {
    for options in kinds() {
        let home = home();
        let mut producer = home.frames(FrameRetain::bytes(4096));
        let mut reader = producer.reader(options).unwrap();
        let nothing = reader.read_into(&mut [0; 8], Duration::from_millis(1));
        assert!(matches!(nothing, Ok(Next::TimedOut)));
        let thread = std::thread::spawn(move || {
            let mut out = [0; 8];
            let Ok(Next::Batch(copy)) = reader.read_into(&mut out, Duration::MAX) else {
                panic!("no frame");
            };
            (copy.header.unwrap().len(), out, reader)
        });
        publish(&mut producer, &[0, 3]);
        let (len, _, mut reader) = thread.join().unwrap();
        assert_eq!(len, 0);
        let batch = reader.poll().unwrap().unwrap();
        assert_eq!(batch.frames().next().unwrap().bytes(), [1; 3]);
    }
}
