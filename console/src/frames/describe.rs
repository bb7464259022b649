//! A frame in words, on one line, with nothing in it that a terminal would obey.

use std::fmt::{self, Write};

use super::{Content, FrameView};
use crate::text::grouped;
use crate::times::Time;

/// Bytes of which a beginning is shown.
const SHOWN: usize = 16;

/// A frame in words.
pub struct Described<'a>(pub &'a FrameView<'a>);

impl fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let frame = self.0;
        write!(f, "{:>10}  ", frame.sequence)?;
        match time(frame) {
            Time::Missing => {}
            time => write!(f, "{time}  ")?,
        }
        if let Some((element, shape)) = frame.array {
            write!(f, "{} {element}  ", Shape(shape, " x "))?;
        }
        write!(f, "{} bytes", grouped(frame.bytes.len() as u64))?;
        if frame.tag != 0 {
            write!(f, "  tag {}", frame.tag)?;
        }
        match frame.content() {
            Content::Bytes(bytes) if !bytes.is_empty() => write!(f, "  {}", Beginning(bytes)),
            _ => Ok(()),
        }
    }
}

/// When it was published.
pub fn time(frame: &FrameView<'_>) -> Time {
    let ns = frame.published_ns;
    ns.map_or(Time::Missing, |ns| Time::wall(ns.into()))
}

/// Text that stays on its line and gives a terminal no orders; other text is left as it is.
pub fn escaped(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => line.push(c),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            _ if c.is_control() || turns_lines(c) => line.extend(c.escape_unicode()),
            _ => line.push(c),
        }
    }
    line
}

/// Whether a character ends a line, or turns the direction in which one is read.
fn turns_lines(c: char) -> bool {
    matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Sizes with something between them.
pub struct Shape<'a>(pub &'a [usize], pub &'static str);

impl fmt::Display for Shape<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, size) in self.0.iter().enumerate() {
            let between = if i == 0 { "" } else { self.1 };
            write!(f, "{between}{size}")?;
        }
        Ok(())
    }
}

/// The first bytes, as numbers and as characters.
struct Beginning<'a>(&'a [u8]);

impl fmt::Display for Beginning<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.0[..self.0.len().min(SHOWN)];
        for byte in shown {
            write!(f, "{byte:02x} ")?;
        }
        if self.0.len() > SHOWN {
            f.write_str(".. ")?;
        }
        f.write_str("|")?;
        for &byte in shown {
            let is_visible = byte.is_ascii_graphic() || byte == b' ';
            f.write_char(if is_visible { byte.into() } else { '.' })?;
        }
        f.write_str("|")
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::frame;
    use super::*;
    use ringbuf_core::Element;

    #[test]
    fn arrays_are_described() {
        let bytes = vec![0; 480 * 640 * 3];
        let image = frame(&bytes, Some((Element::U8, &[480, 640, 3])));
        let expected = "        42  1970-01-01T00:00:01.5Z  480 x 640 x 3 u8  921,600 bytes  tag 7";
        assert_eq!(Described(&image).to_string(), expected);
        let mut plain = frame(&bytes[..8], Some((Element::F64, &[1])));
        (plain.tag, plain.published_ns) = (0, None);
        assert_eq!(Described(&plain).to_string(), "        42  1 f64  8 bytes");
    }

    #[test]
    fn bytes_show_how_they_begin() {
        let described = |bytes: &[u8]| Described(&frame(bytes, None)).to_string();
        let few = described(b"\x89PNG\r\n\x1b[2J\xff");
        let expected = "11 bytes  tag 7  89 50 4e 47 0d 0a 1b 5b 32 4a ff |.PNG...[2J.|";
        assert!(few.ends_with(expected), "{few}");
        let many = described(&[0xff; 1000]);
        assert!(
            many.contains("1,000 bytes") && many.contains(" ff .. |"),
            "{many}"
        );
        assert!(many.ends_with("|................|"), "{many}");
    }

    #[test]
    fn text_gives_no_orders_and_stays_on_its_line() {
        assert_eq!(
            escaped("a\tb \\ \"ä 東 👩\u{200d}🚀"),
            "a\tb \\ \"ä 東 👩\u{200d}🚀"
        );
        assert_eq!(
            escaped("a\nb\r\u{1b}[2J\u{9b}m\u{7f}"),
            "a\\nb\\r\\u{1b}[2J\\u{9b}m\\u{7f}"
        );
        assert_eq!(
            escaped("\u{202e}x\u{2028}\u{2066}"),
            "\\u{202e}x\\u{2028}\\u{2066}"
        );
        for c in ('\0'..='\u{ff}').filter(|&c| c != '\t') {
            assert!(!escaped(&c.to_string()).contains(char::is_control), "{c:?}");
        }
    }
}
