//! A cache line from one core to the other.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::cores;
use crate::shared::{LINE, Shared};

/// Turns measured.
const TURNS: u64 = 200_000;

/// Nanoseconds one way: half a round trip of a counter between two pinned threads, `None` on one core.
///
/// ```
/// if let Some(ns) = benches::bare::cache_line_ns() {
///     assert!(ns > 0.0);
/// }
/// ```
pub fn cache_line_ns() -> Option<f64> {
    cores::pair()?;
    let lines = Shared::anonymous(2 * LINE).ok()?;
    let (ping, pong) = (lines.word(0), lines.word(1));
    let elapsed = std::thread::scope(|scope| {
        scope.spawn(|| {
            cores::pin(1);
            for turn in 1..=TURNS {
                await_word(ping, turn);
                pong.store(turn, Ordering::Release);
            }
        });
        cores::on_first(|| {
            let begin = Instant::now();
            for turn in 1..=TURNS {
                ping.store(turn, Ordering::Release);
                await_word(pong, turn);
            }
            begin.elapsed()
        })
    });
    Some(elapsed.as_nanos() as f64 / TURNS as f64 / 2.0)
}

/// Looks until the word has that value.
#[inline]
pub fn await_word(word: &AtomicU64, value: u64) {
    while word.load(Ordering::Acquire) != value {}
}
