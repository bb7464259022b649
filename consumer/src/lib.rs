//! The parts of the program `analyzer`: a library so that more than its `main` can call them, the fuzz targets
//! above all. It promises nothing to anybody else.
// Reachable for the program alone.
#![allow(missing_debug_implementations)]

mod analysis;
mod analyst;
#[doc(hidden)]
pub mod args;
mod attach;
#[doc(hidden)]
pub mod config;
#[doc(hidden)]
pub mod follow;
mod frames;
#[doc(hidden)]
pub mod output;
mod plot;
mod progress;
mod reporter;
#[doc(hidden)]
pub mod run;
mod table;
mod telling;

use ringbuf_console::reader;
#[doc(hidden)]
pub use ringbuf_console::span;
