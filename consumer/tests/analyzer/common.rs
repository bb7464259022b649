//! A ring in a directory of its own, and analyzers on it.

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use ringbuf_core::inspect::{self, ReaderInfo};
use ringbuf_core::{
    Clock, CreateOptions, Element, Field, FrameProducer, FrameRetain, Retain, Schema,
    UntypedProducer,
};
use serde_json::Value;
use tempfile::TempDir;

/// No analyzer of a test takes so long, unless it hangs.
pub const HANGS: Duration = Duration::from_secs(60);

/// Where a ring is, or will be.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    pub fn ring(&self) -> String {
        self.0.path().join("r").display().to_string()
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn producer(&self, capacity: u64) -> UntypedProducer {
        UntypedProducer::create(&self.ring(), schema(), Retain::records(capacity)).unwrap()
    }

    pub fn producer_with(&self, capacity: u64, options: &CreateOptions) -> UntypedProducer {
        let retain = Retain::records(capacity);
        UntypedProducer::create_with(&self.ring(), schema(), retain, options).unwrap()
    }

    /// A ring of frames, with room for so many bytes.
    pub fn frames(&self, bytes: u64) -> FrameProducer {
        self.frames_with(bytes, &CreateOptions::default().stamp(true))
    }

    pub fn frames_with(&self, bytes: u64, options: &CreateOptions) -> FrameProducer {
        FrameProducer::create_with(&self.ring(), FrameRetain::bytes(bytes), options).unwrap()
    }

    /// The only registered reader, if it is there yet.
    pub fn reader(&self) -> Option<ReaderInfo> {
        let mut readers = inspect::info(&self.ring()).unwrap().readers.unwrap();
        assert!(readers.len() <= 1, "{readers:?}");
        readers.pop()
    }

    /// Waits until the only registered reader has come to this sequence.
    #[track_caller]
    pub fn read_up_to(&self, sequence: u64) {
        eventually("the analyzer reads", || {
            let ledger = self.reader().and_then(|reader| reader.ledger);
            ledger.is_some_and(|ledger| ledger.cursor == sequence)
        });
    }

    /// An analyzer on this ring that has not started yet.
    pub fn analyzer(&self, arguments: &str) -> Command {
        let (analysis, options) = arguments.split_once(' ').unwrap_or((arguments, ""));
        let mut command = Command::new(env!("CARGO_BIN_EXE_analyzer"));
        command.arg(analysis).arg("--ring").arg(self.ring());
        command.args(options.split_whitespace());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// One that records into this directory beside the ring.
    pub fn recorder(&self, directory: &str, options: &str) -> Command {
        let mut command = self.analyzer("record");
        command.arg(self.path().join(directory));
        command.args(options.split_whitespace());
        command
    }

    pub fn record(&self, directory: &str, options: &str) -> Finished {
        finish(self.recorder(directory, options).spawn().unwrap())
    }

    pub fn start(&self, arguments: &str) -> Child {
        self.analyzer(arguments).spawn().unwrap()
    }

    pub fn run(&self, arguments: &str) -> Finished {
        finish(self.start(arguments))
    }
}

pub fn schema() -> Schema {
    Schema::packed([
        Field::new("t", Element::DateTimeNs).time(Clock::Unix),
        Field::new("value", Element::F64).unit("g"),
    ])
    .unwrap()
}

/// Record number i: at second i, with value i.
pub fn records(numbers: std::ops::Range<u64>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for i in numbers {
        bytes.extend((i as i64 * 1_000_000_000).to_le_bytes());
        bytes.extend((i as f64).to_le_bytes());
    }
    bytes
}

/// What an analyzer left behind.
pub struct Finished {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Finished {
    pub fn code(&self) -> i32 {
        let stderr = &self.stderr;
        self.status
            .code()
            .unwrap_or_else(|| panic!("ended by a signal: {stderr}"))
    }

    pub fn objects(&self) -> Vec<Value> {
        let lines = self.stdout.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The last line, which has to say that it is.
    pub fn last(&self) -> Value {
        let last = self
            .objects()
            .pop()
            .unwrap_or_else(|| panic!("nothing: {}", self.stderr));
        assert_eq!(last["final"], true, "{last}");
        assert_eq!(last["ring"], "r");
        let number = |name: &str| last[name].as_u64().unwrap();
        let passed = number("next_sequence") - number("first_sequence");
        assert_eq!(
            number("read") + number("missed") + number("skipped"),
            passed
        );
        last
    }
}

/// Waits for the end of an analyzer, and puts an end to one that hangs.
pub fn finish(child: Child) -> Finished {
    let id = child.id().to_string();
    let (ended, end) = mpsc::channel::<()>();
    let watching = thread::spawn(move || {
        if end.recv_timeout(HANGS) == Err(RecvTimeoutError::Timeout) {
            let _ = Command::new("kill").args(["-KILL", &id]).status();
        }
    });
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().unwrap();
    drop(ended);
    watching.join().unwrap();
    Finished {
        status,
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

/// Waits until something is so.
#[track_caller]
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(30), "never: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until so many readers have registered.
#[track_caller]
pub fn joined(producer: &UntypedProducer, readers: usize) {
    eventually("the analyzer attaches", || {
        producer.registered_readers() == readers
    });
}

pub fn signal(child: &Child, signal: &str) {
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args([signal, &id])
            .status()
            .unwrap()
            .success()
    );
}

/// An analyzer that stands still until this is dropped.
pub struct Suspended<'a>(&'a Child);

/// Stops an analyzer, and waits until it stands still.
#[track_caller]
pub fn suspend(child: &Child) -> Suspended<'_> {
    let suspended = Suspended(child);
    signal(child, "-STOP");
    let stat = format!("/proc/{}/stat", child.id());
    eventually("the analyzer stands still", || {
        std::fs::read_to_string(&stat).unwrap().contains(") T ")
    });
    suspended
}

impl Drop for Suspended<'_> {
    fn drop(&mut self) {
        signal(self.0, "-CONT");
    }
}
