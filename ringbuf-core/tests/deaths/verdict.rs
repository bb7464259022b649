//! What must be so after every death, whoever died and wherever.

use ringbuf_core::inspect::{self, ProducerState, RingInfo};
use ringbuf_core::{AttachError, Event};

use crate::account::History;
use crate::kinds::Kind;
use crate::mapped;
use crate::scene::Scene;
use crate::survivors::{Survivor, Told, restarted};
use crate::the_living::{Living, go_on, join_the_dead};

/// What is known of the ring before it is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// `published`, at least and at most.
    pub published: (u64, u64),
    /// The newest epoch that the survivors know, and where they have been told that it ended.
    pub known: (u64, Option<u64>),
    /// The ring may be gone.
    pub may_be_gone: bool,
    /// Another ring may have its name, with this many records at most.
    pub replaced: Option<u64>,
    /// The identity of the ring of the survivors.
    pub is_another: bool,
    /// Its two files may not belong together: somebody else has removed one of them.
    pub is_torn: bool,
}

impl Facts {
    /// Of a ring whose first producer died as it had `published` at least and at most so many.
    pub fn published(least: u64, most: u64) -> Facts {
        Facts {
            published: (least, most),
            known: (1, None),
            may_be_gone: false,
            replaced: None,
            is_another: false,
            is_torn: false,
        }
    }
}

/// Looks at what the dead left, goes on with it in every way, and ends it.
pub fn verdict<K: Kind>(scene: &mut Scene, present: Living<K>, facts: Facts, sweep_first: bool) {
    let Living {
        mut history,
        mut survivors,
        mut joiners,
    } = present;
    check_names(scene);
    let found = look(scene, &facts);
    let (mut published, mut epoch) = (0, 0);
    match &found {
        Some(info) if !facts.is_another => {
            published = info.published;
            epoch = info.epoch;
            tell_of_the_end(&survivors, info, &facts);
        }
        found => {
            // The ring of the survivors is gone.
            let place = facts.known.1.unwrap_or(0);
            let expected = match found {
                Some(_) => Told::Replaced(place),
                None => Told::Removed(place),
            };
            survivors.iter().for_each(|one| one.is_told(expected));
            survivors.drain(..).for_each(Survivor::leave);
            history = History::new();
            if let Some(info) = found {
                published = info.published;
                epoch = info.epoch;
            }
        }
    }
    if found.is_some() && !facts.is_torn {
        joiners.extend(join_the_dead::<K>(scene, &history, (published, epoch)));
    }
    let is_read = !survivors.is_empty() || !joiners.is_empty();
    if sweep_first || is_read {
        // What is read stays, whatever else the dead left.
        scene.sweep();
        let left: &[&str] = if is_read {
            &["r.readers", "r.ring"]
        } else {
            &[]
        };
        assert_eq!(scene.names(), left, "left by gc");
    }

    let (epoch, first) = match facts.is_torn {
        true => (1, 0),
        false => (epoch + 1, published),
    };
    history.begins(first, epoch);
    let mut epochs: Vec<(u64, u64)> = match facts.known {
        (known, Some(end)) if epoch > known + 1 => vec![(1, 0), (known + 1, end)],
        _ if epoch > 1 => vec![(1, 0)],
        _ => Vec::new(),
    };
    epochs.push((epoch, first));
    let mut living = Living {
        history,
        survivors,
        joiners,
    };
    go_on(scene, &mut living, &epochs, facts.is_torn);
    let Living {
        survivors, joiners, ..
    } = living;
    drop(joiners);
    survivors.into_iter().for_each(Survivor::leave);
    scene.sweep();
    assert_eq!(scene.names(), [""; 0], "left by gc");
}

/// Only what belongs to a ring, finished or not.
fn check_names(scene: &Scene) {
    for name in scene.names() {
        let is_temporary = name.starts_with(".r.") && name.ends_with(".tmp");
        let is_known = is_temporary || name == "r.ring" || name == "r.readers";
        assert!(is_known, "the dead left {name}");
    }
}

/// The ring as everybody finds it; `None` if it is gone.
fn look(scene: &Scene, facts: &Facts) -> Option<RingInfo> {
    let info = match inspect::info(&scene.ring()) {
        Ok(info) => info,
        Err(AttachError::NotFound { .. }) => {
            assert!(facts.may_be_gone, "the ring is gone");
            return None;
        }
        Err(error) => panic!("{error}"),
    };
    let indices = mapped::indices(&scene.data());
    let (published, claimed) = (indices.published, indices.claimed);
    assert!(
        published <= claimed && claimed <= published + info.capacity,
        "{indices:?}"
    );
    let (least, most) = match facts.replaced {
        Some(most) if facts.is_another => (0, most),
        _ => facts.published,
    };
    assert!(
        (least..=most).contains(&published),
        "published {published}, not {least} to {most}"
    );
    assert!(info.epoch >= 1, "a ring without an epoch");
    assert_ne!(info.producer, ProducerState::Live, "its producer is dead");
    if !facts.is_torn {
        assert!(scene.readers().exists(), "a ring without its readers' file");
        check_ledgers(scene, &info);
    }
    Some(info)
}

/// Every ledger adds up, in the files and as tools see it.
pub fn check_ledgers(scene: &Scene, info: &RingInfo) {
    for slot in mapped::slots(&scene.readers()) {
        let [joined, cursor, read, missed, skipped] = slot.ledger;
        assert_eq!(read + missed + skipped, cursor - joined, "{slot:?}");
        // A gate of whom nobody waits for, or of who left, would be in the way for as long as somebody has the slot.
        let is_lossy = slot.delivery == mapped::LOSSY;
        assert!(!is_lossy || slot.gate == mapped::OFF, "{slot:?}");
    }
    for reader in info.readers.as_ref().unwrap() {
        assert!(reader.ledger.unwrap().adds_up(), "{reader:?}");
        assert!(
            reader.ledger.unwrap().cursor <= info.published,
            "{reader:?}"
        );
    }
}

/// The survivors are told that the producer is gone, where it happened.
fn tell_of_the_end(survivors: &[Survivor], info: &RingInfo, facts: &Facts) {
    let (known, told) = facts.known;
    let end = match info.producer {
        ProducerState::Closed => Told::Closed(info.published),
        _ => Told::Event(Event::ProducerDied, info.published),
    };
    assert!(info.epoch <= known + 1, "{info:?}");
    for survivor in survivors {
        if info.epoch > known {
            let first = told.unwrap();
            survivor.is_told(Told::Event(restarted(info.epoch, first), first));
        }
        if info.epoch > known || told.is_none() {
            survivor.is_told(end);
        }
    }
}
