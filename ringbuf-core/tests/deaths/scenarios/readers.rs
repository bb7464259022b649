//! Readers die, and the producer lives: blocked by them, or not.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;

use ringbuf_core::{Delivery, ReaderOptions, inspect};

use super::{Scenario, of};
use crate::account::History;
use crate::ends::Publish;
use crate::kinds::{
    Frames, FramesChosen, FramesInPlace, FramesStamped, Halves, InPlace, Kind, Mirrored, Plain,
    Quarters, Stamped,
};
use crate::mapped;
use crate::scene::{End, Scene, wait_until};
use crate::survivors::Joiner;
use crate::the_living::Living;
use crate::verdict::{Facts, verdict};
use crate::victim::{Death, IN_HAND, READER};

macro_rules! reader {
    ($kind:ident, $name:literal, $script:literal, $delivery:literal, $start:literal) => {
        of::<$kind>($name, |scene, death, sweep_first| {
            let more = [$delivery, $start];
            dying::<$kind>(scene, $script, &more, death, sweep_first);
        })
    };
}

macro_rules! heir {
    ($kind:ident, $name:literal, $delivery:literal) => {
        of::<$kind>($name, |scene, death, sweep_first| {
            inheriting::<$kind>(scene, $delivery, death, sweep_first);
        })
    };
}

pub fn all() -> Vec<Scenario> {
    vec![
        reader!(Plain, "lossless reader", "reading", "lossless", "oldest"),
        reader!(Stamped, "lossless reader", "reading", "lossless", "now"),
        reader!(Quarters, "lossless reader", "reading", "lossless", "0"),
        reader!(InPlace, "lossless reader", "reading", "lossless", "0"),
        reader!(Plain, "bounded reader", "reading", "bounded", "oldest"),
        reader!(Halves, "bounded reader", "reading", "bounded", "now"),
        reader!(Mirrored, "bounded reader", "reading", "bounded", "0"),
        reader!(Plain, "lossy reader", "reading", "lossy", "0"),
        reader!(Mirrored, "lossy reader", "reading", "lossy", "now"),
        reader!(Stamped, "lossy reader", "looking", "lossy", "oldest"),
        reader!(
            Plain,
            "looking lossless reader",
            "looking",
            "lossless",
            "oldest"
        ),
        reader!(Plain, "reader with an end", "until", "lossless", "oldest"),
        reader!(
            Plain,
            "reader that joins again",
            "rejoining",
            "bounded",
            "oldest"
        ),
        reader!(Frames, "lossless reader", "reading", "lossless", "oldest"),
        reader!(FramesInPlace, "lossless reader", "reading", "lossless", "0"),
        reader!(
            FramesChosen,
            "lossless reader",
            "reading",
            "lossless",
            "oldest"
        ),
        reader!(
            Frames,
            "reader that holds on",
            "holding",
            "lossless",
            "oldest"
        ),
        reader!(
            FramesInPlace,
            "reader that holds on",
            "holding",
            "lossless",
            "0"
        ),
        reader!(
            FramesChosen,
            "reader that holds on",
            "holding",
            "lossless",
            "oldest"
        ),
        reader!(Frames, "bounded reader", "reading", "bounded", "oldest"),
        reader!(FramesChosen, "bounded reader", "reading", "bounded", "now"),
        reader!(FramesStamped, "lossy reader", "looking", "lossy", "0"),
        reader!(FramesChosen, "lossy reader", "reading", "lossy", "oldest"),
        reader!(
            FramesStamped,
            "reader that joins again",
            "rejoining",
            "bounded",
            "oldest"
        ),
        reader!(
            FramesChosen,
            "reader with an end",
            "until",
            "lossless",
            "oldest"
        ),
        heir!(Frames, "lossless heir of a dead reader", "lossless"),
        heir!(Plain, "lossless heir of a dead reader", "lossless"),
        heir!(Mirrored, "bounded heir of a dead reader", "bounded"),
        heir!(Plain, "lossy heir of a dead reader", "lossy"),
    ]
}

/// A ring whose producer is this process, with a reader that always keeps up.
struct Flow<K: Kind> {
    producer: K::Producer,
    witness: Joiner<K>,
    history: History,
}

/// Records published before the victim comes: more than a lap.
fn before<K: Kind>() -> u64 {
    K::CAPACITY + 2
}

/// Where everybody ends: more than another lap later.
fn end<K: Kind>() -> u64 {
    before::<K>() + 2 * K::CAPACITY + 3
}

impl<K: Kind> Flow<K> {
    fn new(scene: &Scene) -> Flow<K> {
        let producer = K::create(&scene.ring(), &K::options()).unwrap();
        let history = History::new();
        let options = ReaderOptions::lossless();
        let witness = Joiner::attach("witness", &scene.ring(), options, &history, 1);
        let mut flow = Flow {
            producer,
            witness,
            history,
        };
        flow.publish_up_to(before::<K>());
        flow
    }

    fn publish_up_to(&mut self, end: u64) {
        while self.producer.published() < end {
            let record = K::record(1, self.producer.published());
            self.producer.publish(&[record]);
            self.witness.read();
        }
    }
}

fn dying<K: Kind>(scene: &mut Scene, script: &str, more: &[&str], death: Death, sweep_first: bool) {
    let flow = Flow::<K>::new(scene);
    go_on_without(flow, scene, script, more, death, sweep_first);
}

/// In the slot of another that died before, and would be in the way.
fn inheriting<K: Kind>(scene: &mut Scene, delivery: &str, death: Death, sweep_first: bool) {
    let flow = Flow::<K>::new(scene);
    let end = end::<K>().to_string();
    let more = ["lossless", "oldest", end.as_str()];
    // Which store is the last while its gate is on does not matter.
    let is_in_the_way = (10..400).step_by(10).any(|store| {
        let dead = scene.start::<K>("reading", Death::Store(store), 1, &more);
        let place = dead.end().place;
        place.is_some() && mapped::slots(&scene.readers())[1].gate != mapped::OFF
    });
    assert!(is_in_the_way, "nobody died with its gate on");
    let more = [delivery, "oldest"];
    go_on_without(flow, scene, "reading", &more, death, sweep_first);
}

fn go_on_without<K: Kind>(
    mut flow: Flow<K>,
    scene: &mut Scene,
    script: &str,
    more: &[&str],
    death: Death,
    sweep_first: bool,
) {
    let end = end::<K>();
    let last = match script {
        "until" => before::<K>(),
        _ => end,
    };
    let last = last.to_string();
    let more = [more[0], more[1], last.as_str()];
    let readers = scene.readers();
    let is_gone = AtomicBool::new(false);
    // In its slot, behind the witness.
    let has_read = || mapped::slots(&readers)[1].ledger[1] >= before::<K>();
    let is_in_the_way = || {
        let slot = mapped::slots(&readers)[1];
        slot.delivery == mapped::LOSSY && slot.gate != mapped::OFF
    };
    let sleeps = matches!(script, "reading" | "holding");
    let is_waiting = || match sleeps {
        true => mapped::somebody_sleeps(&readers),
        false => has_read(),
    };
    let victim_end = thread::scope(|scope| {
        let of = thread::current().name().unwrap_or_default().to_owned();
        let publish = || {
            for pause in [before::<K>(), before::<K>() + K::CAPACITY] {
                flow.publish_up_to(pause);
                wait_until("the victim waits", || {
                    // Twice: it may be joining at this very moment.
                    assert!(!(is_in_the_way() && is_in_the_way()), "for nothing");
                    is_gone.load(SeqCst) || is_waiting()
                });
            }
            flow.publish_up_to(end);
        };
        let producer = thread::Builder::new().name(format!("{of}, producer"));
        let producer = producer.spawn_scoped(scope, publish).unwrap();
        let victim = scene.start::<K>(script, death, 1, &more);
        let victim_end = victim.end();
        is_gone.store(true, SeqCst);
        producer.join().unwrap();
        victim_end
    });

    check_dead::<K>(scene, &victim_end);
    let Flow {
        mut producer,
        witness,
        history,
    } = flow;
    // The end of a stall, whoever is in the way.
    let record = K::record(1, end);
    producer.publish(&[record]);
    producer.close();
    let present = Living {
        joiners: vec![witness],
        ..Living::nobody(history)
    };
    verdict(
        scene,
        present,
        Facts::published(end + 1, end + 1),
        sweep_first,
    );
}

/// What the dead one left in its slot, if it did not leave.
fn check_dead<K: Kind>(scene: &Scene, victim: &End) {
    let info = inspect::info(&scene.ring()).unwrap();
    let readers = info.readers.unwrap();
    let Some(dead) = readers.into_iter().find(|one| one.name == READER) else {
        return;
    };
    let place = victim.place.as_deref().expect("it has left");
    let ledger = dead.ledger.unwrap();
    assert!(!dead.is_alive && ledger.adds_up(), "{dead:?}");
    // What it held has not been read, but what it does not want is passed over before; one that can miss records can
    // also go further.
    let most = match dead.delivery {
        Delivery::Lossless if place.starts_with(IN_HAND) => next_wanted::<K>(victim.done),
        Delivery::Lossless => victim.done + K::CAPACITY,
        _ => end::<K>(),
    };
    let known = victim.done..=most;
    let is_new = victim.done == 0;
    assert!(
        is_new || known.contains(&ledger.cursor),
        "{dead:?}, {known:?}"
    );
}

fn next_wanted<K: Kind>(sequence: u64) -> u64 {
    let mut sequences = sequence..;
    sequences.find(|&sequence| K::wants(sequence)).unwrap()
}
