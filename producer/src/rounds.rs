//! When to get up and publish: in rounds, each of which takes all the records that are due.

/// Records due within this time of one another go out together: at a high rate they share the cost
/// of waking up, and a fifth of a millisecond is more than a person or a plot can tell.
const GATHER: u64 = 200_000;

/// How long after the end a record that was due before it may still go out: 5 s at 100 Hz are 500
/// records on a busy machine too, but a reader in the way cannot draw out the end.
const GRACE: u64 = 200_000_000;

/// What to do about the next record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Publish what is due.
    Publish,
    /// Ask again at this time.
    SleepUntil(u64),
    /// The run is over.
    End,
}

/// Decides when to publish. Times are nanoseconds from the start of the run.
#[derive(Debug)]
pub(crate) struct Rounds {
    gather: u64,
    end: u64,
    last_call: u64,
    /// When the next round may begin.
    next: u64,
}

impl Rounds {
    /// Rounds until `end`; without any pause when the records are not `timed`.
    pub(crate) fn new(timed: bool, end: u64) -> Rounds {
        let (gather, grace) = if timed { (GATHER, GRACE) } else { (0, 0) };
        Rounds {
            gather,
            end,
            last_call: end.saturating_add(grace),
            next: 0,
        }
    }

    /// Rounds of one record each: every one goes out when it is due.
    pub(crate) fn alone(end: u64) -> Rounds {
        Rounds {
            gather: 0,
            ..Rounds::new(true, end)
        }
    }

    /// Records due from this time on do not belong to the run.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// From this time on nothing is published, however late it is.
    pub(crate) fn last_call(&self) -> u64 {
        self.last_call
    }

    /// What to do at `now` about a record that is due at `due`.
    pub(crate) fn step(&mut self, due: u64, now: u64) -> Step {
        let over = if due < self.end {
            self.last_call
        } else {
            self.end
        };
        if now >= over {
            return Step::End;
        }
        let round = self.next.max(due).min(self.end);
        let overdue = due.saturating_add(self.gather) <= now;
        if due < self.end && (round <= now || overdue) {
            self.next = now.saturating_add(self.gather);
            return Step::Publish;
        }
        Step::SleepUntil(round)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_goes_out_when_due() {
        let mut rounds = Rounds::new(true, u64::MAX);
        assert_eq!(rounds.step(0, 0), Step::Publish);
        assert_eq!(rounds.step(10_000_000, 5), Step::SleepUntil(10_000_000));
        assert_eq!(rounds.step(10_000_000, 10_000_001), Step::Publish);
    }

    #[test]
    fn records_close_together_share_a_round() {
        let mut rounds = Rounds::new(true, u64::MAX);
        assert_eq!(rounds.step(0, 50), Step::Publish);
        assert_eq!(rounds.step(1000, 2000), Step::SleepUntil(GATHER + 50));
        assert_eq!(rounds.step(1000, GATHER + 50), Step::Publish);
    }

    #[test]
    fn records_alone_never_wait_for_one_another() {
        let mut rounds = Rounds::alone(u64::MAX);
        assert_eq!(rounds.step(1000, 1900), Step::Publish);
        assert_eq!(rounds.step(2000, 1901), Step::SleepUntil(2000));
        assert_eq!(rounds.step(2000, 2000), Step::Publish);
    }

    #[test]
    fn a_backlog_is_worked_off_without_pauses() {
        let mut rounds = Rounds::new(true, u64::MAX);
        assert_eq!(rounds.step(0, 10 * GATHER), Step::Publish);
        assert_eq!(rounds.step(9 * GATHER, 10 * GATHER + 1), Step::Publish);
        assert_eq!(
            rounds.step(9 * GATHER + 2, 10 * GATHER + 1),
            Step::SleepUntil(11 * GATHER + 1)
        );
    }

    #[test]
    fn what_was_due_before_the_end_goes_out_and_nothing_else() {
        let end = 1_000_000_000;
        let mut rounds = Rounds::new(true, end);
        assert_eq!(rounds.step(end - 1, end + 50), Step::Publish);
        assert_eq!(rounds.step(end, end - 10), Step::SleepUntil(end));
        assert_eq!(rounds.step(end, end), Step::End);
        assert_eq!(rounds.step(end - 1, end + GRACE), Step::End);
    }

    #[test]
    fn the_last_round_does_not_wait_beyond_the_end() {
        let end = GATHER + 10;
        let mut rounds = Rounds::new(true, end);
        assert_eq!(rounds.step(100, 100), Step::Publish);
        assert_eq!(rounds.step(200, 300), Step::SleepUntil(end));
        assert_eq!(rounds.step(200, end), Step::Publish);
    }

    #[test]
    fn as_fast_as_possible_has_no_rounds_and_a_hard_end() {
        let mut rounds = Rounds::new(false, 100);
        assert_eq!(rounds.step(0, 0), Step::Publish);
        assert_eq!(rounds.step(0, 99), Step::Publish);
        assert_eq!(rounds.step(0, 100), Step::End);
    }
}
