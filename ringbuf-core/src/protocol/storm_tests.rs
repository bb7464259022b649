//! Every word at any value while the protocol is at work, over memory where it can be seen whether that is defined:
//! under Miri every access is checked. The same with processes and files is in `tests/hostile/storm.rs`.

use std::time::Duration;

use super::gate::{Kind, Waits};
use super::state::Moment;
use super::wake::Barrier;
use super::{Begin, Follower, News, Writer, latest, observe, stamp};
use crate::layout::Geometry;
use crate::memory::Memory;
use crate::sync::{Arc, AtomicBool, AtomicU32, AtomicU64, Ordering};
use crate::times;

const CAPACITY: u64 = 10;
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

/// What another process could reach: every word of both files but the records, which are garbage anyway.
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
        for _ in 0..numbers.below(if cfg!(miri) { 5 } else { 200 }) {
            let near = hot.published.load(Ordering::Relaxed);
            word.store(numbers.value(near), Ordering::Relaxed);
            futexes[numbers.below(2) as usize].store(numbers.next() as u32, Ordering::Relaxed);
            memory.stamp(numbers.next() % 1000, 1, numbers.next());
        }
        word.store(before, Ordering::Relaxed);
    }
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

fn join(memory: &Arc<Memory>, slot: usize, kind: Option<Kind>, begin: Begin) -> Option<Follower> {
    let memory = Arc::clone(memory);
    match kind {
        None => Follower::join_lossy(memory, slot, begin),
        Some(kind) => Follower::join_holding(memory, slot, kind, begin),
    }
    .ok()
}

/// The records that a lossless reader holds are not looked at: nothing keeps the producer from them here.
fn follow(memory: &Arc<Memory>, slot: usize, kind: Option<Kind>, seed: u64) {
    let mut numbers = Numbers(seed);
    let (mut buffer, mut stamps) = ([0; 8 * CAPACITY as usize], [0; CAPACITY as usize]);
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
            let news = match kind {
                None => reader.poll_copy(&mut buffer, &mut stamps),
                Some(Kind::Bounded) => reader.poll_bounded(&mut buffer, &mut stamps),
                Some(Kind::Lossless) => reader.poll_in_place(1 + numbers.below(CAPACITY), &mut []),
            };
            match news {
                Ok(News::Records(run)) => assert!(run.count <= CAPACITY, "{run:?}"),
                Ok(News::Demoted) if reader.rejoin().is_err() => break,
                Ok(_) => {}
                Err(_) => break,
            }
            let _ = reader.wait(Duration::from_micros(1));
            let cursor = reader.ledger().cursor;
            let _ = (reader.lag(), latest(memory, &mut [0; 8]));
            let _ = stamp(memory, numbers.value(cursor));
            // Many steps: where each takes long, only now and then.
            if !cfg!(miri) || numbers.below(16) == 0 {
                let _ = (times::lag(memory, cursor), times::kept(memory));
                let _ = times::from(memory, numbers.next() as i64);
            }
            let _ = observe(&memory.control().slots.0[numbers.below(4) as usize]);
        }
        reader.leave();
    }
}

#[test]
fn words_of_any_value_end_nothing_and_hold_nothing_up() {
    let rings = [(1, true), (2, false)];
    for (seed, mirror) in rings.into_iter().take(if cfg!(miri) { 1 } else { 2 }) {
        let geometry = Geometry::new(CAPACITY, 8, mirror).stamped(true);
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
