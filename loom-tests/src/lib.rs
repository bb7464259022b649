//! The shipped protocol under loom: the models are in `tests/models/`, run by `ci/loom.sh`; what each of
//! them shows is in `docs/MODELS.md`.
//!
//! Without `--cfg loom` this package is empty, so that a plain `cargo test` passes it by.
#[cfg(all(loom, not(debug_assertions)))]
compile_error!("models without debug assertions check less than they say: see ci/loom.sh");

#[cfg(loom)]
mod death;
#[cfg(loom)]
mod frames;
#[cfg(loom)]
mod harness;
#[cfg(loom)]
mod held;
#[cfg(loom)]
pub use death::*;
#[cfg(loom)]
pub use frames::*;
#[cfg(loom)]
pub use harness::*;
#[cfg(loom)]
pub use held::*;
