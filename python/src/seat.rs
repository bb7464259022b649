//! A producer that several Python threads share: one at a time publishes, and nobody waits with the interpreter held.

use std::convert::Infallible;
use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use pyo3::exceptions::PyTimeoutError;
use pyo3::prelude::*;
use ringbuf_core::{FrameProducer, OwnedFrameClaim, UntypedProducer};

use crate::errors;
use crate::fork::Generation;
use crate::gil::{self, Deadline, Seconds};

/// What producers of records and of frames have in common.
pub(crate) trait Publishes: Send {
    /// What takes the producer along while it is written.
    type Claim: Send + Debug;

    fn published(&self) -> u64;
    fn refused(&self) -> u64;
    fn registered_readers(&self) -> usize;
}

macro_rules! publishes {
    ($producer:ty, $claim:ty) => {
        impl Publishes for $producer {
            type Claim = $claim;

            fn published(&self) -> u64 {
                self.published()
            }
            fn refused(&self) -> u64 {
                self.refused()
            }
            fn registered_readers(&self) -> usize {
                self.registered_readers()
            }
        }
    };
}

publishes!(UntypedProducer, Infallible);
publishes!(FrameProducer, OwnedFrameClaim);

/// Where the producer is.
#[derive(Debug)]
pub(crate) enum Place<P: Publishes> {
    Here(P),
    Claimed(P::Claim),
    Closed,
}

#[derive(Debug)]
pub(crate) struct Seat<P: Publishes> {
    generation: Generation,
    name: String,
    /// As of the last step: who looks at them never waits.
    published: AtomicU64,
    refused: AtomicU64,
    is_closed: AtomicBool,
    place: Mutex<Place<P>>,
}

impl<P: Publishes> Seat<P> {
    pub(crate) fn new(name: String, producer: P) -> Seat<P> {
        Seat {
            generation: Generation::current(),
            name,
            published: AtomicU64::new(producer.published()),
            refused: AtomicU64::new(producer.refused()),
            is_closed: AtomicBool::new(false),
            place: Mutex::new(Place::Here(producer)),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn check(&self, py: Python<'_>) -> PyResult<()> {
        self.generation.check(py)
    }

    pub(crate) fn published(&self, py: Python<'_>) -> PyResult<u64> {
        self.generation.check(py)?;
        Ok(self.published.load(Ordering::Relaxed))
    }

    pub(crate) fn refused(&self, py: Python<'_>) -> PyResult<u64> {
        self.generation.check(py)?;
        Ok(self.refused.load(Ordering::Relaxed))
    }

    /// Whether it publishes nothing any more; so it is for who has inherited it.
    pub(crate) fn is_closed(&self) -> bool {
        !self.generation.is_current() || self.is_closed.load(Ordering::Relaxed)
    }

    /// For `repr`: what can change.
    pub(crate) fn state(&self) -> String {
        let published = self.published.load(Ordering::Relaxed);
        let closed = match (self.generation.is_current(), self.is_closed()) {
            (false, _) => ", forked",
            (_, true) => ", closed",
            _ => "",
        };
        format!("published {published}{closed}")
    }

    pub(crate) fn note(&self, producer: &P) {
        self.published
            .store(producer.published(), Ordering::Relaxed);
        self.refused.store(producer.refused(), Ordering::Relaxed);
    }

    /// Calls `step` at once and with the interpreter held, unless somebody else has the producer. `None` from it: something
    /// else has to be done first.
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

    /// Calls `step` with the producer, when no other thread has it; as [`Seat::locked`].
    pub(crate) fn with<T: Send>(
        &self,
        py: Python<'_>,
        deadline: Option<Deadline>,
        is_long: bool,
        mut step: impl FnMut(&mut P) -> T + Send,
    ) -> PyResult<T> {
        let result = self.locked(py, deadline, is_long, |place| match place {
            Place::Here(producer) => {
                let result = step(producer);
                self.note(producer);
                Ok(result)
            }
            Place::Claimed(_) => Err(Away::Claimed),
            Place::Closed => Err(Away::Closed),
        })?;
        result.map_err(|away| self.away(py, away))
    }

    /// Calls `step` with whatever is there, when no other thread has the lock; `is_long`: with the interpreter let go of.
    ///
    /// # Errors
    ///
    /// `Forked`; what a signal handler raises; `Full` if another thread has the lock until after the deadline.
    pub(crate) fn locked<T: Send>(
        &self,
        py: Python<'_>,
        deadline: Option<Deadline>,
        is_long: bool,
        mut step: impl FnMut(&mut Place<P>) -> T + Send,
    ) -> PyResult<T> {
        self.generation.check(py)?;
        if !is_long && let Some(mut place) = self.place.try_lock() {
            return Ok(step(&mut place));
        }
        loop {
            let result = py.detach(|| {
                let place = self.place.try_lock_for(gil::SLICE);
                place.map(|mut place| step(&mut place))
            });
            if let Some(result) = result {
                return Ok(result);
            }
            py.check_signals()?;
            if deadline.is_some_and(Deadline::is_over) {
                return Err(errors::busy(py, &self.name));
            }
        }
    }

    /// As [`Seat::locked`], for who cannot handle signals. `None`: this is a forked child.
    pub(crate) fn locked_at_last<T>(&self, step: impl FnOnce(&mut Place<P>) -> T) -> Option<T> {
        // Whoever has it lets go of it without needing the interpreter.
        let is_mine = self.generation.is_current();
        is_mine.then(|| step(&mut self.place.lock()))
    }

    pub(crate) fn away(&self, py: Python<'_>, away: Away) -> PyErr {
        match away {
            Away::Claimed => errors::claimed(py, &self.name),
            Away::Closed => errors::closed(py, "producer", &self.name),
        }
    }

    pub(crate) fn registered_readers(&self, py: Python<'_>) -> PyResult<usize> {
        self.with(py, None, false, |producer| producer.registered_readers())
    }

    /// Waits until so many readers have registered; `TimeoutError`: the time is over.
    pub(crate) fn wait_for_readers(
        &self,
        py: Python<'_>,
        count: usize,
        timeout: Option<Seconds>,
    ) -> PyResult<()> {
        /// How often to look.
        const LOOK: Duration = Duration::from_millis(2);
        let deadline = Deadline::of(timeout);
        loop {
            let found = self.registered_readers(py)?;
            if found >= count {
                return Ok(());
            }
            if deadline.is_over() {
                return Err(PyTimeoutError::new_err(format!(
                    "found {found} readers of ring {} within the timeout, expected {count}",
                    self.name
                )));
            }
            py.detach(|| std::thread::sleep(LOOK.min(deadline.slice())));
            py.check_signals()?;
        }
    }

    /// Closes the ring, and gives up what is claimed. Nothing happens if it is closed, or in a forked child: it is its
    /// parent's.
    pub(crate) fn close(&self, py: Python<'_>) -> PyResult<()> {
        if self.is_closed() {
            return Ok(());
        }
        // Closing a ring on a disk takes a while.
        self.locked(py, None, true, |place| {
            self.is_closed.store(true, Ordering::Relaxed);
            if let Place::Here(producer) = &*place {
                self.note(producer);
            }
            *place = Place::Closed;
        })
    }
}

/// Why there is no producer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Away {
    Claimed,
    Closed,
}
