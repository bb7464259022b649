//! What the tests share: rings in directories that vanish, a limit for every test, other processes.
// Every test crate uses a part of it.
#![allow(dead_code)]

pub mod process;
pub mod system;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tempfile::TempDir;

/// "This hangs", on any machine; nothing here should take a tenth of it.
pub const HANGS: Duration = Duration::from_secs(60);

/// A directory for rings, in memory where the system has such a place.
pub struct Rings {
    directory: TempDir,
}

impl Rings {
    pub fn new() -> Rings {
        let memory = Path::new("/dev/shm");
        let directory = if memory.is_dir() {
            TempDir::new_in(memory)
        } else {
            TempDir::new()
        };
        Rings {
            directory: directory.unwrap(),
        }
    }

    /// In the directory for temporary files, which mostly lies on a disk.
    pub fn on_disk() -> Rings {
        Rings {
            directory: TempDir::new().unwrap(),
        }
    }

    /// In a directory of the caller's own, if there is one.
    pub fn within(directory: Option<&Path>) -> Rings {
        match directory {
            Some(directory) => Rings {
                directory: TempDir::new_in(directory).unwrap(),
            },
            None => Rings::new(),
        }
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// How to refer to a ring here.
    pub fn reference(&self, name: &str) -> String {
        self.file(&format!("{name}.ring"))
            .to_string_lossy()
            .into_owned()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// The names of all files, sorted, hidden ones too.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

/// Ends the whole program when a test hangs, so that it is seen which.
pub struct Limit {
    done: Option<mpsc::Sender<()>>,
    watch: Option<JoinHandle<()>>,
}

/// Limits the calling test, until dropped.
pub fn limit() -> Limit {
    let (done, over) = mpsc::channel();
    let name = thread::current().name().unwrap_or("a test").to_owned();
    let watch = thread::spawn(move || {
        if over.recv_timeout(HANGS) == Err(RecvTimeoutError::Timeout) {
            eprintln!("{name} hangs: given up after {HANGS:?}");
            std::process::abort();
        }
    });
    Limit {
        done: Some(done),
        watch: Some(watch),
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        drop(self.done.take());
        if let Some(watch) = self.watch.take() {
            let _ = watch.join();
        }
    }
}

/// Waits for what another thread or process does.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let step = Duration::from_millis(1);
    let mut waited = Duration::ZERO;
    while !is_so() {
        assert!(waited < HANGS, "waited for long: {what}");
        thread::sleep(step);
        waited += step;
    }
}

/// Numbers that look random and are the same every time.
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64) -> Numbers {
        Numbers(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
