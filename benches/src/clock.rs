//! The clock that all processes share.

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds on it.
///
/// ```
/// let before = benches::clock::now_ns();
/// assert!(benches::clock::now_ns() >= before);
/// ```
pub fn now_ns() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
