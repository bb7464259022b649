//! No wake-up is lost: readers that sleep for the next record and producers that sleep for room, in processes of
//! their own, woken around the moment they fall asleep.
//!
//! The library limits each of its sleeps, so that a death is noticed, and that would heal a lost wake-up in
//! silence. Here [`futex`] stands between the library and the system and takes the limits away: whoever is not woken
//! sleeps for ever, and [`watch`] sees that what it sleeps for has long been done. The library itself is the shipped
//! one.
//!
//! `RINGBUF_WAKES_SLEEPS` says how often somebody must really have slept, `RINGBUF_WAKES_SEED` from where the
//! delays are drawn; `ci/wakes.sh` sets both.
// Miri has one process and no files to map. Elsewhere nobody is woken: sleepers look by themselves.
#![cfg(all(target_os = "linux", not(any(miri, ringbuf_portable))))]

mod futex;
mod pace;
mod page;
mod part;
mod ping_pong;
mod producer_sleeps;
mod reader_sleeps;
mod rows;
#[path = "../support/mod.rs"]
mod support;
mod watch;

use rows::{ROWS, Row};

/// The other processes. By itself it does nothing.
#[test]
fn role() {
    support::process::play(&[
        ("publishes", reader_sleeps::publishes),
        ("reads", reader_sleeps::reads),
        ("closes", reader_sleeps::closes),
        ("reads to the close", reader_sleeps::reads_to_the_close),
        ("restarts", reader_sleeps::restarts),
        ("reads to the restart", reader_sleeps::reads_to_the_restart),
        ("fills", producer_sleeps::fills),
        ("releases", producer_sleeps::releases),
        ("advances", producer_sleeps::advances),
        ("fills for one", producer_sleeps::fills_for_one),
        ("leaves", producer_sleeps::leaves),
        ("serves", ping_pong::serves),
        ("returns", ping_pong::returns),
    ]);
}

fn number(name: &str, default: u64) -> u64 {
    let Ok(text) = std::env::var(name) else {
        return default;
    };
    let number = text.parse();
    number.unwrap_or_else(|_| panic!("{name} is {text:?}: it must be a number"))
}

#[test]
fn every_sleeper_is_woken() {
    let sleeps = number("RINGBUF_WAKES_SLEEPS", 3_000);
    let seed = number("RINGBUF_WAKES_SEED", 1);
    let only = std::env::var("RINGBUF_WAKES_ONLY").unwrap_or_default();
    let rows: Vec<(usize, Row)> = ROWS
        .into_iter()
        .enumerate()
        .filter(|(_, row)| row.name().contains(&only))
        .collect();
    let share: u64 = rows.iter().map(|(_, row)| row.share).sum();
    println!("{}", rows::HEAD);
    let mut slept = 0;
    for (i, row) in &rows {
        // Rounded up, so that the sum is reached.
        let sleeps = (sleeps * row.share).div_ceil(share);
        slept += row.run(sleeps, seed.wrapping_mul(1000) + *i as u64);
    }
    println!("{slept} sleeps with seed {seed}, nobody overslept");
    assert!(slept >= sleeps);
}
