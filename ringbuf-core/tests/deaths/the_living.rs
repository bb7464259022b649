//! Those who go on: who was there, who comes, and the next producer.

use ringbuf_core::inspect::{self, ProducerState};
use ringbuf_core::{ReaderOptions, Start};

use crate::account::History;
use crate::ends::Publish;
use crate::kinds::Kind;
use crate::scene::Scene;
use crate::support::HANGS;
use crate::survivors::{Joiner, Survivor, Told, restarted};
use crate::verdict::check_ledgers;

/// Everybody who is there when somebody has died.
pub struct Living<K: Kind> {
    pub history: History,
    pub survivors: Vec<Survivor>,
    pub joiners: Vec<Joiner<K>>,
}

impl<K: Kind> Living<K> {
    pub fn nobody(history: History) -> Living<K> {
        Living {
            history,
            survivors: Vec::new(),
            joiners: Vec::new(),
        }
    }
}

/// Readers of every delivery that there may be on a ring without a producer. They read what there is.
pub fn join_the_dead<K: Kind>(
    scene: &Scene,
    history: &History,
    (published, epoch): (u64, u64),
) -> Vec<Joiner<K>> {
    let ring = scene.ring();
    let attach = |name, options: ReaderOptions, start| {
        let joiner = Joiner::<K>::attach(name, &ring, options.start(start), history, epoch);
        assert_eq!(joiner.cursor(), published, "{name} has read all there is");
        joiner
    };
    let bounded = ReaderOptions::bounded(HANGS);
    let joiners = [
        ("lossless oldest", ReaderOptions::lossless(), Start::Oldest),
        ("bounded oldest", bounded, Start::Oldest),
        ("lossy from 0", ReaderOptions::lossy(), Start::Sequence(0)),
        ("lossy last", ReaderOptions::lossy(), Start::Last(2)),
    ];
    joiners
        .into_iter()
        .filter(|(name, ..)| K::lets_in(name))
        .map(|(name, options, start)| attach(name, options, start))
        .collect()
}

/// Another producer continues the ring, or makes it again, for more than another lap, and closes it.
///
/// `epochs` are all producers with their first sequences, that one included.
pub fn go_on<K: Kind>(scene: &Scene, living: &mut Living<K>, epochs: &[(u64, u64)], replace: bool) {
    let Living {
        history,
        survivors,
        joiners,
    } = living;
    let &(epoch, first) = epochs.last().unwrap();
    let ring = scene.ring();
    let mut producer = K::create(&ring, &K::options().replace(replace)).unwrap();
    assert_eq!(producer.published(), first, "the new producer begins at");
    let info = inspect::info(&ring).unwrap();
    assert_eq!((info.epoch, info.producer), (epoch, ProducerState::Live));
    for survivor in survivors.iter() {
        survivor.look_again();
        survivor.is_told(Told::Event(restarted(epoch, first), first));
    }
    joiners.iter_mut().for_each(Joiner::read);

    let mut publish = |count: u64, joiners: &mut Vec<Joiner<K>>| {
        for record in K::records(epoch, producer.published(), count) {
            producer.publish(&[record]);
            joiners.iter_mut().for_each(Joiner::read);
        }
        producer.published()
    };
    // Before what the dead had begun to write is overwritten, and after that.
    for count in [1, K::CAPACITY] {
        let so_far = publish(count, joiners);
        let newcomers = [
            ("lossless oldest", ReaderOptions::lossless().from_oldest()),
            (
                "bounded from 0",
                ReaderOptions::bounded(HANGS).start(Start::Sequence(0)),
            ),
            ("lossy oldest", ReaderOptions::lossy().from_oldest()),
            ("lossless now", ReaderOptions::lossless()),
        ];
        let newcomers = newcomers.into_iter().filter(|(name, _)| K::lets_in(name));
        for (name, options) in newcomers {
            let joiner = Joiner::attach(name, &ring, options, history, epoch);
            assert_eq!(joiner.cursor(), so_far, "{name} has read all there is");
            joiners.push(joiner);
        }
    }
    let end = publish(K::CAPACITY + 1, joiners);
    producer.close();

    for survivor in survivors.iter() {
        survivor.is_told(Told::Closed(end));
    }
    let newest = Some((end - 1, K::record(epoch, end - 1)));
    for joiner in joiners.iter_mut() {
        joiner.ends();
        joiner.has_seen(epochs, end, newest.clone());
    }
    let info = inspect::info(&ring).unwrap();
    assert_eq!(
        (info.published, info.producer),
        (end, ProducerState::Closed)
    );
    check_ledgers(scene, &info);
    let alive = info.readers.unwrap().into_iter().filter(|one| one.is_alive);
    let ledgers: Vec<u64> = alive.map(|one| one.ledger.unwrap().cursor).collect();
    assert_eq!(ledgers, vec![end; survivors.len() + joiners.len()]);
}
