//! The two clocks of a recording.
#![allow(unsafe_code)]

use std::time::{SystemTime, UNIX_EPOCH};

/// Nanoseconds on a clock that never goes back and is the same for every process of this boot.
#[cfg(unix)]
pub(crate) fn monotonic_ns() -> u64 {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: clock_gettime(3) writes one timespec through its second argument, which points to a
    // live one that nothing else refers to. If it fails it writes nothing, and `now` stays zero.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    let nanoseconds = u64::try_from(now.tv_nsec).unwrap_or(0);
    seconds
        .saturating_mul(1_000_000_000)
        .saturating_add(nanoseconds)
}

/// Nanoseconds on a clock that never goes back and is the same for every process of this boot.
///
/// `Instant` reads the same counter but keeps its value to itself, and processes have to compare.
#[cfg(windows)]
pub(crate) fn monotonic_ns() -> u64 {
    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn QueryPerformanceCounter(count: *mut i64) -> i32;
        fn QueryPerformanceFrequency(frequency: *mut i64) -> i32;
    }
    let (mut count, mut frequency) = (0, 0);
    // SAFETY: QueryPerformanceCounter writes one i64 through its argument, which points to a live
    // one that nothing else refers to.
    unsafe { QueryPerformanceCounter(&raw mut count) };
    // SAFETY: QueryPerformanceFrequency writes one i64 through its argument, as above.
    unsafe { QueryPerformanceFrequency(&raw mut frequency) };
    let count = u128::try_from(count).unwrap_or(0);
    let frequency = u128::try_from(frequency).unwrap_or(0).max(1);
    u64::try_from(count * 1_000_000_000 / frequency).unwrap_or(u64::MAX)
}

/// Nanoseconds since the Unix epoch, by the clock on the wall; negative before 1970.
pub(crate) fn realtime_ns() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => {
            i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |nanoseconds| -nanoseconds)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn monotonic_advances_as_an_instant_does() {
        let (instant, before) = (Instant::now(), monotonic_ns());
        std::thread::sleep(Duration::from_millis(20));
        let (elapsed, after) = (instant.elapsed(), monotonic_ns());
        let measured = Duration::from_nanos(after - before);
        assert!(before > 0);
        assert!(measured >= Duration::from_millis(20), "{measured:?}");
        assert!(
            measured.abs_diff(elapsed) < Duration::from_millis(500),
            "{measured:?}"
        );
    }

    #[test]
    fn realtime_is_in_this_century() {
        let year_2024 = 1_704_067_200_000_000_000;
        let year_2100 = 4_102_444_800_000_000_000;
        assert!((year_2024..year_2100).contains(&realtime_ns()));
    }
}
