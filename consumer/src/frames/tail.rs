//! `tail` of frames: lines of text as lines, everything else described.

use std::io;

use super::describe::{Described, escaped};
use super::{Content, FrameAnalysis, FrameView};
use crate::output::{Format, Output, talk};
use crate::progress::Summary;
use crate::reporter::Reporter;
use ringbuf_console::lines::FrameLine;

/// The frames themselves.
pub struct FrameTail;

impl FrameAnalysis for FrameTail {
    fn frame(&mut self, frame: &FrameView<'_>, output: &mut Output) -> io::Result<()> {
        match (output.format(), frame.content()) {
            (Format::Human, Content::Text(text)) => output.text(escaped(text)),
            (Format::Human, _) => output.text(Described(frame)),
            (Format::Json, _) => output.line(&FrameLine::of(frame)),
        }
    }
}

impl Reporter for FrameTail {
    fn report(&mut self, summary: &Summary, output: &mut Output) -> io::Result<()> {
        match output.format() {
            Format::Json => output.object(summary),
            // Among the frames a sentence would be in the way.
            Format::Human => {
                output.flush()?;
                talk(summary);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::frame;
    use super::*;
    use crate::output::tests::Written;
    use ringbuf_core::Element;

    fn tailed(format: Format, frames: &[FrameView<'_>]) -> Vec<String> {
        let written = Written::default();
        let mut output = written.output(format);
        for frame in frames {
            FrameTail.frame(frame, &mut output).unwrap();
        }
        output.flush().unwrap();
        written.lines()
    }

    #[test]
    fn people_get_lines_and_descriptions() {
        let frames = [
            frame(b"one", None),
            frame(b"", None),
            frame(b"two\x1b[2J", None),
            frame(&[0; 6], Some((Element::U8, &[1, 2, 3]))),
        ];
        let expected = [
            "one",
            "",
            "two\\u{1b}[2J",
            "        42  1970-01-01T00:00:01.5Z  1 x 2 x 3 u8  6 bytes  tag 7",
        ];
        assert_eq!(tailed(Format::Human, &frames), expected);
    }

    #[test]
    fn programs_get_objects() {
        let mut frames = [
            frame("\u{e4}\n".as_bytes(), None),
            frame(&[0; 4], Some((Element::F32, &[1, 1]))),
            frame(&[0xff], None),
        ];
        frames[2].published_ns = None;
        let expected = [
            r#"{"sequence":42,"time":"1970-01-01T00:00:01.5Z","tag":7,"len":3,"element":null,"shape":[],"text":"ä\n"}"#,
            r#"{"sequence":42,"time":"1970-01-01T00:00:01.5Z","tag":7,"len":4,"element":"f32","shape":[1,1]}"#,
            r#"{"sequence":42,"time":null,"tag":7,"len":1,"element":null,"shape":[]}"#,
        ];
        assert_eq!(tailed(Format::Json, &frames), expected);
    }
}
