//! Analyzers as processes, on real rings.
#![cfg(target_os = "linux")]

mod anomalies;
mod bounded;
mod common;
mod entering;
mod following;
mod frames;
mod health;
mod latency;
mod pages;
mod plotting;
mod producer_death;
mod recording;
mod several;
mod spans;
mod spectrum;
#[cfg(not(ringbuf_portable))]
mod truncated;
