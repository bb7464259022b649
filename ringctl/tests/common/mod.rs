//! A directory for rings, the program under test in it, and processes to kill.

// Every test program uses its own part of this.
#![allow(dead_code)]

pub mod peek;

use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use ringbuf_core::{
    CreateOptions, Field, Producer, ReaderOptions, Record, Retain, Schema, UntypedReader,
};
use serde_json::Value;

/// What the rings of the tests hold.
#[derive(Clone, Copy, Debug, Record)]
#[repr(C)]
pub struct Sample {
    #[record(unit = "ns", time = "unix")]
    pub t: u64,
    #[record(unit = "g")]
    pub accel: [f32; 2],
}

pub fn sample(t: u64) -> Sample {
    let accel = [t as f32, -1.0];
    Sample { t, accel }
}

pub struct Rings {
    directory: tempfile::TempDir,
}

/// How a run of ringctl ended.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Rings {
    /// In memory where the system has such a place.
    pub fn new() -> Rings {
        let memory = Path::new("/dev/shm");
        let directory = match memory.is_dir() {
            true => tempfile::tempdir_in(memory),
            false => tempfile::tempdir(),
        };
        Rings {
            directory: directory.unwrap(),
        }
    }

    /// On a disk: beside the test programs, or wherever there is one. `None` on a system without any.
    #[cfg(target_os = "linux")]
    pub fn on_disk() -> Option<Rings> {
        const TMPFS: i64 = 0x0102_1994;
        let is_disk =
            |path: &&str| rustix::fs::statfs(*path).is_ok_and(|found| found.f_type != TMPFS);
        let path = [env!("CARGO_TARGET_TMPDIR"), "/var/tmp", "/tmp"]
            .into_iter()
            .find(is_disk)?;
        let directory = tempfile::tempdir_in(path).unwrap();
        Some(Rings { directory })
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// What the library takes: these tests share one environment, so it is told the path.
    pub fn reference(&self, ring: &str) -> String {
        self.file(ring).display().to_string()
    }

    pub fn produce(&self, ring: &str, count: u64) -> Producer<Sample> {
        self.produce_with(ring, count, &CreateOptions::default())
    }

    pub fn produce_with(
        &self,
        ring: &str,
        count: u64,
        options: &CreateOptions,
    ) -> Producer<Sample> {
        let name = self.reference(ring);
        let mut producer = Producer::create_with(&name, Retain::records(100), options).unwrap();
        for t in 0..count {
            producer.publish(&sample(t)).unwrap();
        }
        producer
    }

    /// A ring with publication times.
    pub fn produce_stamped(&self, ring: &str, count: u64) -> Producer<Sample> {
        self.produce_with(ring, count, &CreateOptions::default().stamp(true))
    }

    /// When its records were published, nanoseconds since the Unix epoch, as the library reads it.
    pub fn published_ns(&self, ring: &str) -> Vec<i64> {
        let options = ReaderOptions::lossy().from_oldest();
        let mut reader = UntypedReader::attach(&self.reference(ring), options).unwrap();
        let mut times = Vec::new();
        while let Some(batch) = reader.poll().unwrap() {
            let records = batch.records().len();
            times.extend((0..records).map(|i| batch.published_ns(i).unwrap()));
        }
        times
    }

    /// Makes a ring look as if the system had booted since its producer opened it.
    pub fn boot(&self, ring: &str) {
        const BOOT: u64 = 4096 + 280;
        let path = self.file(&format!("{ring}.ring"));
        let mut file = File::options().write(true).open(path).unwrap();
        file.seek(SeekFrom::Start(BOOT)).unwrap();
        file.write_all(b"an earlier boot!").unwrap();
    }

    /// Sorted names of all there is, but for the files that locks are where the system has no better.
    pub fn files(&self) -> Vec<String> {
        let is_lock = |name: &String| cfg!(ringbuf_portable) && name.contains(".lock-");
        let entries = std::fs::read_dir(self.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !is_lock(name))
            .collect();
        names.sort();
        names
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ringctl"));
        command.args(arguments).env("RINGBUF_DIR", self.path());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        self.command(arguments).output().unwrap().into()
    }

    /// Runs with `--json`, which must succeed.
    pub fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let run = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(run.code, Some(0), "{run:?}");
        run.objects()
    }

    /// Another process, which runs `test` of this test program in this directory until it has said that
    /// it is ready.
    pub fn process(&self, test: &str) -> Process {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture"])
            .env(PROCESS_DIRECTORY, self.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let is_ready = lines.any(|line| line.unwrap().contains(READY));
        let process = Process { child };
        assert!(is_ready, "the process {test} ended too early");
        process
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Run {
        Run {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Run {
    pub fn objects(&self) -> Vec<Value> {
        let parse = |line| serde_json::from_str(line).unwrap();
        self.stdout.lines().map(parse).collect()
    }
}

const PROCESS_DIRECTORY: &str = "RINGCTL_TEST_DIRECTORY";
const READY: &str = "the process is ready";

/// A process of ours, killed with SIGKILL at the latest when the test ends.
pub struct Process {
    child: Child,
}

impl Process {
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// In such a process: where its rings are; `None` when somebody runs all ignored tests.
pub fn process_directory() -> Option<PathBuf> {
    std::env::var_os(PROCESS_DIRECTORY).map(PathBuf::from)
}

/// In such a process: says that it is ready, and stays until it is killed or its parent is.
pub fn stay() {
    println!("{READY}");
    let _ = std::io::stdin().lines().count();
}

pub fn temperature() -> Schema {
    Schema::packed([Field::new("temperature", ringbuf_core::Element::F64).unit("°C")]).unwrap()
}
