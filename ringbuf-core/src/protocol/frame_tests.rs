//! Frames that are overwritten while they are copied, at moments that no race has to find, and spans that no frame has.

use super::follower::{Fault, Follower, News, Run, Where};
use super::frames::{Arena, Basket, Choice, Span};
use super::gate::{Kind, Waits};
use super::state::Moment;
use super::wake::Barrier;
use super::{Begin, Writer};
use crate::layout::{DESCRIPTOR_BYTES, Geometry};
use crate::memory::Memory;
use crate::sequence;
use crate::sync::Arc;

struct Producer {
    writer: Writer,
    arena: Arena,
}

impl Producer {
    fn open(memory: &Arc<Memory>) -> Producer {
        let arena = Arena::of(memory, Writer::indices(memory)).unwrap();
        let barrier = Barrier::Producer;
        let writer = Writer::open(Arc::clone(memory), Waits::All, barrier, Moment::default());
        Producer { writer, arena }
    }

    /// Claims a frame and writes its bytes, its sequence each; past bounded readers.
    fn write(&mut self, len: usize) -> super::frames::Want {
        let writer = &mut self.writer;
        let want = self.arena.want(writer, len as u64).unwrap();
        writer.prepare_frame(&self.arena, want);
        while writer.try_claim(want.count).is_err() {
            let gates: Vec<_> = writer.in_the_way(want.count).collect();
            assert!(gates.into_iter().any(|gate| writer.demote(gate)));
        }
        writer.write_payload(want, 0, &vec![writer.published() as u8; len]);
        want
    }

    fn publish(&mut self, len: usize) {
        let want = self.write(len);
        let mut descriptor = [0; DESCRIPTOR_BYTES];
        descriptor[..16].copy_from_slice(want.span.words().as_flattened());
        self.writer.write(self.writer.published(), &descriptor);
        self.writer.commit(1);
        self.arena.commit(want);
    }
}

/// Takes frames, while something happens just before it copies one of them.
struct Copies<F: FnMut()> {
    taken: Vec<(u64, Vec<u8>)>,
    at: u64,
    happens: F,
}

impl<F: FnMut()> Basket for Copies<F> {
    fn clear(&mut self) {
        self.taken.clear();
    }

    fn choose(&mut self, sequence: u64, _: &[u8], span: Span) -> Choice {
        self.taken.push((sequence, vec![0; span.len as usize]));
        Choice::Take
    }

    fn room(&mut self, _: Span) -> &mut [u8] {
        let (sequence, bytes) = self.taken.last_mut().unwrap();
        if *sequence == self.at {
            (self.happens)();
        }
        bytes
    }

    fn keep_from(&mut self, sequence: u64) -> u64 {
        self.taken.retain(|taken| taken.0 >= sequence);
        self.taken.len() as u64
    }
}

fn ring() -> (Arc<Memory>, Producer) {
    // Room for four frames of a word.
    let memory = Arc::new(Memory::heap(Geometry::frames(8, 256)).unwrap());
    let producer = Producer::open(&memory);
    (memory, producer)
}

/// Whatever is written beside a copy, published or not: what may be torn is thrown away and counted, and the rest is kept.
#[test]
fn what_is_overwritten_while_it_is_copied_is_not_delivered() {
    for (overwritten, is_published) in [(1, true), (2, false), (3, true), (4, false), (4, true)] {
        let (memory, mut producer) = ring();
        let mut reader = Follower::join_lossy(memory, 0, Begin::Now).unwrap();
        (0..4).for_each(|_| producer.publish(8));
        let mut basket = Copies {
            taken: Vec::new(),
            at: 0,
            happens: || match is_published {
                true => producer.publish(64 * overwritten as usize),
                false => _ = producer.write(64 * overwritten as usize),
            },
        };
        let mut descriptors = [0; 8 * DESCRIPTOR_BYTES];
        let news = reader
            .poll_frames(&mut descriptors, &mut [], &mut basket)
            .unwrap();
        let ledger = *reader.ledger();
        assert!(ledger.adds_up());
        assert_eq!(ledger.missed, overwritten, "{overwritten} {is_published}");
        if overwritten == 4 {
            assert_eq!((news, ledger.read), (News::Overrun, 0));
            continue;
        }
        let first = overwritten;
        let run = Run {
            first,
            count: 4 - first,
            at: Where::Buffer(first as usize * DESCRIPTOR_BYTES),
        };
        assert_eq!((news, ledger.read), (News::Records(run), 4 - first));
        let whole: Vec<_> = (first..4).map(|n| (n, vec![n as u8; 8])).collect();
        assert_eq!(basket.taken, whole);
    }
}

/// Its gate stands until it is demoted, and says so once everything is copied.
#[test]
fn a_bounded_reader_that_is_passed_while_it_copies_is_told_so() {
    let (memory, mut producer) = ring();
    let mut reader = Follower::join_holding(memory, 0, Kind::Bounded, Begin::Now).unwrap();
    (0..4).for_each(|_| producer.publish(8));
    let mut basket = Copies {
        taken: Vec::new(),
        at: 2,
        happens: || producer.publish(64),
    };
    let mut descriptors = [0; 8 * DESCRIPTOR_BYTES];
    let news = reader.poll_frames_bounded(&mut descriptors, &mut [], &mut basket);
    assert_eq!(news, Ok(News::Demoted));
    assert_eq!((reader.ledger().cursor, reader.ledger().missed), (0, 0));
}

/// Nothing is in hand, and nothing is given back, when a frame lies where none can: the reader stays where it is.
#[test]
fn a_frame_that_lies_nowhere_is_not_passed_over() {
    for span in [
        // Unaligned, across the end of the arena, longer than that, and where nothing has ever been.
        Span { start: 8, len: 8 },
        Span {
            start: 192,
            len: 65,
        },
        Span { start: 0, len: 257 },
        Span {
            start: 0,
            len: u64::MAX,
        },
        Span {
            start: sequence::BYTES,
            len: 8,
        },
        Span {
            start: u64::MAX - 63,
            len: 64,
        },
    ] {
        assert_eq!(span.place(256), None);
        let (memory, mut producer) = ring();
        let mut reader =
            Follower::join_holding(Arc::clone(&memory), 0, Kind::Lossless, Begin::Now).unwrap();
        (0..2).for_each(|_| producer.publish(8));
        let mut descriptor = [0; DESCRIPTOR_BYTES];
        descriptor[..16].copy_from_slice(span.words().as_flattened());
        memory.store(1, &descriptor);
        let mut basket = Copies {
            taken: Vec::new(),
            at: u64::MAX,
            happens: || (),
        };
        for _ in 0..2 {
            let mut descriptors = [0; 8 * DESCRIPTOR_BYTES];
            let found = reader.poll_frames_in_place(&mut descriptors, &mut basket);
            let fault = Fault::FrameOutside {
                sequence: 1,
                start: span.start,
                len: span.len,
            };
            assert_eq!(found, Err(fault));
            assert!(!reader.is_holding() && reader.held_payload(span).is_none());
        }
        assert_eq!(reader.ledger().cursor, 0);
        assert!(Arena::of(&memory, Writer::indices(&memory)).is_none());
    }
    let longest = Span {
        start: sequence::BYTES - 256,
        len: 256,
    };
    assert_eq!(longest.place(256), Some(0));
}

/// It writes nothing over what its predecessor has published, whatever that had begun.
#[test]
fn the_next_producer_goes_on_behind_what_is_kept() {
    for (begun, kept) in [(8, 3), (64, 3), (128, 2), (256, 0)] {
        let (memory, mut producer) = ring();
        (0..4).for_each(|_| producer.publish(8));
        producer.write(begun);
        let mut next = Producer::open(&memory);
        let mut reader = Follower::join_lossy(memory, 0, Begin::Oldest).unwrap();
        let mut basket = Copies {
            taken: Vec::new(),
            at: u64::MAX,
            happens: || (),
        };
        let mut descriptors = [0; 8 * DESCRIPTOR_BYTES];
        assert_eq!(reader.ledger().cursor, 4 - kept);
        if kept > 0 {
            reader
                .poll_frames(&mut descriptors, &mut [], &mut basket)
                .unwrap();
            let whole: Vec<_> = (4 - kept..4).map(|n| (n, vec![n as u8; 8])).collect();
            assert_eq!(basket.taken, whole);
        }
        next.publish(8);
        let place = if kept > 0 { 256 } else { 0 };
        let want = next.arena.want(&next.writer, 8).unwrap();
        assert_eq!(want.span.start, place + 64, "{begun}");
    }
}
