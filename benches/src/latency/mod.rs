//! How long a record takes from one process to another: each time by itself, in a histogram, beside what the bare
//! machine needs for the same.

mod args;
mod case;
mod one_way;
mod plot;
mod report;
mod rounds;
mod sizes;
mod wake;

pub use args::Args;
pub use case::{Case, play};
pub use plot::plot;
pub use report::{Measured, Report};
pub use rounds::run;
