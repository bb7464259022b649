//! What the programs of this package share: processes that play roles, rings that vanish with them, rows for each
//! worker, and the memory that all of them take together.

mod frames;
mod memory;
mod rows;
mod workers;

pub use frames::{Ring, each_frame, one_frame};
pub use memory::proportional;
pub use rows::rows;
pub use workers::{Worker, go_on, play, say};

/// Errors of any kind, which may pass from one thread to another.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
