//! Waking a thread that sleeps in the kernel.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::thread::futex;

use crate::cores;
use crate::shared::{LINE, Shared};

/// Wakes measured.
const WAKES: u32 = 200;
/// Long enough for the other to fall asleep.
const GAP: Duration = Duration::from_micros(60);

/// Nanoseconds from the change of a word until a thread that slept on it runs, the median; `None` on one core.
///
/// ```
/// if let Some(ns) = benches::bare::wake_ns() {
///     assert!(ns > 0.0);
/// }
/// ```
pub fn wake_ns() -> Option<f64> {
    cores::pair()?;
    let memory = Shared::anonymous(LINE).ok()?;
    let word = memory.half_word(0);
    let mut times = std::thread::scope(|scope| {
        let sleeper = scope.spawn(|| {
            cores::pin(1);
            let mut awake = Vec::with_capacity(WAKES as usize);
            for turn in 0..WAKES {
                sleep_until_changed(word, turn);
                awake.push(Instant::now());
            }
            awake
        });
        let changed = cores::on_first(|| {
            (1..=WAKES)
                .map(|turn| {
                    spin_for(GAP);
                    let now = Instant::now();
                    change_and_wake(word, turn);
                    now
                })
                .collect::<Vec<_>>()
        });
        let awake = sleeper.join().unwrap_or_default();
        changed
            .iter()
            .zip(awake)
            .map(|(changed, awake)| awake.saturating_duration_since(*changed).as_nanos())
            .collect::<Vec<_>>()
    });
    times.sort_unstable();
    times.get(times.len() / 2).map(|ns| *ns as f64)
}

/// Keeps this core awake so long.
pub fn spin_for(time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        std::hint::spin_loop();
    }
}

/// Gives the word a value, and wakes who sleeps on it.
///
/// # Panics
///
/// The system cannot.
pub fn change_and_wake(word: &AtomicU32, value: u32) {
    word.store(value, Ordering::Release);
    futex::wake(word, futex::Flags::empty(), 1).expect("waking");
}

/// Sleeps until the word has another value than that.
pub fn sleep_until_changed(word: &AtomicU32, value: u32) {
    while word.load(Ordering::Acquire) == value {
        // An error says that the word has changed already or that somebody interrupted: look again.
        let _ = futex::wait(word, futex::Flags::empty(), value, None);
    }
}
