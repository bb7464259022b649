//! Whether a run kept the times it was to keep, and if not, who held it up.

use std::time::Duration;

/// How far a run may fall behind before it is told: what a busy machine does now and then is none of it.
const SLACK: u64 = 100_000_000;
const TOLERANCE: f64 = 0.02;

/// Where the time of a run went that it was not to go to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Waits {
    /// Nanoseconds in which nothing came that could be published.
    pub(crate) for_input: u64,
    /// Nanoseconds in which readers held records up.
    pub(crate) for_readers: u64,
}

/// What was asked for, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Kept {
    /// Records a second that were wanted; none if a recording says when.
    pub(crate) rate: Option<f64>,
    /// How far the run was behind at its end.
    pub(crate) behind: Duration,
    /// Of how long a run.
    pub(crate) of: Duration,
    pub(crate) waits: Waits,
}

impl Kept {
    /// One sentence if the times were not kept, with what a second really had; nothing if they were.
    pub(crate) fn complaint(&self, achieved: f64, kind: &str) -> Option<String> {
        let most = SLACK as f64 / 1e9 + TOLERANCE * self.of.as_secs_f64();
        let behind = self.behind.as_secs_f64();
        if behind <= most {
            return None;
        }
        let waits = self.waits;
        let seconds = |ns: u64| ns as f64 / 1e9;
        let why = if waits.for_readers.max(waits.for_input) < SLACK {
            "this machine could not keep up".to_owned()
        } else if waits.for_readers >= waits.for_input {
            format!("readers held it up for {:.1} s", seconds(waits.for_readers))
        } else {
            format!("the input was silent for {:.1} s", seconds(waits.for_input))
        };
        Some(match self.rate {
            Some(rate) => format!(
                "the rate of {rate} {kind} a second was not reached: it was {achieved:.1}, {behind:.1} s behind at the \
                 end; {why}"
            ),
            None => {
                format!("the recorded timing was not kept: {behind:.1} s behind at the end; {why}")
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(behind_ms: u64, for_input: u64, for_readers: u64) -> Kept {
        Kept {
            rate: Some(1000.0),
            behind: Duration::from_millis(behind_ms),
            of: Duration::from_secs(10),
            waits: Waits {
                for_input: for_input * 1_000_000,
                for_readers: for_readers * 1_000_000,
            },
        }
    }

    #[test]
    fn a_little_late_is_on_time() {
        for behind in [0, 5, 100, 299] {
            assert_eq!(kept(behind, 5000, 5000).complaint(990.0, "records"), None);
        }
    }

    #[test]
    fn the_sentence_says_what_was_wanted_what_came_and_why() {
        let says = |kept: Kept| kept.complaint(512.34, "records").expect("a complaint");
        let text = says(kept(4000, 0, 3900));
        let expected = "the rate of 1000 records a second was not reached: it was 512.3, 4.0 s behind at the end; \
                        readers held it up for 3.9 s";
        assert_eq!(text, expected);
        assert!(says(kept(400, 350, 120)).ends_with("the input was silent for 0.3 s"));
        assert!(says(kept(400, 50, 50)).ends_with("this machine could not keep up"));
        let recorded = Kept {
            rate: None,
            ..kept(4000, 0, 0)
        };
        assert!(says(recorded).starts_with("the recorded timing was not kept: 4.0 s behind"));
    }
}
