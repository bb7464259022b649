//! A file of the ring truncated under a producer: it says so, instead of dying of a signal without a word.
#![cfg(all(target_os = "linux", not(ringbuf_portable)))]

mod common;

use common::{Producer, Rings, ring_that};

fn truncated_while_it_runs(extension: &str, options: &[&str]) {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let arguments = ["synth", "--ring", &ring, "--rate", "1000", "--json"];
    let producer = Producer::start(&[&arguments, options].concat());
    ring_that(&ring, |info| info.published > 10);
    let path = format!("{ring}.{extension}");
    let file = std::fs::File::options().write(true).open(&path);
    file.and_then(|file| file.set_len(0)).expect("truncates");
    let outcome = producer.finish();
    assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
    let said: Vec<&str> = outcome.stderr.lines().collect();
    let [.., last] = said.as_slice() else {
        panic!("it says nothing: {outcome:?}");
    };
    assert!(
        last.starts_with(&format!(
            "producer: {path} was truncated by another process"
        )),
        "{last}"
    );
    // What that costs: the records lie in one of the two alone.
    let is_harmless = last.contains("It holds no records");
    assert_eq!(is_harmless, extension == "readers", "{last}");
    let told = said.iter().filter(|line| line.contains("truncated"));
    assert_eq!(told.count(), 1, "{said:?}");
    // No summary, and no half of one.
    assert_eq!(outcome.stdout, "");
}

#[test]
fn the_data_truncated_under_a_producer_are_named() {
    truncated_while_it_runs("ring", &[]);
}

#[test]
fn the_readers_truncated_under_a_producer_are_named() {
    truncated_while_it_runs("readers", &[]);
    // Nobody is waited for, and sleepers are woken all the same.
    truncated_while_it_runs("readers", &["--allow", "lossy"]);
}
