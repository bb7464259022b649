//! A ring of frames: its descriptors, and what lies in its arena.

use std::fs;
use std::time::Duration;

use ringbuf_core::inspect::{self, ProducerState};
use ringbuf_core::{
    CreateOptions, Element, Event, FrameHeader, FrameInfo, FrameProducer, FrameReader, FrameRetain,
    Ledger, ReaderOptions, UntypedReader,
};

use super::{BOOT, STAMPS, compare, copy, golden, number, settle, small, stamp};
use crate::support::Rings;

const RING: &str = "frames.ring";
const READERS: &str = "frames.readers";
/// Behind the publication times.
const ARENA: usize = 196_608;
const ARENA_LEN: usize = 1024;
/// Where the second producer began.
const BOUNDARY: usize = 4;

/// A frame: where it begins, how long it is, and what is said of it.
struct Made {
    start: u64,
    len: usize,
    tag: u64,
    array: Option<(Element, &'static [usize])>,
}

const fn bytes(start: u64, len: usize, tag: u64) -> Made {
    Made {
        start,
        len,
        tag,
        array: None,
    }
}

const fn array(start: u64, len: usize, element: Element, shape: &'static [usize]) -> Made {
    Made {
        start,
        len,
        tag: u64::MAX,
        array: Some((element, shape)),
    }
}

/// All of them. What begins in front of a payload's end and an arena is overwritten by it.
const FRAMES: [Made; 9] = [
    bytes(0, 100, 7),
    array(128, 60, Element::U8, &[4, 5, 3]),
    bytes(192, 0, 2),
    array(192, 120, Element::F32, &[10, 3]),
    bytes(320, 600, 4),
    // 64 bytes in front of the arena's end are passed over.
    bytes(1024, 200, 5),
    bytes(1280, 3, 6),
    array(1344, 128, Element::U16, &[2, 1, 8, 4]),
    array(1472, 504, Element::DateTimeNs, &[63]),
];
const PUBLISHED: u64 = FRAMES.len() as u64;
/// The oldest one kept: 5 is overwritten by a claim at 2048 that was given up.
const OLDEST: usize = 6;
const CLAIMED: u64 = OLDEST as u64 + 6;

impl Made {
    fn info(&self) -> FrameInfo {
        match self.array {
            Some((element, shape)) => FrameInfo::array(element, shape),
            None => FrameInfo::default(),
        }
        .tagged(self.tag)
    }

    fn content(&self) -> Vec<u8> {
        (0..self.len)
            .map(|i| (self.start as usize / 64 * 31 + i * 3) as u8)
            .collect()
    }
}

fn create(rings: &Rings) -> FrameProducer {
    let retain = FrameRetain::bytes(ARENA_LEN as u64).at_most(6);
    let options = CreateOptions::default().stamp(true);
    FrameProducer::create_with(&rings.reference("frames"), retain, &options).unwrap()
}

/// Makes the ring as the one of records is made: two producers, a claim given up, and readers of every kind that are
/// killed as it were, the lossless one with frames in its hand.
fn write(rings: &Rings) -> [Vec<u8>; 2] {
    let publish = |producer: &mut FrameProducer, frames: &[Made]| {
        for frame in frames {
            let published = producer.publish_with(&frame.content(), frame.info());
            published.unwrap();
        }
    };
    let mut first = create(rings);
    publish(&mut first, &FRAMES[..BOUNDARY]);
    first.close();
    let mut second = create(rings);
    let reference = rings.reference("frames");
    let attach = |options: ReaderOptions| FrameReader::attach(&reference, options).unwrap();
    let mut lossy = attach(ReaderOptions::lossy().from_oldest().named("plot"));
    publish(&mut second, &FRAMES[BOUNDARY..]);
    let mut claim = second.claim(100).unwrap();
    claim.write(0, &[0xEE; 100]);
    claim.abort();
    let mut lossless = attach(ReaderOptions::lossless().from_oldest().named("vision ä"));
    let bounded = ReaderOptions::bounded(Duration::from_millis(50)).named("bar");
    let _bounded = attach(bounded);
    drop(lossy.poll().unwrap().unwrap());
    let held = lossless.poll().unwrap().unwrap();
    assert_eq!((held.first_sequence(), held.len()), (OLDEST as u64, 1));
    [RING, READERS].map(|name| fs::read(rings.file(name)).unwrap())
}

#[test]
fn the_same_bytes_are_still_written() {
    let [mut ring, mut readers] = write(&Rings::new());
    settle(&mut ring, &mut readers, PUBLISHED - 8..PUBLISHED);
    compare([(RING, ring), (READERS, readers)]);
}

#[test]
fn every_field_is_where_the_format_says() {
    let ring = fs::read(golden(RING)).unwrap();
    assert_eq!(ring.len(), ARENA + 65_536);
    for (name, at, expected) in [
        ("file_len", 64, 262_144),
        ("capacity", 72, 6),
        ("cells", 80, 8),
        ("stamps_offset", 144, STAMPS as u64),
        ("data_len", 160, 65_536),
        ("arena_offset", 168, ARENA as u64),
        ("arena_len", 176, ARENA_LEN as u64),
        ("published", 4096, PUBLISHED),
        ("claimed", 4104, CLAIMED),
        ("epoch 2 first", 4096 + 384 + 64 + 8, BOUNDARY as u64),
    ] {
        assert_eq!(number(&ring, at), expected, "{name}");
    }
    for (name, at, expected) in [("stride", 88, 64), ("word", 92, 8), ("flags", 96, 4)] {
        assert_eq!(small(&ring, at), expected, "{name}");
    }
    let schema = &ring[8192..8192 + number(&ring, 136) as usize];
    let schema: serde_json::Value = serde_json::from_slice(schema).unwrap();
    let expected = serde_json::json!({
        "names": ["start", "len", "tag", "dtype", "ndim", "shape"],
        "formats": ["<u8", "<u8", "<u8", "|S7", "|u1", "(4,)<u8"],
        "offsets": [0, 8, 16, 24, 31, 32],
        "itemsize": 64,
    });
    assert_eq!(schema["dtype"], expected);

    // Descriptor i lies in cell i mod 8; that of 0 is overwritten, and nobody has cleaned up behind the others.
    for (sequence, frame) in FRAMES.iter().enumerate().skip(1) {
        let at = 65_536 + sequence % 8 * 64;
        assert_eq!(number(&ring, at), frame.start, "{sequence}");
        assert_eq!(number(&ring, at + 8), frame.len as u64, "{sequence}");
        assert_eq!(number(&ring, at + 16), frame.tag, "{sequence}");
    }
    let third = 65_536 + 3 * 64;
    assert_eq!(ring[third + 24..third + 32], *b"<f4\0\0\0\0\x02");
    let of_eighth = 65_536;
    assert_eq!(ring[of_eighth + 24..of_eighth + 32], *b"<M8[ns]\x01");
    let seventh = 65_536 + 7 * 64;
    assert_eq!(ring[seventh + 24..seventh + 32], *b"<u2\0\0\0\0\x04");
    let shape = [32, 40, 48, 56].map(|at| number(&ring, seventh + at));
    assert_eq!(shape, [2, 1, 8, 4]);
    assert_eq!(number(&ring, STAMPS + 7 * 8), stamp(7));

    // A payload lies at its start modulo the arena.
    for frame in &FRAMES[OLDEST..] {
        let at = ARENA + frame.start as usize % ARENA_LEN;
        assert_eq!(ring[at..at + frame.len], frame.content());
    }
    assert_eq!(ring[ARENA..ARENA + 100], [0xEE; 100], "given up");
    let behind = &ring[ARENA + ARENA_LEN..];
    assert!(behind.iter().all(|&byte| byte == 0));

    let readers = fs::read(golden(READERS)).unwrap();
    let lossless = 8192 + 256;
    assert_eq!(number(&readers, lossless), OLDEST as u64, "its gate");
}

#[test]
fn what_tools_show_of_it() {
    let rings = Rings::new();
    let info = inspect::info(&copy(&rings, "frames")).unwrap();
    let frames = info.frames.unwrap();
    assert_eq!(frames.arena_bytes, ARENA_LEN as u64);
    assert_eq!((frames.kept_frames, frames.kept_bytes), (3, 1976 - 1280));
    assert_eq!((info.capacity, info.file_bytes), (6, 262_144 + 24_576));
    assert_eq!((info.published, info.oldest), (PUBLISHED, OLDEST as u64));
    assert_eq!((info.producer, info.epoch), (ProducerState::Died, 2));
    assert_eq!((info.mirror, info.in_place), (false, false));
    let readers = info.readers.unwrap();
    // It joined at 0, and went as far as its own epoch.
    let expected = Ledger {
        joined: 0,
        cursor: 4,
        read: 0,
        missed: 4,
        skipped: 0,
    };
    assert_eq!(readers[0].ledger, Some(expected));
    assert_eq!(readers[1].name, "vision ä");
    assert_eq!(readers[1].lag, Some(PUBLISHED - OLDEST as u64));
}

fn check(sequence: usize, header: &FrameHeader, bytes: &[u8]) {
    let frame = &FRAMES[sequence];
    assert_eq!(header.sequence(), sequence as u64);
    assert_eq!((header.tag(), header.len()), (frame.tag, frame.len));
    assert_eq!(bytes, frame.content());
    let array = header.element().map(|element| (element, header.shape()));
    assert_eq!(array, frame.array);
    let opened_ns = 1_700_000_000_000_000_002 + 2;
    let since = stamp(sequence as u64) as i64 - 4_000_000_000;
    assert_eq!(header.published_ns(), Some(opened_ns + since));
}

#[test]
fn what_readers_and_the_next_producer_make_of_it() {
    let rings = Rings::new();
    let reference = copy(&rings, "frames");
    let before = fs::read(rings.file(RING)).unwrap();
    let options = || ReaderOptions::lossy().from_oldest();
    let mut reader = FrameReader::attach(&reference, options()).unwrap();
    let batch = reader.poll().unwrap().unwrap();
    assert_eq!((batch.missed(), batch.len()), (0, 3));
    for (sequence, frame) in (OLDEST..).zip(batch.frames()) {
        check(sequence, frame.header(), frame.bytes());
    }
    drop(batch);
    let (header, bytes) = reader.latest().unwrap().unwrap();
    check(FRAMES.len() - 1, &header, &bytes);

    let mut untyped = UntypedReader::attach(&reference, options()).unwrap();
    let column = untyped.schema().column("start").unwrap();
    let batch = untyped.poll().unwrap().unwrap();
    let starts: Vec<f64> = batch.records().numbers(&column).collect();
    assert_eq!(starts, [1280.0, 1344.0, 1472.0]);
    drop(batch);
    let after = fs::read(rings.file(RING)).unwrap();
    assert!(after == before, "readers change nothing");

    // The next one goes on where the newest ends, whatever was claimed behind it.
    let mut producer = create(&rings);
    assert_eq!(producer.publish(&[9; 64]).unwrap(), PUBLISHED);
    let batch = reader.poll().unwrap().unwrap();
    let first_sequence = Some(PUBLISHED);
    let epoch = 3;
    let restarted = Event::Restarted {
        epoch,
        first_sequence,
    };
    assert_eq!(batch.event(), Some(restarted));
    drop(batch);
    let batch = reader.poll().unwrap().unwrap();
    assert_eq!(batch.frames().next().unwrap().bytes(), [9; 64]);
    let ring = fs::read(rings.file(RING)).unwrap();
    assert_eq!(number(&ring, 65_536 + 64), 1984);
    assert_eq!(ring[ARENA + 960..ARENA + 1024], [9; 64]);
    assert_eq!(ring[BOOT - 280 + 8..][..8], CLAIMED.to_le_bytes());
}
