//! What readers of records and of frames have in common.

mod choices;
mod found;
mod source;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread::{self, ThreadId};
use std::time::Duration;

use parking_lot::Mutex;
use pyo3::exceptions::{PyBufferError, PyTimeoutError, PyValueError};
use pyo3::prelude::*;
use ringbuf_core::{AttachError, Delivery, Next, Watch};

pub(crate) use self::choices::Choices;
use self::choices::OnDeath;
pub(crate) use self::found::{Copied, Failure, News, Wants};
use self::found::{Fetched, Found};
pub(crate) use self::source::Source;
use crate::errors;
use crate::event::{Event, warn};
use crate::fork::Generation;
use crate::gil::{self, Deadline, Seconds};
use crate::held::Held;

/// Events that are remembered.
const EVENTS: usize = 1000;
/// Between two looks for a ring that is not there yet.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(10);

type Lent<H> = (ThreadId, Weak<Held<H>>);
/// What is handed out.
type HandedOut<R> = News<Arc<Held<<R as Source>::Held>>>;

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
    lent: Mutex<Vec<Lent<R::Held>>>,
    /// The newest of all. Locked under the interpreter's lock alone.
    events: Mutex<Vec<Event>>,
    /// Its ledger when it was closed.
    last: Mutex<Option<ringbuf_core::Ledger>>,
    /// Somebody was told that views keep the producer waiting.
    was_warned: AtomicBool,
    on_death: OnDeath,
    /// The producer is gone, and no other has come since.
    has_died: AtomicBool,
}

pub(crate) struct Inner<R: Source> {
    pub(crate) reader: R,
    /// Fetched, and not yet handed out.
    pub(crate) unread: Option<R::Held>,
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

/// How long somebody waits; the time begins when there is something to wait for.
struct Limit {
    timeout: Option<Seconds>,
    begun: Option<Deadline>,
}

impl Limit {
    fn of(timeout: Option<Seconds>) -> Limit {
        Limit {
            timeout,
            begun: None,
        }
    }

    fn deadline(&mut self) -> Deadline {
        *self.begun.get_or_insert_with(|| Deadline::of(self.timeout))
    }
}

/// What a look came to.
enum Looked<T> {
    News(News<T>),
    /// Only an event, which was noted, or what was missed.
    Noted(T, Option<Event>),
    Word,
    Closed,
    TimedOut,
    Failed(Failure),
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
        let on_death = choices.on_death()?;
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
            on_death,
            has_died: AtomicBool::new(false),
            inner: Mutex::new(Some(Inner {
                reader,
                unread: None,
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
        limit: &mut Limit,
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
            let deadline = limit.deadline();
            let slice = deadline.slice();
            let found = py.detach(|| Some(go(&mut *self.inner.try_lock_for(slice)?)));
            if let Some(found) = found {
                break found;
            }
            py.check_signals()?;
            if deadline.is_over() {
                return Ok(None);
            }
        };
        match found {
            Some(found) => Ok(Some(found)),
            None => Err(errors::reader_closed(py, &self.name)),
        }
    }

    /// Takes looks at what is new until one brings something, is the last (`None`), or the time is over: a `TimeoutError`.
    pub(crate) fn wait<T: Found>(
        &self,
        py: Python<'_>,
        timeout: Option<Seconds>,
        is_large: bool,
        wants: Wants,
        mut look: impl FnMut(&mut Inner<R>, Duration) -> Result<Next<T>, Failure> + Send,
    ) -> PyResult<Option<News<T>>> {
        self.born.check(py)?;
        let mut limit = Limit::of(timeout);
        let mut is_first = true;
        let mut is_suspect = false;
        loop {
            let begun = limit.begun;
            let looked = self.with(py, &mut limit, is_large || !is_first, |inner| {
                // What is there already comes at once, without letting go of the interpreter, and without a look at the clock.
                let slice = match begun {
                    Some(deadline) if !is_first => deadline.slice(),
                    _ => Duration::ZERO,
                };
                match look(inner, slice) {
                    Ok(Next::Batch(found)) => {
                        let event = found.event().map(Event::from);
                        inner.note(found.missed(), event.clone());
                        let is_passed_over = wants == Wants::Something && found.is_nothing();
                        if event.is_some() || is_passed_over {
                            return Looked::Noted(found, event);
                        }
                        match wants {
                            Wants::Word => Looked::Word,
                            _ => Looked::News(inner.news(found)),
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
                        self.has_died.store(event.is_death(), Ordering::Relaxed);
                        self.remember(event.clone());
                        if wants == Wants::Something {
                            // Nobody else would say it.
                            warn(py, &format!("ring {}: {event}", self.name))?;
                        }
                    }
                    if wants != Wants::Something || !found.is_nothing() {
                        let mut found = Some(found);
                        let news = self.with(py, &mut Limit::of(None), false, |inner| {
                            found.take().map(|found| inner.news(found))
                        })?;
                        return Ok(news.flatten());
                    }
                }
                Some(Looked::Closed | Looked::Word) => return Ok(None),
                Some(Looked::Failed(Failure::Read(error))) => return Err(errors::read(py, error)),
                Some(Looked::Failed(Failure::TooLong { found, room })) => {
                    return Err(PyValueError::new_err(format!(
                        "found {found} that a cancelled aread has brought, expected room for them, not for {room}: give \
                         more, or use read()"
                    )));
                }
                Some(Looked::TimedOut) if self.has_ended_by_death() => {
                    return match self.on_death {
                        OnDeath::Raise => Err(errors::died(py, &self.name)),
                        OnDeath::End | OnDeath::Wait => Ok(None),
                    };
                }
                Some(Looked::TimedOut) if !is_first => {
                    is_suspect = self.check_that_something_can_come(py, is_suspect)?;
                }
                Some(Looked::TimedOut) | None => {}
            }
            is_first = false;
            if limit.deadline().is_over() {
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
    pub(crate) fn give_back_mine(&self, py: Python<'_>) -> PyResult<()> {
        self.born.check(py)?;
        if self.delivery != Delivery::Lossless {
            return Ok(());
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
        Ok(())
    }

    /// Waits until there is something, and leaves it to whoever reads next, as all there is to tell.
    pub(crate) fn fetch(&self, py: Python<'_>, timeout: Option<Seconds>) -> PyResult<()> {
        self.wait(py, timeout, self.is_large(), Wants::Word, fetch)?;
        Ok(())
    }

    fn is_large(&self) -> bool {
        R::IS_LARGE && self.delivery != Delivery::Lossless
    }

    /// Who alone holds all of the ring waits for itself. Whether that may be so: asked again, it is known.
    fn check_that_something_can_come(&self, py: Python<'_>, is_suspect: bool) -> PyResult<bool> {
        // Views in circles that nobody reaches any more.
        if is_suspect {
            py.import("gc")?.call_method0("collect")?;
        }
        let is_in_the_way = self.with(py, &mut Limit::of(None), false, |inner| {
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
             new can come. A variable of the loop may hold the last one still: `del` it at the end of the loop, keep a \
             .copy() instead, or have the ring retain more",
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
        wants: Wants,
    ) -> PyResult<Option<HandedOut<R>>> {
        self.give_back_mine(py)?;
        let news = self.wait(py, timeout, self.is_large(), wants, next)?;
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

    fn has_ended_by_death(&self) -> bool {
        self.on_death != OnDeath::Wait && self.has_died.load(Ordering::Relaxed)
    }

    fn remember(&self, event: Event) {
        let mut events = self.events.lock();
        events.push(event);
        let beyond = events.len().saturating_sub(EVENTS);
        events.drain(..beyond);
    }

    /// Calls the reader itself, when no other thread has it; `is_long`: without the interpreter.
    pub(crate) fn ask<T: Send>(
        &self,
        py: Python<'_>,
        is_long: bool,
        mut ask: impl FnMut(&mut R) -> T + Send,
    ) -> PyResult<T> {
        let found = self.with(py, &mut Limit::of(None), is_long, |inner| {
            ask(&mut inner.reader)
        })?;
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

/// What was fetched, or one look.
fn next<R: Source>(inner: &mut Inner<R>, limit: Duration) -> Result<Next<R::Held>, Failure> {
    match inner.unread.take() {
        Some(found) => Ok(Next::Batch(found)),
        None => Ok(inner.reader.next_held(limit)?),
    }
}

/// One look, if nothing was fetched, that leaves what it finds.
fn fetch<R: Source>(inner: &mut Inner<R>, limit: Duration) -> Result<Next<Fetched>, Failure> {
    if inner.unread.is_none() {
        match inner.reader.next_held(limit)? {
            Next::Batch(found) => inner.unread = Some(found),
            Next::TimedOut => return Ok(Next::TimedOut),
            Next::Closed => return Ok(Next::Closed),
        }
    }
    Ok(Next::Batch(Fetched))
}
