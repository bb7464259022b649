//! Rings of frames with descriptors of any kind, before and while they are used: errors, or garbage of the right size.

use ringbuf_core::{
    CreateError, CreateOptions, FormatError, FrameHeader, FrameInfo, FrameProducer, FrameReader,
    ReadError, ReaderOptions, Start, TryPublishError, inspect,
};

use crate::refused::{ARENA, CAPACITY, Good, contents, frames_kept};
use crate::support::{Numbers, Rings, limit};
use crate::words::{any_words, set, strange};

/// The first descriptor; each has 64 bytes.
const DATA: usize = 65_536;

#[test]
fn any_words_of_a_ring_of_frames_are_survived() {
    for in_place in [false, true] {
        let options = CreateOptions::default().in_place(in_place);
        let mut numbers = Numbers::new(ARENA);
        let good = || {
            let mut bad = Good::frames(&options);
            for at in (DATA..DATA + 8 * 64).step_by(8) {
                if numbers.below(3) == 0 {
                    set(&mut bad.ring, at, misplaced(&mut numbers));
                }
            }
            bad
        };
        any_words(good, |rings| use_frames(rings, &options));
    }
}

/// A number that somebody could take for a place in the arena, or a length.
fn misplaced(numbers: &mut Numbers) -> u64 {
    match numbers.below(4) {
        0 => 64 * numbers.below(2 * ARENA / 64),
        1 => numbers.below(ARENA + 2),
        2 => (1 << (60 + numbers.below(4))) - 64 * numbers.below(3),
        _ => strange(numbers, ARENA),
    }
}

fn use_frames(rings: &Rings, options: &CreateOptions) {
    let ring = rings.reference("bad");
    if let Ok(info) = inspect::info(&ring) {
        let frames = info.frames.unwrap();
        assert!(frames.kept_bytes <= ARENA && frames.kept_frames <= CAPACITY);
        drop(format!("{info:?}"));
    }
    let bounded = || ReaderOptions::bounded(std::time::Duration::ZERO);
    let mut readers: Vec<FrameReader> = [
        ReaderOptions::lossy(),
        ReaderOptions::lossy().from_oldest(),
        bounded().from_oldest(),
        ReaderOptions::lossless(),
        ReaderOptions::lossless().from_oldest(),
        ReaderOptions::lossless().from_oldest(),
    ]
    .into_iter()
    .filter_map(|options| FrameReader::attach(&ring, options.named("brave")).ok())
    .collect();
    if let Some(reader) = readers.last_mut() {
        reader.only(|frame| frame.tag() % 2 == 0);
    }
    readers.iter_mut().for_each(read_frames);
    if let Ok(mut producer) = FrameProducer::create_with(&ring, frames_kept(), options) {
        assert!(producer.kept_bytes() <= ARENA);
        for len in [0, 1, 64, 65, 500, ARENA as usize]
            .into_iter()
            .cycle()
            .take(20)
        {
            match producer.try_publish(&vec![1; len], FrameInfo::default()) {
                Ok(_) => {}
                Err(TryPublishError::Full { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        readers.iter_mut().for_each(read_frames);
        // Who holds it is gone, so that claims need not wait.
        readers.clear();
        if producer.registered_readers() == 0
            && let Ok(bytes) = producer.claim(65).unwrap().bytes_mut()
        {
            bytes.fill(7);
        }
    }
    readers.iter_mut().for_each(read_frames);
    drop(readers);
    drop(inspect::info(&ring).map(|info| format!("{info:?}")));
}

fn read_frames(reader: &mut FrameReader) {
    for _ in 0..40 {
        match reader.poll() {
            Ok(Some(batch)) => {
                assert!(batch.len() as u64 <= CAPACITY);
                for frame in batch.frames() {
                    look_at(frame.header(), frame.bytes());
                }
            }
            Ok(None) => break,
            Err(ReadError::Damaged(damage)) => {
                assert!(damage.to_string().contains("found"), "{damage}");
                break;
            }
            Err(ReadError::Removed | ReadError::Replaced) => break,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(reader.ledger().adds_up(), "{:?}", reader.ledger());
    if let Some((header, bytes)) = reader.latest().unwrap() {
        look_at(&header, &bytes);
    }
    let _ = reader.lag();
}

/// Whatever is said of a frame, it is so long, and what is not so long is not said of it.
pub fn look_at(header: &FrameHeader, bytes: &[u8]) {
    assert_eq!(header.len(), bytes.len());
    let sum = bytes
        .iter()
        .fold(0_u64, |sum, byte| sum.wrapping_add(u64::from(*byte)));
    std::hint::black_box(sum);
    match header.element() {
        Some(element) => {
            let values: usize = header.shape().iter().product();
            assert_eq!(values * element.size(), bytes.len());
        }
        None => assert!(header.shape().is_empty()),
    }
}

/// The longest life of a ring.
const BYTES: u64 = 1 << 62;

/// Where no frame lies: before the ring ends, across its end, longer than it.
const NOWHERE: [(u64, u64); 9] = [
    (1, 1),
    (32, 8),
    (0, ARENA + 1),
    (64, ARENA),
    (ARENA - 64, 65),
    (0, u64::MAX),
    (u64::MAX - 63, 64),
    (BYTES, 0),
    (u64::MAX, u64::MAX),
];

fn newest_at(bad: &mut Good, start: u64, len: u64) {
    let newest = DATA + 7 * 64;
    set(&mut bad.ring, newest, start);
    set(&mut bad.ring, newest + 8, len);
}

#[test]
fn a_descriptor_that_no_frame_has_ends_every_reader_with_an_error() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("bad");
    let bounded = ReaderOptions::bounded(std::time::Duration::from_secs(9));
    for (start, len) in NOWHERE {
        for options in [
            ReaderOptions::lossy(),
            bounded.clone(),
            ReaderOptions::lossless(),
        ] {
            let mut bad = Good::frames(&CreateOptions::default());
            newest_at(&mut bad, start, len);
            bad.put(&rings);
            for begin in [
                options.clone().from_oldest(),
                options.clone().start(Start::Last(1)),
            ] {
                let mut reader = FrameReader::attach(&ring, begin).unwrap();
                let damage = loop {
                    match reader.next().map(drop) {
                        Ok(()) => {}
                        Err(ReadError::Damaged(damage)) => break damage.to_string(),
                        Err(error) => panic!("{error}"),
                    }
                };
                let part = format!("found frame 7 with {len} bytes from {start} on");
                assert!(damage.contains(&part), "{damage}");
                assert_eq!(reader.latest().unwrap(), None);
                assert!(reader.ledger().adds_up() && reader.ledger().cursor <= 7);
            }
        }
    }
}

/// Where it would go on cannot be told, or it would soon come to the end of all bytes.
#[test]
fn a_producer_does_not_go_on_from_a_frame_that_lies_nowhere() {
    let rings = Rings::new();
    for in_place in [false, true] {
        let options = CreateOptions::default().in_place(in_place);
        let beyond = [(BYTES - 64, 64), (BYTES - ARENA, 0), (BYTES / 2, 64)];
        for (start, len) in NOWHERE.into_iter().chain(beyond) {
            let mut bad = Good::frames(&options);
            newest_at(&mut bad, start, len);
            bad.put(&rings);
            let before = contents(rings.path());
            let ring = rings.reference("bad");
            let error = FrameProducer::create_with(&ring, frames_kept(), &options).unwrap_err();
            let is_it = matches!(
                &error,
                CreateError::Format {
                    problem: FormatError::Frame,
                    ..
                }
            );
            assert!(is_it, "{error}");
            assert!(error.to_string().contains("newest frame"), "{error}");
            assert!(contents(rings.path()) == before, "something was changed");
        }
    }
}
