//! The parts of the program `analyzer`: a library so that more than its `main` can call them, the fuzz targets
//! above all. It promises nothing to anybody else.
// Reachable for the program alone.
#![allow(missing_debug_implementations)]
// What is said of its parts is for who reads all of it.
#![allow(rustdoc::private_intra_doc_links)]

#[doc(hidden)]
pub mod analysis;
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
#[doc(hidden)]
pub mod plot;
#[doc(hidden)]
pub mod progress;
#[doc(hidden)]
pub mod reporter;
#[doc(hidden)]
pub mod run;
mod table;
mod telling;

use ringbuf_console::reader;
#[doc(hidden)]
pub use ringbuf_console::span;
