//! Data goes to standard output, talk to standard error.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use anyhow::Context;
use serde::Serialize;

use ringbuf_console::text::{is_harmless, printable};

/// Prints talk. Talk that nobody can hear is no reason to end.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "ringctl: {}", printable(text));
}

/// Prints data, whole lines. False: nobody reads the pipe any more, which is a normal end.
pub(crate) fn print(text: &str) -> anyhow::Result<bool> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error).context("standard output"),
        Ok(()) => Ok(true),
    }
}

/// One object on one line.
pub(crate) fn json_line(object: &impl Serialize) -> anyhow::Result<String> {
    let json = serde_json::to_string(object).context("writing JSON")?;
    Ok(escaped(&json) + "\n")
}

/// JSON without characters that a terminal would obey: serde_json escapes only the first 32 of them.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if is_harmless(c) {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // A String takes everything.
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_one_harmless_line_that_means_the_same() {
        let nasty = "a\u{1b}[2J\n\u{9b}31m\u{202e}\u{e0001}ä";
        let line = json_line(&nasty).unwrap();
        assert_eq!(line.matches('\n').count(), 1);
        assert!(line.trim_end().chars().all(is_harmless), "{line:?}");
        assert!(line.contains('ä'));
        let read: String = serde_json::from_str(&line).unwrap();
        assert_eq!(read, nasty);
    }
}
