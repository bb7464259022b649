//! Producers die.

use std::thread::sleep;
use std::time::Duration;

use ringbuf_core::{ReaderOptions, inspect};

use crate::account::History;
use crate::kinds::Kind;
use crate::mapped;
use crate::scene::{End, Scene};
use crate::survivors::{Joiner, Told, are_asleep, of_every_delivery};
use crate::the_living::Living;
use crate::verdict::{Facts, verdict};
use crate::victim::{BEFORE, Death};

/// Records of one call of the script.
fn most<K: Kind>() -> u64 {
    K::CAPACITY + 2
}

/// A ring that is not there, or has what was published and perhaps what was being published.
fn created<K: Kind>(end: &End) -> Facts {
    Facts {
        may_be_gone: end.place.is_some() && end.done == 0,
        ..Facts::published(end.done, end.done + most::<K>())
    }
}

/// A ring that was continued with this many records.
fn continued<K: Kind>(end: &End, before: u64) -> Facts {
    let least = end.done.max(before);
    Facts {
        known: (1, Some(before)),
        ..Facts::published(least, least + most::<K>())
    }
}

pub fn creating<K: Kind>(scene: &mut Scene, death: Death, sweep_first: bool) {
    let end = scene.start::<K>("creating", death, 1, &[]).end();
    let facts = created::<K>(&end);
    verdict(
        scene,
        Living::<K>::nobody(History::new()),
        facts,
        sweep_first,
    );
}

/// Somebody else died between the two files.
pub fn over_readers<K: Kind>(scene: &mut Scene, death: Death, sweep_first: bool) {
    scene.setup::<K>("leaves a ring");
    scene.remove(&scene.data());
    creating::<K>(scene, death, sweep_first);
}

/// While readers of every delivery follow, asleep when it begins.
pub fn publishing<K: Kind>(scene: &mut Scene, death: Death, sweep_first: bool) {
    beside_readers::<K>("publishing", scene, death, sweep_first);
}

/// The same, each record by itself.
pub fn one_by_one<K: Kind>(scene: &mut Scene, death: Death, sweep_first: bool) {
    beside_readers::<K>("one by one", scene, death, sweep_first);
}

fn beside_readers<K: Kind>(script: &str, scene: &mut Scene, death: Death, sweep_first: bool) {
    let (ring, readers, history) = (scene.ring(), scene.readers(), History::new());
    let mut victim = scene.start::<K>(script, death, 1, &[]);
    victim.is_ready();
    let survivors = of_every_delivery::<K>(&ring, &history);
    are_asleep(&survivors, || mapped::somebody_sleeps(&readers));
    victim.go();
    let end = victim.end();
    let present = Living::<K> {
        survivors,
        ..Living::nobody(history)
    };
    let facts = Facts::published(end.done, end.done + most::<K>());
    verdict(scene, present, facts, sweep_first);
}

/// A ring whose producer died, and readers that wait for the next.
pub fn widowed<K: Kind>(scene: &mut Scene) -> Living<K> {
    let history = History::new();
    scene.setup::<K>("leaves a ring");
    let survivors = of_every_delivery::<K>(&scene.ring(), &history);
    for survivor in &survivors {
        survivor.is_told(Told::Event(ringbuf_core::Event::ProducerDied, BEFORE));
    }
    are_asleep(&survivors, || mapped::somebody_sleeps(&scene.readers()));
    Living {
        survivors,
        ..Living::nobody(history)
    }
}

/// The second producer dies, too.
pub fn continuing<K: Kind>(scene: &mut Scene, death: Death, sweep_first: bool) {
    let present = widowed::<K>(scene);
    present.history.begins(BEFORE, 2);
    let end = scene.start::<K>("creating", death, 2, &[]).end();
    verdict(scene, present, continued::<K>(&end, BEFORE), sweep_first);
}

/// A ring that was closed, on a disk: what it says of its end is written in order.
pub fn on_disk<K: Kind>(scene: &mut Scene, death: Death, sweep_first: bool) {
    scene.setup::<K>("creating");
    let info = inspect::info(&scene.ring()).unwrap();
    assert!(info.is_on_disk);
    let history = History::new();
    history.begins(info.published, 2);
    let end = scene.start::<K>("creating", death, 2, &[]).end();
    let facts = continued::<K>(&end, info.published);
    verdict(scene, Living::<K>::nobody(history), facts, sweep_first);
}

/// A reader that was killed is in the way.
pub fn evicting<K: Kind>(scene: &mut Scene, death: Death, sweep_first: bool) {
    scene.setup::<K>("leaves a reader");
    let history = History::new();
    history.begins(BEFORE, 2);
    let end = scene.start::<K>("creating", death, 2, &[]).end();
    let facts = continued::<K>(&end, BEFORE);
    verdict(scene, Living::<K>::nobody(history), facts, sweep_first);
}

/// A bounded reader that does nothing is in the way. Its time is over at once, so that every run takes the same steps.
pub fn demoting<K: Kind>(scene: &mut Scene, death: Death, sweep_first: bool) {
    let options = ReaderOptions::bounded(Duration::ZERO);
    let (end, mut present) = behind::<K>(scene, "creating", options, death);
    present.joiners[0].read();
    let was_through = end.place.is_none();
    assert!(present.joiners[0].was_demoted() || !was_through);
    verdict(scene, present, continued::<K>(&end, BEFORE), sweep_first);
}

/// A lossless reader that does nothing is in the way of a producer that drops.
pub fn dropping<K: Kind>(scene: &mut Scene, death: Death, sweep_first: bool) {
    let options = ReaderOptions::lossless();
    let (end, mut present) = behind::<K>(scene, "refused", options, death);
    let info = inspect::info(&scene.ring()).unwrap();
    let (tried, done) = (2 * K::CAPACITY, info.published - BEFORE);
    assert!(info.refused + done <= tried, "more than it tried");
    if end.place.is_none() {
        assert_eq!((info.refused, done), (tried - K::CAPACITY, K::CAPACITY));
    }
    present.joiners[0].read();
    verdict(scene, present, continued::<K>(&end, BEFORE), sweep_first);
}

/// A lossless reader holds the producer, as long as it likes.
pub fn held<K: Kind>(scene: &mut Scene, death: Death, sweep_first: bool) {
    scene.setup::<K>("leaves a ring");
    let (ring, data, history) = (scene.ring(), scene.data(), History::new());
    let options = ReaderOptions::lossless().from_oldest();
    let mut reader = Joiner::<K>::attach("holds", &ring, options, &history, 1);
    history.begins(BEFORE, 2);
    let mut victim = scene.start::<K>("creating", death, 2, &[]);
    while !victim.is_gone() {
        // Long enough for it to look whether the reader lives.
        sleep(Duration::from_millis(15));
        let published = mapped::indices(&data).published;
        let most = reader.cursor() + K::CAPACITY;
        assert!(published <= most, "{published}, held at {most}");
        reader.read();
    }
    let end = victim.end();
    reader.read();
    let living = Living {
        joiners: vec![reader],
        ..Living::nobody(history)
    };
    verdict(scene, living, continued::<K>(&end, BEFORE), sweep_first);
}

/// A victim that continues a ring on which a reader stands still.
fn behind<K: Kind>(
    scene: &mut Scene,
    script: &str,
    options: ReaderOptions,
    death: Death,
) -> (End, Living<K>) {
    scene.setup::<K>("leaves a ring");
    let history = History::new();
    let options = options.from_oldest();
    let reader = Joiner::<K>::attach("behind", &scene.ring(), options, &history, 1);
    history.begins(BEFORE, 2);
    let end = scene.start::<K>(script, death, 2, &[]).end();
    let present = Living {
        joiners: vec![reader],
        ..Living::nobody(history)
    };
    (end, present)
}
