//! Single values of any type, for showing.

use std::fmt;

use ringbuf_core::{Column, Element, Records, Role};
use serde::{Serialize, Serializer};

use crate::text::is_harmless;
use crate::times::{self, Time};

/// One value of one record, exactly as it is.
#[derive(Debug, PartialEq)]
pub enum Value {
    /// Of any width, with a sign or without.
    Integer(i128),
    /// Kept apart from `f64`, so that 0.1 is shown as 0.1.
    Single(f32),
    /// As it is.
    Double(f64),
    /// Without the NULs at its end.
    Text(String),
    /// A moment, or a length of time.
    Time(Time),
    /// There is none: NaT, or bytes that are no text.
    Missing,
}

impl Value {
    /// The value of this column in record `i`.
    pub fn of(records: &Records<'_>, i: usize, column: &Column) -> Value {
        let value = match column.element() {
            Element::DateTimeNs => Some(Value::Time(times::time(records, i, column))),
            _ if matches!(column.role(), Role::Time(_)) => {
                Some(Value::Time(times::time(records, i, column)))
            }
            Element::Text(_) => records.text(i, column).map(Value::Text),
            // Every f32 is an f64, so the way there and back changes nothing.
            Element::F32 => records.number(i, column).map(|n| Value::Single(n as f32)),
            Element::F64 => records.number(i, column).map(Value::Double),
            _ => records.integer(i, column).map(Value::Integer),
        };
        value.unwrap_or(Value::Missing)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Integer(integer) => serializer.serialize_i128(*integer),
            // As f64: who reads the digits as an f64, as JSON readers do, gets the same number.
            Value::Single(single) => serializer.serialize_f64(f64::from(*single)),
            Value::Double(double) => serializer.serialize_f64(*double),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Time(time) => time.serialize(serializer),
            Value::Missing => serializer.serialize_unit(),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Integer(integer) => integer.fmt(f),
            Value::Single(single) if plain(f64::from(*single)) => single.fmt(f),
            Value::Single(single) => fmt::LowerExp::fmt(single, f),
            Value::Double(double) if plain(*double) => double.fmt(f),
            Value::Double(double) => fmt::LowerExp::fmt(double, f),
            // A line stays a line, and a terminal is not given orders.
            Value::Text(text) => f.pad(&text.replace(|c| !is_harmless(c), "\u{fffd}")),
            Value::Time(time) => time.fmt(f),
            Value::Missing => f.pad("-"),
        }
    }
}

/// Whether a number is readable without an exponent.
fn plain(number: f64) -> bool {
    number == 0.0 || !number.is_finite() || (1e-5..1e15).contains(&number.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringbuf_core::{Clock, Field, Schema};

    fn shown(field: Field, bytes: &[u8]) -> (String, String) {
        let schema = Schema::packed([field]).unwrap();
        let records = Records::new(&schema, bytes);
        let value = Value::of(&records, 0, &schema.columns()[0]);
        (value.to_string(), serde_json::to_string(&value).unwrap())
    }

    fn same(text: &str) -> (String, String) {
        (text.to_owned(), text.to_owned())
    }

    fn both(human: &str, json: &str) -> (String, String) {
        (human.to_owned(), json.to_owned())
    }

    #[test]
    fn numbers_are_exact() {
        let u64 = Field::new("x", Element::U64);
        assert_eq!(
            shown(u64, &u64::MAX.to_le_bytes()),
            same("18446744073709551615")
        );
        let i64 = Field::new("x", Element::I64);
        assert_eq!(
            shown(i64, &i64::MIN.to_le_bytes()),
            same("-9223372036854775808")
        );
        let f64 = || Field::new("x", Element::F64);
        assert_eq!(
            shown(f64(), &73.96732207f64.to_le_bytes()),
            same("73.96732207")
        );
        assert_eq!(
            shown(f64(), &1e300f64.to_le_bytes()),
            both("1e300", "1e+300")
        );
        assert_eq!(shown(f64(), &f64::NAN.to_le_bytes()), both("NaN", "null"));
        let f32 = Field::new("x", Element::F32);
        assert_eq!(
            shown(f32, &0.1f32.to_le_bytes()),
            both("0.1", "0.10000000149011612")
        );
    }

    #[test]
    fn text_stays_on_its_line() {
        let text = Field::new("x", Element::Text(6));
        assert_eq!(
            shown(text, b"a\n\x1b[2J"),
            both("a\u{fffd}\u{fffd}[2J", r#""a\n\u001b[2J""#)
        );
    }

    #[test]
    fn times_are_told_and_missing_ones_too() {
        let at = Field::new("x", Element::DateTimeNs);
        let told = both("1970-01-01T00:00:01Z", r#""1970-01-01T00:00:01Z""#);
        assert_eq!(shown(at.clone(), &1_000_000_000i64.to_le_bytes()), told);
        assert_eq!(shown(at, &i64::MIN.to_le_bytes()), both("-", "null"));
        let clock = Field::new("x", Element::U64).time(Clock::Recording);
        assert_eq!(
            shown(clock, &500_000_000u64.to_le_bytes()),
            both("0.500000 s", "0.5")
        );
        let span = Field::new("x", Element::DurationNs);
        assert_eq!(shown(span, &i64::MIN.to_le_bytes()), both("-", "null"));
    }
}
