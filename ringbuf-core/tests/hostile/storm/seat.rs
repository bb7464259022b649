//! Where a victim sits: what it is doing and since when, and what came of it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::support::HANGS;

#[derive(Default)]
pub struct Seat {
    /// The call under way, and when it must have come back.
    call: Mutex<Option<(&'static str, Instant)>>,
    /// Calls that have come back.
    done: AtomicU64,
    has_left: AtomicBool,
    tally: Mutex<BTreeMap<String, u64>>,
}

impl Seat {
    /// Does something that comes back within this time, and a limit that only what hangs exceeds.
    pub fn call<R>(&self, what: &'static str, within: Duration, act: impl FnOnce() -> R) -> R {
        let end = Instant::now() + within + HANGS;
        *self.call.lock().unwrap() = Some((what, end));
        let result = act();
        *self.call.lock().unwrap() = None;
        self.done.fetch_add(1, Ordering::Relaxed);
        result
    }

    pub fn leave(&self) {
        self.has_left.store(true, Ordering::Relaxed);
    }

    /// How many calls have come back; more than any number once it has left.
    pub fn done(&self) -> u64 {
        match self.has_left.load(Ordering::Relaxed) {
            true => u64::MAX,
            false => self.done.load(Ordering::Relaxed),
        }
    }

    /// The call that hangs, if one does.
    pub fn hangs(&self) -> Option<&'static str> {
        let call = *self.call.lock().unwrap();
        call.and_then(|(what, end)| (Instant::now() > end).then_some(what))
    }

    pub fn count(&self, what: impl fmt::Display) {
        *self
            .tally
            .lock()
            .unwrap()
            .entry(what.to_string())
            .or_default() += 1;
    }

    pub fn counted(&self, what: &str) -> u64 {
        self.tally.lock().unwrap().get(what).copied().unwrap_or(0)
    }
}

impl fmt::Display for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, times) in &*self.tally.lock().unwrap() {
            write!(f, " {what} {times},")?;
        }
        Ok(())
    }
}

/// The first word of what `{:?}` says: the name of an error.
pub fn kind(error: &impl fmt::Debug) -> String {
    let text = format!("{error:?}");
    let end = text.find(|c: char| !c.is_alphanumeric());
    text[..end.unwrap_or(text.len())].to_owned()
}
