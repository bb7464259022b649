//! Frames between processes: deaths, restarts, ends, other rings of the name, disks, and what can be seen from outside.

use std::time::Duration;

use ringbuf_core::inspect::{self, FramesInfo, ProducerState};
use ringbuf_core::{
    AttachError, CreateError, CreateOptions, Event, FrameInfo, FrameProducer, FrameReader,
    FrameRetain, ReadError, ReaderOptions,
};

use crate::disk::reboot;
use crate::support::process::{Role, hear, say, start};
use crate::support::{Rings, limit};

/// A frame that no producer publishes.
const NEVER: u64 = 1 << 40;

fn retain() -> FrameRetain {
    FrameRetain::bytes(4096).at_most(20)
}

/// The bytes of a frame: no two frames agree in any word, nor are two that follow one another as long.
fn content(sequence: u64) -> Vec<u8> {
    let len = sequence.wrapping_mul(137) % 700;
    let words = (0..len.div_ceil(8)).map(|i| {
        (sequence << 20 | i)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .to_le_bytes()
    });
    let mut bytes: Vec<u8> = words.flatten().collect();
    bytes.truncate(len as usize);
    bytes
}

fn options(kind: &str) -> CreateOptions {
    let options = CreateOptions::default();
    match kind {
        "in place" => options.in_place(true),
        "stamped" => options.stamp(true),
        "replaces" => options.replace(true),
        _ => options,
    }
}

fn publish(producer: &mut FrameProducer, count: u64) {
    for _ in 0..count {
        let next = producer.published();
        let info = FrameInfo::tag(next);
        assert_eq!(producer.publish_with(&content(next), info).unwrap(), next);
    }
}

/// Publishes as it is told, and dies in a claim or closes.
pub fn producer_of_frames(arguments: &[String]) {
    let [ring, kind] = arguments else {
        panic!("a ring and a kind");
    };
    let mut producer = FrameProducer::create_with(ring, retain(), &options(kind)).unwrap();
    say(producer.published());
    loop {
        match hear().as_str() {
            "close" => break,
            "claim" => {
                let len = producer.arena() as usize;
                let mut claim = producer.claim(len).unwrap();
                let never = NEVER.to_le_bytes().repeat(len / 16);
                match kind.as_str() {
                    "in place" => claim.bytes_mut().unwrap()[..len / 2].copy_from_slice(&never),
                    _ => claim.write(0, &never),
                }
                say("half");
                hear();
            }
            count => publish(&mut producer, count.parse().unwrap()),
        }
        say(producer.published());
    }
    producer.close();
    say("closed");
}

fn producer(ring: &str, kind: &str, first: u64) -> Role {
    let role = start("producer of frames", &[ring, kind]);
    role.says(&first.to_string());
    role
}

fn tell(producer: &mut Role, count: u64, published: u64) {
    producer.tell(&count.to_string());
    producer.says(&published.to_string());
}

/// A reader, and what it must get.
struct Checked {
    reader: FrameReader,
    next: u64,
    missed: u64,
    /// What it was told, and where.
    told: Vec<(Event, u64)>,
}

impl Checked {
    fn attach(ring: &str, options: ReaderOptions) -> Checked {
        let reader = FrameReader::attach(ring, options).unwrap();
        Checked {
            next: reader.cursor(),
            missed: 0,
            told: Vec::new(),
            reader,
        }
    }

    /// One wait; false at the end.
    fn step(&mut self) -> Result<bool, ReadError> {
        let Some(batch) = self.reader.next()? else {
            return Ok(false);
        };
        self.missed += batch.missed();
        self.next += batch.missed();
        if let Some(event) = batch.event() {
            self.told.push((event, batch.first_sequence()));
        }
        for frame in batch.frames() {
            assert_eq!((frame.sequence(), frame.tag()), (self.next, self.next));
            assert!(frame.bytes() == content(self.next), "frame {}", self.next);
            self.next += 1;
        }
        drop(batch);
        let ledger = self.reader.ledger();
        assert!(ledger.adds_up() && ledger.cursor == self.next, "{ledger:?}");
        Ok(true)
    }

    fn read_to(&mut self, end: u64) {
        while self.next < end {
            assert!(self.step().unwrap());
        }
    }
}

fn of_every_delivery(ring: &str, kind: &str) -> Vec<Checked> {
    let bounded = ReaderOptions::bounded(Duration::from_secs(3600));
    let options = match kind {
        "in place" => vec![ReaderOptions::lossless()],
        _ => vec![ReaderOptions::lossless(), bounded, ReaderOptions::lossy()],
    };
    let options = options.into_iter();
    options
        .map(|options| Checked::attach(ring, options))
        .collect()
}

#[test]
fn what_a_killed_producer_was_writing_is_never_read_and_the_next_goes_on_behind_it() {
    let _limit = limit();
    for kind in ["plain", "in place", "stamped"] {
        let rings = Rings::new();
        let ring = rings.reference("frames");
        let mut victim = producer(&ring, kind, 0);
        let mut readers = of_every_delivery(&ring, kind);
        tell(&mut victim, 5, 5);
        readers.iter_mut().for_each(|reader| reader.read_to(5));
        // All of the arena, and so all that is kept.
        victim.tell("claim");
        victim.says("half");
        let frames = || inspect::info(&ring).unwrap().frames.unwrap();
        let FramesInfo {
            kept_frames,
            kept_bytes,
            arena_bytes,
            ..
        } = frames();
        assert_eq!((kept_frames, kept_bytes, arena_bytes), (0, 0, 4096));
        let oldest = || match kind {
            "in place" => ReaderOptions::lossless().from_oldest(),
            _ => ReaderOptions::lossy().from_oldest(),
        };
        let mut late = Checked::attach(&ring, oldest());
        assert_eq!(late.next, 5);
        victim.kill();
        let info = inspect::info(&ring).unwrap();
        assert_eq!((info.producer, info.published), (ProducerState::Died, 5));
        for reader in readers.iter_mut().chain([&mut late]) {
            assert!(reader.step().unwrap());
            assert_eq!(reader.told, [(Event::ProducerDied, 5)]);
            assert_eq!(reader.reader.latest().unwrap(), None);
        }
        let mut heir = producer(&ring, kind, 5);
        tell(&mut heir, 3, 8);
        assert_eq!(frames().kept_frames, 3);
        readers.extend([late, Checked::attach(&ring, oldest())]);
        assert_eq!(
            readers[readers.len() - 1].next,
            5,
            "nothing but what is whole"
        );
        heir.tell("close");
        heir.finish();
        let restarted = Event::Restarted {
            epoch: 2,
            first_sequence: Some(5),
        };
        for reader in &mut readers {
            while reader.step().unwrap() {}
            assert_eq!((reader.next, reader.missed), (8, 0));
            assert!(reader.told.iter().all(|told| told.1 == 5));
            let restarts = reader.told.iter().filter(|told| told.0 == restarted);
            assert!(restarts.count() <= 1);
        }
        assert!(readers[0].told.contains(&(restarted, 5)));
    }
}

/// Whoever is slow reads what is left, and ends exactly there.
#[test]
fn a_ring_that_is_closed_is_read_to_its_end() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("frames");
    let mut role = producer(&ring, "plain", 0);
    tell(&mut role, 1, 1);
    let mut readers = of_every_delivery(&ring, "plain");
    let from = ReaderOptions::lossless().from_oldest();
    readers.push(Checked::attach(&ring, from));
    assert_eq!(readers[3].next, 0);
    tell(&mut role, 4, 5);
    role.tell("close");
    role.finish();
    for reader in &mut readers {
        while reader.step().unwrap() {}
        assert_eq!((reader.next, reader.missed), (5, 0));
        assert!(reader.told.is_empty());
        assert!(!reader.step().unwrap(), "it stays closed");
    }
}

/// And is another ring, with another arena.
#[test]
fn a_ring_that_is_replaced_ends_for_its_readers() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("frames");
    let mut role = producer(&ring, "stamped", 0);
    let mut readers = of_every_delivery(&ring, "stamped");
    tell(&mut role, 6, 6);
    role.kill();
    let refused = FrameProducer::create(&ring, retain()).unwrap_err();
    assert!(
        matches!(refused, CreateError::Different { .. }),
        "{refused}"
    );
    let mut other = producer(&ring, "replaces", 0);
    tell(&mut other, 2, 2);
    for reader in &mut readers {
        let end = loop {
            match reader.step() {
                Ok(is_left) => assert!(is_left),
                Err(end) => break end,
            }
        };
        assert!(matches!(end, ReadError::Replaced), "{end}");
        assert_eq!((reader.next, reader.missed), (6, 0));
    }
    let mut new = Checked::attach(&ring, ReaderOptions::lossless().from_oldest());
    new.read_to(2);
}

#[test]
fn frames_on_a_disk_outlive_their_processes_and_are_not_believed_after_a_crash() {
    let _limit = limit();
    let rings = Rings::on_disk();
    let ring = rings.reference("kept");
    let mut role = producer(&ring, "plain", 0);
    tell(&mut role, 7, 7);
    role.kill();
    let oldest = || ReaderOptions::lossy().from_oldest();
    // While the system runs all is there.
    Checked::attach(&ring, oldest()).read_to(7);
    let mut role = producer(&ring, "plain", 7);
    tell(&mut role, 1, 8);
    role.tell("close");
    role.finish();
    reboot(&rings, "kept");
    let mut reader = Checked::attach(&ring, oldest());
    assert!(!reader.reader.is_unverified());
    reader.read_to(8);
    let mut role = producer(&ring, "plain", 8);
    tell(&mut role, 1, 9);
    role.kill();
    reboot(&rings, "kept");
    let info = inspect::info(&ring).unwrap();
    assert!(info.is_unverified && info.published == 9);
    for options in [oldest(), ReaderOptions::lossless()] {
        let error = FrameReader::attach(&ring, options).unwrap_err();
        assert!(matches!(error, AttachError::Unverified { .. }), "{error}");
    }
    let error = FrameProducer::create(&ring, retain()).unwrap_err();
    assert!(matches!(error, CreateError::Unverified { .. }), "{error}");
    let mut reader = Checked::attach(&ring, oldest().unverified());
    assert!(reader.reader.is_unverified());
    reader.read_to(9);
    let mut role = producer(&ring, "replaces", 0);
    tell(&mut role, 1, 1);
    assert!(!inspect::info(&ring).unwrap().is_unverified);
}

/// Longer than any page, cache or batch.
#[test]
fn a_frame_may_be_as_long_as_memory_allows() {
    const LEN: usize = 80_000_000;
    let _limit = limit();
    let rings = Rings::on_disk();
    let ring = rings.reference("film");
    let mut producer = FrameProducer::create(&ring, FrameRetain::frames(2, LEN as u64)).unwrap();
    let mut lossless = FrameReader::attach(&ring, ReaderOptions::lossless()).unwrap();
    let mut lossy = FrameReader::attach(&ring, ReaderOptions::lossy()).unwrap();
    let mut bytes = vec![0; LEN];
    let mut copied = Vec::new();
    for sequence in 0..3u64 {
        bytes[..8].copy_from_slice(&sequence.to_le_bytes());
        bytes[LEN - 8..].copy_from_slice(&(!sequence).to_le_bytes());
        producer.publish(&bytes).unwrap();
        let batch = lossless.poll().unwrap().unwrap();
        assert_eq!(batch.len(), 1);
        assert!(batch.frames().next().unwrap().bytes() == bytes);
        drop(batch);
        if sequence != 1 {
            let copy = lossy.next_into(&mut copied).unwrap().unwrap();
            assert_eq!((copy.missed, copied.len()), (0, LEN));
        }
    }
    // The first of the two that are kept.
    assert_eq!(copied[..8], 1u64.to_le_bytes());
    assert_eq!(copied[LEN - 8..], (!1u64).to_le_bytes());
    assert_eq!(producer.kept_bytes(), 2 * LEN as u64);
}

/// As its producer sees it, and as tools do.
#[test]
fn what_is_kept_is_seen_from_outside() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("frames");
    let mut producer = FrameProducer::create_with(&ring, retain(), &options("stamped")).unwrap();
    let mut has_lost = false;
    for n in 0..60 {
        publish(&mut producer, 1);
        let info = inspect::info(&ring).unwrap();
        let frames = info.frames.unwrap();
        let mut late = FrameReader::attach(&ring, ReaderOptions::lossy().from_oldest()).unwrap();
        let kept = n + 1 - late.cursor();
        assert_eq!((frames.kept_frames, info.oldest), (kept, late.cursor()));
        assert_eq!(frames.kept_bytes, producer.kept_bytes());
        let bytes: u64 = (late.cursor()..=n).map(|n| content(n).len() as u64).sum();
        assert!((bytes..=4096).contains(&frames.kept_bytes), "{frames:?}");
        has_lost |= late.cursor() > 0;
        let mut times = Vec::new();
        while let Some(batch) = late.poll().unwrap() {
            times.extend(batch.frames().map(|frame| frame.published_ns().unwrap()));
        }
        let span = times[times.len() - 1] - times[0];
        let expected = has_lost.then(|| Duration::from_nanos(span as u64));
        assert_eq!(producer.kept(), expected);
    }
    assert!(has_lost);
}
