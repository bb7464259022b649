//! Where lines go: data to stdout, talk to stderr.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

/// For whom the data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Tables and sentences.
    Human,
    /// One JSON object a line.
    Json,
}

/// The data going out, buffered until [`flush`](Output::flush).
pub struct Output {
    format: Format,
    /// Of which ring the lines speak, where there are several.
    ring: Option<String>,
    out: WholeLines,
}

impl Output {
    pub fn new(format: Format, out: Box<dyn Write>) -> Output {
        Output {
            format,
            ring: None,
            out: WholeLines {
                out,
                held: Vec::new(),
            },
        }
    }

    /// Lines that speak of one ring among several: what is not a report has to name it.
    pub fn of_ring(self, ring: &str) -> Output {
        Output {
            ring: Some(ring.to_owned()),
            ..self
        }
    }

    /// Begins a line for people with the ring of which it speaks, where there are several.
    pub fn name_ring(&mut self) -> io::Result<()> {
        match &self.ring {
            Some(ring) => write!(self.out, "{ring}  "),
            None => Ok(()),
        }
    }

    pub fn format(&self) -> Format {
        self.format
    }

    /// A line of JSON. Numbers are written so that reading them gives the same `f64` again;
    /// NaN and the infinities, which JSON does not have, become null.
    pub fn object(&mut self, object: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, object)?;
        self.out.write_all(b"\n")
    }

    /// An object that is no report: it names the ring where there are several.
    pub fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        match self.ring.clone() {
            Some(ring) => self.object(&OfRing { ring, line }),
            None => self.object(line),
        }
    }

    /// A line of text.
    pub fn text(&mut self, line: impl fmt::Display) -> io::Result<()> {
        writeln!(self.out, "{line}")
    }

    /// For lines that are put together from many pieces.
    pub fn writer(&mut self) -> &mut impl Write {
        &mut self.out
    }

    /// Lets readers see what was written so far.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[derive(Serialize)]
struct OfRing<'a, T> {
    ring: String,
    #[serde(flatten)]
    line: &'a T,
}

/// Holds back what is written, and lets only whole lines go on: records may be read in place, and this process ended
/// while it reads them for the next piece of a line.
struct WholeLines {
    out: Box<dyn Write>,
    held: Vec<u8>,
}

impl WholeLines {
    /// From so much on, as soon as it ends with a line.
    const ENOUGH: usize = 1 << 16;

    /// Lets the first `len` bytes go on; also if that fails they are not tried again.
    fn pass(&mut self, len: usize) -> io::Result<()> {
        let result = self.out.write_all(&self.held[..len]);
        self.held.drain(..len);
        result
    }
}

impl Write for WholeLines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        // What is in front of them was looked through before.
        let end = bytes.iter().rposition(|&byte| byte == b'\n');
        if let Some(end) = end.filter(|_| self.held.len() >= Self::ENOUGH) {
            self.pass(self.held.len() - bytes.len() + end + 1)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pass(self.held.len())?;
        self.out.flush()
    }
}

impl Drop for WholeLines {
    fn drop(&mut self) {
        // Who wants to know has asked before.
        let _ = self.flush();
    }
}

/// Whether a line stands on the terminal that is to be written over.
static STATUS_STANDS: AtomicBool = AtomicBool::new(false);

/// What wipes it.
fn wipe() -> &'static str {
    match STATUS_STANDS.swap(false, Ordering::Relaxed) {
        true => "\r\x1b[K",
        false => "",
    }
}

/// Tells how far it is on a line that is written over, if a person is watching.
pub fn status(text: impl fmt::Display) {
    let mut out = io::stderr().lock();
    if out.is_terminal() {
        STATUS_STANDS.store(true, Ordering::Relaxed);
        let line = format!("\r\x1b[Kanalyzer: {text}");
        let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    }
}

/// Wipes that line.
pub fn wipe_status() {
    let _ = io::stderr().write_all(wipe().as_bytes());
}

thread_local! {
    /// Of which ring this thread speaks, where there are several.
    static SPEAKER: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// From now on what this thread tells names this ring.
pub fn speak_of(ring: &str) {
    SPEAKER.set(Some(ring.to_owned()));
}

/// Tells the user something that is not data.
pub fn talk(line: impl fmt::Display) {
    let ring = SPEAKER.with_borrow(|ring| match ring {
        Some(ring) => format!("{ring}: "),
        None => String::new(),
    });
    // Nobody may be listening, and there is nobody else to tell.
    // One write: other processes talk to the same terminal.
    let _ = io::stderr().write_all(format!("{}analyzer: {ring}{line}\n", wipe()).as_bytes());
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use std::rc::Rc;

    /// What an analysis wrote, line by line.
    #[derive(Clone, Default)]
    pub struct Written(Rc<RefCell<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Written {
        pub fn output(&self, format: Format) -> Output {
            Output::new(format, Box::new(self.clone()))
        }

        pub fn lines(&self) -> Vec<String> {
            let text = String::from_utf8(self.0.borrow().clone()).unwrap();
            text.lines().map(str::to_owned).collect()
        }

        pub fn objects(&self) -> Vec<serde_json::Value> {
            let lines = self.lines().into_iter();
            lines
                .map(|line| serde_json::from_str(&line).unwrap())
                .collect()
        }
    }

    #[test]
    fn numbers_survive_the_trip() {
        let numbers = [0.1, f64::MAX, f64::MIN_POSITIVE, 1.0 / 3.0, -0.0];
        let written = Written::default();
        let mut output = written.output(Format::Json);
        output.object(&numbers).unwrap();
        output.object(&[f64::NAN, f64::INFINITY]).unwrap();
        output.flush().unwrap();
        let read: Vec<f64> = serde_json::from_str(&written.lines()[0]).unwrap();
        let bits = |numbers: &[f64]| numbers.iter().map(|n| n.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&read), bits(&numbers));
        assert_eq!(written.lines()[1], "[null,null]");
    }

    #[test]
    fn a_closed_pipe_is_recognized_through_json_too() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut output = Output::new(Format::Json, Box::new(Closed));
        let longer_than_the_buffer = "x".repeat(1 << 17);
        let error = output.object(&longer_than_the_buffer).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
