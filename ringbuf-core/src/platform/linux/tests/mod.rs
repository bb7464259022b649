//! What only this system promises: forks are survived, waiters are woken, full is full.
#![allow(unsafe_code)]

mod locks;
mod memory;
mod waiting;

use super::super::tests::alone;
use super::super::tests::process::{say, stay};
use super::super::*;
use super::parse_boot_id;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::thread;
use std::time::Duration;

/// A forked child of this process. It ends when this value is dropped.
struct Forked(libc::pid_t);

impl Forked {
    /// Forks; the child does this, and ends with its answer as exit code 0 or 1.
    fn new(does: impl FnOnce() -> bool) -> Forked {
        // Not for the first time in the child: another thread might be at it.
        fork_token();
        // SAFETY: fork(2) takes nothing. In the child only this thread goes on. What the closures
        // of these tests do there waits for no lock that another thread could hold: they make
        // system calls, access atomics, and allocate, which glibc allows in a child.
        let pid = unsafe { libc::fork() };
        assert!(pid >= 0);
        if pid == 0 {
            // A panic that went on would run the rest of the test program twice.
            let answer = catch_unwind(AssertUnwindSafe(does));
            let code = i32::from(!answer.unwrap_or(false));
            // SAFETY: _exit(2) ends the child and does not return.
            unsafe { libc::_exit(code) };
        }
        Forked(pid)
    }

    fn sleeping() -> Forked {
        Forked::new(|| {
            thread::sleep(Duration::from_secs(60));
            true
        })
    }

    /// Waits for its end: did it answer true?
    fn answer(self) -> bool {
        let mut status = -1;
        // SAFETY: waitpid(2) writes one int through its second argument, which points to a live one.
        unsafe { libc::waitpid(self.0, &raw mut status, 0) };
        std::mem::forget(self);
        status == 0
    }
}

impl Drop for Forked {
    fn drop(&mut self) {
        kill(self.0);
        // SAFETY: waitpid(2) accepts a null pointer for a status nobody asks for.
        unsafe { libc::waitpid(self.0, std::ptr::null_mut(), 0) };
    }
}

fn kill(pid: libc::pid_t) {
    // SAFETY: kill(2) takes numbers alone.
    unsafe { libc::kill(pid, libc::SIGKILL) };
}

/// The roles of `tests::process` that exist on this system only.
pub(in super::super) fn play_role(role: &str, path: &Path) {
    match role {
        "hold 3 and fork" => {
            let _lock = Lock::acquire(path, 3).unwrap();
            let child = Forked::sleeping();
            say(child.0);
            stay();
        }
        "fill" => {
            let file = create_new(path, 0o600).unwrap();
            match allocate(&file, 64 << 20) {
                Ok(()) => say("room enough"),
                Err(error) => say(format!("{:?}", error.kind())),
            }
        }
        _ => panic!("no role {role}"),
    }
}

#[test]
fn a_child_knows_that_it_is_one() {
    let _alone = alone();
    let parents = fork_token();
    let child = Forked::new(|| {
        let told = parents.is_child();
        let own = fork_token();
        let at_home = !own.is_child() && !fork_token().is_child();
        let grandchild = Forked::new(|| {
            let before = parents.is_child() && own.is_child();
            let mine = fork_token();
            before && !mine.is_child() && parents.is_child() && own.is_child()
        });
        told && at_home && grandchild.answer() && !own.is_child() && parents.is_child()
    });
    assert!(child.answer());
    assert!(!parents.is_child());
}

#[test]
fn the_boot_id_is_read() {
    assert_ne!(boot_id(), [0; 16]);
    let parsed = parse_boot_id("01234567-89ab-cdef-0123-456789abcdef\n").unwrap();
    assert_eq!(parsed[..4], [0x01, 0x23, 0x45, 0x67]);
    assert_eq!(parsed[14..], [0xcd, 0xef]);
    for bad in ["", "0123", "+1234567-89ab-cdef-0123-456789abcdef", "\u{e9}"] {
        assert_eq!(parse_boot_id(bad), None, "{bad}");
    }
}
