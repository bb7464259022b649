//! SIGBUS at an address where a file of a ring was: said in a sentence, for programs that ask for it.
//!
//! The C library's call rather than a package for signals: what matters is the address, which those hand on to unsafe
//! code alone, and a fault elsewhere must go to whom it would have gone to, which they do not do.
#![allow(unsafe_code)]

use std::io::{self, IsTerminal};
use std::ptr;
use std::sync::OnceLock;

use super::mapped;
use crate::sync::{Ordering, PrivateU32};

/// Who speaks, and how a line begins.
static BEGINNING: OnceLock<String> = OnceLock::new();
/// What was to be done about SIGBUS before.
static BEFORE: OnceLock<libc::sigaction> = OnceLock::new();

const WHAT: &[u8] = b" was truncated by another process while this one had it open (or its disk cannot be read any \
more)";
/// What that means for `NAME.ring`, and what to do.
const RECORDS: &[u8] = b": the records beyond its new end are lost. Copy it first if you want what is left; then remove \
both files of the ring and create it anew\n";
/// The same for `NAME.readers`.
const NO_RECORDS: &[u8] =
    b". It holds no records: those of the ring are whole. When nobody uses the ring any more, \
remove this file alone, read the ring (analyzer tail RING --from oldest), then remove it too\n";

/// How long to wait for somebody to listen.
const PATIENCE_MS: libc::c_int = 1000;

/// The exit status of a program that failed.
const FAILED: libc::c_int = 1;

/// From now on this process ends with a sentence and status 1 where it would end by a SIGBUS because a file of a ring
/// was truncated. Only the first call counts.
pub(crate) fn explain_truncation(program: &str) -> io::Result<()> {
    let beginning = beginning(program, io::stderr().is_terminal());
    if BEGINNING.set(beginning).is_err() {
        return Ok(());
    }
    // Before the handler, which needs it.
    let before = exchange(None)?;
    let _ = BEFORE.set(before);
    // SAFETY: a C structure of numbers and an optional function pointer, for which all zeros are valid.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = on_bus as *const () as libc::sighandler_t;
    // On the stack for signals: the thread's own may be what lies at its end.
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    exchange(Some(&action)).map(drop)
}

/// How the sentence begins. On a terminal a progress line may stand there without an end: it is wiped.
fn beginning(program: &str, is_terminal: bool) -> String {
    let wipe = if is_terminal { "\r\x1b[K" } else { "" };
    format!("{wipe}{program}: ")
}

/// What is done about SIGBUS, after exchanging it for something else if that is given.
fn exchange(action: Option<&libc::sigaction>) -> io::Result<libc::sigaction> {
    // SAFETY: as in `explain_truncation`.
    let mut before: libc::sigaction = unsafe { std::mem::zeroed() };
    let action = action.map_or(ptr::null(), ptr::from_ref);
    // SAFETY: sigaction(2) reads one structure, if the pointer is not null, and writes another; both live. A handler
    // in it is either `on_bus`, made for SA_SIGINFO and safe at any moment, or what this function gave out before.
    match unsafe { libc::sigaction(libc::SIGBUS, action, &raw mut before) } {
        0 => Ok(before),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Everything here is async-signal-safe: words are loaded, poll(2), write(2), _exit(2), sigaction(2) and raise(3) called.
extern "C" fn on_bus(_: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: with SA_SIGINFO the kernel hands a handler its siginfo_t, which lives until it returns.
    let info = unsafe { &*info };
    // A page that has no file behind it, rather than broken memory or a signal that somebody sent.
    if info.si_code == libc::BUS_ADRERR {
        // SAFETY: for a SIGBUS of the kernel's the union holds an address.
        let address = unsafe { info.si_addr() };
        if let Some(path) = mapped::find(address.addr()) {
            end(&path);
        }
    }
    if let Some(before) = BEFORE.get() {
        // On return the same access faults once more, and comes to who would have had it.
        let _ = exchange(Some(before));
    }
    if info.si_code <= 0 {
        // Sent by a process: it does not come again by itself.
        // SAFETY: raise(3) takes a number; the signal is blocked until this handler returns.
        unsafe { libc::raise(libc::SIGBUS) };
    }
}

/// Says what happened to this file and ends the process, whatever state it is in.
fn end(path: &[u8; mapped::PATH_BYTES]) -> ! {
    static SAID: PrivateU32 = PrivateU32::new(0);
    while SAID.swap(1, Ordering::Relaxed) != 0 {
        // Another thread came upon it at the same moment, and is about to end them all.
        // SAFETY: pause(2) takes nothing.
        unsafe { libc::pause() };
    }
    let mut line = [0; 1024];
    let beginning = BEGINNING.get().map_or(&[][..], String::as_bytes);
    let path = path.split(|&byte| byte == 0).next().unwrap_or_default();
    let meaning = match path.ends_with(b".readers") {
        true => NO_RECORDS,
        false => RECORDS,
    };
    let text = beginning.iter().chain(path).chain(WHAT).chain(meaning);
    let mut len = 0;
    for (to, &byte) in line.iter_mut().zip(text) {
        *to = byte;
        len += 1;
    }
    // Where nobody takes what is said this process must end all the same, and with it its locks.
    let mut err = libc::pollfd {
        fd: libc::STDERR_FILENO,
        events: libc::POLLOUT,
        revents: 0,
    };
    // SAFETY: poll(2) reads and writes one structure, which lives.
    if unsafe { libc::poll(&raw mut err, 1, PATIENCE_MS) } != 1 {
        // SAFETY: as below.
        unsafe { libc::_exit(FAILED) };
    }
    // One write: other processes talk to the same terminal. If it fails there is nobody to tell.
    // SAFETY: write(2) reads `len` bytes, at most all, of a live array.
    unsafe { libc::write(libc::STDERR_FILENO, line.as_ptr().cast(), len) };
    // SAFETY: _exit(2) takes a number and does not return.
    unsafe { libc::_exit(FAILED) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_progress_line_is_wiped_where_there_is_one() {
        assert_eq!(beginning("analyzer", false), "analyzer: ");
        assert_eq!(beginning("analyzer", true), "\r\x1b[Kanalyzer: ");
    }
}
