//! Every target over its corpus and over changes of it: the part of fuzzing that is the same every time.
//!
//! ```text
//! RINGBUF_FUZZ_SEED=7 RINGBUF_FUZZ_CHANGES=1000000 cargo test -p ringbuf-fuzz --release csv
//! ```
#![cfg(unix)]

use ringbuf_fuzz::TARGETS;
use ringbuf_fuzz::replay::replay;

/// Enough for every push. All of them on every machine: what one finds, another one finds too.
const CHANGES: u64 = 5_000;

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn check(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name);
    let target = target.expect("a target");
    let seed = from_environment("RINGBUF_FUZZ_SEED").unwrap_or(1);
    let changes = from_environment("RINGBUF_FUZZ_CHANGES").unwrap_or(CHANGES);
    let changes = changes / target.cost;
    println!("{name}: seed {seed}");
    let kept = replay(target, seed, changes);
    println!("{name}: {kept} kept, {changes} changed");
    assert!(kept > 0);
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                check(stringify!($name));
            }
        )*

        #[test]
        fn no_target_is_left_out() {
            assert_eq!([$(stringify!($name)),*].len(), TARGETS.len());
        }
    };
}

targets!(attach resume inspect frames schema records csv ndjson raw analyses times arguments references);
