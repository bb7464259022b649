//! Whoever takes a ring away dies.

use std::fs;

use super::producers::widowed;
use crate::account::History;
use crate::kinds::Kind;
use crate::mapped;
use crate::scene::Scene;
use crate::the_living::Living;
use crate::verdict::{Facts, verdict};
use crate::victim::{BEFORE, Death};

/// Of a ring that was left with `BEFORE` records, now or before it was taken away.
fn facts() -> Facts {
    Facts {
        known: (1, Some(BEFORE)),
        may_be_gone: true,
        ..Facts::published(BEFORE, BEFORE)
    }
}

/// Runs a script that takes the ring away, or puts another in its place, and says what may be there then.
fn run<K: Kind>(scene: &mut Scene, script: &str, death: Death) -> Facts {
    let id = mapped::ring_id(&scene.data());
    let end = scene.start::<K>(script, death, 1, &[]).end();
    let found = mapped::ring_id(&scene.data());
    assert!(end.place.is_some() || found != id, "it is still there");
    Facts {
        is_another: found.is_some() && found != id,
        replaced: Some(1),
        ..facts()
    }
}

/// Runs the script on a ring with readers that wait.
fn with_readers<K: Kind>(scene: &mut Scene, script: &str, death: Death, sweep_first: bool) {
    let present = widowed::<K>(scene);
    let facts = run::<K>(scene, script, death);
    verdict(scene, present, facts, sweep_first);
}

pub fn replacing<K: Kind>(scene: &mut Scene, death: Death, sweep_first: bool) {
    with_readers::<K>(scene, "replacing", death, sweep_first);
}

pub fn removing<K: Kind>(scene: &mut Scene, death: Death, sweep_first: bool) {
    with_readers::<K>(scene, "removing", death, sweep_first);
}

/// Runs the script on a ring that has lost its readers' file.
fn on_half<K: Kind>(scene: &mut Scene, script: &str, death: Death, sweep_first: bool) {
    scene.setup::<K>("leaves a ring");
    scene.remove(&scene.readers());
    let facts = Facts {
        is_torn: true,
        ..run::<K>(scene, script, death)
    };
    let present = Living::<K>::nobody(History::default());
    verdict(scene, present, facts, sweep_first);
}

pub fn repairing<K: Kind>(scene: &mut Scene, death: Death, sweep_first: bool) {
    on_half::<K>(scene, "replacing", death, sweep_first);
}

pub fn removing_half<K: Kind>(scene: &mut Scene, death: Death, sweep_first: bool) {
    on_half::<K>(scene, "removing", death, sweep_first);
}

/// A ring that nobody uses, and what creators left that died.
pub fn sweeping<K: Kind>(scene: &mut Scene, death: Death, sweep_first: bool) {
    scene.setup::<K>("leaves a ring");
    let unfinished = format!(".r.{:032x}.ring.tmp", 77);
    fs::write(scene.data().with_file_name(unfinished), b"RING").unwrap();
    swept::<K>(scene, death, sweep_first);
}

/// A readers' file alone.
pub fn sweeping_readers<K: Kind>(scene: &mut Scene, death: Death, sweep_first: bool) {
    scene.setup::<K>("leaves a ring");
    scene.remove(&scene.data());
    swept::<K>(scene, death, sweep_first);
}

fn swept<K: Kind>(scene: &mut Scene, death: Death, sweep_first: bool) {
    let end = scene.start::<K>("sweeping", death, 1, &[]).end();
    assert!(
        end.place.is_some() || scene.names().is_empty(),
        "something is left"
    );
    let present = Living::<K>::nobody(History::new());
    verdict(scene, present, facts(), sweep_first);
}
