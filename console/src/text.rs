//! Numbers, sizes, times and foreign text, for people.

use std::time::Duration;

use jiff::Timestamp;

/// A number with its thousands set apart.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A size to about three digits.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    // 1023.95 would be printed as 1024.0.
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// A moment for programs: RFC 3339 in UTC.
pub fn rfc3339(unix_ns: i64) -> Option<String> {
    Some(timestamp(unix_ns)?.to_string())
}

/// The moment so many nanoseconds after the Unix epoch.
fn timestamp(unix_ns: i64) -> Option<Timestamp> {
    Timestamp::from_nanosecond(i128::from(unix_ns)).ok()
}

/// A moment to the second, in UTC.
pub fn utc(unix_ns: i64) -> String {
    formatted(unix_ns, "%Y-%m-%d %H:%M:%S UTC")
}

/// A moment to the minute, where a heading says that it is in UTC.
pub fn utc_minute(unix_ns: i64) -> String {
    formatted(unix_ns, "%Y-%m-%d %H:%M")
}

fn formatted(unix_ns: i64, format: &str) -> String {
    timestamp(unix_ns).map_or_else(|| "?".to_owned(), |time| time.strftime(format).to_string())
}

/// A length of time to about three digits, in the largest unit below it; minutes and hours with the next smaller.
pub fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => short_span(time),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
        86_400.. => format!("{} d {} h", seconds / 86_400, seconds / 3600 % 24),
    }
}

/// Below a minute. Digits are cut off, not rounded: 59.999 s are not yet a minute.
fn short_span(time: Duration) -> String {
    const UNITS: [(u64, &str); 4] = [
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
        (1000, "µs"),
        (1, "ns"),
    ];
    let ns = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let unit = UNITS.into_iter().find(|(unit, _)| ns >= *unit);
    let Some((unit, name)) = unit else {
        return "0 s".to_owned();
    };
    let (whole, thousandths) = (ns / unit, ns % unit * 1000 / unit);
    match (unit, whole) {
        (1, _) | (_, 100..) => format!("{whole} {name}"),
        (_, 10..) => format!("{whole}.{} {name}", thousandths / 100),
        _ => format!("{whole}.{:02} {name}", thousandths / 10),
    }
}

/// How long ago a moment was, in its largest unit.
pub fn ago(unix_ns: i64, now: Timestamp) -> String {
    let Some(then) = timestamp(unix_ns) else {
        return "?".to_owned();
    };
    let seconds = now.as_second().saturating_sub(then.as_second());
    let (value, unit) = match seconds {
        ..0 => return "in the future".to_owned(),
        0..60 => (seconds, "s"),
        60..3600 => (seconds / 60, "min"),
        3600..86_400 => (seconds / 3600, "h"),
        86_400.. => (seconds / 86_400, "d"),
    };
    format!("{value} {unit} ago")
}

/// Text of others with nothing in it that a terminal would obey; lines stay lines.
pub fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for c in text.chars() {
        if is_harmless(c) || c == '\n' {
            printable.push(c);
        } else {
            printable.extend(c.escape_unicode());
        }
    }
    printable
}

/// Whether a character shows itself and does nothing else: it is neither a control, nor does it end a
/// line, turn the direction of writing, or hide.
pub fn is_harmless(c: char) -> bool {
    let is_format = matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    !c.is_control() && !is_format
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let texts = [0, 999, 1000, u64::MAX].map(grouped);
        let expected = ["0", "999", "1,000", "18,446,744,073,709,551,615"];
        assert_eq!(texts, expected);
    }

    #[test]
    fn sizes_have_a_unit() {
        let texts = [0, 1023, 1024, 1 << 20, (1 << 20) - 1, 1536 << 20, u64::MAX].map(size);
        let expected = [
            "0 B",
            "1023 B",
            "1.0 KiB",
            "1.0 MiB",
            "1.0 MiB",
            "1.5 GiB",
            "16777216.0 TiB",
        ];
        assert_eq!(texts, expected);
    }

    #[test]
    fn times_of_any_file_can_be_shown() {
        assert_eq!(utc(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(rfc3339(1).unwrap(), "1970-01-01T00:00:00.000000001Z");
        for ns in [i64::MIN, -1, i64::MAX] {
            assert!(utc(ns).ends_with("UTC"), "{ns}");
        }
        let now = Timestamp::from_second(1_000_000).unwrap();
        let ago = |seconds: i64| ago((1_000_000 - seconds) * 1_000_000_000, now);
        let texts = [5, 150, 7200, 200_000, -1].map(ago);
        assert_eq!(
            texts,
            [
                "5 s ago",
                "2 min ago",
                "2 h ago",
                "2 d ago",
                "in the future"
            ]
        );
    }

    #[test]
    fn lengths_of_time_have_three_digits() {
        let texts = [
            (Duration::ZERO, "0 s"),
            (Duration::from_nanos(999), "999 ns"),
            (Duration::from_nanos(1500), "1.50 µs"),
            (Duration::from_micros(12_345), "12.3 ms"),
            (Duration::from_micros(999_999), "999 ms"),
            (Duration::from_millis(4980), "4.98 s"),
            (Duration::from_millis(59_999), "59.9 s"),
            (Duration::from_secs(312), "5 min 12 s"),
            (Duration::from_secs(7260), "2 h 1 min"),
            (Duration::from_secs(90_000), "1 d 1 h"),
            (Duration::MAX, "213503982334601 d 7 h"),
        ];
        for (time, text) in texts {
            assert_eq!(span(time), text);
        }
    }

    #[test]
    fn foreign_text_commands_no_terminal() {
        assert_eq!(printable("a\u{1b}[2J\u{9b}m"), "a\\u{1b}[2J\\u{9b}m");
        assert_eq!(printable("x\u{202e}y\rz"), "x\\u{202e}y\\u{d}z");
        assert_eq!(printable("one\ntwo ä 東"), "one\ntwo ä 東");
    }
}
