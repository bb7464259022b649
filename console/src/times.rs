//! When a record was measured, by the ring's own time field.

use std::fmt;

use jiff::Timestamp;
use ringbuf_core::{Clock, Column, Element, Records, Role, Schema};
use serde::{Serialize, Serializer};

/// A moment, as the ring's clock tells it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Time {
    /// On the clock on the wall: written as RFC 3339.
    Wall(Timestamp),
    /// Since the recording or the machine started, in seconds.
    Seconds(f64),
    /// The record, or the ring, does not say.
    Missing,
}

impl Time {
    /// Nanoseconds since the Unix epoch. A time that no calendar has is no time.
    pub fn wall(nanoseconds: i128) -> Time {
        Timestamp::from_nanosecond(nanoseconds).map_or(Time::Missing, Time::Wall)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Time::Wall(timestamp) => serializer.collect_str(timestamp),
            Time::Seconds(seconds) => serializer.serialize_f64(*seconds),
            Time::Missing => serializer.serialize_unit(),
        }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Time::Wall(timestamp) => f.pad(&timestamp.to_string()),
            Time::Seconds(seconds) => f.pad(&format!("{seconds:.6} s")),
            Time::Missing => f.pad("-"),
        }
    }
}

/// Tells the time of records.
#[derive(Debug)]
pub struct Times {
    column: Option<Column>,
}

impl Times {
    /// By the time field of these records, if they have one.
    pub fn of(schema: &Schema) -> Times {
        let name = schema.time_field().map(|field| field.name());
        Times {
            column: name.and_then(|name| schema.column(name)),
        }
    }

    /// Whether records say when they were measured.
    pub fn known(&self) -> bool {
        self.column.is_some()
    }

    /// Whether they say it by the clock on the wall.
    pub fn is_wall(&self) -> bool {
        self.column.as_ref().is_some_and(is_wall)
    }

    /// When record `i` was measured, in nanoseconds on its clock: since the Unix epoch for the clock on the wall.
    pub fn nanoseconds(&self, records: &Records<'_>, i: usize) -> Option<i128> {
        nanoseconds(records, i, self.column.as_ref()?)
    }

    /// When record `i` was measured.
    pub fn at(&self, records: &Records<'_>, i: usize) -> Time {
        let column = self.column.as_ref();
        column.map_or(Time::Missing, |column| time(records, i, column))
    }
}

/// Nanoseconds beyond which no clock goes: as far as integers of any unit reach, so that differences of two, and sums of
/// many, are numbers too.
const FURTHEST: f64 = 2e28;

/// What a column that holds a time says in record `i`.
pub fn time(records: &Records<'_>, i: usize, column: &Column) -> Time {
    let Some(nanoseconds) = nanoseconds(records, i, column) else {
        return Time::Missing;
    };
    if is_wall(column) {
        Time::wall(nanoseconds)
    } else {
        Time::Seconds(nanoseconds as f64 / 1e9)
    }
}

fn is_wall(column: &Column) -> bool {
    column.role() == Role::Time(Clock::Unix) || column.element() == Element::DateTimeNs
}

fn nanoseconds(records: &Records<'_>, i: usize, column: &Column) -> Option<i128> {
    let scale = nanoseconds_per_unit(column);
    if let Some(integer) = records.integer(i, column) {
        return integer.checked_mul(i128::from(scale));
    }
    let nanoseconds = (records.number(i, column)? * scale as f64).round();
    (nanoseconds.abs() <= FURTHEST).then_some(nanoseconds as i128)
}

/// Where nothing is said integers are nanoseconds and floating point numbers are seconds, as is
/// the custom.
fn nanoseconds_per_unit(column: &Column) -> u64 {
    let whole = !matches!(column.element(), Element::F32 | Element::F64);
    match (column.element(), column.unit()) {
        (Element::DateTimeNs | Element::DurationNs, _) | (_, Some("ns")) => 1,
        (_, Some("us" | "µs")) => 1_000,
        (_, Some("ms")) => 1_000_000,
        (_, Some("s")) => 1_000_000_000,
        _ if whole => 1,
        _ => 1_000_000_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringbuf_core::Field;

    fn told(field: Field, value: [u8; 8]) -> Time {
        let schema = Schema::packed([field]).unwrap();
        let records = Records::new(&schema, &value);
        Times::of(&schema).at(&records, 0)
    }

    #[test]
    fn wall_clocks_are_rfc_3339() {
        let at = |field: Field, value| told(field.time(Clock::Unix), value).to_string();
        let field = || Field::new("t", Element::DateTimeNs);
        let nanoseconds = 1_386_018_900_000_000_000i64;
        assert_eq!(
            at(field(), nanoseconds.to_le_bytes()),
            "2013-12-02T21:15:00Z"
        );
        let half = (nanoseconds + 500_000_000).to_le_bytes();
        assert_eq!(at(field(), half), "2013-12-02T21:15:00.5Z");
        let seconds = Field::new("t", Element::F64).unit("s");
        assert_eq!(
            at(seconds, 1_386_018_900.5f64.to_le_bytes()),
            "2013-12-02T21:15:00.5Z"
        );
        let millis = Field::new("t", Element::U64).unit("ms");
        assert_eq!(
            at(millis, 1_386_018_900_000u64.to_le_bytes()),
            "2013-12-02T21:15:00Z"
        );
        assert_eq!(at(field(), i64::MIN.to_le_bytes()), "-");
        let never = Field::new("t", Element::U64).unit("s");
        assert_eq!(at(never, u64::MAX.to_le_bytes()), "-");
    }

    #[test]
    fn other_clocks_are_seconds_since_their_start() {
        let duration = Field::new("t", Element::DurationNs).time(Clock::Recording);
        assert_eq!(
            told(duration.clone(), 10_078_907i64.to_le_bytes()),
            Time::Seconds(0.010078907)
        );
        assert_eq!(told(duration, i64::MIN.to_le_bytes()), Time::Missing);
        let monotonic = Field::new("t", Element::U64).time(Clock::Monotonic);
        assert_eq!(
            told(monotonic, 1_500_000_000u64.to_le_bytes()),
            Time::Seconds(1.5)
        );
        let float = Field::new("t", Element::F64).time(Clock::Recording);
        assert_eq!(
            told(float.clone(), 0.010_078_907f64.to_le_bytes()),
            Time::Seconds(0.010078907)
        );
        for none in [f64::NAN, f64::INFINITY, 1e300, -1e300] {
            assert_eq!(told(float.clone(), none.to_le_bytes()), Time::Missing);
        }
        let far = told(float, 1e19f64.to_le_bytes());
        assert_eq!(far, Time::Seconds(1e19));
    }

    #[test]
    fn without_a_time_field_there_is_no_time() {
        assert_eq!(
            told(Field::new("value", Element::F64), [0; 8]),
            Time::Missing
        );
        assert_eq!(serde_json::to_string(&Time::Missing).unwrap(), "null");
        assert_eq!(serde_json::to_string(&Time::Seconds(0.25)).unwrap(), "0.25");
    }
}
