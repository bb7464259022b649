//! The time column of a recording: how it is recognised, and how a cell becomes exact nanoseconds.
//!
//! Three kinds occur in the wild and all are accepted: a date and time (UTC when no zone is
//! written), a number counted from the start of the recording, a number counted from the Unix
//! epoch.

use jiff::{Timestamp, civil, tz::TimeZone};
use ringbuf_core::{Clock, Element, Field};

use super::{csv_cell, decimal, unit};

/// What a missing time is stored as; the same value NumPy calls NaT.
pub const MISSING: i64 = i64::MIN;

/// How the cells of a time column are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeFormat {
    /// `2013-12-02 21:15:00`, with `T` for the blank, fractions and a zone if there is one.
    DateTime,
    /// A decimal number counted from the start of the recording.
    Recording(TimeUnit),
    /// A decimal number counted from 1970-01-01T00:00:00Z.
    Unix(TimeUnit),
}

/// The unit a numeric time is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    Seconds,
    Millis,
    Micros,
    Nanos,
}

impl TimeUnit {
    /// Nanoseconds per unit, as a power of ten.
    fn exponent(self) -> i32 {
        match self {
            TimeUnit::Seconds => 9,
            TimeUnit::Millis => 6,
            TimeUnit::Micros => 3,
            TimeUnit::Nanos => 0,
        }
    }

    /// The unit a header or a `--time-unit` means by `text`.
    pub(crate) fn named(text: &str) -> Option<TimeUnit> {
        Some(match text.trim().to_lowercase().as_str() {
            "s" | "sec" | "secs" | "second" | "seconds" => TimeUnit::Seconds,
            "ms" | "msec" | "millisecond" | "milliseconds" => TimeUnit::Millis,
            "us" | "µs" | "μs" | "usec" | "microsecond" | "microseconds" => TimeUnit::Micros,
            "ns" | "nsec" | "nanosecond" | "nanoseconds" => TimeUnit::Nanos,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            TimeUnit::Seconds => "seconds",
            TimeUnit::Millis => "milliseconds",
            TimeUnit::Micros => "microseconds",
            TimeUnit::Nanos => "nanoseconds",
        }
    }
}

impl TimeFormat {
    /// The type of its field.
    pub(crate) fn element(self) -> Element {
        match self {
            TimeFormat::DateTime | TimeFormat::Unix(_) => Element::DateTimeNs,
            TimeFormat::Recording(_) => Element::DurationNs,
        }
    }

    /// The field a column of this format becomes.
    pub(crate) fn field(self, name: &str) -> Field {
        let clock = match self {
            TimeFormat::DateTime | TimeFormat::Unix(_) => Clock::Unix,
            TimeFormat::Recording(_) => Clock::Recording,
        };
        Field::new(name, self.element()).time(clock)
    }

    /// The nanoseconds a cell means; [`MISSING`] for an empty one, `None` for one that is malformed
    /// or lies outside of what 64 bits can count.
    pub fn parse(self, cell: &str) -> Option<i64> {
        let cell = cell.trim();
        if csv_cell::is_missing(cell) || cell.eq_ignore_ascii_case("nat") {
            return Some(MISSING);
        }
        match self {
            TimeFormat::DateTime => date_time_ns(cell),
            TimeFormat::Recording(unit) | TimeFormat::Unix(unit) => {
                decimal_ns(cell, unit.exponent())
            }
        }
    }

    /// What a cell should have looked like, for an error.
    pub(crate) fn expected(self) -> String {
        match self {
            TimeFormat::DateTime => "a date and time such as 2013-12-02 21:15:00".to_owned(),
            TimeFormat::Recording(unit) | TimeFormat::Unix(unit) => {
                format!("a time in {} such as 0.010078907", unit.name())
            }
        }
    }

    /// How the column is understood, for the line printed at the start.
    pub(crate) fn meaning(self) -> String {
        match self {
            TimeFormat::DateTime => "date and time, UTC unless a zone is written".to_owned(),
            TimeFormat::Recording(unit) => {
                format!("{} since the start of the recording", unit.name())
            }
            TimeFormat::Unix(unit) => format!("{} since 1970", unit.name()),
        }
    }

    /// The format of a column, from its header and the first cell that is not empty.
    pub fn guess(header: &str, first_cell: Option<&str>) -> TimeFormat {
        let unit = header_unit(header);
        let cell = first_cell.unwrap_or("").trim();
        if unit.is_none() && decimal_ns(cell, 9).is_none() {
            return TimeFormat::DateTime;
        }
        TimeFormat::Recording(unit.unwrap_or(TimeUnit::Seconds))
    }

    /// A number from the start of the recording, in the unit that a header names; without one in seconds.
    pub(crate) fn recording(header: &str) -> TimeFormat {
        TimeFormat::Recording(header_unit(header).unwrap_or(TimeUnit::Seconds))
    }
}

/// Whether a header names a time column: `timestamp`, `Time (s)`, `t_s` and their relatives.
pub fn is_time_header(header: &str) -> bool {
    let header = header.trim();
    // An upper-case T is a temperature, "t (degC)" as well.
    let base = match (unit::in_brackets(header), header_unit(header)) {
        (Some(_), None) => return false,
        (Some((base, _)), Some(_)) => base,
        (None, Some(_)) => header.rsplit_once('_').map_or(header, |(base, _)| base),
        (None, None) => header,
    };
    let base = base.trim();
    base == "t"
        || [
            "time",
            "timestamp",
            "datetime",
            "date_time",
            "date time",
            "date",
        ]
        .iter()
        .any(|name| base.eq_ignore_ascii_case(name))
}

/// The unit in a header: `Time (s)`, `time [ms]`, `t_us`.
fn header_unit(header: &str) -> Option<TimeUnit> {
    let header = header.trim();
    match unit::in_brackets(header) {
        Some((_, unit)) => TimeUnit::named(unit),
        None => header
            .rsplit_once('_')
            .and_then(|(_, unit)| TimeUnit::named(unit)),
    }
}

fn date_time_ns(cell: &str) -> Option<i64> {
    // Asked of the text, because a civil time parses with an offset too, and drops it.
    // The dashes of a date are within its first ten characters.
    let zoned = cell.contains(['Z', 'z', '+', '['])
        || cell.get(10..).is_some_and(|clock| clock.contains('-'));
    let timestamp = if zoned {
        cell.parse::<Timestamp>().ok()?
    } else {
        let civil = cell.parse::<civil::DateTime>().ok()?;
        TimeZone::UTC.to_timestamp(civil).ok()?
    };
    in_range(timestamp.as_nanosecond())
}

/// A decimal number times 10^`exponent`; what is left below one nanosecond is rounded to the nearest, a half away
/// from zero.
fn decimal_ns(cell: &str, exponent: i32) -> Option<i64> {
    in_range(decimal::nearest(cell, exponent)?)
}

/// The value as 64 bits; the one pattern that means "missing" is not a time.
fn in_range(ns: i128) -> Option<i64> {
    i64::try_from(ns).ok().filter(|&ns| ns != MISSING)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECONDS: TimeFormat = TimeFormat::Recording(TimeUnit::Seconds);

    #[test]
    fn decimal_seconds_are_exact() {
        let cases = [
            ("0", 0),
            ("0.010078907", 10_078_907),
            ("135.3165627", 135_316_562_700),
            ("59.997000", 59_997_000_000),
            ("-1.5", -1_500_000_000),
            ("+1.", 1_000_000_000),
            (".5", 500_000_000),
            ("5.40E-05", 54_000),
            ("1e3", 1_000_000_000_000),
            ("9223372036.854775807", i64::MAX),
            ("0.0000000004", 0),
            ("0.0000000005", 1),
            ("-0.0000000005", -1),
            ("1e-400", 0),
            ("0e999999", 0),
            (
                "0.1000000000000000000000000000000000000000000000000001",
                100_000_000,
            ),
        ];
        for (text, ns) in cases {
            assert_eq!(SECONDS.parse(text), Some(ns), "{text}");
        }
    }

    #[test]
    fn every_nine_digit_fraction_survives() {
        for n in (0..1_000_000_000_i64).step_by(7_777_777) {
            let text = format!("86400.{n:09}");
            assert_eq!(SECONDS.parse(&text), Some(86_400_000_000_000 + n));
        }
    }

    #[test]
    fn what_is_no_number_or_out_of_range_is_refused() {
        let junk = [
            "x",
            ".",
            "-",
            "1.2.3",
            "1e",
            "1e1.5",
            "0x10",
            "1,5",
            "9223372036.854775808",
            "1e300",
            "-9223372036.854775808",
            "1 2",
            "inf",
            "1e99999999999",
        ];
        for text in junk {
            assert_eq!(SECONDS.parse(text), None, "{text}");
        }
    }

    #[test]
    fn other_units_count_in_their_own_size() {
        let ms = TimeFormat::Unix(TimeUnit::Millis);
        assert_eq!(ms.parse("1386018900123.5"), Some(1_386_018_900_123_500_000));
        assert_eq!(TimeFormat::Recording(TimeUnit::Nanos).parse("12"), Some(12));
    }

    #[test]
    fn dates_without_a_zone_are_utc() {
        let parse = |text| TimeFormat::DateTime.parse(text);
        let ns = Some(1_386_018_900_000_000_000);
        assert_eq!(parse("2013-12-02 21:15:00"), ns);
        assert_eq!(parse("2013-12-02T21:15:00"), ns);
        assert_eq!(parse("2013-12-02T21:15:00Z"), ns);
        assert_eq!(parse("2013-12-02T22:15:00+01:00"), ns);
        assert_eq!(parse("2013-12-02 21:15:00.000000001"), ns.map(|ns| ns + 1));
        for junk in [
            "2013-13-02 21:15:00",
            "yesterday",
            "1386018900",
            "0001-01-01 00:00:00",
            // A zone without the offset that says which of two hours it is.
            "2013-12-02 21:15:00[Europe/Berlin]",
            "20131202[Europe/Berlin]",
        ] {
            assert_eq!(parse(junk), None, "{junk}");
        }
    }

    #[test]
    fn an_empty_cell_is_a_missing_time() {
        for text in ["", " ", "NaN", "NaT"] {
            assert_eq!(TimeFormat::DateTime.parse(text), Some(MISSING));
            assert_eq!(SECONDS.parse(text), Some(MISSING));
        }
    }

    #[test]
    fn headers_are_recognised() {
        for header in [
            "timestamp",
            "Time (s)",
            "t_s",
            "Time",
            "time_ms",
            "t",
            "time [us]",
            "Date Time",
            " time ",
        ] {
            assert!(is_time_header(header), "{header}");
        }
        for header in [
            "T",
            "t (degC)",
            "value",
            "temperature",
            "acc_x_ms2",
            "mag_s",
            "runtime",
            "",
        ] {
            assert!(!is_time_header(header), "{header}");
        }
    }

    #[test]
    fn the_format_follows_header_and_first_cell() {
        let guess = TimeFormat::guess;
        assert_eq!(
            guess("timestamp", Some("2013-12-02 21:15:00")),
            TimeFormat::DateTime
        );
        assert_eq!(guess("Time (s)", Some("0")), SECONDS);
        assert_eq!(guess("t_s", Some("0.000000")), SECONDS);
        assert_eq!(guess("t_ms", None), TimeFormat::Recording(TimeUnit::Millis));
        assert_eq!(guess("time", Some("1.5")), SECONDS);
        assert_eq!(guess("time", None), TimeFormat::DateTime);
    }
}
