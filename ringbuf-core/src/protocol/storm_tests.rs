//! Every word at any value while the protocol is at work, over memory where it can be seen whether that is defined:
//! under Miri every access is checked. The same with processes and files is in `tests/hostile/storm.rs`.

use std::time::Duration;

use super::frames::{self, Arena, Basket, Choice, Span};
use super::gate::{Kind, Waits};
use super::state::Moment;
use super::wake::Barrier;
use super::{Begin, Fault, Follower, News, Writer, latest, leave, observe, stamp};
use crate::layout::{DESCRIPTOR_BYTES, Geometry};
use crate::memory::Memory;
use crate::sync::{Arc, AtomicBool, AtomicU32, AtomicU64, Ordering};
use crate::times;

const CAPACITY: u64 = 10;
/// Bytes of the arena, where there are frames.
const ARENA: u64 = 512;
const TURNS: u64 = if cfg!(miri) { 2 } else { 20_000 };
const CALLS: u64 = if cfg!(miri) { 4 } else { 10 };

/// Numbers that look random and are the same every time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 ^ (self.0 >> 33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD)
    }

    fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 32) % bound
    }

    /// A sequence, an epoch, a gate: near what is there, or anything.
    fn value(&mut self, near: u64) -> u64 {
        match self.below(6) {
            0 => 0,
            1 => u64::MAX - self.below(3),
            2 => 1 << self.below(64),
            3 => self.next(),
            _ => near
                .wrapping_add(self.below(4 * CAPACITY))
                .wrapping_sub(2 * CAPACITY),
        }
    }
}

/// What another process could reach: every word of both files but the records, which are garbage anyway, or descriptors.
fn words(memory: &Memory) -> Vec<&AtomicU64> {
    let (live, control) = (memory.live(), memory.control());
    let status = &live.status;
    let mut words = vec![
        &live.hot.published,
        &live.hot.claimed,
        &live.grant.limit,
        &status.state,
        &status.refused,
        &status.asymmetric,
        &status.synced,
        &status.unwatched,
    ];
    words.extend(&status.boot);
    for entry in &live.epochs {
        words.extend([
            &entry.epoch,
            &entry.first,
            &entry.opened_ns,
            &entry.monotonic_ns,
        ]);
    }
    for slot in &control.slots.0[..4] {
        words.extend([&slot.gate, &slot.delivery, &slot.bound_ns, &slot.version]);
        words.extend(
            slot.ledger
                .iter()
                .flat_map(|it| [&it.joined, &it.cursor, &it.read, &it.missed, &it.skipped]),
        );
    }
    words
}

fn intrude(memory: &Memory, seed: u64, over: &AtomicBool) {
    let mut numbers = Numbers(seed);
    let (words, hot) = (words(memory), &memory.live().hot);
    let futexes: [&AtomicU32; 2] = [&memory.control().wake.0, &memory.control().room.0];
    while !over.load(Ordering::Relaxed) {
        // One after the other for a while: all at once nothing gets far.
        let word = words[numbers.below(words.len() as u64) as usize];
        let before = word.load(Ordering::Relaxed);
        let has_frames = memory.geometry().arena > 0;
        for _ in 0..numbers.below(if cfg!(miri) { 5 } else { 200 }) {
            if has_frames {
                memory.store(numbers.below(CAPACITY), &misplaced(&mut numbers));
            }
            let near = hot.published.load(Ordering::Relaxed);
            word.store(numbers.value(near), Ordering::Relaxed);
            futexes[numbers.below(2) as usize].store(numbers.next() as u32, Ordering::Relaxed);
            memory.stamp(numbers.next() % 1000, 1, numbers.next());
        }
        word.store(before, Ordering::Relaxed);
    }
}

/// A descriptor of anything, or of a frame that could be.
fn misplaced(numbers: &mut Numbers) -> [u8; DESCRIPTOR_BYTES] {
    let mut place = || match numbers.below(3) {
        0 => numbers.value(ARENA),
        1 => 64 * numbers.below(2 * ARENA / 64),
        _ => numbers.below(ARENA + 2),
    };
    let mut descriptor = [0xa5; DESCRIPTOR_BYTES];
    for bytes in descriptor.as_chunks_mut::<8>().0 {
        *bytes = place().to_le_bytes();
    }
    descriptor
}

fn write(memory: &Arc<Memory>, seed: u64, over: &AtomicBool) {
    let mut numbers = Numbers(seed);
    while !over.load(Ordering::Relaxed) {
        let indices = Writer::indices(memory);
        let (published, claimed) = indices;
        if !crate::sequence::fit(published, claimed, CAPACITY) {
            // As one who makes the ring anew.
            for word in [&memory.live().hot.published, &memory.live().hot.claimed] {
                word.store(0, Ordering::Relaxed);
            }
            continue;
        }
        let mut writer = Writer::open_at(
            Arc::clone(memory),
            indices,
            Waits::All,
            [Barrier::Producer, Barrier::Sleepers][numbers.below(2) as usize],
            Moment::default(),
        );
        if memory.geometry().arena > 0 {
            match Arena::of(memory, indices) {
                Some(arena) => write_frames(&mut writer, arena, &mut numbers),
                // As before.
                None => memory.live().hot.published.store(0, Ordering::Relaxed),
            }
            continue;
        }
        for _ in 0..100 {
            let count = 1 + numbers.below(CAPACITY);
            match writer.try_claim(count) {
                Ok(first) => {
                    writer.write(first, &vec![1; 8 * count as usize]);
                    writer.stamp(count, numbers.next());
                    writer.commit(count - numbers.below(count));
                    writer.notify();
                }
                Err(full) => {
                    writer.in_the_way(count).for_each(drop);
                    writer.demote(full.gate);
                    let _ = writer.wait_for_room(count, Duration::from_micros(10));
                }
            }
        }
    }
}

fn write_frames(writer: &mut Writer, mut arena: Arena, numbers: &mut Numbers) {
    for _ in 0..100 {
        let want = arena.want(writer, numbers.below(ARENA + 1)).unwrap();
        assert!((1..=CAPACITY).contains(&want.count), "{want:?}");
        writer.prepare_frame(&arena, want);
        assert!(arena.kept(writer) <= ARENA);
        match writer.try_claim(want.count) {
            Ok(first) => {
                let bytes = vec![1; want.span.len as usize];
                writer.write_payload(want, 0, &bytes);
                let mut descriptor = [0; DESCRIPTOR_BYTES];
                descriptor[..16].copy_from_slice(want.span.words().as_flattened());
                writer.write(first, &descriptor);
                writer.stamp(1, numbers.next());
                if numbers.below(4) > 0 {
                    writer.commit(1);
                    arena.commit(want);
                }
                writer.notify();
            }
            Err(full) => {
                writer.in_the_way(want.count).for_each(drop);
                writer.demote(full.gate);
                let _ = writer.wait_for_room(want.count, Duration::from_micros(10));
            }
        }
    }
}

/// Takes some frames and passes others over.
#[derive(Default)]
struct Few {
    taken: Vec<u64>,
    bytes: Vec<u8>,
}

impl Basket for Few {
    fn clear(&mut self) {
        self.taken.clear();
    }

    fn choose(&mut self, sequence: u64, descriptor: &[u8], span: Span) -> Choice {
        assert_eq!(Span::of(descriptor), span);
        assert!(span.start % ARENA + span.len <= ARENA, "{span:?}");
        match sequence % 3 {
            0 => Choice::Skip,
            _ if self.taken.len() == 4 => Choice::Full,
            _ => {
                self.taken.push(sequence);
                Choice::Take
            }
        }
    }

    fn room(&mut self, span: Span) -> &mut [u8] {
        self.bytes.resize(span.len as usize, 0);
        &mut self.bytes
    }

    fn keep_from(&mut self, sequence: u64) -> u64 {
        self.taken.retain(|&taken| taken >= sequence);
        self.taken.len() as u64
    }
}

/// One attempt in the way of this kind. What a lossless reader holds is not looked at: nothing keeps the producer from it
/// here.
fn attempt(
    reader: &mut Follower,
    kind: Option<Kind>,
    stamps: &mut [u64],
    numbers: &mut Numbers,
) -> Result<News, Fault> {
    if reader.memory().geometry().arena > 0 {
        let (mut descriptors, mut basket) =
            ([0; DESCRIPTOR_BYTES * CAPACITY as usize], Few::default());
        return match kind {
            None => reader.poll_frames(&mut descriptors, stamps, &mut basket),
            Some(Kind::Bounded) => {
                reader.poll_frames_bounded(&mut descriptors, stamps, &mut basket)
            }
            Some(Kind::Lossless) => reader.poll_frames_in_place(&mut descriptors, &mut basket),
        };
    }
    let mut buffer = [0; 8 * CAPACITY as usize];
    match kind {
        None => reader.poll_copy(&mut buffer, stamps),
        Some(Kind::Bounded) => reader.poll_bounded(&mut buffer, stamps),
        Some(Kind::Lossless) => reader.poll_in_place(1 + numbers.below(CAPACITY), &mut []),
    }
}

fn join(memory: &Arc<Memory>, slot: usize, kind: Option<Kind>, begin: Begin) -> Option<Follower> {
    let memory = Arc::clone(memory);
    match kind {
        None => Follower::join_lossy(memory, slot, begin),
        Some(kind) => Follower::join_holding(memory, slot, kind, begin),
    }
    .ok()
}

fn follow(memory: &Arc<Memory>, slot: usize, kind: Option<Kind>, seed: u64) {
    let mut numbers = Numbers(seed);
    let mut stamps = [0; CAPACITY as usize];
    for _ in 0..TURNS {
        let begin = match numbers.below(4) {
            0 => Begin::Now,
            1 => Begin::Oldest,
            2 => Begin::Last(numbers.value(0)),
            _ => Begin::At(numbers.value(100)),
        };
        let Some(mut reader) = join(memory, slot, kind, begin) else {
            continue;
        };
        for _ in 0..CALLS {
            let ledger = *reader.ledger();
            assert!(ledger.adds_up(), "{ledger:?}");
            if numbers.below(3) == 0 {
                reader.set_until(numbers.value(ledger.cursor));
            }
            match attempt(&mut reader, kind, &mut stamps, &mut numbers) {
                Ok(News::Records(run)) => assert!(run.count <= CAPACITY, "{run:?}"),
                Ok(News::Demoted) if reader.rejoin().is_err() => break,
                Ok(_) => {}
                Err(_) => break,
            }
            let _ = reader.wait(Duration::from_micros(1));
            let cursor = reader.ledger().cursor;
            let mut newest = vec![0; memory.geometry().stride];
            let _ = (reader.lag(), latest(memory, &mut newest));
            if memory.geometry().arena > 0 {
                let mut bytes = Vec::new();
                let _ = frames::latest(memory, &mut newest, &mut bytes);
                assert!(bytes.len() as u64 <= ARENA);
                assert!(frames::kept(memory, cursor..cursor.saturating_add(3)) <= ARENA);
            }
            let _ = stamp(memory, numbers.value(cursor));
            // Many steps: where each takes long, only now and then.
            if !cfg!(miri) || numbers.below(16) == 0 {
                let _ = (times::lag(memory, cursor), times::kept(memory));
                let _ = times::from(memory, numbers.next() as i64);
            }
            let _ = observe(&memory.control().slots.0[numbers.below(4) as usize]);
        }
        reader.release();
        leave(memory, reader.slot);
    }
}

#[test]
fn words_of_any_value_end_nothing_and_hold_nothing_up() {
    let rings = [
        (1, Geometry::new(CAPACITY, 8, true)),
        (2, Geometry::frames(CAPACITY, ARENA)),
        (3, Geometry::new(CAPACITY, 8, false)),
    ];
    for (seed, geometry) in rings.into_iter().take(if cfg!(miri) { 2 } else { 3 }) {
        let geometry = geometry.stamped(true);
        let memory = Arc::new(Memory::heap(geometry).unwrap());
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let (memory, over) = (&memory, &over);
            scope.spawn(move || intrude(memory, seed, over));
            scope.spawn(move || write(memory, seed + 10, over));
            let kinds = [None, Some(Kind::Bounded), Some(Kind::Lossless)];
            let followers: Vec<_> = kinds
                .into_iter()
                .enumerate()
                .map(|(slot, kind)| scope.spawn(move || follow(memory, slot, kind, seed + 20)))
                .collect();
            let ended: Vec<_> = followers
                .into_iter()
                .map(|follower| follower.join())
                .collect();
            over.store(true, Ordering::Relaxed);
            assert!(ended.iter().all(Result::is_ok), "a reader panicked");
        });
    }
}
