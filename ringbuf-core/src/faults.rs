//! What a program says when a file of a ring is truncated under it.
//!
//! Who may write a file may also truncate it, and then every process that touches what is gone is ended by the kernel
//! with SIGBUS: no library can prevent that. `NAME.ring` can be truncated by its owner alone, `NAME.readers` by
//! everybody who may register. A program that does nothing dies of the signal, without a word; the kernel frees its
//! locks, and the others notice its death as any other. With [`explain`] it says what happened first.
//!
//! The library never does this by itself: signal handlers belong to the program.

use std::io;

use crate::platform;

/// From now on, where this process would die of SIGBUS because a file of a ring it has open was truncated, it writes one
/// line to standard error, beginning with `program` and naming the file, and exits with status 1. Nothing else is done:
/// what is buffered is not written, and nothing is dropped.
///
/// Call it once, before rings are opened or after; further calls do nothing. Every other SIGBUS goes to the handler
/// that was there before, or has its default effect, and the first that the process survives ends this: from then on
/// that handler gets them all. On systems other than Linux nothing happens.
///
/// # Errors
///
/// The system does not let a handler be set.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// ringbuf_core::faults::explain("my-analyzer")?;
/// # Ok(())
/// # }
/// ```
pub fn explain(program: &str) -> io::Result<()> {
    platform::explain_truncation(program)
}
