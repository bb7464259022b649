//! Squares of matrices, joined.

use crate::{MATRIX, Scene};

#[test]
fn rows_joined_are_the_product() {
    let scene = Scene::new();
    for (size, workers) in [
        ("1", "4"),
        ("3", "4"),
        ("7", "2"),
        ("50", "3"),
        ("101", "4"),
    ] {
        let arguments = ["--size", size, "--workers", workers, "--times", "4"];
        let said = scene.run(MATRIX, &arguments);
        assert!(said.ends_with("the same, to the bit\n"), "{said}");
    }
}
