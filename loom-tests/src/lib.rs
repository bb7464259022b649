//! The shipped protocol under loom: the models are in `tests/`, run by `ci/loom.sh`.
//!
//! Without `--cfg loom` this package is empty, so that a plain `cargo test` passes it by.
#[cfg(all(loom, not(debug_assertions)))]
compile_error!("models without debug assertions check less than they say: see ci/loom.sh");
