//! How much the ring keeps. A length of time is a promise, and promises are checked.

use std::time::Duration;

use ringbuf_core::Retain;

use crate::supply::{Held, Kind};

/// How much the ring is to keep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Keep {
    /// As much as the ring of this name does already, else a default.
    AsFound,
    /// So many records.
    Records(u64),
    /// What comes in so much time.
    Lasting(Promise),
}

impl Keep {
    /// The promise that was made, if one was.
    pub(crate) fn promise(self) -> Option<Promise> {
        match self {
            Keep::Lasting(promise) => Some(promise),
            Keep::AsFound | Keep::Records(_) => None,
        }
    }
}

/// So much time is kept, as long as records come at this rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Promise {
    pub(crate) time: Duration,
    /// Records a second.
    pub(crate) rate: f64,
}

impl Promise {
    /// How late a process is woken that nothing is wrong with: records that went out together are
    /// younger by this than records on time.
    const WAKING: f64 = 0.002;
    /// How far less may be kept than was promised.
    const TOLERANCE: f64 = 0.02;

    /// The records to keep for it.
    pub(crate) fn retain(self) -> Retain {
        Retain::lasting(self.time, self.rate)
    }

    /// What to say when a ring keeps so much; nothing if that is enough.
    pub(crate) fn broken(self, held: Held, kind: Kind) -> Option<String> {
        let (promised, kept) = (self.time.as_secs_f64(), held.time.as_secs_f64());
        // From the first of N records to the last it is one period less than N of them.
        let least = promised * (1.0 - Promise::TOLERANCE) - 1.0 / self.rate - Promise::WAKING;
        if kept >= least {
            return None;
        }
        let came = if kept > 0.0 {
            format!(
                "they came at {:.1} a second",
                held.count.saturating_sub(1) as f64 / kept
            )
        } else {
            "they came all at once".to_owned()
        };
        let (count, kind, rate) = (held.count, kind.plural(), self.rate);
        Some(format!(
            "warning: the ring keeps {kept:.3} s, less than the {promised} s of --retain: its {count} {kind} last so \
             long at {rate} a second, and {came}; for more give a longer --retain, or --capacity, and --replace"
        ))
    }
}

/// Looks about once a second whether a promise is kept, and complains once.
#[derive(Debug)]
pub(crate) struct Watch {
    promise: Option<Promise>,
    /// When to look again, in nanoseconds from the start of the run.
    next: u64,
}

impl Watch {
    const EVERY: u64 = 1_000_000_000;

    /// Watches a promise, if there is one.
    pub(crate) fn new(promise: Option<Promise>) -> Watch {
        Watch {
            promise,
            next: Watch::EVERY,
        }
    }

    /// Whether it is time to look; that costs more than to ask.
    pub(crate) fn is_due(&self, now: u64) -> bool {
        self.promise.is_some() && now >= self.next
    }

    /// The complaint, if what is kept gives cause for the first one.
    pub(crate) fn look(&mut self, now: u64, held: Option<Held>, kind: Kind) -> Option<String> {
        self.next = now.saturating_add(Watch::EVERY);
        let complaint = self.promise?.broken(held?, kind)?;
        self.promise = None;
        Some(complaint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMISE: Promise = Promise {
        time: Duration::from_secs(5),
        rate: 100.0,
    };

    fn held(count: u64, kept_ms: u64) -> Held {
        let time = Duration::from_millis(kept_ms);
        Held { count, time }
    }

    fn broken(kept_ms: u64) -> bool {
        PROMISE.broken(held(500, kept_ms), Kind::Records).is_some()
    }

    #[test]
    fn time_becomes_records() {
        assert_eq!(PROMISE.retain().count(), 500);
    }

    #[test]
    fn a_fiftieth_and_a_period_less_is_no_breach() {
        // 500 records at their times are 4.99 s from the first to the last.
        assert!(!broken(4990) && !broken(6000) && !broken(4890));
        assert!(broken(4880) && broken(0));
    }

    #[test]
    fn a_ring_of_one_record_keeps_its_promise() {
        let promise = Promise {
            time: Duration::from_millis(10),
            rate: 100.0,
        };
        assert_eq!(promise.retain().count(), 1);
        assert_eq!(promise.broken(held(1, 0), Kind::Records), None);
    }

    #[test]
    fn the_complaint_says_what_is_what_was_to_be_and_what_to_do() {
        let text = PROMISE.broken(held(501, 1250), Kind::Records);
        let text = text.expect("a complaint");
        for part in [
            "keeps 1.250 s",
            "less than the 5 s of --retain",
            "501 records",
            "at 100 a second",
            "came at 400.0 a second",
            "--replace",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let at_once = PROMISE.broken(held(500, 0), Kind::Frames);
        let at_once = at_once.expect("a complaint");
        assert!(at_once.contains("all at once"), "{at_once}");
        assert!(at_once.contains("its 500 frames"), "{at_once}");
    }

    #[test]
    fn complaints_come_once_and_only_about_a_promise() {
        let second = Watch::EVERY;
        let mut watch = Watch::new(Some(PROMISE));
        assert!(!watch.is_due(second - 1) && watch.is_due(second));
        assert_eq!(watch.look(second, None, Kind::Records), None);
        assert!(!watch.is_due(2 * second - 1) && watch.is_due(2 * second));
        assert!(
            watch
                .look(second, Some(held(500, 0)), Kind::Records)
                .is_some()
        );
        assert!(!watch.is_due(u64::MAX));
        assert_eq!(watch.look(second, Some(held(500, 0)), Kind::Records), None);

        let mut nothing = Watch::new(None);
        assert!(!nothing.is_due(u64::MAX));
        assert_eq!(nothing.look(0, Some(held(500, 0)), Kind::Records), None);
    }
}
