//! Publishing in steps: without waiting first, then waiting in slices between which signals are handled.

use std::time::{Duration, Instant};

use pyo3::prelude::*;
use ringbuf_core::{PublishError, TryPublishError};

use crate::errors;
use crate::event;
use crate::gil::{self, Deadline, Seconds};
use crate::seat::{Publishes, Seat};

/// Who waits so long for room says for whom, once: nothing else would tell a notebook that its own reader is in the way.
const TOLD_AFTER: Duration = Duration::from_secs(2);

/// Something to publish, perhaps in several steps.
pub(crate) trait Job<P>: Send {
    /// What it comes to.
    type Done: Send;

    /// Publishes as much as there is room for, and at least something. `None`: there is more.
    fn attempt(&mut self, producer: &mut P) -> Result<Option<Self::Done>, TryPublishError>;

    /// As [`Job::attempt`], but waits at most so long for room, and `None` may mean that there was none.
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

/// Nothing was published since then.
struct Stall {
    since: Instant,
    published: usize,
    reader: String,
}

/// Publishes, and waits for room as long as it may. The interpreter is held while there is room, unless much is copied.
///
/// # Errors
///
/// `Full` when the time is over; what a signal handler raises, but not once all is published.
pub(crate) fn publish<P: Publishes, J: Job<P>>(
    py: Python<'_>,
    seat: &Seat<P>,
    mut job: J,
    timeout: Option<Seconds>,
) -> PyResult<J::Done> {
    let deadline = Deadline::of(timeout);
    let mut stalled = None;
    let mut was_told = false;
    loop {
        match step(py, seat, &mut job, deadline, &mut stalled) {
            Ok(Some(done)) => return Ok(done),
            Ok(None) => {
                py.check_signals()?;
                if let Some(Stall { since, reader, .. }) = &stalled
                    && since.elapsed() > TOLD_AFTER
                    && !std::mem::replace(&mut was_told, true)
                {
                    let who = format!("ring {}: the producer waits for {reader}", seat.name());
                    event::warn(py, &who)?;
                }
            }
            Err(error) => return Err(errors::after(py, error, job.published())),
        }
    }
}

/// One attempt, and a wait of one slice if there is no room.
fn step<P: Publishes, J: Job<P>>(
    py: Python<'_>,
    seat: &Seat<P>,
    job: &mut J,
    deadline: Deadline,
    stalled: &mut Option<Stall>,
) -> PyResult<Option<J::Done>> {
    let is_long = gil::is_long(job.bytes());
    let attempt = seat.with(py, Some(deadline), is_long, |producer| {
        job.attempt(producer)
    })?;
    match attempt {
        Ok(done) => {
            *stalled = None;
            Ok(done)
        }
        Err(TryPublishError::Full { reader, lag }) if !deadline.is_over() => {
            let published = job.published();
            let before = stalled.take().filter(|stall| stall.published == published);
            *stalled = Some(Stall {
                since: before.map_or_else(Instant::now, |stall| stall.since),
                published,
                reader: errors::in_the_way(&reader, lag),
            });
            let wait = |producer: &mut P| job.wait(producer, deadline.slice());
            let waited = seat.with(py, Some(deadline), true, wait)?;
            waited.map_err(|error| errors::publish(py, error))
        }
        Err(error) => Err(errors::try_publish(py, error)),
    }
}
