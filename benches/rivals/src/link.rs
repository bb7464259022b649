//! One channel of a measurement: where it lies, how big it is, how its ends wait.

use std::any::Any;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// Rings and queues hold so much, but for those of larger frames. Well beyond the second-level caches, within the third.
pub const RING_BYTES: usize = 4 << 20;

/// How a side waits that finds nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Waiting {
    /// It looks again at once.
    Spin,
    /// It lets others run.
    Yield,
    /// A consumer sleeps by the peer's own means; a producer that finds no room does, or lets others run.
    Block,
}

impl Waiting {
    /// Between two looks at a peer that does not wait by itself.
    #[inline(always)]
    pub fn idle(self) {
        if self != Waiting::Spin {
            std::thread::yield_now();
        }
    }
}

/// A channel.
#[derive(Clone, Debug)]
pub struct Link {
    /// In the memory file system; it is removed afterwards.
    pub directory: PathBuf,
    pub name: String,
    pub waiting: Waiting,
    /// Consumers.
    pub readers: usize,
    /// They are attached and never read; who is lossy may be.
    pub idle_readers: bool,
    /// What the ring or queue holds, bytes.
    pub memory: usize,
    parcels: Parcels,
}

type Parcels = Arc<Mutex<Vec<Box<dyn Any + Send>>>>;

impl Link {
    /// The channel of that name.
    pub fn new(directory: PathBuf, name: &str, waiting: Waiting, readers: usize) -> Link {
        Link {
            directory,
            name: name.to_owned(),
            waiting,
            readers,
            idle_readers: false,
            memory: RING_BYTES,
            parcels: Parcels::default(),
        }
    }

    /// A file of this channel.
    pub fn path(&self) -> PathBuf {
        self.directory.join(&self.name)
    }

    /// Records of `W` words that fit into the ring.
    pub fn capacity<const W: usize>(&self) -> usize {
        self.memory / (W * 8)
    }

    /// Records that one read takes at most, where that can be said: as many as a reader of ours is handed. All there is would
    /// keep the producer waiting for room; who lets others run or sleeps makes more of its turn.
    pub fn at_once<const W: usize>(&self) -> usize {
        let bytes = if self.waiting == Waiting::Spin {
            64 << 10
        } else {
            self.memory / 4
        };
        (bytes / (W * 8)).max(1)
    }

    /// Leaves something for another role of the same process, or for the end of the measurement.
    pub fn leave<T: Send + 'static>(&self, parcel: T) {
        self.lock().push(Box::new(parcel));
    }

    /// Takes the oldest thing of that type that was left.
    pub fn take<T: 'static>(&self) -> Result<T> {
        let mut parcels = self.lock();
        let at = parcels.iter().position(|parcel| parcel.is::<T>());
        let parcel = parcels.remove(at.context("nothing was left here for this role")?);
        Ok(*parcel.downcast().expect("its type was looked at"))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Box<dyn Any + Send>>> {
        self.parcels.lock().expect("nobody panics while holding it")
    }
}

/// Tries until the other side has made what is to be opened.
pub fn retry<T, E: Into<anyhow::Error>>(mut open: impl FnMut() -> Result<T, E>) -> Result<T> {
    let since = Instant::now();
    loop {
        match open() {
            Ok(opened) => return Ok(opened),
            Err(error) if since.elapsed() > Duration::from_secs(10) => {
                return Err(error.into()).context("the other side did not come");
            }
            Err(_) => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}
