//! What the programs `producer`, `analyzer` and `ringctl` have in common: how values, times, numbers and errors are
//! read from a command line and shown to people and programs. It promises nothing to anybody else.
// Reachable for the programs alone.
#![allow(missing_debug_implementations)]

pub mod duration;
pub mod error;
pub mod examples;
pub mod frames;
pub mod lines;
pub mod pages;
pub mod reader;
pub mod select;
pub mod span;
pub mod stopping;
pub mod text;
pub mod times;
pub mod usage;
pub mod values;
pub mod version;
