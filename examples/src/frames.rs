//! Rings of frames between a process and its workers.

use ringbuf_core::{Frame, FrameBatch, FrameReader, inspect};

use crate::Result;

/// The name of a ring, which is removed when this is dropped: it has to outlive who uses the ring.
#[derive(Debug)]
pub struct Ring(String);

impl Ring {
    /// A ring for one purpose of one run of a program.
    pub fn new(program: &str, purpose: &str) -> Ring {
        Ring(format!("{program}-{}-{purpose}", std::process::id()))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        let _ = inspect::remove(&self.0);
    }
}

/// Every frame of a ring until it is closed.
///
/// # Errors
///
/// The producer ended without closing it, or `take` failed.
pub fn each_frame(
    reader: &mut FrameReader,
    mut take: impl FnMut(Frame<'_>) -> Result<()>,
) -> Result<()> {
    while let Some(batch) = reader.next()? {
        check(&batch)?;
        batch.frames().try_for_each(&mut take)?;
    }
    Ok(())
}

/// The next frame of a ring that keeps no more than one.
///
/// # Errors
///
/// The producer ended instead, or `take` failed.
pub fn one_frame<R>(
    reader: &mut FrameReader,
    take: impl FnOnce(Frame<'_>) -> Result<R>,
) -> Result<R> {
    while let Some(batch) = reader.next()? {
        check(&batch)?;
        if let Some(frame) = batch.frames().next() {
            return take(frame);
        }
    }
    Err("a worker closed its ring early".into())
}

/// Nobody continues these rings, so that waiting for another producer would be for ever.
fn check(batch: &FrameBatch<'_>) -> Result<()> {
    match batch.event() {
        Some(event) => Err(format!("a ring was left without being closed ({event:?})").into()),
        None => Ok(()),
    }
}
