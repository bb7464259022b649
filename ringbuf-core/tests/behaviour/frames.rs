//! Frames of any size: whole, in order, counted, as long as they are kept.

use std::collections::VecDeque;
use std::time::Duration;

use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use ringbuf_core::{
    CreateOptions, Element, Event, FrameInfo, FrameProducer, FrameReader, FrameRetain,
    PublishError, ReaderOptions, Start, TryPublishError, ViewError, WhenFull,
};

use super::{Home, count, some};
use crate::home;

impl Home {
    pub(super) fn frames(&self, retain: FrameRetain) -> FrameProducer {
        self.frames_with(retain, &CreateOptions::default())
    }

    pub(super) fn frames_with(
        &self,
        retain: FrameRetain,
        options: &CreateOptions,
    ) -> FrameProducer {
        match self.next_reference() {
            None => FrameProducer::heap_with(retain, options).unwrap(),
            Some(reference) => FrameProducer::create_with(&reference, retain, options).unwrap(),
        }
    }
}

/// The bytes of a frame: no two frames agree in any word.
fn content(sequence: u64, len: usize) -> Vec<u8> {
    let words = (0..len.div_ceil(8) as u64).map(|i| {
        (sequence << 32 | i)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .to_le_bytes()
    });
    let mut bytes: Vec<u8> = words.flatten().collect();
    bytes.truncate(len);
    bytes
}

/// Sequences and lengths of what there is to read now, each byte checked, and the sum of what was missed.
fn drain(reader: &mut FrameReader) -> (Vec<(u64, usize)>, u64) {
    let (mut frames, mut missed) = (Vec::new(), 0);
    while let Some(batch) = reader.poll().unwrap() {
        missed += batch.missed();
        for frame in batch.frames() {
            let (sequence, len) = (frame.sequence(), frame.len());
            assert!(
                frame.bytes() == content(sequence, len),
                "frame {sequence} of {len}"
            );
            assert_eq!(frame.tag(), sequence % 3);
            assert_eq!(frame.header().len(), len);
            frames.push((sequence, len));
        }
    }
    let ledger = reader.ledger();
    assert!(ledger.adds_up(), "{ledger:?}");
    (frames, missed)
}

fn publish(producer: &mut FrameProducer, len: usize) -> u64 {
    let sequence = producer.published();
    let info = FrameInfo::tag(sequence % 3);
    assert_eq!(
        producer
            .publish_with(&content(sequence, len), info)
            .unwrap(),
        sequence
    );
    sequence
}

/// What a ring of frames keeps, by the rules alone.
struct Kept {
    frames: u64,
    arena: u64,
    position: u64,
    spans: VecDeque<(u64, u64, usize)>,
    published: u64,
}

impl Kept {
    fn new(retain: FrameRetain) -> Kept {
        Kept {
            frames: retain.count(),
            arena: retain.arena(),
            position: 0,
            spans: VecDeque::new(),
            published: 0,
        }
    }

    fn publish(&mut self, len: usize) {
        let within = self.position % self.arena;
        if within + len as u64 > self.arena {
            self.position += self.arena - within;
        }
        let start = self.position;
        self.position = (start + len as u64).next_multiple_of(64);
        let boundary = self.position.saturating_sub(self.arena);
        self.spans.retain(|&(_, start, _)| start >= boundary);
        self.spans.push_back((self.published, start, len));
        if self.spans.len() as u64 > self.frames {
            self.spans.pop_front();
        }
        self.published += 1;
    }

    fn lengths(&self) -> Vec<(u64, usize)> {
        let lengths = self.spans.iter();
        lengths.map(|&(sequence, _, len)| (sequence, len)).collect()
    }
}

/// Sizes at random, from nothing to the whole arena; after each the ring keeps exactly what it has to.
#[test]
fn keeps_what_it_must() {
    let home = &home();
    let retains = [
        FrameRetain::bytes(1024).at_most(5),
        FrameRetain::bytes(4096),
        FrameRetain::frames(4, 200),
        FrameRetain::bytes(64).at_most(1),
        FrameRetain::bytes(64).at_most(9),
        FrameRetain::frames(1, 1000),
    ];
    for (seed, retain) in some(&retains, 1).into_iter().enumerate() {
        let mut random = Pcg64Mcg::new(seed as u128);
        let mut producer = home.frames(retain);
        assert_eq!(
            (producer.capacity(), producer.arena()),
            (retain.count(), retain.arena())
        );
        let mut kept = Kept::new(retain);
        let mut follower = producer.reader(ReaderOptions::lossless()).unwrap();
        let mut all = Vec::new();
        for n in 0..count(300, 4) {
            let most = match n % 5 {
                0 => retain.arena(),
                1 => 8,
                _ => retain.arena() / 5,
            };
            let len = random.random_range(0..=most) as usize;
            publish(&mut producer, len);
            kept.publish(len);
            let oldest = ReaderOptions::lossy().start(Start::Oldest);
            let mut late = producer.reader(oldest).unwrap();
            assert_eq!(
                drain(&mut late),
                (kept.lengths(), 0),
                "{retain:?} after {n}"
            );
            let (first, start, _) = kept.spans[0];
            let (_, newest, len) = kept.spans[kept.spans.len() - 1];
            assert_eq!(producer.kept_bytes(), newest + len as u64 - start);
            assert_eq!(late.ledger().joined, first);
            // Who is there from the beginning has all of it.
            all.extend(drain(&mut follower).0);
        }
        assert_eq!(all.len() as u64, kept.published);
        assert!(all.iter().enumerate().all(|(i, frame)| i as u64 == frame.0));
    }
}

/// As many as were asked for, or one less where sizes differ and some of the arena is passed over.
#[test]
fn keeps_as_many_as_were_asked_for() {
    let home = &home();
    let mut is_ever_less = false;
    for (frames, bytes_each) in some(&[(2, 64), (4, 200), (2, 1000), (20, 100)], 1) {
        for is_equal in [true, false] {
            let mut random = Pcg64Mcg::new(7);
            let mut producer = home.frames(FrameRetain::frames(frames, bytes_each));
            for n in 1..=count(200, 3) {
                let len = match is_equal {
                    true => bytes_each,
                    false => random.random_range(0..=bytes_each),
                };
                publish(&mut producer, len as usize);
                let oldest = ReaderOptions::lossy().start(Start::Oldest);
                let mut late = producer.reader(oldest).unwrap();
                let kept = drain(&mut late).0.len() as u64;
                let missing = n.min(frames) - kept;
                assert!(
                    missing <= u64::from(!is_equal),
                    "{kept} of {frames} after {n}"
                );
                is_ever_less |= missing > 0;
            }
        }
    }
    assert!(is_ever_less || cfg!(miri));
}

/// It is told how many it missed, and goes on with what is kept.
#[test]
fn a_lapped_reader_is_told_how_many() {
    let home = &home();
    let mut producer = home.frames(FrameRetain::bytes(1024).at_most(8));
    let mut reader = producer.reader(ReaderOptions::lossy()).unwrap();
    for _ in 0..3 {
        publish(&mut producer, 100);
    }
    // Its bytes are gone though its descriptor would be kept.
    publish(&mut producer, 900);
    let (frames, missed) = drain(&mut reader);
    assert_eq!((frames, missed), (vec![(3, 900)], 3));
    for _ in 0..20 {
        publish(&mut producer, 1);
    }
    let (frames, missed) = drain(&mut reader);
    assert_eq!(missed, 12);
    assert_eq!(frames.first(), Some(&(16, 1)));
    assert_eq!(frames.len(), 8);
}

#[test]
fn a_lossless_reader_holds_bytes_and_descriptors() {
    let home = &home();
    for retain in [
        FrameRetain::bytes(256).at_most(100),
        FrameRetain::bytes(count(4096, 256)).at_most(2),
    ] {
        let mut producer = home.frames(retain);
        let options = ReaderOptions::lossless().named("slow");
        let mut reader = producer.reader(options).unwrap();
        publish(&mut producer, 128);
        publish(&mut producer, 128);
        let try_publish = |producer: &mut FrameProducer| {
            let bytes = content(producer.published(), 10);
            let info = FrameInfo::tag(producer.published() % 3);
            producer.try_publish(&bytes, info)
        };
        let full = |found: Result<u64, TryPublishError>, behind| {
            let error = found.unwrap_err();
            let TryPublishError::Full { reader, lag } = error else {
                panic!("{error}")
            };
            assert_eq!((reader.as_str(), lag), ("slow", behind));
        };
        full(try_publish(&mut producer), 2);
        {
            let batch = reader.poll().unwrap().unwrap();
            // A frame is in hand, and there is room for no other.
            full(try_publish(&mut producer), 2);
            assert_eq!(batch.frames().next().unwrap().bytes(), content(0, 128));
        }
        assert_eq!(try_publish(&mut producer).unwrap(), 2);
        let (frames, missed) = drain(&mut reader);
        assert_eq!((frames.last(), missed), (Some(&(2, 10)), 0));
        // Everything was read: the longest frame of all has room.
        let longest = producer.arena() as usize;
        assert_eq!(publish(&mut producer, longest), 3);
        full(try_publish(&mut producer), 1);
    }
}

/// A small frame behind one that found no room has it.
#[test]
fn a_frame_that_found_no_room_takes_none() {
    let home = &home();
    let mut producer = home.frames(FrameRetain::bytes(1024));
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    publish(&mut producer, 512);
    for _ in 0..3 {
        let found = producer.try_publish(&[0; 600], FrameInfo::default());
        assert!(matches!(found, Err(TryPublishError::Full { .. })));
    }
    publish(&mut producer, 256);
    // Claimed and given up.
    producer.claim(200).unwrap().abort();
    let _ = producer.claim(256).unwrap();
    publish(&mut producer, 256);
    let (frames, missed) = drain(&mut reader);
    assert_eq!(frames, [(0, 512), (1, 256), (2, 256)]);
    assert_eq!(missed, 0);
}

#[test]
fn a_bounded_reader_is_demoted() {
    let home = &home();
    let mut producer = home.frames(FrameRetain::bytes(512));
    let options = ReaderOptions::bounded(Duration::from_millis(1));
    let mut reader = producer.reader(options).unwrap();
    for _ in 0..5 {
        publish(&mut producer, 200);
    }
    let batch = reader.poll().unwrap().unwrap();
    assert_eq!(
        (batch.event(), batch.missed(), batch.len()),
        (Some(Event::Demoted), 0, 0)
    );
    drop(batch);
    assert!(reader.is_demoted());
    let (frames, missed) = drain(&mut reader);
    assert_eq!((frames, missed), (vec![(3, 200), (4, 200)], 3));
    reader.rejoin().unwrap();
    publish(&mut producer, 200);
    assert_eq!(drain(&mut reader), (vec![(5, 200)], 0));
}

/// Passed over without a look at their bytes, and counted so, however the reader reads.
#[test]
fn who_wants_some_of_them_skips_the_others() {
    let home = &home();
    for options in [
        ReaderOptions::lossless(),
        ReaderOptions::bounded(Duration::from_secs(9)),
        ReaderOptions::lossy(),
    ] {
        let mut producer = home.frames(FrameRetain::bytes(1 << 16).at_most(600));
        let mut reader = producer.reader(options).unwrap();
        reader.only(|frame| frame.tag() == 1);
        let tagged = count(167, 2) as usize;
        for _ in 0..3 * tagged - 1 {
            publish(&mut producer, 64);
        }
        let (frames, missed) = drain(&mut reader);
        assert!(frames.iter().all(|(sequence, _)| sequence % 3 == 1));
        assert_eq!((frames.len(), missed), (tagged, 0));
        let ledger = reader.ledger();
        let tagged = tagged as u64;
        assert_eq!((ledger.read, ledger.skipped), (tagged, 2 * tagged - 1));
        reader.only(|_| false);
        publish(&mut producer, 64);
        drain(&mut reader);
        assert_eq!((reader.ledger().skipped, reader.lag()), (2 * tagged, 0));
    }
}

#[test]
fn claims_are_written_in_parts_and_cut_short() {
    let home = &home();
    let mut producer = home.frames(FrameRetain::bytes(4096));
    let mut reader = producer.reader(ReaderOptions::lossy()).unwrap();
    let len = count(1000, 100) as usize;
    let bytes = content(0, len);
    let mut claim = producer.claim(3000).unwrap();
    assert_eq!((claim.len(), claim.sequence()), (3000, 0));
    for (i, part) in bytes.chunks(7).enumerate() {
        claim.write(i * 7, part);
    }
    claim.truncate(len);
    assert_eq!(claim.commit(), 0);
    let next = count(2900, 290) as usize;
    publish(&mut producer, next);
    assert_eq!(drain(&mut reader), (vec![(0, len), (1, next)], 0));
    let refused = producer.claim(10).unwrap().bytes_mut().map(|_| ());
    assert!(matches!(refused, Err(PublishError::NotInPlace { .. })));
    let error = producer.publish(&[0; 4097]).unwrap_err();
    assert!(
        matches!(
            error,
            PublishError::TooLong {
                found: 4097,
                arena: 4096
            }
        ),
        "{error}"
    );
}

#[test]
fn frames_are_written_in_place() {
    let home = &home();
    let options = CreateOptions::default().in_place(true);
    let mut producer = home.frames_with(FrameRetain::frames(3, 256), &options);
    assert!(producer.reader(ReaderOptions::lossy()).is_err());
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    for round in 0..count(10, 3) {
        let mut claim = producer.claim(256).unwrap();
        for (i, value) in claim.values_mut::<u16>().unwrap().iter_mut().enumerate() {
            *value = (round * 1000 + i as u64) as u16;
        }
        let info = FrameInfo::array(Element::U16, &[16, 8]).tagged(round);
        assert_eq!(claim.commit_with(info).unwrap(), round);
        let latest = reader.latest().unwrap();
        assert_eq!(latest.unwrap().0.sequence(), round);
        let batch = reader.poll().unwrap().unwrap();
        let frame = batch.frames().next().unwrap();
        assert_eq!((frame.shape(), frame.tag()), (&[16, 8][..], round));
        let values = frame.values::<u16>().unwrap();
        assert_eq!(values.len(), 128);
        assert!((0..128).all(|i| values[i] == (round * 1000 + i as u64) as u16));
    }
    assert!(reader.latest().unwrap().is_none(), "all of it was read");
}

#[test]
fn what_is_said_of_a_frame_fits_it() {
    let home = &home();
    let mut producer = home.frames(FrameRetain::bytes(4096));
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    for info in [
        FrameInfo::array(Element::F32, &[5]),
        FrameInfo::array(Element::F32, &[]),
        FrameInfo::array(Element::U8, &[1, 1, 1, 2, 12]),
        FrameInfo::array(Element::U8, &[usize::MAX, 2]),
        FrameInfo::array(Element::Text(24), &[1]),
    ] {
        let error = producer.publish_with(&[0; 24], info).unwrap_err();
        assert!(
            matches!(error, PublishError::Shape { len: 24, .. }),
            "{error}"
        );
    }
    assert_eq!(producer.published(), 0);
    let cloud = FrameInfo::array(Element::F32, &[2, 3]);
    producer.publish_with(&[0; 24], cloud).unwrap();
    producer.publish(&[0; 25]).unwrap();
    let batch = reader.poll().unwrap().unwrap();
    let frames: Vec<_> = batch.frames().collect();
    assert_eq!(frames[0].values::<f32>().unwrap(), [0.0; 6]);
    let other = frames[0].values::<u32>().unwrap_err();
    assert!(matches!(other, ViewError::Element { .. }), "{other}");
    assert_eq!(frames[1].element(), None);
    assert_eq!(frames[1].values::<u8>().unwrap().len(), 25);
    let partial = frames[1].values::<u16>().unwrap_err();
    assert_eq!(partial, ViewError::Length { found: 25, size: 2 });
}

#[test]
fn a_ring_that_drops_counts_frames() {
    let home = &home();
    let options = CreateOptions::default().when_full(WhenFull::Drop);
    let mut producer = home.frames_with(FrameRetain::bytes(256), &options);
    let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
    publish(&mut producer, 256);
    assert_eq!(producer.publish(b"late").unwrap(), 1);
    let stopped = producer.publish_until(b"late", FrameInfo::default(), &|| false);
    assert_eq!(stopped.unwrap(), None);
    assert!(producer.claim(1).is_err());
    assert_eq!((producer.refused(), producer.published()), (3, 1));
    assert_eq!(drain(&mut reader).0, [(0, 256)]);
}

/// Times of frames, however they are read and filtered.
#[test]
fn frames_have_publication_times() {
    let home = &home();
    let options = CreateOptions::default().stamp(true);
    for reading in [ReaderOptions::lossless(), ReaderOptions::lossy()] {
        let mut producer = home.frames_with(FrameRetain::bytes(1024).at_most(16), &options);
        let mut reader = producer.reader(reading).unwrap();
        reader.only(|frame| frame.sequence() % 2 == 1);
        let mut last = 0;
        for _ in 0..count(40, 3) {
            publish(&mut producer, 10);
            publish(&mut producer, 10);
            let latest = reader.latest().unwrap().unwrap().0;
            let batch = reader.poll().unwrap().unwrap();
            assert_eq!(batch.len(), 1);
            let frame = batch.frames().next().unwrap();
            assert_eq!(latest.published_ns(), frame.published_ns());
            let time = frame.published_ns().unwrap();
            assert!(time >= last, "{time} after {last}");
            last = time;
        }
        assert!(last > 1_700_000_000_000_000_000);
    }
}

/// One after the other, each into the caller's own buffer.
#[test]
fn the_callers_buffer_gets_one_frame_at_a_time() {
    let home = &home();
    for options in [ReaderOptions::lossless(), ReaderOptions::lossy()] {
        let mut producer = home.frames(FrameRetain::bytes(4096));
        let mut reader = producer.reader(options).unwrap();
        for len in [0, 1, 100, 7, count(1000, 20) as usize] {
            publish(&mut producer, len);
        }
        producer.close();
        let mut buffer = vec![9; 50];
        let mut sequences = Vec::new();
        while let Some(copy) = reader.next_into(&mut buffer).unwrap() {
            let header = copy.header.unwrap();
            assert_eq!(buffer, content(header.sequence(), header.len()));
            sequences.push(header.sequence());
        }
        assert_eq!(sequences, [0, 1, 2, 3, 4]);
        assert_eq!(reader.ledger().read, 5);
    }
}

/// One batch in hand does not stop everybody: of many small frames a quarter, and of large ones as many as a quarter of
/// the bytes, or one.
#[test]
fn a_lossless_reader_holds_a_quarter_at_most() {
    let home = &home();
    for (retain, len, at_most) in [
        (FrameRetain::bytes(1 << 16).at_most(16), 10, 4),
        (FrameRetain::bytes(1 << 12).at_most(100), 500, 2),
        (FrameRetain::frames(2, 100), 100, 1),
    ] {
        let mut producer = home.frames(retain);
        let mut reader = producer.reader(ReaderOptions::lossless()).unwrap();
        for _ in 0..retain.count().min(retain.arena() / 512).max(2) {
            publish(&mut producer, len);
        }
        let batch = reader.poll().unwrap().unwrap();
        assert_eq!(batch.len(), at_most, "{retain:?}");
    }
}
