//! What readers of records and of frames have in common.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use pyo3::exceptions::{PyBufferError, PyTimeoutError};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use ringbuf_core::{
    AttachError, Delivery, FrameReader, HeldBatch, HeldFrames, Next, ReadError, ReaderOptions,
    Start, Until, UntypedReader, Wait, Watch,
};

use crate::errors;
use crate::event::Event;
use crate::fork::Generation;
use crate::gil::{Deadline, Seconds};
use crate::held::{Bytes, Held};
use crate::options;

/// Events that are remembered.
const EVENTS: usize = 1000;
/// Between two looks for a ring that is not there yet.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(10);

/// A reader of the core's.
pub(crate) trait Source: Send + Sized {
    type Held: Bytes + 'static;
    /// A look may copy so much that others should run meanwhile.
    const IS_LARGE: bool;

    fn attach(name: &str, options: ReaderOptions) -> Result<Self, AttachError>;
    fn next_held(&mut self, timeout: Duration) -> Result<Next<Self::Held>, ReadError>;
    fn is_in_the_way(&self) -> bool;
    fn is_demoted(&self) -> bool;
    fn rejoin(&mut self) -> Result<(), ReadError>;
    fn watch(&self) -> Watch;
    /// Begins late, is unverified, is an observer.
    fn facts(&self) -> (bool, bool, bool);
    fn event_of(held: &Self::Held) -> Option<ringbuf_core::Event>;
    fn missed_of(held: &Self::Held) -> u64;
    fn is_nothing(held: &Self::Held) -> bool;
}

macro_rules! source {
    ($reader:ty, $held:ty, $is_large:expr) => {
        impl Source for $reader {
            type Held = $held;
            const IS_LARGE: bool = $is_large;

            fn attach(name: &str, options: ReaderOptions) -> Result<Self, AttachError> {
                <$reader>::attach(name, options)
            }

            fn next_held(&mut self, timeout: Duration) -> Result<Next<$held>, ReadError> {
                self.next_held(timeout)
            }

            fn is_in_the_way(&self) -> bool {
                self.is_in_the_way()
            }

            fn is_demoted(&self) -> bool {
                self.is_demoted()
            }

            fn rejoin(&mut self) -> Result<(), ReadError> {
                self.rejoin()
            }

            fn watch(&self) -> Watch {
                self.watch()
            }

            fn facts(&self) -> (bool, bool, bool) {
                (self.begins_late(), self.is_unverified(), self.is_observer())
            }

            fn event_of(held: &$held) -> Option<ringbuf_core::Event> {
                held.event()
            }

            fn missed_of(held: &$held) -> u64 {
                held.missed()
            }

            fn is_nothing(held: &$held) -> bool {
                held.is_empty()
            }
        }
    };
}

source!(UntypedReader, HeldBatch, false);
source!(FrameReader, HeldFrames, true);

/// How to attach, as the Python half has checked and said it.
#[derive(Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Choices {
    delivery: String,
    start: (String, i64),
    until: Option<(String, i64)>,
    wait: String,
    reader_name: String,
    unverified: bool,
}

impl Choices {
    fn options(&self) -> PyResult<(ReaderOptions, Delivery)> {
        let delivery = options::delivery("delivery", &self.delivery)?;
        let options = match delivery {
            Delivery::Bounded(most) => ReaderOptions::bounded(most),
            Delivery::Lossless => ReaderOptions::lossless(),
            _ => ReaderOptions::lossy(),
        };
        let (kind, number) = (self.start.0.as_str(), self.start.1);
        let count = number.unsigned_abs();
        let start = match kind {
            "oldest" => Start::Oldest,
            "sequence" => Start::Sequence(count),
            "last" => Start::Last(count),
            "last_for" => Start::LastFor(Duration::from_nanos(count)),
            "at" => Start::At(number),
            _ => Start::Now,
        };
        let waits = [
            ("sleep", Wait::Sleep),
            ("yield", Wait::Yield),
            ("spin", Wait::Spin),
        ];
        let mut options = options
            .start(start)
            .named(self.reader_name.as_str())
            .wait(options::choice("wait", &self.wait, &waits)?);
        if let Some((kind, number)) = &self.until {
            options = options.until(match kind.as_str() {
                "at" => Until::At(*number),
                _ => Until::Sequence(number.unsigned_abs()),
            });
        }
        if self.unverified {
            options = options.unverified();
        }
        Ok((options, delivery))
    }
}

/// What is new, or `None`: closed and drained.
pub(crate) struct News<H> {
    pub(crate) held: H,
    /// All that was missed since the last one that brought something.
    pub(crate) missed: u64,
    /// What happened since then.
    pub(crate) events: Vec<Event>,
}

/// A reader, for Python: one thread at a time reads, others look.
pub(crate) struct Follow<R: Source> {
    inner: Mutex<Option<Inner<R>>>,
    /// Somebody wants to close it, and is waited for.
    is_closing: AtomicBool,
    watch: Watch,
    name: String,
    delivery: Delivery,
    facts: (bool, bool, bool),
    born: Generation,
    events: Mutex<Vec<Event>>,
    /// Its ledger when it was closed.
    last: Mutex<Option<ringbuf_core::Ledger>>,
}

struct Inner<R: Source> {
    reader: R,
    /// What was handed out in place and may be held still.
    held: Vec<Weak<Held<R::Held>>>,
    /// To be told with the next that brings something.
    missed: u64,
    events: Vec<Event>,
    /// Somebody was told that views keep the producer waiting.
    was_warned: bool,
}

impl<R: Source> Inner<R> {
    fn give_back_unviewed(&mut self) {
        self.held.retain(|held| match held.upgrade() {
            Some(held) => !held.give_back(),
            None => false,
        });
    }
}

impl<R: Source> Follow<R> {
    /// Attaches, waiting for the ring to appear.
    pub(crate) fn attach(
        py: Python<'_>,
        name: &str,
        choices: &Choices,
        timeout: Option<Seconds>,
    ) -> PyResult<Follow<R>> {
        let (options, delivery) = choices.options()?;
        let deadline = Deadline::of(timeout);
        let reader = loop {
            let attached = py.detach(|| R::attach(name, options.clone()));
            match attached {
                Ok(reader) => break reader,
                Err(AttachError::NotFound { .. }) if !deadline.is_over() => {
                    py.check_signals()?;
                    py.detach(|| std::thread::sleep(deadline.slice().min(BETWEEN_ATTEMPTS)));
                }
                Err(error) => return Err(errors::attach(py, error)),
            }
        };
        Ok(Follow {
            watch: reader.watch(),
            name: name.to_owned(),
            delivery,
            facts: reader.facts(),
            born: Generation::current(),
            is_closing: AtomicBool::new(false),
            events: Mutex::new(Vec::new()),
            last: Mutex::new(None),
            inner: Mutex::new(Some(Inner {
                reader,
                held: Vec::new(),
                missed: 0,
                events: Vec::new(),
                was_warned: false,
            })),
        })
    }

    /// One go at the reader, for which others wait that would read, too.
    fn with<T>(
        &self,
        py: Python<'_>,
        go: impl FnOnce(&mut Inner<R>) -> PyResult<T>,
    ) -> PyResult<T> {
        self.born.check(py)?;
        let mut inner = self
            .inner
            .lock_py_attached(py)
            .unwrap_or_else(PoisonError::into_inner);
        match inner.as_mut() {
            Some(inner) if !self.is_closing.load(Ordering::Relaxed) => go(inner),
            _ => Err(errors::closed(py, "reader", &self.name)),
        }
    }

    /// Takes looks at what is new until one brings something, is the last, or the time is over: a `TimeoutError`.
    pub(crate) fn wait<T: Send>(
        &self,
        py: Python<'_>,
        timeout: Option<Seconds>,
        is_large: bool,
        mut look: impl FnMut(&mut R, Duration) -> Result<Next<T>, ReadError> + Send,
    ) -> PyResult<Option<T>> {
        let mut deadline = None;
        loop {
            let found = self.with(py, |inner| {
                inner.give_back_unviewed();
                let reader = &mut inner.reader;
                // What is there already comes at once, without letting go of the interpreter, and without a look at the clock.
                let found = match deadline {
                    None if !is_large => look(reader, Duration::ZERO),
                    None => py.detach(|| look(reader, Duration::ZERO)),
                    Some(deadline) => {
                        let slice = Deadline::slice(deadline);
                        py.detach(|| look(reader, slice))
                    }
                };
                found.map_err(|error| errors::read(py, error))
            })?;
            match found {
                Next::Batch(found) => return Ok(Some(found)),
                Next::Closed => return Ok(None),
                Next::TimedOut => {}
            }
            match deadline {
                None => deadline = Some(Deadline::of(timeout)),
                Some(_) => self.check_that_something_can_come(py)?,
            }
            if deadline.is_some_and(Deadline::is_over) {
                return Err(PyTimeoutError::new_err(format!(
                    "nothing new in ring {} within the timeout",
                    self.name
                )));
            }
            py.check_signals()?;
        }
    }

    /// Who alone holds all of the ring waits for itself.
    fn check_that_something_can_come(&self, py: Python<'_>) -> PyResult<()> {
        let is_in_the_way = |follow: &Self| {
            follow.with(py, |inner| {
                inner.give_back_unviewed();
                Ok(inner.reader.is_in_the_way())
            })
        };
        if !is_in_the_way(self)? {
            return Ok(());
        }
        // Views in circles that nobody reaches any more.
        py.import("gc")?.call_method0("collect")?;
        if !is_in_the_way(self)? {
            return Ok(());
        }
        let threads: usize = py
            .import("threading")?
            .call_method0("active_count")?
            .extract()?;
        let message = format!(
            "ring {}: arrays made from what was read hold {} records or frames that the producer waits for, so nothing \
             new can come. A variable of the loop may hold the last one still: `del` it at the end of the loop, keep a .copy() \
             instead, or have the ring retain more",
            self.name,
            self.watch.held()
        );
        if threads <= 1 {
            return Err(PyBufferError::new_err(message));
        }
        let warned = self.with(py, |inner| {
            Ok(std::mem::replace(&mut inner.was_warned, true))
        })?;
        if !warned {
            warn(py, &message)?;
        }
        Ok(())
    }

    /// The next that is handed out to be viewed; `None`: closed and drained. Those that bring nothing are passed over for
    /// who only wants something.
    pub(crate) fn next(
        &self,
        py: Python<'_>,
        timeout: Option<Seconds>,
        only_something: bool,
    ) -> PyResult<Option<News<Arc<Held<R::Held>>>>> {
        loop {
            let is_large = R::IS_LARGE && self.delivery != Delivery::Lossless;
            let Some(held) = self.wait(py, timeout, is_large, R::next_held)? else {
                return Ok(None);
            };
            let is_nothing = R::is_nothing(&held);
            self.note(py, R::missed_of(&held), R::event_of(&held))?;
            if is_nothing && only_something {
                continue;
            }
            let held = Arc::new(Held::new(held));
            if self.delivery == Delivery::Lossless && !is_nothing {
                self.with(py, |inner| {
                    inner.held.push(Arc::downgrade(&held));
                    Ok(())
                })?;
            }
            let (missed, events) = self.news(py)?;
            return Ok(Some(News {
                held,
                missed,
                events,
            }));
        }
    }

    /// What was missed and what happened since this was asked last.
    pub(crate) fn news(&self, py: Python<'_>) -> PyResult<(u64, Vec<Event>)> {
        self.with(py, |inner| {
            Ok((
                std::mem::take(&mut inner.missed),
                std::mem::take(&mut inner.events),
            ))
        })
    }

    /// Notes what is to be told.
    pub(crate) fn note(
        &self,
        py: Python<'_>,
        missed: u64,
        event: Option<ringbuf_core::Event>,
    ) -> PyResult<()> {
        if missed == 0 && event.is_none() {
            return Ok(());
        }
        let event = event.map(Event::from);
        self.with(py, |inner| {
            inner.missed += missed;
            inner.events.extend(event.clone());
            Ok(())
        })?;
        let Some(event) = event else {
            return Ok(());
        };
        warn(py, &event.message(&self.name))?;
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.push(event);
        let beyond = events.len().saturating_sub(EVENTS);
        events.drain(..beyond);
        Ok(())
    }

    /// Calls the reader itself.
    pub(crate) fn ask<T>(&self, py: Python<'_>, ask: impl FnOnce(&mut R) -> T) -> PyResult<T> {
        self.with(py, |inner| Ok(ask(&mut inner.reader)))
    }

    pub(crate) fn close(&self, py: Python<'_>) {
        if !self.born.is_current() {
            return;
        }
        self.is_closing.store(true, Ordering::Relaxed);
        let mut inner = self
            .inner
            .lock_py_attached(py)
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(mut open) = inner.take() {
            open.give_back_unviewed();
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = self.watch.ledger();
            py.detach(move || drop(open));
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closing.load(Ordering::Relaxed)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn delivery(&self) -> Delivery {
        self.delivery
    }

    pub(crate) fn facts(&self) -> (bool, bool, bool) {
        self.facts
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.clone()
    }

    /// Of the core, without waiting for whoever reads.
    pub(crate) fn watch(&self, py: Python<'_>) -> PyResult<&Watch> {
        self.born.check(py)?;
        Ok(&self.watch)
    }

    pub(crate) fn ledger(&self, py: Python<'_>) -> PyResult<ringbuf_core::Ledger> {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last {
            return Ok(last);
        }
        let ledger = self.watch(py)?.ledger();
        ledger.ok_or_else(|| errors::closed(py, "reader", &self.name))
    }
}

fn warn(py: Python<'_>, message: &str) -> PyResult<()> {
    let logger = py
        .import("logging")?
        .call_method1("getLogger", ("pyringbuf",))?;
    logger.call_method1("warning", ("%s", message))?;
    Ok(())
}
