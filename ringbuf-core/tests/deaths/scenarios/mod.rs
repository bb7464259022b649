//! Who dies, doing what, and who is there.

mod producers;
mod readers;
mod tools;

use std::fmt;

use crate::kinds::{
    Bytes, Dropping, Frames, FramesChosen, FramesDropping, FramesInPlace, FramesStamped, Granted,
    GrantedHalves, Halves, InPlace, Kind, Mirrored, Plain, Quarters, Stamped,
};
use crate::scene::Scene;
use crate::victim::Death;

/// One death and its verdict. The last argument alternates what comes first afterwards.
pub type Point = fn(&mut Scene, Death, bool);

/// A script, a ring, and those present.
pub struct Scenario {
    pub name: &'static str,
    pub kind: &'static str,
    pub is_on_disk: bool,
    pub point: Point,
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{} ({})", self.name, self.kind))
    }
}

fn of<K: Kind>(name: &'static str, point: Point) -> Scenario {
    Scenario {
        name,
        kind: K::NAME,
        is_on_disk: false,
        point,
    }
}

/// Everything.
pub fn all() -> Vec<Scenario> {
    let mut all = vec![
        of::<Plain>("creating", producers::creating::<Plain>),
        of::<Stamped>("creating", producers::creating::<Stamped>),
        of::<Plain>(
            "creating over half a ring",
            producers::over_readers::<Plain>,
        ),
        of::<Plain>("publishing", producers::publishing::<Plain>),
        of::<Mirrored>("publishing", producers::publishing::<Mirrored>),
        of::<Stamped>("publishing", producers::publishing::<Stamped>),
        of::<Halves>("publishing", producers::publishing::<Halves>),
        of::<Quarters>("publishing", producers::publishing::<Quarters>),
        of::<Bytes>("publishing", producers::publishing::<Bytes>),
        of::<InPlace>("publishing", producers::publishing::<InPlace>),
        of::<Granted>("one by one", producers::one_by_one::<Granted>),
        of::<GrantedHalves>("one by one", producers::one_by_one::<GrantedHalves>),
        of::<Plain>("continuing", producers::continuing::<Plain>),
        of::<InPlace>("continuing", producers::continuing::<InPlace>),
        of::<Halves>("continuing", producers::continuing::<Halves>),
        of::<Plain>("past a dead reader", producers::evicting::<Plain>),
        of::<Plain>("past a bounded reader", producers::demoting::<Plain>),
        of::<Plain>("held by a reader", producers::held::<Plain>),
        of::<Dropping>("dropping", producers::dropping::<Dropping>),
        of::<FramesStamped>("publishing", producers::publishing::<FramesStamped>),
        of::<FramesInPlace>("publishing", producers::publishing::<FramesInPlace>),
        of::<FramesChosen>("publishing", producers::publishing::<FramesChosen>),
        of::<Frames>("continuing", producers::continuing::<Frames>),
        of::<Frames>("past a dead reader", producers::evicting::<Frames>),
        of::<Frames>("past a bounded reader", producers::demoting::<Frames>),
        of::<Frames>("held by a reader", producers::held::<Frames>),
        of::<FramesDropping>("dropping", producers::dropping::<FramesDropping>),
        of::<Frames>("replacing", tools::replacing::<Frames>),
        of::<Plain>("replacing", tools::replacing::<Plain>),
        of::<Plain>("replacing half a ring", tools::repairing::<Plain>),
        of::<Plain>("removing", tools::removing::<Plain>),
        of::<Plain>("removing half a ring", tools::removing_half::<Plain>),
        of::<Plain>("sweeping", tools::sweeping::<Plain>),
        of::<Plain>("sweeping readers", tools::sweeping_readers::<Plain>),
        Scenario {
            is_on_disk: true,
            ..of::<Plain>("continuing on a disk", producers::on_disk::<Plain>)
        },
    ];
    all.extend(readers::all());
    all
}
