//! A producer that several Python threads share: one at a time publishes, and nobody waits with the interpreter held.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use pyo3::prelude::*;
use ringbuf_core::{FrameProducer, PublishError, TryPublishError, UntypedProducer};

use crate::errors;
use crate::fork::Generation;
use crate::gil::{self, Deadline, Seconds, Step};

/// What producers of records and of frames have in common.
pub(crate) trait Publishes: Send {
    fn published(&self) -> u64;
    fn refused(&self) -> u64;
    fn kept(&self) -> Option<Duration>;
    fn registered_readers(&self) -> usize;
}

macro_rules! publishes {
    ($producer:ty) => {
        impl Publishes for $producer {
            fn published(&self) -> u64 {
                self.published()
            }
            fn refused(&self) -> u64 {
                self.refused()
            }
            fn kept(&self) -> Option<Duration> {
                self.kept()
            }
            fn registered_readers(&self) -> usize {
                self.registered_readers()
            }
        }
    };
}

publishes!(UntypedProducer);
publishes!(FrameProducer);

/// Something to publish, perhaps in several steps.
pub(crate) trait Job<P>: Send {
    /// What it comes to.
    type Done: Send;

    /// Publishes as much as there is room for, and at least something. `None`: there is more.
    fn attempt(&mut self, producer: &mut P) -> Result<Option<Self::Done>, TryPublishError>;

    /// As [`Job::attempt`], but waits at most so long for room; no error if there is none.
    fn wait(
        &mut self,
        producer: &mut P,
        most: Duration,
    ) -> Result<Option<Self::Done>, PublishError>;

    /// Bytes that the next step may copy.
    fn bytes(&self) -> usize;

    /// Records published up to now.
    fn published(&self) -> usize;
}

/// Where the producer is.
#[derive(Debug)]
enum Place<P> {
    Here(P),
    /// A claim has it.
    Claimed,
    Closed,
}

#[derive(Debug)]
pub(crate) struct Seat<P> {
    generation: Generation,
    name: String,
    /// As of the last step; so that looking at them never waits.
    published: AtomicU64,
    refused: AtomicU64,
    is_closed: AtomicBool,
    place: Mutex<Place<P>>,
}

impl<P: Publishes> Seat<P> {
    pub(crate) fn new(name: &str, producer: P) -> Seat<P> {
        Seat {
            generation: Generation::current(),
            name: name.to_owned(),
            published: AtomicU64::new(producer.published()),
            refused: AtomicU64::new(producer.refused()),
            is_closed: AtomicBool::new(false),
            place: Mutex::new(Place::Here(producer)),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn published(&self, py: Python<'_>) -> PyResult<u64> {
        self.generation.check(py)?;
        Ok(self.published.load(Ordering::Relaxed))
    }

    pub(crate) fn refused(&self, py: Python<'_>) -> PyResult<u64> {
        self.generation.check(py)?;
        Ok(self.refused.load(Ordering::Relaxed))
    }

    /// Whether it publishes nothing any more; so it is for whoever has inherited it.
    pub(crate) fn is_closed(&self) -> bool {
        !self.generation.is_current() || self.is_closed.load(Ordering::Relaxed)
    }

    /// Calls `step` at once if nobody else is publishing, with the interpreter held.
    #[inline]
    pub(crate) fn at_once<T>(&self, step: impl FnOnce(&mut P) -> Option<T>) -> Option<T> {
        if !self.generation.is_current() {
            return None;
        }
        let mut place = self.place.try_lock()?;
        let Place::Here(producer) = &mut *place else {
            return None;
        };
        let result = step(producer)?;
        self.published
            .store(producer.published(), Ordering::Relaxed);
        Some(result)
    }

    /// Calls `step` with the producer, when no other thread has it.
    pub(crate) fn with<T: Send>(
        &self,
        py: Python<'_>,
        step: impl FnMut(&mut P) -> T + Send,
    ) -> PyResult<T> {
        self.within(py, None, false, step)
    }

    fn within<T: Send>(
        &self,
        py: Python<'_>,
        deadline: Option<Deadline>,
        is_long: bool,
        step: impl FnMut(&mut P) -> T + Send,
    ) -> PyResult<T> {
        match self.enter(py, deadline, is_long, step) {
            Entered::Producer(result) => Ok(result),
            Entered::Claimed => Err(errors::claimed(py, &self.name)),
            Entered::Closed => Err(errors::closed(py, "producer", &self.name)),
            Entered::Failed(error) => Err(error),
        }
    }

    /// Takes the lock and calls `step`; `is_long`: without the interpreter.
    fn enter<T: Send>(
        &self,
        py: Python<'_>,
        deadline: Option<Deadline>,
        is_long: bool,
        mut step: impl FnMut(&mut P) -> T + Send,
    ) -> Entered<T> {
        if let Err(error) = self.generation.check(py) {
            return Entered::Failed(error);
        }
        let mut step = |place: &mut Place<P>| match place {
            Place::Here(producer) => {
                let result = step(producer);
                self.published
                    .store(producer.published(), Ordering::Relaxed);
                self.refused.store(producer.refused(), Ordering::Relaxed);
                Entered::Producer(result)
            }
            Place::Claimed => Entered::Claimed,
            Place::Closed => Entered::Closed,
        };
        if !is_long && let Some(mut place) = self.place.try_lock() {
            return step(&mut place);
        }
        loop {
            let entered = py.detach(|| {
                let place = self.place.try_lock_for(gil::SLICE);
                place.map(|mut place| step(&mut place))
            });
            if let Some(entered) = entered {
                return entered;
            }
            if let Err(error) = py.check_signals() {
                return Entered::Failed(error);
            }
            if deadline.is_some_and(Deadline::is_over) {
                return Entered::Failed(errors::busy(py, &self.name));
            }
        }
    }

    /// Publishes, and waits for room as long as it may: first without letting the interpreter go, unless much is copied.
    pub(crate) fn publish<J: Job<P>>(
        &self,
        py: Python<'_>,
        mut job: J,
        timeout: Option<Seconds>,
    ) -> PyResult<J::Done> {
        let deadline = Deadline::of(timeout);
        loop {
            let is_long = gil::is_long(job.bytes());
            let attempt = self.within(py, Some(deadline), is_long, |p| job.attempt(p))?;
            match attempt {
                Ok(Some(done)) => return Ok(done),
                Ok(None) => {}
                Err(TryPublishError::Full { .. }) if !deadline.is_over() => {
                    let wait = |producer: &mut P| job.wait(producer, deadline.slice());
                    match self.within(py, Some(deadline), true, wait)? {
                        Ok(Some(done)) => return Ok(done),
                        Ok(None) => {}
                        Err(error) => return Err(errors::publish(py, error)),
                    }
                }
                Err(error) => return Err(errors::try_publish(py, error, job.published())),
            }
            py.check_signals()?;
        }
    }

    /// Waits until so many readers have registered; false: the time is over.
    pub(crate) fn wait_for_readers(
        &self,
        py: Python<'_>,
        count: usize,
        timeout: Option<Seconds>,
    ) -> PyResult<bool> {
        /// How often to look.
        const LOOK: Duration = Duration::from_millis(2);
        let deadline = Deadline::of(timeout);
        loop {
            if self.with(py, |producer| producer.registered_readers())? >= count {
                return Ok(true);
            }
            let look = Seconds::at_most(LOOK.min(deadline.slice()));
            gil::wait(py, Some(look), |time| {
                std::thread::sleep(time);
                Step::<()>::Waiting
            })?;
            if deadline.is_over() {
                return Ok(self.with(py, |producer| producer.registered_readers())? >= count);
            }
        }
    }

    /// Closes the ring. Nothing happens if it is closed, or in a forked child: it is its parent's.
    pub(crate) fn close(&self, py: Python<'_>) -> PyResult<()> {
        if !self.generation.is_current() {
            return Ok(());
        }
        loop {
            let closed = py.detach(|| {
                let mut place = self.place.try_lock_for(gil::SLICE)?;
                self.is_closed.store(true, Ordering::Relaxed);
                let found = std::mem::replace(&mut *place, Place::Closed);
                if let Place::Here(producer) = &found {
                    self.published
                        .store(producer.published(), Ordering::Relaxed);
                    self.refused.store(producer.refused(), Ordering::Relaxed);
                }
                drop(found);
                Some(())
            });
            match closed {
                Some(()) => return Ok(()),
                None => py.check_signals()?,
            }
        }
    }
}

/// What was found.
enum Entered<T> {
    Producer(T),
    Claimed,
    Closed,
    Failed(PyErr),
}
