//! Being asked to stop: Ctrl-C, SIGTERM and SIGHUP, and sleeping in a way that they cut short.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Instant,
};

/// Whether somebody asked this process to stop.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop {
    asked: Arc<AtomicBool>,
}

impl Stop {
    /// Listens for signals and wakes the calling thread from [`Stop::sleep_until`] when one comes.
    ///
    /// The second signal ends the process at once: it is the way out when finishing takes too long.
    pub(crate) fn on_signals() -> io::Result<Stop> {
        let stop = Stop::default();
        let (asked, sleeper) = (Arc::clone(&stop.asked), thread::current());
        let mut signals = signals()?;
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                for signal in signals.forever() {
                    if asked.swap(true, Ordering::Relaxed) {
                        std::process::exit(128 + signal);
                    }
                    sleeper.unpark();
                }
            })?;
        Ok(stop)
    }

    /// Whether a signal has come.
    pub(crate) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Sleeps until `time` or until a signal comes; may return early for no reason.
    pub(crate) fn sleep_until(&self, time: Instant) {
        let left = time.saturating_duration_since(Instant::now());
        if !left.is_zero() && !self.is_asked() {
            thread::park_timeout(left);
        }
    }
}

#[cfg(unix)]
fn signals() -> io::Result<signal_hook::iterator::Signals> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn nobody_asked_is_a_full_sleep() {
        let stop = Stop::default();
        let began = Instant::now();
        let end = began + Duration::from_millis(20);
        while Instant::now() < end {
            stop.sleep_until(end);
        }
        assert!(!stop.is_asked());
    }

    #[test]
    fn having_been_asked_there_is_no_sleep() {
        let stop = Stop::default();
        stop.asked.store(true, Ordering::Relaxed);
        let began = Instant::now();
        stop.sleep_until(began + Duration::from_secs(3600));
        assert!(began.elapsed() < Duration::from_secs(60));
    }
}
