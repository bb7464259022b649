//! The real binary at one end of a ring, the library's reader at the other.

#![allow(dead_code)] // every test file uses its own part of this

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use ringbuf_core::{
    AttachError, Element, FrameHeader, FrameReader, ReaderOptions, Records, Schema, UntypedReader,
    inspect::{self, RingInfo},
};

/// Longer than anything here takes, so that only what hangs runs into it.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A directory for the rings of one test.
#[derive(Debug)]
pub struct Rings(tempfile::TempDir);

impl Rings {
    pub fn new() -> Rings {
        Rings(tempfile::tempdir().expect("temporary directory"))
    }

    /// A ring's reference: the path of its data file.
    pub fn ring(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A file in the same directory.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).expect("writes");
        path.display().to_string()
    }
}

/// One of the recordings that come with the project.
pub fn recording(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../data")
        .join(name);
    path.display().to_string()
}

/// A producer process; killed when the test ends early.
#[derive(Debug)]
pub struct Producer(Child);

/// What a producer left behind.
#[derive(Debug)]
pub struct Outcome {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Producer {
    /// Starts `producer` with these arguments.
    pub fn start(arguments: &[&str]) -> Producer {
        Producer::spawn(Command::new(env!("CARGO_BIN_EXE_producer")).args(arguments))
    }

    /// Starts it where names of rings resolve in this directory.
    pub fn start_in(directory: &Path, arguments: &[&str]) -> Producer {
        let mut command = Command::new(env!("CARGO_BIN_EXE_producer"));
        Producer::spawn(command.args(arguments).env("RINGBUF_DIR", directory))
    }

    /// Starts it with this as its standard input.
    pub fn start_on(input: impl Into<Stdio>, arguments: &[&str]) -> Producer {
        let mut command = Command::new(env!("CARGO_BIN_EXE_producer"));
        Producer::spawn_on(input.into(), command.args(arguments))
    }

    fn spawn(command: &mut Command) -> Producer {
        Producer::spawn_on(Stdio::null(), command)
    }

    fn spawn_on(input: Stdio, command: &mut Command) -> Producer {
        let child = command
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("starts");
        Producer(child)
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Sends it a signal, by the name `kill` knows.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.0.id().to_string()])
            .status();
        assert!(sent.is_ok_and(|status| status.success()));
    }

    /// The most memory of its own that it had at one moment.
    pub fn peak_memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()));
        let status = status.expect("it is running");
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let digits = line.and_then(|line| line.split_whitespace().nth(1));
        digits.and_then(|kib| kib.parse().ok()).expect("a number")
    }

    /// Waits for its end.
    pub fn finish(mut self) -> Outcome {
        let end = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.0.try_wait().expect("waits") {
                break status;
            }
            assert!(Instant::now() < end, "the producer does not end");
            thread::sleep(Duration::from_millis(5));
        };
        let read = |pipe: Option<&mut dyn std::io::Read>| {
            let mut text = String::new();
            pipe.map(|pipe| pipe.read_to_string(&mut text));
            text
        };
        Outcome {
            status,
            stdout: read(self.0.stdout.as_mut().map(|pipe| pipe as _)),
            stderr: read(self.0.stderr.as_mut().map(|pipe| pipe as _)),
        }
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Outcome {
    /// The JSON summary.
    pub fn summary(&self) -> serde_json::Value {
        assert_eq!(self.stdout.lines().count(), 1, "{self:?}");
        serde_json::from_str(&self.stdout).expect("JSON")
    }

    /// How many records the summary says went out.
    pub fn published(&self) -> u64 {
        self.summary()["published"].as_u64().expect("a number")
    }
}

/// The ring as it is, as soon as there is one that is `so`.
pub fn ring_that(ring: &str, so: impl Fn(&RingInfo) -> bool) -> RingInfo {
    let end = Instant::now() + PATIENCE;
    loop {
        match inspect::info(ring) {
            Ok(info) if so(&info) => return info,
            found => assert!(Instant::now() < end, "the ring stays {found:?}"),
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Runs `producer` to its end.
pub fn run(arguments: &[&str]) -> Outcome {
    Producer::start(arguments).finish()
}

/// Attaches a lossless reader, as soon as there is a ring.
pub fn attach(ring: &str) -> UntypedReader {
    attach_by(|options| UntypedReader::attach(ring, options))
}

/// The same for a ring of frames.
pub fn attach_frames(ring: &str) -> FrameReader {
    attach_by(|options| FrameReader::attach(ring, options))
}

fn attach_by<R>(attach: impl Fn(ReaderOptions) -> Result<R, AttachError>) -> R {
    let end = Instant::now() + PATIENCE;
    loop {
        let options = ReaderOptions::lossless().named("test").from_oldest();
        match attach(options) {
            Ok(reader) => return reader,
            Err(AttachError::NotFound { .. }) => assert!(Instant::now() < end, "no ring appears"),
            Err(error) => panic!("{error}"),
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Everything that came through a ring.
#[derive(Debug)]
pub struct Heard {
    pub schema: Schema,
    pub bytes: Vec<u8>,
}

impl Heard {
    pub fn records(&self) -> Records<'_> {
        Records::new(&self.schema, &self.bytes)
    }

    /// One column as numbers.
    pub fn numbers(&self, column: &str) -> Vec<f64> {
        let column = self.schema.column(column).expect("a column");
        self.records().numbers(&column).collect()
    }

    /// The time of every record in nanoseconds.
    pub fn times(&self) -> Vec<i128> {
        let name = self.schema.time_field().expect("a time").name();
        let column = self.schema.column(name).expect("a column");
        let records = self.records();
        (0..records.len())
            .filter_map(|i| records.integer(i, &column))
            .collect()
    }
}

/// Reads until the ring is closed and empty.
pub fn drain(mut reader: UntypedReader) -> Heard {
    let mut heard = Heard {
        schema: reader.schema().clone(),
        bytes: Vec::new(),
    };
    while let Some(batch) = reader.next().expect("reads") {
        assert_eq!(batch.missed(), 0);
        heard.bytes.extend_from_slice(batch.records().bytes());
    }
    heard
}

/// Runs `producer` with these arguments and hears all it has to say on `ring`.
pub fn hear(ring: &str, arguments: &[&str]) -> (Heard, Outcome) {
    let common = ["--ring", ring, "--wait-for-readers", "1", "--json"];
    let producer = Producer::start(&[arguments, &common].concat());
    let heard = drain(attach(ring));
    (heard, producer.finish())
}

/// A frame that came through a ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeardFrame {
    pub header: FrameHeader,
    pub bytes: Vec<u8>,
}

/// Reads frames until the ring is closed and empty.
pub fn drain_frames(mut reader: FrameReader) -> Vec<HeardFrame> {
    let mut heard = Vec::new();
    while let Some(batch) = reader.next().expect("reads") {
        assert_eq!(batch.missed(), 0);
        heard.extend(batch.frames().map(|frame| HeardFrame {
            header: *frame.header(),
            bytes: frame.bytes().to_vec(),
        }));
    }
    heard
}

/// Runs `producer` with these arguments and takes all the frames it has for `ring`.
pub fn hear_frames(ring: &str, arguments: &[&str]) -> (Vec<HeardFrame>, Outcome) {
    let common = ["--ring", ring, "--wait-for-readers", "1", "--json"];
    let producer = Producer::start(&[arguments, &common].concat());
    let heard = drain_frames(attach_frames(ring));
    (heard, producer.finish())
}

/// What the elements of an image are, its shape and its bytes.
pub type Image = (Element, [usize; 3], Vec<u8>);

/// Frames as images.
pub fn as_images(frames: &[HeardFrame]) -> Vec<Image> {
    let image = |frame: &HeardFrame| {
        let shape = frame.header.shape().try_into().expect("three dimensions");
        let element = frame.header.element().expect("an element");
        (element, shape, frame.bytes.clone())
    };
    frames.iter().map(image).collect()
}
