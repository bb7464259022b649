//! What is measured once: one work, by one ring or by the bare machine.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use ringbuf_core::{AttachError, CreateOptions, Producer, Reader, ReaderOptions, Retain, Wait};
use serde::{Deserialize, Serialize};

use super::args::{Delivery, Preset, Work};
use super::{one_way, wake};
use crate::cores;
use crate::role::Role;
use crate::shared::{LINE, Shared};
use crate::streams::RING_BYTES;

/// How long the other process may take to begin.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// One measurement. The other process gets the same as JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Case {
    /// What is measured.
    pub work: Work,
    /// By which ring; `None`: by the bare machine.
    pub ring: Option<(Preset, Delivery)>,
    /// The size of a record.
    pub bytes: usize,
    /// Round trips or wake-ups.
    pub turns: u64,
    /// The time between two records.
    pub gap: Duration,
}

/// What came out of it.
pub(super) struct Times {
    /// Round trips or wake-ups, nanoseconds.
    pub(super) histogram: Histogram<u64>,
    /// How often the reader slept.
    pub(super) sleeps: u64,
}

impl Case {
    /// Measures it, with files in that directory.
    pub(super) fn measure(&self, directory: &Path) -> Times {
        let task = Task {
            case: self.clone(),
            directory: directory.to_owned(),
        };
        let role = serde_json::to_string(&task).expect("a task as JSON");
        let other = Role::start(&role);
        cores::on_first(|| match self.work {
            Work::OneWay => one_way::measure(&task, other),
            Work::Wake => wake::measure(&task, other),
        })
    }

    /// The values of the histogram that make one of what is reported.
    pub(super) fn parts(&self) -> f64 {
        match self.work {
            Work::OneWay => 2.0,
            Work::Wake => 1.0,
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match (self.ring, self.work) {
            (Some((preset, delivery)), _) => format!("{preset:?}, {delivery:?}").to_lowercase(),
            (None, Work::OneWay) => "bare cache line".to_owned(),
            (None, Work::Wake) => "bare futex".to_owned(),
        };
        f.pad(&name)
    }
}

/// Plays the other process of a case.
///
/// # Panics
///
/// What it received is not what was sent.
pub fn play(role: &str) {
    let task: Task = serde_json::from_str(role).expect("a task as JSON");
    cores::pin(1);
    match task.case.work {
        Work::OneWay => one_way::answer(&task),
        Work::Wake => wake::answer(&task),
    }
}

/// What both processes of a case know.
#[derive(Serialize, Deserialize)]
pub(super) struct Task {
    pub(super) case: Case,
    directory: PathBuf,
}

impl Task {
    /// Memory that both see, without a ring.
    pub(super) fn shared(&self) -> Shared {
        Shared::file(&self.directory.join("bare"), 4 * LINE).expect("memory to share")
    }

    /// A new ring of that name.
    pub(super) fn producer<const N: usize>(&self, name: &str) -> Producer<[u64; N]> {
        let preset = match self.case.ring {
            Some((Preset::Latency, _)) => ringbuf_core::Preset::Latency,
            _ => ringbuf_core::Preset::Throughput,
        };
        let options = CreateOptions::default().preset(preset).replace(true);
        let retain = Retain::records((RING_BYTES / (N * 8)) as u64);
        Producer::create_with(&self.path(name), retain, &options)
            .unwrap_or_else(|error| panic!("a ring to measure: {error}"))
    }

    /// A reader of that ring, once it is there.
    pub(super) fn reader<const N: usize>(&self, name: &str, wait: Wait) -> Reader<[u64; N]> {
        let options = match self.case.ring {
            Some((_, Delivery::Lossless)) => ReaderOptions::lossless(),
            _ => ReaderOptions::lossy(),
        };
        let options = options.from_oldest().wait(wait);
        let begin = Instant::now();
        loop {
            match Reader::attach(&self.path(name), options.clone()) {
                Ok(reader) => return reader,
                Err(AttachError::NotFound { .. }) if begin.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_micros(100));
                }
                Err(error) => panic!("attaching: {error}"),
            }
        }
    }

    fn path(&self, name: &str) -> String {
        self.directory.join(name).display().to_string()
    }
}
