//! Where something was found, by which check, and how often.

use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::what::What;

/// Where something was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct At {
    pub sequence: u64,
    /// By the record's own time, else by its publication.
    pub ns: Option<i128>,
}

impl At {
    /// How long after that it was, in nanoseconds.
    pub fn since(self, that: At) -> Option<i128> {
        self.ns?.checked_sub(that.ns?)
    }
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    Stuck,
    Nan,
    Saturated,
    Hole,
    OutOfOrder,
    ClockStep,
    DuplicateTime,
    MissingTime,
    RateDrift,
    ClockDrift,
    Silence,
    Died,
}

impl Check {
    const ALL: [(Check, &str); 12] = [
        (Check::Stuck, "stuck"),
        (Check::Nan, "nan"),
        (Check::Saturated, "saturated"),
        (Check::Hole, "hole"),
        (Check::OutOfOrder, "out_of_order"),
        (Check::ClockStep, "clock_step"),
        (Check::DuplicateTime, "duplicate_time"),
        (Check::MissingTime, "missing_time"),
        (Check::RateDrift, "rate_drift"),
        (Check::ClockDrift, "clock_drift"),
        (Check::Silence, "silence"),
        (Check::Died, "died"),
    ];

    /// In words.
    pub fn name(self) -> &'static str {
        Check::ALL[self as usize].1
    }
}

/// How often something was found: the beginning of what lasts, or what happens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts([u64; Check::ALL.len()]);

impl Counts {
    pub fn add(&mut self, check: Check) {
        self.0[check as usize] += 1;
    }

    pub fn merge(&mut self, other: &Counts) {
        for (own, other) in self.0.iter_mut().zip(other.0) {
            *own += other;
        }
    }

    pub fn sum(&self) -> u64 {
        self.0.iter().sum()
    }

    #[cfg(test)]
    pub fn of(&self, check: Check) -> u64 {
        self.0[check as usize]
    }

    fn named(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Check::ALL.iter().map(|(_, name)| *name).zip(self.0)
    }
}

impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, count) in self.named() {
            map.serialize_entry(name, &count)?;
        }
        map.end()
    }
}

/// Those that are not 0.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = self.named().filter(|&(_, count)| count > 0);
        let found: Vec<String> = found
            .map(|(name, count)| format!("{} {count}", name.replace('_', " ")))
            .collect();
        f.write_str(&found.join(", "))
    }
}

/// Of something that lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Begin,
    End,
    /// It does not last, or was over when it was seen.
    Once,
}

/// In front of all the fields.
pub const CLOCK: usize = 0;

/// Something found, with where it belongs in the output.
#[derive(Debug)]
pub struct Found {
    /// While looking at which record it was found.
    pub record: usize,
    /// [`CLOCK`], or one more than the number of the column.
    pub place: usize,
    pub at: At,
    pub what: What,
}

/// What was found and has not been told yet.
#[derive(Debug, Default)]
pub struct Log {
    pub found: Vec<Found>,
    pub counts: Counts,
    pub record: usize,
    pub place: usize,
}

impl Log {
    /// A finding: counted, unless it is the end of one.
    pub fn tell(&mut self, at: At, what: What) {
        if what.state() != State::End {
            self.counts.add(what.check());
        }
        self.found.push(Found {
            record: self.record,
            place: self.place,
            at,
            what,
        });
    }

    /// A finding like many others.
    pub fn count(&mut self, check: Check) {
        self.counts.add(check);
    }

    /// What was found, record by record; of one record the clock first, then field by field.
    pub fn take(&mut self) -> Vec<Found> {
        let mut found = std::mem::take(&mut self.found);
        found.sort_by_key(|found| (found.record, found.place));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_its_place() {
        for (place, (check, name)) in Check::ALL.into_iter().enumerate() {
            assert_eq!(check as usize, place);
            assert_eq!(serde_json::to_value(check).unwrap(), name);
            let mut counts = Counts::default();
            counts.add(check);
            assert_eq!((counts.of(check), counts.sum()), (1, 1));
            assert_eq!(counts.to_string(), format!("{} 1", name.replace('_', " ")));
        }
        let died = What::Died {
            state: State::Begin,
        };
        let json = serde_json::to_string(&died).unwrap();
        assert_eq!(json, r#"{"check":"died","state":"begin"}"#);
    }
}
