//! Another process stores any value whatever into every word that is shared, while everybody is at work: errors and
//! garbage, but no panic, no fault, no call that does not come back, and no byte written where none belongs.
//!
//! The numbers are those of a seed, which is printed; what they meet is another matter every time.
//! `RINGBUF_STORM_SEED` and `RINGBUF_STORM_TURNS` choose others.

mod frames;
pub mod intruder;
pub mod looker;
mod producer;
mod reader;
mod seat;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use ringbuf_core::{
    CreateOptions, Delivery, FrameProducer, FrameRetain, Preset, Producer, Retain, WhenFull,
};

use crate::support::process::{start, start_with};
use crate::support::{Rings, system};

use reader::Kind;
use seat::Seat;

/// Records of the ring, and cells.
const CAPACITY: u64 = 100;
const CELLS: usize = 128;
/// Bytes of the arena, where frames go through the ring. Behind it there are bytes that belong to nobody.
const ARENA: u64 = 8192;
/// The longest a bounded reader holds the producer.
const BOUND: Duration = Duration::from_millis(2);

/// Calls that everybody makes while the words stay as they are.
const CALLS_STILL: u64 = 20;

/// What kind of ring it is.
#[derive(Clone, Copy, Debug)]
struct Scene {
    allow: Delivery,
    when_full: WhenFull,
    preset: Preset,
    stamp: bool,
    goods: Goods,
}

/// What goes through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goods {
    Records,
    Frames,
    FramesInPlace,
}

impl Scene {
    fn options(self) -> CreateOptions {
        let options = CreateOptions::default();
        let options = match self.goods {
            Goods::FramesInPlace => options.in_place(true),
            _ => options.allow(self.allow),
        };
        options
            .when_full(self.when_full)
            .preset(self.preset)
            .stamp(self.stamp)
    }

    /// Whether a gate can hold this producer for as long as somebody wants.
    fn is_held_for_ever(self) -> bool {
        self.is_held_by_gates() && self.when_full == WhenFull::Wait
    }

    /// Whether a gate can keep records from being published.
    fn is_held_by_gates(self) -> bool {
        self.allow == Delivery::Lossless
    }

    /// How long one call can be held: some hundred records, each a step of its own.
    fn held(self) -> Duration {
        BOUND * 4 * CAPACITY as u32
    }

    fn readers(self) -> impl Iterator<Item = Kind> {
        let kinds = [
            Kind::Lossy,
            Kind::Observer,
            Kind::Untyped,
            Kind::Bounded,
            Kind::Lossless,
        ];
        let (first, most) = match self.allow {
            Delivery::Lossy => (0, 3),
            Delivery::Bounded(_) => (0, 4),
            _ if self.goods == Goods::FramesInPlace => (4, 5),
            _ => (0, 5),
        };
        kinds.into_iter().take(most).skip(first)
    }

    fn frames(self) -> FrameRetain {
        FrameRetain::bytes(ARENA).at_most(CAPACITY)
    }

    /// Creates the ring and closes it.
    fn begin(self, ring: &str) {
        let options = self.options();
        match self.goods {
            Goods::Records => {
                Producer::<u64>::create_with(ring, Retain::records(CAPACITY), &options)
                    .unwrap()
                    .close()
            }
            _ => FrameProducer::create_with(ring, self.frames(), &options)
                .unwrap()
                .close(),
        }
    }
}

fn number(variable: &str, otherwise: u64) -> u64 {
    let given = std::env::var(variable).ok();
    given.map_or(otherwise, |text| text.parse().unwrap())
}

/// Everybody at work, until each reader has attached so many times.
fn storm(scene: Scene, seed: u64) {
    let seed = number("RINGBUF_STORM_SEED", seed);
    let turns = number("RINGBUF_STORM_TURNS", 100);
    println!("{scene:?}, seed {seed}, {turns} turns");
    if !cfg!(debug_assertions) {
        println!("this build does not tell when numbers overflow: not all is seen");
    }
    let (rings, window) = (Rings::new(), Rings::new());
    let ring = rings.reference("storm");
    scene.begin(&ring);
    let new = Outside::of(&ring, scene);

    let over = Arc::new(AtomicBool::new(false));
    let (done, ended) = mpsc::channel();
    let mut seats: Vec<(String, Arc<Seat>)> = Vec::new();
    let mut sit = |name: String, act: Box<dyn FnOnce(&Seat) + Send>| {
        let seat = Arc::new(Seat::default());
        seats.push((name.clone(), Arc::clone(&seat)));
        let done = done.clone();
        thread::spawn(move || {
            let result = catch_unwind(AssertUnwindSafe(|| act(&seat)));
            seat.leave();
            let _ = done.send((name, result.is_ok()));
        });
    };
    let intruder = start("intruder", &[&ring, &seed.to_string()]);
    intruder.says("begun");
    let directory = [("RINGBUF_DIR", rings.path())];
    let looker = start_with("looker", &[&(5 * turns).to_string()], &directory);
    let (path, stop) = (ring.clone(), Arc::clone(&over));
    sit(
        "producer".to_owned(),
        Box::new(move |seat| producer::produce(seat, scene, &path, seed + 1, &stop)),
    );
    let mut working = 0;
    for kind in scene.readers() {
        let (ring, window, seed) = (ring.clone(), window.path().to_owned(), seed + 2 + working);
        sit(
            format!("{kind:?}"),
            Box::new(move |seat| {
                reader::read(seat, (scene, kind), (&ring, &window), seed, turns);
            }),
        );
        working += 1;
    }

    let mut left = working + 1;
    // What ends only because the words change again would not end in the end: now and then they stay as they are.
    let mut still: Option<Vec<u64>> = None;
    while left > 0 {
        match ended.recv_timeout(Duration::from_millis(20)) {
            Ok((name, is_well)) => {
                assert!(is_well, "{name} panicked; seed {seed}");
                left -= 1;
                // The producer goes on for as long as others read.
                over.store(left == 1, Ordering::Relaxed);
                continue;
            }
            Err(_) => hangs(&seats, seed),
        }
        let done = || seats.iter().map(|(_, seat)| seat.done());
        match &still {
            None => {
                intruder.stop();
                still = Some(done().collect());
            }
            Some(before)
                if done()
                    .zip(before)
                    .all(|(now, before)| now >= before.saturating_add(CALLS_STILL)) =>
            {
                intruder.signal(system::CONTINUE);
                still = None;
            }
            Some(_) => {}
        }
    }
    intruder.signal(system::CONTINUE);
    let looked = looker.finish();
    drop(intruder);
    for (name, seat) in &seats {
        println!("{name}:{seat}");
    }
    println!("looker: {looked:?}");
    assert!(
        seats
            .iter()
            .all(|(_, seat)| seat.counted("produced") + seat.counted("attached") > 0)
    );
    if Path::new(&ring).exists() {
        assert!(
            Outside::of(&ring, scene) == new,
            "bytes that nobody may write; seed {seed}"
        );
    }
}

/// Ends the test, with the name of the call, if one has not come back for too long.
fn hangs(seats: &[(String, Arc<Seat>)], seed: u64) {
    for (name, seat) in seats {
        if let Some(call) = seat.hangs() {
            eprintln!("{name} hangs in {call}; seed {seed}");
            std::process::abort();
        }
    }
}

/// The bytes of the data file that no record, no time and no word lies in.
#[derive(PartialEq)]
struct Outside(Vec<u8>);

impl Outside {
    fn of(ring: &str, scene: Scene) -> Outside {
        let bytes = fs::read(ring).unwrap();
        let part = |from: usize, to: usize| bytes[from..to].iter().copied();
        let (record, arena) = match scene.goods {
            Goods::Records => (8, 0),
            _ => (64, ARENA as usize),
        };
        let behind_data = 65_536 + CELLS * record;
        let times = 65_536 + 65_536;
        let mut outside: Vec<u8> = part(256, 4096)
            .chain(part(4096 + 896, 65_536))
            .chain(part(behind_data, times))
            .collect();
        let behind = match scene.stamp {
            true => times + 65_536,
            false => times,
        };
        if scene.stamp {
            outside.extend(part(times + CELLS * 8, behind));
        }
        outside.extend(part((behind + arena).min(bytes.len()), bytes.len()));
        Outside(outside)
    }
}

#[test]
fn where_everybody_may_hold_a_producer_that_waits() {
    storm(
        Scene {
            allow: Delivery::Lossless,
            when_full: WhenFull::Wait,
            preset: Preset::Latency,
            stamp: true,
            goods: Goods::Records,
        },
        1,
    );
}

#[test]
fn where_everybody_may_hold_a_producer_that_drops() {
    storm(
        Scene {
            allow: Delivery::Lossless,
            when_full: WhenFull::Drop,
            preset: Preset::Throughput,
            stamp: true,
            goods: Goods::Records,
        },
        2,
    );
}

#[test]
fn where_a_producer_is_held_for_a_time() {
    storm(
        Scene {
            allow: Delivery::Bounded(BOUND),
            when_full: WhenFull::Wait,
            preset: Preset::Latency,
            stamp: true,
            goods: Goods::Records,
        },
        3,
    );
}

#[test]
fn where_a_producer_waits_for_nobody() {
    storm(
        Scene {
            allow: Delivery::Lossy,
            when_full: WhenFull::Wait,
            preset: Preset::Latency,
            stamp: false,
            goods: Goods::Records,
        },
        4,
    );
}

#[test]
fn where_frames_go_to_everybody() {
    storm(
        Scene {
            allow: Delivery::Lossless,
            when_full: WhenFull::Wait,
            preset: Preset::Throughput,
            stamp: true,
            goods: Goods::Frames,
        },
        5,
    );
}

#[test]
fn where_frames_are_dropped_for_want_of_room_that_is_given_for_a_time() {
    storm(
        Scene {
            allow: Delivery::Bounded(BOUND),
            when_full: WhenFull::Drop,
            preset: Preset::Throughput,
            stamp: false,
            goods: Goods::Frames,
        },
        6,
    );
}

#[test]
fn where_frames_are_written_in_place() {
    storm(
        Scene {
            allow: Delivery::Lossless,
            when_full: WhenFull::Drop,
            preset: Preset::Throughput,
            stamp: true,
            goods: Goods::FramesInPlace,
        },
        7,
    );
}
