//! What was found, where, and how it is said.

use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::table::figure;

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

/// What was found. Times are in seconds, rates in records a second.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "check", rename_all = "snake_case")]
pub enum What {
    /// The same value for too long.
    Stuck {
        state: State,
        value: f64,
        records: u64,
        for_s: Option<f64>,
    },
    /// Neither a number nor near one.
    Nan {
        state: State,
        records: u64,
        last_sequence: u64,
    },
    /// At the end of what it can say.
    Saturated {
        state: State,
        value: f64,
        records: u64,
        last_sequence: u64,
    },
    /// Nothing for far longer than usual, though no record was missed.
    Hole {
        state: State,
        step_s: f64,
        usual_s: f64,
        untold: u64,
    },
    /// Some records come behind later ones.
    OutOfOrder {
        state: State,
        back_s: f64,
        records: u64,
        untold: u64,
    },
    /// The clock of the records was set: it stays where it jumped.
    ClockStep {
        state: State,
        step_s: f64,
        /// Meanwhile, by the clock of publication.
        published_s: Option<f64>,
        untold: u64,
    },
    /// The same time as the record before.
    DuplicateTime {
        state: State,
        records: u64,
        last_sequence: u64,
    },
    /// A record does not say when it was measured.
    MissingTime {
        state: State,
        records: u64,
        last_sequence: u64,
    },
    /// Slowly, or for long, more or fewer records than usual.
    RateDrift {
        state: State,
        rate_hz: f64,
        usual_hz: f64,
    },
    /// The clock of the records runs faster or slower than that of publication.
    ClockDrift { state: State, speed: f64 },
    /// Nothing came.
    Silence {
        state: State,
        silent_s: f64,
        producer: &'static str,
    },
    /// The producer died; the end is that another carries on.
    Died { state: State },
}

impl What {
    pub fn check(&self) -> Check {
        match self {
            What::Stuck { .. } => Check::Stuck,
            What::Nan { .. } => Check::Nan,
            What::Saturated { .. } => Check::Saturated,
            What::Hole { .. } => Check::Hole,
            What::OutOfOrder { .. } => Check::OutOfOrder,
            What::ClockStep { .. } => Check::ClockStep,
            What::DuplicateTime { .. } => Check::DuplicateTime,
            What::MissingTime { .. } => Check::MissingTime,
            What::RateDrift { .. } => Check::RateDrift,
            What::ClockDrift { .. } => Check::ClockDrift,
            What::Silence { .. } => Check::Silence,
            What::Died { .. } => Check::Died,
        }
    }

    pub fn state(&self) -> State {
        match self {
            What::Stuck { state, .. }
            | What::Nan { state, .. }
            | What::Saturated { state, .. }
            | What::Hole { state, .. }
            | What::OutOfOrder { state, .. }
            | What::ClockStep { state, .. }
            | What::DuplicateTime { state, .. }
            | What::MissingTime { state, .. }
            | What::RateDrift { state, .. }
            | What::ClockDrift { state, .. }
            | What::Silence { state, .. }
            | What::Died { state } => *state,
        }
    }

    /// Of how many that were not told this one speaks, too.
    fn untold(&self) -> u64 {
        match self {
            What::Hole { untold, .. }
            | What::OutOfOrder { untold, .. }
            | What::ClockStep { untold, .. } => *untold,
            _ => 0,
        }
    }
}

/// A time in the unit in which it reads well.
pub struct Seconds(pub f64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (size, sign) = (self.0.abs(), if self.0 < 0.0 { "-" } else { "" });
        let units = [
            (172_800.0, 86_400.0, "days"),
            (7200.0, 3600.0, "h"),
            (120.0, 60.0, "min"),
            (1.0, 1.0, "s"),
            (1e-3, 1e-3, "ms"),
            (1e-6, 1e-6, "µs"),
        ];
        let fit = units.iter().find(|(from, ..)| size >= *from);
        let &(_, unit, name) = fit.unwrap_or(&(0.0, 1e-9, "ns"));
        write!(f, "{sign}{} {name}", short(size / unit))
    }
}

/// Four digits and no zeros at the end.
fn short(number: f64) -> String {
    let decimals = match number {
        number if number < 10.0 => 3,
        number if number < 100.0 => 2,
        number if number < 1000.0 => 1,
        _ => 0,
    };
    let text = format!("{number:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

fn counted(records: u64) -> String {
    match records {
        1 => "1 record".to_owned(),
        _ => format!("{records} records"),
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use State::{Begin, End};
        match self {
            What::Stuck {
                state,
                value,
                records,
                for_s,
            } => {
                let so_far = if *state == Begin { " so far" } else { "" };
                let verb = if *state == Begin {
                    "stuck"
                } else {
                    "was stuck"
                };
                write!(f, "{verb} at {}: {}", figure(*value), counted(*records))?;
                if let Some(seconds) = for_s {
                    write!(f, ", {}", Seconds(*seconds))?;
                }
                f.write_str(so_far)
            }
            What::Nan { state: Begin, .. } => f.write_str("not a number, or infinite"),
            What::Nan {
                records,
                last_sequence,
                ..
            } => write!(
                f,
                "numbers again: {} had none, the last one {last_sequence}",
                counted(*records)
            ),
            What::Saturated {
                state: Begin,
                value,
                ..
            } => write!(f, "saturated at {}: it goes no further", figure(*value)),
            What::Saturated {
                value,
                records,
                last_sequence,
                ..
            } => write!(
                f,
                "no longer saturated at {}: {} were, the last one {last_sequence}",
                figure(*value),
                counted(*records)
            ),
            What::Hole {
                step_s, usual_s, ..
            } => write!(
                f,
                "hole: {} to this record, usually {}; none was missed",
                Seconds(*step_s),
                Seconds(*usual_s)
            ),
            What::OutOfOrder {
                back_s, records, ..
            } => write!(
                f,
                "out of order: {} up to {} behind",
                counted(*records),
                Seconds(*back_s)
            ),
            What::ClockStep {
                step_s,
                published_s,
                ..
            } => {
                let to = if *step_s < 0.0 { "back" } else { "ahead" };
                write!(
                    f,
                    "clock step: {to} by {}, and stays",
                    Seconds(step_s.abs())
                )?;
                match published_s {
                    Some(published) => {
                        write!(f, "; it was published {} later", Seconds(*published))
                    }
                    None => Ok(()),
                }
            }
            What::DuplicateTime { state: Begin, .. } => {
                f.write_str("the same time as the record before")
            }
            What::DuplicateTime {
                records,
                last_sequence,
                ..
            } => write!(
                f,
                "times differ again: {} had that of the one before, the last one {last_sequence}",
                counted(*records)
            ),
            What::MissingTime { state: Begin, .. } => f.write_str("has no time"),
            What::MissingTime {
                records,
                last_sequence,
                ..
            } => write!(
                f,
                "times again: {} had none, the last one {last_sequence}",
                counted(*records)
            ),
            What::RateDrift {
                state,
                rate_hz,
                usual_hz,
            } => {
                let what = if *state == End {
                    "rate as usual again"
                } else {
                    "rate drift"
                };
                let percent = (rate_hz / usual_hz - 1.0) * 100.0;
                let (rate, usual) = (short(*rate_hz), short(*usual_hz));
                write!(
                    f,
                    "{what}: {rate} a second, usually {usual} ({percent:+.1} %)"
                )
            }
            What::ClockDrift { state, speed } => {
                let what = if *state == End {
                    "clock in step again"
                } else {
                    "clock drift"
                };
                write!(f, "{what}: {speed:.3} s pass for 1 s of publication")
            }
            What::Silence {
                state,
                silent_s,
                producer,
            } => {
                let time = Seconds(*silent_s);
                match (state, *producer) {
                    (Begin, "died") => write!(f, "silence: nothing for {time}, the producer died"),
                    (Begin, _) => write!(f, "silence: nothing for {time}"),
                    (_, "closed") => {
                        write!(f, "closed after silence: nothing came for {time}")
                    }
                    (_, "died") => {
                        write!(
                            f,
                            "silence is over: nothing came for {time}, the producer had died"
                        )
                    }
                    _ => write!(f, "silence is over: nothing came for {time}"),
                }
            }
            What::Died { state: End } => f.write_str("another producer carries on"),
            What::Died { .. } => f.write_str("the producer died"),
        }?;
        match self.untold() {
            0 => Ok(()),
            untold => write!(f, " (and {untold} more since the last one told)"),
        }
    }
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

    #[test]
    fn times_read_well() {
        let read = |seconds| Seconds(seconds).to_string();
        assert_eq!(read(626_400.0), "7.25 days");
        assert_eq!(read(-3300.0), "-55 min");
        assert_eq!(read(300.0), "5 min");
        assert_eq!(read(100.0), "100 s");
        assert_eq!(read(0.010_08), "10.08 ms");
        assert_eq!(read(0.0), "0 ns");
        assert_eq!(read(2.5e-7), "250 ns");
        assert_eq!(read(1e6), "11.57 days");
    }
}
