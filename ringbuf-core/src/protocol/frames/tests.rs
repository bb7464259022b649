//! Where payloads lie, whatever was published before and whatever a descriptor says.

use super::*;
use crate::layout::Geometry;
use crate::protocol::gate::Waits;
use crate::protocol::state::Moment;
use crate::protocol::wake::Barrier;
use crate::sync::Arc;

const STEPS: u64 = if cfg!(miri) { 20 } else { 3000 };

/// Numbers that look random and are the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        ((self.0 ^ (self.0 >> 33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD) >> 8) % bound
    }
}

/// Units of the arena that a payload touches.
fn units(span: Span, arena: u64) -> std::ops::Range<u64> {
    let at = span.place(arena).unwrap() as u64;
    at / FRAME_ALIGN..(at + span.len).div_ceil(FRAME_ALIGN)
}

/// No payload touches what is kept, none claims more than it has to, and who continues finds the same place.
#[test]
fn a_payload_overwrites_what_it_claims_and_nothing_else() {
    let mut numbers = Numbers(1);
    for (capacity, arena_len) in [(1, 64), (3, 256), (8, 1024), (100, 640), (2, 4096)] {
        let memory = Arc::new(Memory::heap(Geometry::frames(capacity, arena_len)).unwrap());
        let now = Moment::default();
        let mut writer = Writer::open(Arc::clone(&memory), Waits::All, Barrier::Producer, now);
        let mut arena = Arena::of(&memory, (0, 0)).unwrap();
        let mut spans: Vec<Span> = Vec::new();
        assert_eq!(arena.want(&writer, arena_len + 1), None);
        for _ in 0..STEPS {
            let most = [1, 64, arena_len / 3, arena_len][numbers.below(4) as usize];
            let len = numbers.below(most + 1);
            let oldest = writer.oldest();
            let want = arena.want(&writer, len).unwrap();
            assert!((1..=capacity).contains(&want.count), "{want:?}");
            let ahead = arena.ahead(&writer, want);
            assert!((want.count..=capacity).contains(&ahead), "{ahead} {want:?}");
            let taken = units(want.span, arena_len);
            assert!(
                spans
                    .last()
                    .is_none_or(|last| want.span.start >= last.start + last.len)
            );

            writer.prepare_frame(&arena, want);
            let first = writer.try_claim(want.count).unwrap();
            for kept in &spans[writer.oldest() as usize..] {
                let kept = units(*kept, arena_len);
                let is_apart = kept.end <= taken.start || taken.end <= kept.start;
                assert!(is_apart, "{kept:?} and {taken:?} of {arena_len}");
            }
            // The newest that is given up was to be overwritten, or passed over, or there are too many.
            if let Some(last) = writer.oldest().checked_sub(1).filter(|&it| it >= oldest) {
                let is_behind = spans[last as usize].start + arena_len < want.span.end();
                assert!(
                    is_behind || first + 1 - last > capacity,
                    "{last} of {want:?}"
                );
            }
            if numbers.below(8) == 0 {
                continue;
            }
            let span = Span {
                len: numbers.below(len + 1),
                ..want.span
            };
            let mut descriptor = [0; DESCRIPTOR_BYTES];
            descriptor[..16].copy_from_slice(span.words().as_flattened());
            writer.write(first, &descriptor);
            writer.commit(1);
            arena.commit(Want { span, ..want });
            spans.push(span);
            let claimed = writer.oldest() + capacity;
            let next = Arena::of(&memory, (writer.published(), claimed)).unwrap();
            assert_eq!(next.position, arena.position);
            assert_eq!(next.place, arena.place % arena_len);
            let oldest = spans[writer.oldest() as usize];
            assert_eq!(arena.kept(&writer), span.start + span.len - oldest.start);
        }
    }
}

#[test]
fn whatever_a_descriptor_says_its_payload_lies_in_the_arena() {
    let mut numbers = Numbers(2);
    let mut found = 0;
    for _ in 0..STEPS {
        let arena = (1 + numbers.below(50)) * FRAME_ALIGN;
        let near = |numbers: &mut Numbers| match numbers.below(5) {
            0 => u64::MAX - numbers.below(3),
            1 => (1 << numbers.below(64)) - FRAME_ALIGN.min(numbers.below(2)),
            2 => numbers.below(2 * arena),
            _ => numbers.below(100) * FRAME_ALIGN,
        };
        let (start, len) = (near(&mut numbers), near(&mut numbers));
        let Some(at) = (Span { start, len }).place(arena) else {
            continue;
        };
        assert!(at as u64 + len <= arena && at.is_multiple_of(FRAME_ALIGN as usize));
        assert_eq!(start % arena, at as u64);
        assert!(start < sequence::BYTES);
        found += 1;
    }
    assert!(found > STEPS / 20, "{found}");
    let place = |start, len| Span { start, len }.place(640);
    assert_eq!(place(0, 640), Some(0));
    assert_eq!(place(6400 + 576, 64), Some(576));
    for (start, len) in [
        (0, 641),
        (64, 640),
        (1, 0),
        (sequence::BYTES, 0),
        (0, u64::MAX),
        (u64::MAX - 63, 64),
    ] {
        assert_eq!(place(start, len), None, "{len} from {start} on");
    }
}

/// Behind a frame that lies nowhere, or close to where counting ends, nobody goes on.
#[test]
fn who_continues_looks_where_the_newest_frame_lies() {
    let memory = Memory::heap(Geometry::frames(4, 640)).unwrap();
    let of = |start: u64, len: u64, claimed: u64| {
        let mut descriptor = [0; DESCRIPTOR_BYTES];
        descriptor[..16].copy_from_slice(Span { start, len }.words().as_flattened());
        memory.store(6, &descriptor);
        Arena::of(&memory, (7, claimed)).map(|arena| arena.position)
    };
    assert_eq!(of(1280, 100, 7), Some(1408));
    assert_eq!(of(1280, 100, 10), Some(1408));
    assert_eq!(of(1280, 100, 11), Some(0), "it is not kept");
    let far = sequence::BYTES / 2 / 640 * 640;
    assert_eq!(of(far - 640, 64, 7), Some(far - 640 + 64));
    for (start, len) in [
        (1281, 1),
        (1280, 641),
        (1344, 640),
        (far + 640, 64),
        (u64::MAX - 63, 1),
    ] {
        assert_eq!(of(start, len, 7), None, "{len} from {start} on");
        assert_eq!(of(start, len, 11), Some(0));
    }
}
