//! Any sequence of operations on a producer and its readers, compared with a plain model after each: what is
//! returned, told, counted, named and listed.
//!
//! The model is written from the documents, not from the code. Everything happens in one thread, and nothing
//! waits, so what comes is known exactly; only a reader that holds the producer may begin anywhere within what
//! the documents allow.
//!
//! `PROPTEST_CASES` and `PROPTEST_RNG_SEED` say how many cases, and which; a failure prints its seed and the
//! shortest sequence of operations, as one pastes it into `regressions.rs`.
// Miri would take hours.
#![cfg(not(miri))]

mod attach;
mod check;
mod frames;
mod handles;
mod holding;
mod look;
mod model;
mod ops;
mod publish;
mod reader;
mod regressions;
mod ring;
mod run;
mod strategy;
#[path = "../support/mod.rs"]
mod support;
mod value;
mod watch;

use std::cell::RefCell;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

use run::Counts;
use strategy::{any_case, any_case_of_holding};

/// The same cases every time, unless the environment says otherwise.
const SEED: u64 = 1;

fn search<S: Strategy>(
    strategy: &S,
    cases: u32,
    run: impl Fn(&S::Value, &mut Counts) -> run::Outcome,
) {
    let chosen = Config::default();
    let given = |name| std::env::var_os(name).is_some();
    let rng_seed = match given("PROPTEST_RNG_SEED") {
        true => chosen.rng_seed,
        false => RngSeed::Fixed(SEED),
    };
    let config = Config {
        cases: match given("PROPTEST_CASES") {
            true => chosen.cases,
            false => cases,
        },
        rng_seed,
        // Nothing is written beside the tests.
        failure_persistence: None,
        max_shrink_iters: 5000,
        ..chosen
    };
    println!("{} cases, {rng_seed:?}", config.cases);
    let counts = RefCell::new(Counts::new());
    let watch = watch::Watch::new();
    let found = TestRunner::new(config).run(strategy, |case| {
        watch.begins(&case);
        run(&case, &mut counts.borrow_mut()).map_err(TestCaseError::fail)
    });
    println!("{:#?}", counts.borrow());
    match found {
        Ok(()) => {}
        Err(TestError::Fail(why, case)) => panic!("{rng_seed:?}: {why}{case:?}"),
        Err(TestError::Abort(why)) => panic!("{rng_seed:?}: {why}"),
    }
}

#[test]
fn a_heap_ring_does_what_the_model_does() {
    search(&any_case(), 600, |case, counts| {
        run::case(case, true, counts)
    });
}

#[test]
fn a_mapped_ring_does_what_the_model_does() {
    search(&any_case(), 200, |case, counts| {
        run::case(case, false, counts)
    });
}

#[test]
fn what_is_held_on_a_heap_ring_does_what_the_model_does() {
    search(&any_case_of_holding(), 300, |case, counts| {
        run::case(case, true, counts)
    });
}

#[test]
fn what_is_held_on_a_mapped_ring_does_what_the_model_does() {
    search(&any_case_of_holding(), 100, |case, counts| {
        run::case(case, false, counts)
    });
}
