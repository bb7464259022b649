//! Single values and text as YAML has them.

use std::fmt::Write;

use ringbuf_console::text::is_harmless;
use ringbuf_console::times::Time;
use ringbuf_console::values::Value;

/// A value.
pub(super) fn scalar(value: &Value) -> String {
    match value {
        Value::Integer(integer) => integer.to_string(),
        Value::Single(single) => match non_finite((*single).into()) {
            Some(word) => word.to_owned(),
            None => float(format!("{single:?}")),
        },
        Value::Double(double) => match non_finite(*double) {
            Some(word) => word.to_owned(),
            None => float(format!("{double:?}")),
        },
        Value::Text(text) => string(text),
        Value::Time(Time::Seconds(seconds)) => float(format!("{seconds:?}")),
        Value::Time(Time::Wall(time)) => time.to_string(),
        Value::Time(Time::Missing) | Value::Missing => "null".to_owned(),
    }
}

fn non_finite(number: f64) -> Option<&'static str> {
    match number {
        f64::INFINITY => Some(".inf"),
        f64::NEG_INFINITY => Some("-.inf"),
        _ if number.is_nan() => Some(".nan"),
        _ => None,
    }
}

/// With a point and the sign of an exponent: readers take it for text otherwise.
fn float(digits: String) -> String {
    let Some((mantissa, exponent)) = digits.split_once('e') else {
        return digits;
    };
    let point = if mantissa.contains('.') { "" } else { ".0" };
    let plus = if exponent.starts_with('-') { "" } else { "+" };
    format!("{mantissa}{point}e{plus}{exponent}")
}

/// Text, between quotes if it could be taken for something else.
pub(super) fn string(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted += "\\\"",
            '\\' => quoted += "\\\\",
            '\n' => quoted += "\\n",
            '\r' => quoted += "\\r",
            '\t' => quoted += "\\t",
            c if is_harmless(c) => quoted.push(c),
            c => {
                // A String takes everything.
                let _ = match u32::from(c) {
                    code @ ..=0xffff => write!(quoted, "\\u{code:04x}"),
                    code => write!(quoted, "\\U{code:08x}"),
                };
            }
        }
    }
    quoted.push('"');
    quoted
}

/// Whether nobody takes it for anything but text: not for a number, a truth value, nothing, or an order.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 7] = ["null", "true", "false", "yes", "no", "on", "off"];
    let may_follow = |c: char| {
        c.is_ascii_alphanumeric() || " _-./()[]".contains(c) || (!c.is_ascii() && is_harmless(c))
    };
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && !text.ends_with(' ')
        && text.chars().all(may_follow)
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_could_be_something_else_is_quoted() {
        for plain in [
            "accel",
            "Accel X (g)",
            "temp[C]",
            "a/b",
            "größe",
            "_",
            "1st".trim_start_matches('1'),
        ] {
            assert_eq!(string(plain), plain);
        }
        for (text, quoted) in [
            ("", "\"\""),
            ("1", "\"1\""),
            ("No", "\"No\""),
            ("a: b", "\"a: b\""),
            ("a #b", "\"a #b\""),
            ("x ", "\"x \""),
            ("- a", "\"- a\""),
            ("say \"hi\"\\", "\"say \\\"hi\\\"\\\\\""),
            ("\u{1b}[2J\n", "\"\\u001b[2J\\n\""),
            ("\u{9b}\u{202e}\u{e0001}", "\"\\u009b\\u202e\\U000e0001\""),
        ] {
            assert_eq!(string(text), quoted);
        }
    }

    #[test]
    fn numbers_are_numbers() {
        for (number, text) in [
            (3.0, "3.0"),
            (0.1, "0.1"),
            (1e300, "1.0e+300"),
            (1.5e-7, "1.5e-7"),
            (f64::NAN, ".nan"),
            (f64::NEG_INFINITY, "-.inf"),
        ] {
            assert_eq!(scalar(&Value::Double(number)), text);
        }
        assert_eq!(scalar(&Value::Single(0.1)), "0.1");
        assert_eq!(scalar(&Value::Missing), "null");
    }
}
