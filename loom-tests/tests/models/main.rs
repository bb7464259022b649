//! The models, one file for each question; `docs/MODELS.md` lists what they show.
#![cfg(loom)]

mod at_once;
mod bounded;
mod damage;
mod death;
mod frames;
mod frames_death;
mod frames_held;
mod guard;
mod held;
mod in_place;
mod join;
mod ledger;
mod lossless;
mod overwrite;
mod restart;
mod room;
mod sleep;
mod stamps;
