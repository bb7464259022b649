//! Stands between the library and the system: a sleep has no limit, and what became of it is counted.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_long, c_void};
use std::io;
use std::mem::{MaybeUninit, transmute};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::pace::spin_for;
use crate::page::Lane;
use crate::support::Numbers;

/// Where the sleeps of this process are counted; without it everything goes to the system as it is.
static LANE: OnceLock<&'static Lane> = OnceLock::new();
/// The C library's function of this name.
static SYSTEM: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());

/// Some calls sleep or wake so much later at most: what lies between the last look and the sleep, or between the
/// store and the wake, takes so much longer.
const LATER_NS: u64 = 3_000;
/// A few of them: meanwhile others may have slept, been woken and armed the word again.
const MUCH_LATER_NS: u64 = 100_000;

type Call = unsafe extern "C" fn(c_long, usize, usize, usize, usize, usize, usize) -> c_long;

/// From now on the sleeps of this process are without limit, and counted here.
pub fn count_in(lane: &'static Lane) {
    assert!(LANE.set(lane).is_ok(), "one part for each process");
}

/// Every call of `syscall` in this program comes here: the linker prefers the program's own function to the C
/// library's. That one takes as many arguments as the call has; this one takes the most that there are and hands
/// them on unseen.
///
/// # Safety
///
/// As for syscall(2).
#[unsafe(no_mangle)]
unsafe extern "C" fn syscall(
    number: c_long,
    word: usize,
    operation: usize,
    value: usize,
    limit: usize,
    fifth: usize,
    sixth: usize,
) -> c_long {
    // SAFETY: the caller's promise, with the caller's arguments, except that a sleep may be asked for without limit:
    // futex(2) reads no time then.
    let call = |limit| unsafe { system()(number, word, operation, value, limit, fifth, sixth) };
    let what = (number == libc::SYS_futex).then_some(operation as c_int);
    match (LANE.get(), what) {
        (Some(lane), Some(libc::FUTEX_WAIT)) => wait(lane, || call(0)),
        (Some(lane), Some(libc::FUTEX_WAKE)) => wake(lane, || call(limit)),
        _ => call(limit),
    }
}

fn system() -> Call {
    let mut function = SYSTEM.load(Ordering::Relaxed);
    if function.is_null() {
        // SAFETY: dlsym(3) reads a NUL-terminated string that lives until it returns.
        function = unsafe { libc::dlsym(libc::RTLD_NEXT, c"syscall".as_ptr()) };
        assert!(!function.is_null(), "the C library has no syscall");
        SYSTEM.store(function, Ordering::Relaxed);
    }
    // SAFETY: the C library's `syscall` takes a number and up to six words, and returns one; the calling
    // convention of Linux passes variable arguments as it passes others.
    unsafe { transmute::<*mut c_void, Call>(function) }
}

fn wait(lane: &Lane, sleep: impl FnOnce() -> c_long) -> c_long {
    let call = lane.calls.add(1);
    lane.waiting.store(2 * call - 1);
    later(lane, call);
    let before = blocked();
    let result = sleep();
    let error = io::Error::last_os_error().raw_os_error();
    // A debugger's stop counts as waiting, too, but who finds another value has not slept.
    let has_slept = result >= 0 && blocked() > before;
    match (result, error) {
        (0.., _) => lane.woken.add(1),
        (_, Some(libc::EAGAIN)) => lane.changed.add(1),
        (_, Some(libc::ETIMEDOUT)) => lane.timeouts.add(1),
        _ => lane.others.add(1),
    };
    lane.sleeps.add(u64::from(has_slept));
    lane.waiting.store(2 * call);
    result
}

fn wake(lane: &Lane, wake: impl FnOnce() -> c_long) -> c_long {
    let call = lane.wakes.add(1);
    later(lane, call);
    wake()
}

fn later(lane: &Lane, call: u64) {
    let mut numbers = Numbers::new(lane.seed.load() ^ call);
    match numbers.below(32) {
        0 => spin_for(numbers.below(MUCH_LATER_NS)),
        1..8 => spin_for(numbers.below(LATER_NS)),
        _ => {}
    }
}

/// How often the calling thread has given its processor away because it had to wait. Who only lets others run
/// (sched_yield) has not.
fn blocked() -> i64 {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: getrusage(2) writes one struct rusage through its second argument, which points to a live one.
    let result = unsafe { libc::getrusage(libc::RUSAGE_THREAD, usage.as_mut_ptr()) };
    assert_eq!(result, 0, "getrusage: {}", io::Error::last_os_error());
    // SAFETY: it consists of numbers, all of them zero or written above.
    unsafe { usage.assume_init() }.ru_nvcsw
}
