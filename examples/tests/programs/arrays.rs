//! Large arrays: the right sums, and the memory of one array.

use crate::{BIG_ARRAY, Scene};

/// The last two numbers of a row: MB, and how many arrays that is.
fn memory(said: &str, way: &str) -> f64 {
    let row = said.lines().find(|line| line.starts_with(way));
    let row = row.unwrap_or_else(|| panic!("{way}: {said}"));
    let numbers: Vec<f64> = row
        .split_whitespace()
        .rev()
        .take(2)
        .map(|number| number.parse().unwrap())
        .collect();
    numbers[1]
}

/// Whatever the processes take for themselves, copies take an array more for each worker, or one for all of them.
#[test]
fn an_array_is_there_once() {
    let scene = Scene::new();
    let said = scene.run(BIG_ARRAY, &["--mb", "8", "--arrays", "3"]);
    assert!(said.ends_with("every sum was right\n"), "{said}");
    let shared = memory(&said, "read in place");
    let whole = (memory(&said, "the whole to each") - shared) / 8.0;
    let part = (memory(&said, "its part to each") - shared) / 8.0;
    assert!((3.5..4.5).contains(&whole), "{said}");
    assert!((0.5..1.5).contains(&part), "{said}");
    assert!(shared >= 8.0, "{said}");
}

/// One array after the other through a ring that keeps one, in parts that are not alike.
#[test]
fn every_sum_of_many_arrays_is_right() {
    let scene = Scene::new();
    for (megabytes, workers) in [("0.001", "32"), ("0.1", "3"), ("0.008", "1")] {
        let arguments = ["--mb", megabytes, "--workers", workers, "--arrays", "50"];
        let said = scene.run(BIG_ARRAY, &arguments);
        assert!(said.ends_with("every sum was right\n"), "{said}");
    }
}
