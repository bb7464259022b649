//! Analyzers as processes, on real rings.
#![cfg(target_os = "linux")]

mod common;
mod following;
mod producer_death;
