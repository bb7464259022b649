//! Who dies, stops, closes, restarts, is removed or replaced, and what every kind of reader and the producer see
//! of it: the rows of `docs/CONTRACT.md`.

use std::time::Duration;

use ringbuf_core::inspect::{self, ProducerState};
use ringbuf_core::{
    CreateError, CreateOptions, Event, InspectError, Producer, ReadError, Reader, ReaderOptions,
    Retain,
};

use crate::checked::{Checked, Tally};
use crate::support::process::{Role, hear, say, start};
use crate::support::system::{CONTINUE, KILL};
use crate::support::{Limit, Rings, eventually, limit};

pub const CAPACITY: u64 = 64;
/// How long the bounded readers of most tests may hold a producer: for ever, as far as tests go.
const FOREVER_MS: &str = "3600000";
const KINDS: [&str; 4] = ["lossless", "bounded", "lossy", "observer"];

/// Follows a ring to its end and says every event with its sequence, then how it ended, what it read and what it
/// missed.
pub fn contract_reader(arguments: &[String]) {
    let [ring, kind, bound_ms] = arguments else {
        panic!("a ring, a kind and a bound");
    };
    let options = match kind.as_str() {
        "lossless" => ReaderOptions::lossless(),
        "bounded" => ReaderOptions::bounded(Duration::from_millis(bound_ms.parse().unwrap())),
        _ => ReaderOptions::lossy(),
    };
    let mut reader = Reader::<Checked>::attach(ring, options).unwrap();
    assert_eq!(reader.is_observer(), kind == "observer");
    say("attached");
    let mut tally = Tally::from(reader.cursor());
    let end = loop {
        match reader.next() {
            Ok(None) => break "closed",
            Err(ReadError::Removed) => break "removed",
            Err(ReadError::Replaced) => break "replaced",
            Err(error) => panic!("{error}"),
            Ok(Some(batch)) => {
                tally.take(&batch);
                let place = batch.first_sequence();
                match batch.event() {
                    None => {}
                    Some(Event::ProducerDied) => say(format!("died {place}")),
                    Some(Event::Demoted) => say(format!("demoted {place}")),
                    Some(Event::Restarted {
                        epoch,
                        first_sequence,
                    }) => {
                        assert_eq!(first_sequence, Some(place));
                        say(format!("restarted {epoch} {place}"));
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    };
    let ledger = reader.ledger();
    assert!(tally.is_faultless() && ledger.adds_up(), "{tally:?}");
    assert_eq!((tally.read, tally.missed), (ledger.read, ledger.missed));
    say(format!("{end} {} {}", tally.read, tally.missed));
}

/// Publishes as many records as it is told to, until it is told to close.
pub fn obedient_producer(arguments: &[String]) {
    let retain = Retain::records(CAPACITY);
    let mut producer = Producer::<Checked>::create(&arguments[0], retain).unwrap();
    say(producer.published());
    while let Ok(count) = hear().parse::<u64>() {
        for _ in 0..count {
            let next = producer.published();
            producer.publish(&Checked::of(next)).unwrap();
        }
        say(producer.published());
    }
    producer.close();
    say("closed");
}

fn producer(ring: &str) -> Role {
    start("obedient producer", &[ring])
}

fn reader(ring: &str, kind: &str, bound_ms: &str) -> Role {
    let reader = start("contract reader", &[ring, kind, bound_ms]);
    reader.says("attached");
    reader
}

/// One reader of each kind.
fn readers(ring: &str) -> [Role; 4] {
    // Observers are those for whom no slot is left.
    let fill: Vec<_> = (0..64)
        .map(|_| Reader::<Checked>::attach(ring, ReaderOptions::lossy()).unwrap())
        .collect();
    let observer = reader(ring, "observer", FOREVER_MS);
    drop(fill);
    let [lossless, bounded, lossy] =
        ["lossless", "bounded", "lossy"].map(|kind| reader(ring, kind, FOREVER_MS));
    [lossless, bounded, lossy, observer]
}

/// A ring with a producer, 40 records and one reader of each kind.
struct Scene {
    rings: Rings,
    ring: String,
    producer: Role,
    readers: [Role; 4],
    _limit: Limit,
}

impl Scene {
    fn new() -> Scene {
        Scene::with(|_| {})
    }

    /// The same, with something done to the readers before the records.
    fn with(first: fn(&[Role])) -> Scene {
        let limit = limit();
        let rings = Rings::new();
        let ring = rings.reference("contract");
        let producer = producer(&ring);
        producer.says("0");
        let readers = readers(&ring);
        first(&readers);
        let mut scene = Scene {
            rings,
            ring,
            producer,
            readers,
            _limit: limit,
        };
        scene.orders("40", "40");
        scene
    }

    /// Tells the producer something, and hears what it says.
    fn orders(&mut self, order: &str, answer: &str) {
        self.producer.tell(order);
        self.producer.says(answer);
    }

    fn all_say(&self, expected: &str) {
        for reader in &self.readers {
            reader.says(expected);
        }
    }

    /// Kills the producer when everybody has read everything, and everybody notices.
    fn kill_producer(&self) {
        all_have_read(&self.ring, 40);
        self.producer.signal(KILL);
        self.all_say("died 40");
        assert_eq!(
            inspect::info(&self.ring).unwrap().producer,
            ProducerState::Died
        );
    }
}

fn published(ring: &str) -> u64 {
    inspect::info(ring).unwrap().published
}

/// Everybody has read this far.
fn all_have_read(ring: &str, sequence: u64) {
    eventually("the registered readers have read all", || {
        let readers = inspect::info(ring).unwrap().readers.unwrap();
        readers
            .iter()
            .filter(|reader| reader.is_alive)
            .all(|reader| {
                reader
                    .ledger
                    .is_some_and(|ledger| ledger.cursor == sequence)
            })
    });
    // Nobody sees an observer; it looks every 20 ms.
    std::thread::sleep(Duration::from_millis(100));
}

#[test]
fn the_producer_closes() {
    let mut scene = Scene::new();
    scene.orders("close", "closed");
    scene.all_say("closed 40 0");
}

#[test]
fn the_producer_is_killed_and_another_goes_on() {
    let mut scene = Scene::new();
    scene.kill_producer();
    scene.producer = producer(&scene.ring);
    scene.producer.says("40");
    scene.all_say("restarted 2 40");
    scene.orders("50", "90");
    all_have_read(&scene.ring, 90);
    scene.orders("close", "closed");
    scene.all_say("closed 90 0");
}

#[test]
fn the_producer_is_stopped() {
    let mut scene = Scene::new();
    scene.producer.stop();
    // Longer than any reader sleeps before it looks whether the producer lives.
    std::thread::sleep(Duration::from_millis(1200));
    assert_eq!(
        inspect::info(&scene.ring).unwrap().producer,
        ProducerState::Live
    );
    let second = Producer::<Checked>::create(&scene.ring, Retain::records(CAPACITY));
    assert!(matches!(second, Err(CreateError::InUse { .. })));
    scene.producer.signal(CONTINUE);
    scene.orders("2", "42");
    scene.orders("close", "closed");
    // No event: a producer that is stopped is not dead.
    scene.all_say("closed 42 0");
}

#[test]
fn a_ring_is_removed_after_its_producer_died() {
    let scene = Scene::new();
    let error = inspect::remove(&scene.ring).unwrap_err();
    assert!(matches!(error, InspectError::InUse { .. }), "{error}");
    scene.kill_producer();
    inspect::remove(&scene.ring).unwrap();
    scene.all_say("removed 40 0");
    assert_eq!(scene.rings.names(), [""; 0]);
}

#[test]
fn a_ring_is_replaced_after_its_producer_died() {
    let scene = Scene::new();
    let replacing = CreateOptions::default().replace(true);
    let replace = || Producer::<u8>::create_with(&scene.ring, Retain::records(3), &replacing);
    assert!(matches!(replace(), Err(CreateError::InUse { .. })));
    scene.kill_producer();
    let another = replace().unwrap();
    scene.all_say("replaced 40 0");
    assert_eq!(another.published(), 0);
}

#[test]
fn a_ring_is_closed_and_removed_before_its_readers_have_read_all() {
    let mut scene = Scene::with(|readers| readers.iter().for_each(Role::stop));
    scene.orders("close", "closed");
    eventually("it is gone", || inspect::remove(&scene.ring).is_ok());
    for reader in &scene.readers {
        reader.signal(CONTINUE);
    }
    scene.all_say("removed 40 0");
}

/// The test is the producer; the reader is stopped before the first record.
fn stopped(ring: &str, kind: &str, bound_ms: &str) -> (Producer<Checked>, Role) {
    let producer = Producer::<Checked>::create(ring, Retain::records(CAPACITY)).unwrap();
    let reader = match kind {
        "observer" => {
            let [.., observer] = readers(ring);
            observer
        }
        kind => reader(ring, kind, bound_ms),
    };
    reader.stop();
    (producer, reader)
}

fn publish(producer: &mut Producer<Checked>, count: u64) {
    for _ in 0..count {
        let next = producer.published();
        producer.publish(&Checked::of(next)).unwrap();
    }
}

#[test]
fn a_reader_is_stopped() {
    let _limit = limit();
    for kind in KINDS {
        let rings = Rings::new();
        let ring = rings.reference("contract");
        let bound = Duration::from_millis(50);
        let (mut producer, reader) = stopped(&ring, kind, "50");
        publish(&mut producer, CAPACITY);
        let began = std::time::Instant::now();
        let waits_for_ever = kind == "lossless";
        if waits_for_ever {
            let next = Checked::of(CAPACITY);
            assert!(producer.publish_timeout(&next, 4 * bound).is_err());
        } else {
            publish(&mut producer, CAPACITY);
        }
        // Held for its bound, and not at all by those that cannot hold anybody.
        assert!(kind != "bounded" || began.elapsed() >= bound);
        let total = published(&ring);
        producer.close();
        reader.signal(CONTINUE);
        if kind == "bounded" {
            reader.says("demoted 0");
        }
        let missed = total - CAPACITY;
        assert_eq!(missed == 0, waits_for_ever);
        reader.says(&format!("closed {CAPACITY} {missed}"));
    }
}

#[test]
fn a_reader_is_killed() {
    let _limit = limit();
    for kind in KINDS {
        let rings = Rings::new();
        let ring = rings.reference("contract");
        let (mut producer, reader) = stopped(&ring, kind, FOREVER_MS);
        let other = self::reader(&ring, "lossless", FOREVER_MS);
        publish(&mut producer, CAPACITY);
        eventually("the other one has read all", || {
            let readers = inspect::info(&ring).unwrap().readers.unwrap();
            let mut ledgers = readers.iter().filter_map(|reader| reader.ledger);
            ledgers.any(|ledger| ledger.cursor == CAPACITY)
        });
        let holds = kind == "lossless" || kind == "bounded";
        let next = Checked::of(CAPACITY);
        assert_eq!(producer.try_publish(&next).is_err(), holds);
        reader.kill();
        // By the kernel's evidence, not by any time: these wait for ever.
        publish(&mut producer, 3 * CAPACITY);
        if kind != "observer" {
            // Who it was, and how far it had come, can still be seen.
            let readers = inspect::info(&ring).unwrap().readers.unwrap();
            let dead: Vec<_> = readers.iter().filter(|reader| !reader.is_alive).collect();
            assert_eq!(dead.len(), 1, "{readers:?}");
            assert_eq!(dead[0].delivery.name(), kind);
            assert!(dead[0].ledger.unwrap().adds_up());
        }
        let total = producer.published();
        producer.close();
        // The others notice nothing.
        other.says(&format!("closed {total} 0"));
    }
}

#[test]
fn a_reader_leaves() {
    let _limit = limit();
    for kind in ["lossless", "bounded", "lossy"] {
        let rings = Rings::new();
        let ring = rings.reference("contract");
        let mut producer = Producer::<Checked>::create(&ring, Retain::records(4)).unwrap();
        let reader = producer
            .reader(match kind {
                "lossless" => ReaderOptions::lossless(),
                "bounded" => ReaderOptions::bounded(Duration::from_secs(3600)),
                _ => ReaderOptions::lossy(),
            })
            .unwrap();
        publish(&mut producer, 4);
        let holds = kind != "lossy";
        assert_eq!(producer.try_publish(&Checked::of(4)).is_err(), holds);
        drop(reader);
        let next = producer.published();
        assert_eq!(producer.try_publish(&Checked::of(next)).unwrap(), next);
        assert_eq!(producer.registered_readers(), 0);
    }
}
