//! What a reader got, held against what it was told: every word of every record, every sequence, every event.

use ringbuf_core::{Event, Ledger};

use crate::content::{ABANDONED, Key};
use crate::fault::{Verdict, ensure};
use crate::kinds::ReaderKind;
use crate::setting::Hold;
use crate::source::Seen;
use crate::support::process::say;

#[derive(Debug)]
pub struct Account {
    key: Key,
    hold: Hold,
    chooses: bool,
    is_stamped: bool,
    /// The sequence that must come next, but for what is missed.
    pub next: u64,
    pub read: u64,
    pub missed: u64,
    pub batches: u64,
    /// Whose records it reads, as soon as that is known.
    epoch: Option<u64>,
    /// The first of them that it read, and the one after the last.
    span: Option<(u64, u64)>,
    is_demoted: bool,
    /// It joined again at some time: what it missed then may hide where an epoch began.
    has_rejoined: bool,
    /// Missed already, when it joined or joined again, and not yet told.
    untold: u64,
    producer_died: bool,
    /// The newest publication time of this epoch.
    time: Option<i64>,
    /// It says what happened.
    is_told: bool,
}

impl Account {
    pub fn of(key: Key, kind: &ReaderKind, is_stamped: bool, ledger: &Ledger) -> Account {
        Account {
            key,
            hold: kind.hold,
            chooses: kind.chooses,
            is_stamped,
            next: ledger.joined,
            read: 0,
            missed: 0,
            batches: 0,
            epoch: None,
            span: None,
            is_demoted: false,
            has_rejoined: false,
            untold: ledger.missed,
            producer_died: false,
            time: None,
            is_told: true,
        }
    }

    /// Says nothing of what happens.
    pub fn quiet(mut self) -> Account {
        self.is_told = false;
        self
    }

    fn say(&self, line: String) {
        if self.is_told {
            say(line);
        }
    }

    /// Takes a batch into the account.
    pub fn take(&mut self, seen: &Seen<'_>) -> Verdict {
        self.check_missed(seen)?;
        self.pass_over(seen.first, seen.missed)?;
        self.next = seen.first;
        self.missed += seen.missed;
        self.batches += 1;
        if let Some(event) = seen.event {
            ensure(seen.records.count() == 0, || {
                format!("{event:?} at {} with records", seen.first)
            })?;
            self.take_event(event)?;
        }
        for i in 0..seen.records.count() {
            self.check_record(seen, i)?;
        }
        if seen.records.count() > 0 {
            self.check_times(seen.times)?;
        }
        let count = seen.records.count();
        self.read += count as u64;
        if count > 0 {
            self.next = seen.first + seen.records.offset(count - 1) + 1;
            let (first, _) = self.span.unwrap_or((seen.first, 0));
            self.span = Some((first, self.next));
        }
        Ok(())
    }

    /// All from the next one up to this one are missed, or not wanted.
    fn pass_over(&self, sequence: u64, missed: u64) -> Verdict {
        let expected = self.next + missed;
        let is_left_out = match self.chooses {
            false => sequence == expected,
            // Where among those that are not wanted it missed some cannot be told.
            true if missed > 0 => sequence >= expected,
            true => (expected..sequence).all(|sequence| !ReaderKind::wants(sequence)),
        };
        ensure(is_left_out && expected <= sequence, || {
            format!(
                "misplaced: sequence {sequence}, expected {} and {missed} missed",
                self.next
            )
        })
    }

    fn check_missed(&mut self, seen: &Seen<'_>) -> Verdict {
        let untold = std::mem::take(&mut self.untold);
        let may_miss = match self.hold {
            Hold::Lossy => true,
            Hold::Bounded(_) => self.is_demoted,
            Hold::Lossless => false,
        };
        ensure(
            seen.missed == untold || may_miss && seen.missed > untold,
            || {
                format!(
                    "a {:?} reader missed {} before sequence {}, expected {untold}",
                    self.hold, seen.missed, seen.first
                )
            },
        )
    }

    fn check_record(&mut self, seen: &Seen<'_>, i: usize) -> Verdict {
        let sequence = seen.first + seen.records.offset(i);
        if i > 0 {
            let before = seen.first + seen.records.offset(i - 1) + 1;
            let is_next = match self.chooses {
                false => sequence == before,
                true => (before..sequence).all(|sequence| !ReaderKind::wants(sequence)),
            };
            ensure(is_next && sequence >= before, || {
                format!("misplaced: {sequence} in a batch, expected {before}")
            })?;
        }
        ensure(!self.chooses || ReaderKind::wants(sequence), || {
            format!("{sequence} is not wanted")
        })?;
        let mark = seen.records.mark(i);
        let (found, of) = self.key.unmark(mark);
        // The first record tells whose they are.
        let epoch = *self.epoch.get_or_insert(found & !ABANDONED);
        let expected = self.key.mark(epoch, sequence);
        if mark == expected && seen.records.is_of(i, mark) {
            return Ok(());
        }
        let what = match mark == expected {
            true => "with words of others".to_owned(),
            false => format!("that begins as {}", self.key.explain(mark)),
        };
        let kind = match of == sequence && mark != expected {
            true => "of another producer",
            false => "torn",
        };
        Err(format!(
            "{kind}: found a record {what} at sequence {sequence}, expected one of epoch {epoch} (record {i} of {})",
            seen.records.count()
        ))
    }

    fn check_times(&mut self, times: [Option<i64>; 2]) -> Verdict {
        for time in times {
            ensure(time.is_some() == self.is_stamped, || {
                format!("publication time {time:?} at {}", self.next)
            })?;
            ensure(time >= self.time, || {
                format!(
                    "published at {time:?} after {:?}, at {}",
                    self.time, self.next
                )
            })?;
            self.time = time;
        }
        Ok(())
    }

    fn take_event(&mut self, event: Event) -> Verdict {
        let at = self.next;
        match event {
            Event::ProducerDied => {
                self.say(format!("died {at}"));
                ensure(!std::mem::replace(&mut self.producer_died, true), || {
                    format!("told twice that the producer died, at {at}")
                })
            }
            Event::Demoted => {
                self.say(format!("demoted {at}"));
                let is_right = matches!(self.hold, Hold::Bounded(_)) && !self.is_demoted;
                self.is_demoted = true;
                ensure(is_right, || {
                    format!("a {:?} reader demoted at {at}", self.hold)
                })
            }
            Event::Restarted {
                epoch,
                first_sequence,
            } => {
                self.end_span();
                self.say(format!(
                    "restarted {epoch} {} {at}",
                    first_sequence.unwrap_or(u64::MAX)
                ));
                let before = self.epoch.replace(epoch);
                self.producer_died = false;
                self.time = None;
                ensure(before.is_none_or(|before| epoch == before + 1), || {
                    format!("epoch {epoch} after {before:?}, at {at}")
                })?;
                let is_exact = first_sequence == Some(at);
                let is_before = first_sequence.is_some_and(|first| first < at);
                ensure(is_exact || is_before && self.has_rejoined, || {
                    format!("told at {at} that epoch {epoch} begins at {first_sequence:?}")
                })
            }
            other => Err(format!("an unknown event {other:?} at {at}")),
        }
    }

    /// Says whose records it has read, and from where to where.
    pub fn end_span(&mut self) {
        if let (Some(epoch), Some((first, end))) = (self.epoch, self.span.take()) {
            self.say(format!("span {epoch} {first} {end}"));
        }
    }

    /// After it joined again.
    pub fn rejoined(&mut self, ledger: &Ledger) {
        self.untold = ledger.missed - self.missed;
        self.is_demoted = false;
        self.has_rejoined = true;
    }

    /// Its last batch said that the producer is another.
    pub fn has_new_epoch(&self) -> bool {
        self.epoch.is_some() && self.span.is_none()
    }

    pub fn is_demoted(&self) -> bool {
        self.is_demoted
    }

    /// Between batches: what the reader says of itself is what it got.
    pub fn check_ledger(&mut self, ledger: &Ledger) -> Verdict {
        let untold = self.untold;
        if self.chooses && ledger.cursor >= untold {
            self.pass_over(ledger.cursor - untold, 0)?;
            self.next = ledger.cursor - untold;
        }
        let is_right = ledger.adds_up()
            && (self.chooses || ledger.skipped == 0)
            && ledger.read == self.read
            && ledger.missed == self.missed + untold
            && ledger.cursor == self.next + untold;
        ensure(is_right, || {
            format!("its ledger is {ledger:?}, and it has counted {self:?}")
        })
    }

    /// The newest record, wherever this reader is.
    pub fn check_latest(
        &self,
        sequence: u64,
        mark: crate::content::Mark,
        is_whole: bool,
    ) -> Verdict {
        let (_, of) = self.key.unmark(mark);
        ensure(
            is_whole && of == sequence && sequence + 1 >= self.next,
            || {
                format!(
                    "the latest record, {sequence}, is {} (whole: {is_whole}), at {}",
                    self.key.explain(mark),
                    self.next
                )
            },
        )
    }
}
