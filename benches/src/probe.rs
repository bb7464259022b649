//! The bare machine: what one cache line costs between the two cores, with no ring in between.
//!
//! On a shared host that figure changes severalfold within minutes, and every other figure with it. So it
//! is printed before and after each benchmark, and results are read as ratios to it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use core_affinity::CoreId;

/// Turns measured.
const TURNS: u64 = 200_000;

/// One cache line to itself, and its neighbour that the processor fetches with it.
#[repr(align(128))]
struct Line(AtomicU64);

/// The two cores that measurements run on, `None` where there is one. Asked once, before anybody is pinned:
/// who is pinned sees only its own.
///
/// ```
/// assert_eq!(benches::probe::cores(), benches::probe::cores());
/// ```
pub fn cores() -> Option<[CoreId; 2]> {
    static CORES: OnceLock<Option<[CoreId; 2]>> = OnceLock::new();
    *CORES.get_or_init(|| core_affinity::get_core_ids()?.first_chunk().copied())
}

/// Nanoseconds one way: half a round trip of a counter between two pinned threads, `None` on one core.
///
/// ```
/// if let Some(ns) = benches::probe::cache_line_ns() {
///     assert!(ns > 0.0);
/// }
/// ```
pub fn cache_line_ns() -> Option<f64> {
    let [here, there] = cores()?;
    let (ping, pong) = (Line(AtomicU64::new(0)), Line(AtomicU64::new(0)));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            core_affinity::set_for_current(there);
            for turn in 1..=TURNS {
                await_value(&ping.0, turn);
                pong.0.store(turn, Ordering::Release);
            }
        });
        let measuring = scope.spawn(|| {
            core_affinity::set_for_current(here);
            let begin = Instant::now();
            for turn in 1..=TURNS {
                ping.0.store(turn, Ordering::Release);
                await_value(&pong.0, turn);
            }
            begin.elapsed()
        });
        let elapsed = measuring.join().ok()?;
        Some(elapsed.as_nanos() as f64 / TURNS as f64 / 2.0)
    })
}

fn await_value(word: &AtomicU64, value: u64) {
    while word.load(Ordering::Acquire) != value {}
}

/// Prints the figure, so that it stands beside what was measured.
pub fn print(when: &str) {
    match cache_line_ns() {
        Some(ns) => eprintln!("bare cache line, one way, {when}: {ns:.1} ns"),
        None => eprintln!("bare cache line, {when}: not measured, this machine has one core"),
    }
}
