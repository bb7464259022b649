//! What readers of records and of frames have in common.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread::{self, ThreadId};
use std::time::Duration;

use parking_lot::Mutex;
use pyo3::exceptions::{PyBufferError, PyTimeoutError};
use pyo3::prelude::*;
use ringbuf_core::{
    AttachError, Delivery, FrameCopy, FrameReader, HeldBatch, HeldFrames, Next, ReadError,
    ReadInto, ReaderOptions, Start, Until, UntypedReader, Wait, Watch,
};

use crate::errors;
use crate::event::Event;
use crate::fork::Generation;
use crate::gil::{self, Deadline, Seconds};
use crate::held::{Bytes, Held};
use crate::options;

/// Events that are remembered.
const EVENTS: usize = 1000;
/// Between two looks for a ring that is not there yet.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(10);

/// A reader of the core's.
pub(crate) trait Source: Send + Sized {
    type Held: Bytes + Found + 'static;
    /// A look may copy so much that others should run meanwhile.
    const IS_LARGE: bool;

    fn attach(name: &str, options: ReaderOptions) -> Result<Self, AttachError>;
    fn next_held(&mut self, timeout: Duration) -> Result<Next<Self::Held>, ReadError>;
    fn is_in_the_way(&self) -> bool;
    fn check_room(&self);
    fn is_demoted(&self) -> bool;
    fn rejoin(&mut self) -> Result<(), ReadError>;
    fn watch(&self) -> Watch;
    /// Begins late, is unverified, is an observer.
    fn facts(&self) -> (bool, bool, bool);
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

            fn check_room(&self) {
                self.check_room();
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
        }
    };
}

source!(UntypedReader, HeldBatch, false);
source!(FrameReader, HeldFrames, true);

/// What a look has found.
pub(crate) trait Found: Send {
    fn missed(&self) -> u64;
    fn event(&self) -> Option<ringbuf_core::Event>;
    /// It only brings an event, or only says what was missed.
    fn is_nothing(&self) -> bool;
}

macro_rules! found {
    ($found:ty, $missed:expr, $event:expr, $is_nothing:expr) => {
        impl Found for $found {
            fn missed(&self) -> u64 {
                $missed(self)
            }

            fn event(&self) -> Option<ringbuf_core::Event> {
                $event(self)
            }

            fn is_nothing(&self) -> bool {
                $is_nothing(self)
            }
        }
    };
}

found!(
    HeldBatch,
    HeldBatch::missed,
    HeldBatch::event,
    HeldBatch::is_empty
);
found!(
    HeldFrames,
    HeldFrames::missed,
    HeldFrames::event,
    HeldFrames::is_empty
);
found!(
    ReadInto,
    |read: &ReadInto| read.missed,
    |read: &ReadInto| read.event,
    |read: &ReadInto| read.count == 0
);
found!(
    FrameCopy,
    |copy: &FrameCopy| copy.missed,
    |copy: &FrameCopy| copy.event,
    |copy: &FrameCopy| copy.header.is_none()
);

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

/// What is new.
pub(crate) struct News<T> {
    pub(crate) found: T,
    /// All that was missed since the last one that brought something.
    pub(crate) missed: u64,
    /// What happened since then.
    pub(crate) events: Vec<Event>,
}

/// A reader, for Python: one thread at a time reads, others look.
pub(crate) struct Follow<R: Source> {
    /// Whoever has this calls nothing of Python's: that may run anything, this reader too.
    inner: Mutex<Option<Inner<R>>>,
    /// Somebody wants to close it, and is waited for.
    is_closing: AtomicBool,
    /// As of the last look; so that asking never waits.
    is_demoted: AtomicBool,
    watch: Watch,
    name: String,
    delivery: Delivery,
    facts: (bool, bool, bool),
    born: Generation,
    /// What lies in the ring, was handed out, and may be held still; to which thread. Locked under the interpreter's lock alone.
    lent: Mutex<Vec<(ThreadId, Weak<Held<R::Held>>)>>,
    /// The newest of all. Locked under the interpreter's lock alone.
    events: Mutex<Vec<Event>>,
    /// Its ledger when it was closed.
    last: Mutex<Option<ringbuf_core::Ledger>>,
    /// Somebody was told that views keep the producer waiting.
    was_warned: AtomicBool,
}

struct Inner<R: Source> {
    reader: R,
    /// To be told with the next that brings something.
    missed: u64,
    events: Vec<Event>,
}

impl<R: Source> Inner<R> {
    fn note(&mut self, missed: u64, event: Option<Event>) {
        self.missed += missed;
        self.events.extend(event);
    }

    fn news<T>(&mut self, found: T) -> News<T> {
        News {
            found,
            missed: std::mem::take(&mut self.missed),
            events: std::mem::take(&mut self.events),
        }
    }
}

/// What a look came to.
enum Looked<T> {
    News(News<T>),
    /// Only an event, which was noted, or what was missed.
    Noted(T, Option<Event>),
    Closed,
    TimedOut,
    Failed(ReadError),
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
            is_demoted: AtomicBool::new(false),
            lent: Mutex::new(Vec::new()),
            events: Mutex::new(Vec::new()),
            last: Mutex::new(None),
            was_warned: AtomicBool::new(false),
            inner: Mutex::new(Some(Inner {
                reader,
                missed: 0,
                events: Vec::new(),
            })),
        })
    }

    /// One go at the reader, for which others wait that would read, too; `is_long`: without the interpreter. `None`: others
    /// have it until the time is over.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        deadline: Option<Deadline>,
        is_long: bool,
        mut go: impl FnMut(&mut Inner<R>) -> T + Send,
    ) -> PyResult<Option<T>> {
        self.born.check(py)?;
        let mut go = |open: &mut Option<Inner<R>>| match open {
            Some(inner) if !self.is_closing.load(Ordering::Relaxed) => {
                let found = go(inner);
                let is_demoted = inner.reader.is_demoted();
                self.is_demoted.store(is_demoted, Ordering::Relaxed);
                Some(found)
            }
            _ => None,
        };
        let found = loop {
            if !is_long && let Some(mut open) = self.inner.try_lock() {
                break go(&mut open);
            }
            let slice = deadline.map_or(gil::SLICE, Deadline::slice);
            let found = py.detach(|| Some(go(&mut *self.inner.try_lock_for(slice)?)));
            if let Some(found) = found {
                break found;
            }
            py.check_signals()?;
            if deadline.is_some_and(Deadline::is_over) {
                return Ok(None);
            }
        };
        match found {
            Some(found) => Ok(Some(found)),
            None => Err(errors::reader_closed(py, &self.name)),
        }
    }

    /// Takes looks at what is new until one brings something, is the last (`None`), or the time is over: a `TimeoutError`.
    /// Those that bring nothing are passed over for who only wants something.
    pub(crate) fn wait<T: Found>(
        &self,
        py: Python<'_>,
        timeout: Option<Seconds>,
        is_large: bool,
        only_something: bool,
        mut look: impl FnMut(&mut R, Duration) -> Result<Next<T>, ReadError> + Send,
    ) -> PyResult<Option<News<T>>> {
        self.born.check(py)?;
        self.give_back_mine();
        let mut deadline: Option<Deadline> = None;
        let mut is_suspect = false;
        loop {
            let looked = self.with(py, deadline, is_large || deadline.is_some(), |inner| {
                // What is there already comes at once, without letting go of the interpreter, and without a look at the clock.
                let slice = deadline.map_or(Duration::ZERO, Deadline::slice);
                match look(&mut inner.reader, slice) {
                    Ok(Next::Batch(found)) => {
                        let event = found.event().map(Event::from);
                        inner.note(found.missed(), event.clone());
                        match event.is_some() || (only_something && found.is_nothing()) {
                            true => Looked::Noted(found, event),
                            false => Looked::News(inner.news(found)),
                        }
                    }
                    Ok(Next::Closed) => Looked::Closed,
                    Ok(Next::TimedOut) => Looked::TimedOut,
                    Err(error) => Looked::Failed(error),
                }
            })?;
            match looked {
                Some(Looked::News(news)) => return Ok(Some(news)),
                Some(Looked::Noted(found, event)) => {
                    // Where this raises, what was noted comes with the next.
                    if let Some(event) = event {
                        self.tell(py, event)?;
                    }
                    if !(only_something && found.is_nothing()) {
                        let mut found = Some(found);
                        let news = self.with(py, None, false, |inner| {
                            found.take().map(|found| inner.news(found))
                        })?;
                        return Ok(news.flatten());
                    }
                }
                Some(Looked::Closed) => return Ok(None),
                Some(Looked::Failed(error)) => return Err(errors::read(py, error)),
                Some(Looked::TimedOut) => match deadline {
                    None => {}
                    Some(_) => {
                        is_suspect = self.check_that_something_can_come(py, is_suspect)?;
                    }
                },
                None => {}
            }
            let deadline = deadline.get_or_insert_with(|| Deadline::of(timeout));
            if deadline.is_over() {
                return Err(PyTimeoutError::new_err(format!(
                    "nothing new in ring {} within the timeout",
                    self.name
                )));
            }
            py.check_signals()?;
        }
    }

    /// Gives back what this thread was handed before, as soon as nobody has a view of it. What others were handed is theirs to
    /// look at.
    fn give_back_mine(&self) {
        if self.delivery != Delivery::Lossless {
            return;
        }
        let me = thread::current().id();
        self.lent.lock().retain(|(whose, held)| {
            let Some(held) = held.upgrade() else {
                return false;
            };
            if *whose == me {
                held.give_back();
            }
            *whose != me
        });
    }

    /// Who alone holds all of the ring waits for itself. Whether that may be so: asked again, it is known.
    fn check_that_something_can_come(&self, py: Python<'_>, is_suspect: bool) -> PyResult<bool> {
        // Views in circles that nobody reaches any more.
        if is_suspect {
            py.import("gc")?.call_method0("collect")?;
        }
        let is_in_the_way = self.with(py, None, false, |inner| {
            let is_in_the_way = inner.reader.is_in_the_way();
            if is_in_the_way && !is_suspect {
                // A producer that sleeps no more may have left its mark; one that does sleeps again by the next look.
                inner.reader.check_room();
            }
            is_in_the_way
        })?;
        if is_in_the_way != Some(true) || !is_suspect {
            return Ok(is_in_the_way == Some(true));
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
        if !self.was_warned.swap(true, Ordering::Relaxed) {
            warn(py, &message)?;
        }
        Ok(false)
    }

    /// The next that is handed out to be viewed; `None`: closed and drained.
    pub(crate) fn next(
        &self,
        py: Python<'_>,
        timeout: Option<Seconds>,
        only_something: bool,
    ) -> PyResult<Option<News<Arc<Held<R::Held>>>>> {
        let is_large = R::IS_LARGE && self.delivery != Delivery::Lossless;
        let news = self.wait(py, timeout, is_large, only_something, R::next_held)?;
        Ok(news.map(|news| {
            let is_lent = self.delivery == Delivery::Lossless && !news.found.is_nothing();
            let held = Arc::new(Held::new(news.found));
            if is_lent {
                let whose = thread::current().id();
                self.lent.lock().push((whose, Arc::downgrade(&held)));
            }
            News {
                found: held,
                missed: news.missed,
                events: news.events,
            }
        }))
    }

    /// Says what happened, and remembers it.
    fn tell(&self, py: Python<'_>, event: Event) -> PyResult<()> {
        let message = event.message(&self.name);
        {
            let mut events = self.events.lock();
            events.push(event);
            let beyond = events.len().saturating_sub(EVENTS);
            events.drain(..beyond);
        }
        warn(py, &message)
    }

    /// Calls the reader itself, when no other thread has it; `is_long`: without the interpreter.
    pub(crate) fn ask<T: Send>(
        &self,
        py: Python<'_>,
        is_long: bool,
        mut ask: impl FnMut(&mut R) -> T + Send,
    ) -> PyResult<T> {
        let found = self.with(py, None, is_long, |inner| ask(&mut inner.reader))?;
        found.ok_or_else(|| errors::reader_closed(py, &self.name))
    }

    pub(crate) fn close(&self, py: Python<'_>) -> PyResult<()> {
        if !self.born.is_current() {
            return Ok(());
        }
        self.is_closing.store(true, Ordering::Relaxed);
        loop {
            let is_closed = py.detach(|| {
                let mut open = self.inner.try_lock_for(gil::SLICE)?;
                if open.is_some() {
                    *self.last.lock() = self.watch.ledger();
                }
                *open = None;
                Some(())
            });
            match is_closed {
                Some(()) => break,
                None => py.check_signals()?,
            }
        }
        for (_, held) in self.lent.lock().drain(..) {
            if let Some(held) = held.upgrade() {
                held.give_back();
            }
        }
        Ok(())
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

    pub(crate) fn is_demoted(&self) -> bool {
        self.is_demoted.load(Ordering::Relaxed)
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.events.lock().clone()
    }

    /// Of the core, without waiting for whoever reads.
    pub(crate) fn watch(&self, py: Python<'_>) -> PyResult<&Watch> {
        self.born.check(py)?;
        Ok(&self.watch)
    }

    pub(crate) fn ledger(&self, py: Python<'_>) -> PyResult<ringbuf_core::Ledger> {
        let watch = self.watch(py)?;
        let ledger = self.last.lock().or_else(|| watch.ledger());
        ledger.ok_or_else(|| errors::reader_closed(py, &self.name))
    }
}

fn warn(py: Python<'_>, message: &str) -> PyResult<()> {
    let logger = py
        .import("logging")?
        .call_method1("getLogger", ("pyringbuf",))?;
    logger.call_method1("warning", ("%s", message))?;
    Ok(())
}
