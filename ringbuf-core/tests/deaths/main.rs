//! Everybody dies everywhere: before every single store to shared memory and before every system call that others could
//! see, in everything that producers, readers and tools do to a ring. After every death one verdict: `verdict.rs`.
//!
//! Run by `ci/deaths.sh`. A scenario is named, so that one of them can be run alone:
//! `RINGBUF_DEATHS=continuing ci/deaths.sh`.
// The stores can only end a process that is built for it.
#![cfg(all(target_os = "linux", ringbuf_deaths))]

mod account;
mod ends;
mod kinds;
mod mapped;
mod point;
mod scenarios;
mod scene;
mod sites;
mod survivors;
mod sweep;
mod the_living;
mod verdict;
mod victim;

#[path = "../support/mod.rs"]
mod support;

/// The victims of these tests. By itself it does nothing.
#[test]
fn role() {
    support::process::play(&[("victims", victim::victims)]);
}

#[test]
fn whoever_dies_wherever_everybody_else_goes_on() {
    sweep::run();
}
