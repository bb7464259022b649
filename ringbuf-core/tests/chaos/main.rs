//! Producers and readers of every kind on one ring, started, stopped and killed at random, with somebody who knows
//! what was published.
//!
//! `ci/chaos.sh` runs it for long; by itself it takes a few seconds. The same seed does the same things in the same
//! order.
// Miri has one process and no files to map.
#![cfg(all(target_os = "linux", not(miri)))]

mod account;
mod actor;
mod book;
mod claims;
mod content;
mod driver;
mod fault;
mod figures;
mod frames;
mod kinds;
mod looks;
mod note;
mod plan;
mod producers;
mod producing;
mod publishing;
mod readers;
mod reading;
mod ring;
mod scene;
mod setting;
mod source;
mod statements;
#[path = "../support/mod.rs"]
mod support;
mod sweeping;

use std::path::PathBuf;
use std::time::Duration;

use figures::Figures;
use plan::Plan;

/// How long to run, in seconds.
const LENGTH: &str = "RINGBUF_CHAOS_SECONDS";
const SEED: &str = "RINGBUF_CHAOS_SEED";
/// Where to put everything, for whoever takes it away.
const DIRECTORY: &str = "RINGBUF_CHAOS_DIR";

/// The other processes. By itself it does nothing.
#[test]
fn role() {
    support::process::play(&[
        ("producer", producing::producer),
        ("reader", reading::reader),
        ("sweeper", sweeping::sweeper),
    ]);
}

#[test]
fn chaos() {
    let number = |name: &str, otherwise: u64| {
        std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
    };
    let length = Duration::from_secs(number(LENGTH, 2));
    let seed = number(SEED, 1);
    let directory = std::env::var_os(DIRECTORY).map(PathBuf::from);
    println!("chaos with seed {seed} for {} s", length.as_secs());
    let mut figures = Figures::new(seed);
    for setting in 0.. {
        let plan = Plan::draw(seed, setting);
        if let Err(fault) = driver::run(&plan, directory.as_deref(), &mut figures) {
            panic!(
                "chaos after {:.1} s, seed {seed}, setting {setting} {:?}:\n{fault}",
                figures.elapsed().as_secs_f64(),
                plan.setting
            );
        }
        if figures.elapsed() >= length {
            break;
        }
    }
    figures.summary();
}

#[test]
fn the_same_seed_does_the_same_things() {
    let text = |seed| format!("{:?}", [0, 1, 2].map(|setting| Plan::draw(seed, setting)));
    assert_eq!(text(7), text(7));
    assert_ne!(text(7), text(8));
}
