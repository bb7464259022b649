//! Being asked to stop, by Ctrl-C or SIGTERM, and sleeping in a way that this cuts short.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use signal_hook::consts::{SIGINT, SIGTERM};

/// Left out on purpose: SIGHUP, which `nohup` has us ignore and a handler would undo.
const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];

/// Where a signal cannot wake a sleeper, it has to look now and then.
const LONGEST_SLEEP: Duration = if cfg!(unix) {
    Duration::MAX
} else {
    Duration::from_millis(100)
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
        listen(Arc::clone(&stop.asked))?;
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
            thread::park_timeout(left.min(LONGEST_SLEEP));
        }
    }
}

#[cfg(unix)]
fn listen(asked: Arc<AtomicBool>) -> io::Result<()> {
    let sleeper = thread::current();
    let mut signals = signal_hook::iterator::Signals::new(SIGNALS)?;
    let listen = move || {
        for signal in signals.forever() {
            if asked.swap(true, Ordering::Relaxed) {
                std::process::exit(128 + signal);
            }
            sleeper.unpark();
        }
    };
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(listen)
        .map(drop)
}

#[cfg(not(unix))]
fn listen(asked: Arc<AtomicBool>) -> io::Result<()> {
    for signal in SIGNALS {
        // In this order: the first signal finds the flag unset and sets it.
        signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&asked))?;
        signal_hook::flag::register(signal, Arc::clone(&asked))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
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
