use super::super::super::tests::process::Other;
use super::super::super::tests::{alone, first_word, one_page};
use super::*;
use crate::sync::{AtomicBool, AtomicU32, Ordering};
use std::time::Instant;

#[test]
fn one_call_wakes_everybody() {
    let word = AtomicU32::new(0);
    let begin = Instant::now();
    thread::scope(|scope| {
        let waiting = [(); 4].map(|()| scope.spawn(|| wait(&word, 0, Duration::from_secs(20))));
        thread::sleep(Duration::from_millis(100));
        // Whoever is not asleep yet sees the change instead.
        word.store(1, Ordering::Relaxed);
        wake_all(&word).unwrap();
        for thread in waiting {
            thread.join().unwrap().unwrap();
        }
    });
    let elapsed = begin.elapsed();
    assert!(elapsed < Duration::from_secs(10), "{elapsed:?}");
}

#[test]
fn waking_ends_a_wait_in_another_process() {
    let _alone = alone();
    let (_directory, path) = one_page();
    let ours = Mapping::read_write(&open_read_write(&path).unwrap(), 4096).unwrap();
    let mut other = Other::start("wait", &path);
    assert_eq!(other.says(), "waiting");
    let begin = Instant::now();
    let done = AtomicBool::new(false);
    // The word stays as it is: nothing but being woken can end this wait early.
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) && begin.elapsed() < Duration::from_secs(8) {
                wake_all(first_word(&ours)).unwrap();
                thread::sleep(Duration::from_millis(5));
            }
        });
        assert_eq!(other.says(), "done");
        done.store(true, Ordering::Relaxed);
    });
    assert!(
        begin.elapsed() < Duration::from_secs(5),
        "{:?}",
        begin.elapsed()
    );
}

/// Does this in a thread that is sent a signal now and then, ever more rarely, until it is done.
fn under_signals<T: Send>(does: impl FnOnce() -> T + Send) -> T {
    extern "C" fn nothing(_signal: libc::c_int) {}
    let handler = nothing as extern "C" fn(libc::c_int) as libc::sighandler_t;
    // SAFETY: the handler does nothing at all; every test that uses this signal installs it.
    unsafe { libc::signal(libc::SIGUSR2, handler) };
    thread::scope(|scope| {
        let (tell, told) = std::sync::mpsc::channel();
        let doing = scope.spawn(move || {
            // SAFETY: pthread_self(3) takes nothing and always succeeds.
            tell.send(unsafe { libc::pthread_self() }).unwrap();
            does()
        });
        let thread = told.recv().unwrap();
        let mut pause = Duration::from_millis(1);
        while !doing.is_finished() && pause < Duration::from_secs(8) {
            thread::sleep(pause);
            // SAFETY: the thread has not been joined yet, so its handle is valid.
            unsafe { libc::pthread_kill(thread, libc::SIGUSR2) };
            pause = pause * 5 / 4;
        }
        doing.join().unwrap()
    })
}

#[test]
fn a_signal_ends_a_wait_without_an_error() {
    let word = AtomicU32::new(0);
    let begin = Instant::now();
    under_signals(|| wait(&word, 0, Duration::from_secs(20))).unwrap();
    let elapsed = begin.elapsed();
    assert!(elapsed < Duration::from_secs(5), "{elapsed:?}");
}

#[test]
fn a_word_that_is_gone_is_an_error() {
    let (_directory, path) = one_page();
    let file = open_read_write(&path).unwrap();
    let mapping = Mapping::read_write(&file, 4096).unwrap();
    file.set_len(0).unwrap();
    let error = wait(first_word(&mapping), 0, Duration::from_secs(1)).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EFAULT), "{error}");
}
