//! Values on the command line that are more than a number.

use std::{fs::File, io::Read, path::Path, time::Duration};

use ringbuf_core::{Delivery, Register, Schema, WhenFull};

use crate::source::{
    csv_time::{TimeFormat, TimeUnit},
    schema_text,
};

/// `5s`, `500ms`, `1h 30m`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong =
        || format!("found {text:?}, expected a length of time with its unit: 500ms, 5s, 2m");
    let signed: jiff::SignedDuration = text.trim().parse().map_err(|_| wrong())?;
    Duration::try_from(signed).map_err(|_| wrong())
}

/// A length of time that is not 0.
pub fn positive_duration(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err(format!("found {text:?}, expected more than no time")),
        time => Ok(time),
    }
}

/// A whole number, with `_` between the digits if wanted.
pub fn count(text: &str) -> Result<u64, String> {
    text.replace('_', "")
        .parse()
        .map_err(|_| format!("found {text:?}, expected a whole number such as 10000 or 10_000"))
}

/// A whole number that is not 0.
pub fn positive_count(text: &str) -> Result<u64, String> {
    match count(text)? {
        0 => Err("found 0, expected at least 1".to_owned()),
        n => Ok(n),
    }
}

/// A number of bytes, that is not 0: `4096`, `64KiB`, `16MiB`, `1GiB`.
pub fn size(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 3] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
    let unit = UNITS.into_iter().find_map(|(name, bytes)| {
        let number = text.strip_suffix(name)?;
        Some((number.trim_end(), bytes))
    });
    let (number, unit) = unit.unwrap_or((text, 1));
    let is_number = number.starts_with(|c: char| c.is_ascii_digit());
    let bytes = is_number.then(|| count(number).ok()?.checked_mul(unit));
    bytes.flatten().filter(|&bytes| bytes > 0).ok_or_else(|| {
        format!("found {text:?}, expected a number of bytes such as 4096, 64KiB, 16MiB or 1GiB")
    })
}

/// Readers to wait for; a ring has places for so many.
pub fn readers(text: &str) -> Result<u64, String> {
    const PLACES: u64 = 64;
    match count(text)? {
        n if n <= PLACES => Ok(n),
        n => Err(format!(
            "found {n}, expected at most {PLACES}: more readers cannot register"
        )),
    }
}

/// Records a second, 0 for as fast as possible.
pub fn rate(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate >= 0.0 => Ok(rate),
        _ => Err(format!(
            "found {text:?}, expected records a second, or 0 for as fast as possible"
        )),
    }
}

/// How many times faster than recorded.
pub fn speed(text: &str) -> Result<f64, String> {
    match text.trim().trim_end_matches('x').parse::<f64>() {
        Ok(speed) if speed.is_finite() && speed > 0.0 => Ok(speed),
        _ => Err(format!(
            "found {text:?}, expected a number above 0 such as 1 or 100; as fast as possible is --rate 0"
        )),
    }
}

/// `lossy`, `bounded:50ms` or `lossless`.
pub fn delivery(text: &str) -> Result<Delivery, String> {
    match text.split_once(':') {
        None if text == Delivery::Lossy.name() => Ok(Delivery::Lossy),
        None if text == Delivery::Lossless.name() => Ok(Delivery::Lossless),
        Some(("bounded", time)) => positive_duration(time).map(Delivery::Bounded),
        _ => Err(format!(
            "found {text:?}, expected lossy, lossless, or bounded with a time, such as bounded:50ms"
        )),
    }
}

/// `wait` or `drop`.
pub fn when_full(text: &str) -> Result<WhenFull, String> {
    [WhenFull::Wait, WhenFull::Drop]
        .into_iter()
        .find(|choice| choice.name() == text)
        .ok_or_else(|| format!("found {text:?}, expected wait or drop"))
}

/// Permissions in octal, as `chmod` takes them: `640`, `0640` or `0o640`.
pub fn mode(text: &str) -> Result<u32, String> {
    const ALL: u32 = 0o777;
    let digits = text.strip_prefix("0o").unwrap_or(text);
    // The parser of numbers would take a sign as well.
    let is_octal = digits.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    match u32::from_str_radix(digits, 8) {
        Ok(mode) if is_octal && mode <= ALL => Ok(mode),
        _ => Err(format!(
            "found {text:?}, expected permissions in octal, such as 0640"
        )),
    }
}

/// `owner`, `group` or `all`.
pub fn register(text: &str) -> Result<Register, String> {
    match text {
        "owner" => Ok(Register::Owner),
        "group" => Ok(Register::Group),
        "all" => Ok(Register::All),
        _ => Err(format!("found {text:?}, expected owner, group or all")),
    }
}

/// One character between columns.
pub fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        &[byte] if byte.is_ascii() && !b"\"\r\n\0".contains(&byte) => Ok(byte),
        _ => Err(format!(
            "found {text:?}, expected one character such as ; or the word tab"
        )),
    }
}

/// `COLUMN` or `COLUMN=BYTES`.
pub fn text_column(text: &str) -> Result<(String, usize), String> {
    const DEFAULT: usize = 16;
    const LARGEST: usize = 4096;
    let split = text
        .rsplit_once('=')
        .map(|(name, size)| (name, size.parse()));
    match split {
        None => Ok((text.to_owned(), DEFAULT)),
        Some((name, Ok(size))) if (1..=LARGEST).contains(&size) => Ok((name.to_owned(), size)),
        Some(_) => Err(format!(
            "found {text:?}, expected COLUMN or COLUMN=BYTES with 1 to {LARGEST} bytes"
        )),
    }
}

/// The fields of a record: as a text, or the file that it is in.
pub fn schema(text: &str) -> Result<Schema, String> {
    /// A schema as JSON has no more, and what tells of a ring has little beside it.
    const MOST: u64 = 4 << 20;
    let is_text = text.trim_start().starts_with('{') || text.is_empty();
    let path = Path::new(text);
    if is_text || !path.exists() {
        return schema_text::parse(text);
    }
    let wrong = |problem: &dyn std::fmt::Display| format!("the file {text:?}: {problem}");
    let mut contents = String::new();
    let read = File::open(path).and_then(|file| file.take(MOST).read_to_string(&mut contents));
    read.map_err(|error| wrong(&error))?;
    schema_text::parse(&contents).map_err(|error| wrong(&error))
}

/// `s`, `ms`, `us`, `ns`, the same after `unix-`, or `datetime`.
pub fn time_unit(text: &str) -> Result<TimeFormat, String> {
    let format = if text == "datetime" {
        Some(TimeFormat::DateTime)
    } else if let Some(unit) = text.strip_prefix("unix-") {
        TimeUnit::named(unit).map(TimeFormat::Unix)
    } else {
        TimeUnit::named(text).map(TimeFormat::Recording)
    };
    format.ok_or_else(|| {
        format!(
            "found {text:?}, expected datetime, s, ms, us, ns, unix-s, unix-ms, unix-us or unix-ns"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(duration("5s"), Ok(Duration::from_secs(5)));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("1h 30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(duration("20us"), Ok(Duration::from_micros(20)));
        assert!(positive_duration("0s").is_err() && positive_duration("1ns").is_ok());
        for junk in ["", "5", "-5s", "s", "5 parsecs", "99999999999999999999s"] {
            assert!(duration(junk).is_err(), "{junk}");
        }
    }

    #[test]
    fn numbers() {
        assert_eq!(count("10_000"), Ok(10_000));
        assert!(count("-1").is_err() && count("1.5").is_err() && positive_count("0").is_err());
        assert!(readers("64").is_ok() && readers("65").is_err());
        assert_eq!(rate("1e6"), Ok(1e6));
        assert_eq!(rate("0"), Ok(0.0));
        assert!(rate("-1").is_err() && rate("inf").is_err() && rate("nan").is_err());
        assert_eq!(speed("10x"), Ok(10.0));
        assert!(speed("0").is_err() && speed("-1").is_err());
    }

    #[test]
    fn sizes_are_bytes() {
        let sizes = ["1", "921_600", "64KiB", "16 MiB", "1GiB"].map(size);
        let expected = [1, 921_600, 64 << 10, 16 << 20, 1 << 30].map(Ok);
        assert_eq!(sizes, expected);
        for junk in [
            "",
            "0",
            "0KiB",
            "-1",
            "+1",
            "KiB",
            "1kb",
            "1.5MiB",
            "99999999999GiB",
        ] {
            assert!(size(junk).is_err(), "{junk}");
        }
    }

    #[test]
    fn what_is_allowed_and_what_happens_when_full() {
        let bounded = Delivery::Bounded(Duration::from_millis(50));
        assert_eq!(delivery("lossy"), Ok(Delivery::Lossy));
        assert_eq!(delivery("lossless"), Ok(Delivery::Lossless));
        assert_eq!(delivery("bounded:50ms"), Ok(bounded));
        assert_eq!(delivery(&bounded.to_string()), Ok(bounded));
        for junk in [
            "",
            "bounded",
            "bounded:",
            "bounded:50",
            "bounded:0s",
            "lossy:1s",
            "lossless:",
        ] {
            let error = delivery(junk).expect_err(junk);
            assert!(error.contains("expected"), "{error}");
        }
        assert_eq!(when_full("wait"), Ok(WhenFull::Wait));
        assert_eq!(when_full("drop"), Ok(WhenFull::Drop));
        assert!(when_full("").is_err() && when_full("Drop").is_err());
    }

    #[test]
    fn permissions() {
        assert_eq!(
            [mode("640"), mode("0640"), mode("0o640"), mode("0")],
            [Ok(0o640), Ok(0o640), Ok(0o640), Ok(0)]
        );
        for junk in ["", "0o", "+640", "-640", "648", "rw", "1777", "77777777777"] {
            assert!(mode(junk).is_err(), "{junk}");
        }
        assert_eq!(register("owner"), Ok(Register::Owner));
        assert_eq!(register("group"), Ok(Register::Group));
        assert_eq!(register("all"), Ok(Register::All));
        assert!(register("").is_err() && register("others").is_err());
    }

    #[test]
    fn a_schema_may_lie_in_a_file() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let path = file.path().display().to_string();
        std::fs::write(&path, "t:u64:ns,v:f32\n").expect("writes");
        assert_eq!(schema(&path), schema("t:u64:ns,v:f32"));
        std::fs::write(&path, b"\xff").expect("writes");
        assert!(schema(&path).is_err_and(|error| error.starts_with("the file ")));
        std::fs::write(&path, "v:f4").expect("writes");
        assert!(schema(&path).is_err_and(|error| error.contains("sizes in bits")));
        assert!(schema("/nowhere").is_err_and(|error| error.contains("found \"/nowhere\"")));
    }

    #[test]
    fn columns_and_separators() {
        assert_eq!(text_column("state"), Ok(("state".to_owned(), 16)));
        assert_eq!(text_column("a=b=8"), Ok(("a=b".to_owned(), 8)));
        assert!(text_column("a=0").is_err() && text_column("a=x").is_err());
        assert_eq!((delimiter(";"), delimiter("tab")), (Ok(b';'), Ok(b'\t')));
        assert!(delimiter("").is_err() && delimiter("ab").is_err() && delimiter("\"").is_err());
        assert_eq!(time_unit("unix-ms"), Ok(TimeFormat::Unix(TimeUnit::Millis)));
        assert_eq!(time_unit("s"), Ok(TimeFormat::Recording(TimeUnit::Seconds)));
        assert!(time_unit("weeks").is_err());
    }
}
