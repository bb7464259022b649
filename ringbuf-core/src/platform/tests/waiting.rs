use super::process::Other;
use super::*;
use crate::sync::Ordering;
use std::thread;
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(20);

#[test]
fn another_value_returns_at_once() {
    let begin = Instant::now();
    wait(&AtomicU32::new(5), 4, LONG).unwrap();
    wait(&AtomicU32::new(5), 4, Duration::MAX).unwrap();
    assert!(begin.elapsed() < LONG / 4);
}

#[test]
fn the_expected_value_waits_for_the_timeout() {
    let begin = Instant::now();
    wait(&AtomicU32::new(5), 5, Duration::from_millis(30)).unwrap();
    let elapsed = begin.elapsed();
    assert!(elapsed >= Duration::from_millis(29), "{elapsed:?}");
    assert!(elapsed < LONG / 4, "{elapsed:?}");
}

#[test]
fn no_time_is_no_wait() {
    let begin = Instant::now();
    wait(&AtomicU32::new(5), 5, Duration::ZERO).unwrap();
    assert!(begin.elapsed() < LONG / 4);
}

#[test]
fn a_change_through_another_mapping_is_noticed() {
    let (_directory, path) = one_page();
    let file = open_read_write(&path).unwrap();
    let ours = Mapping::read_write(&file, 4096).unwrap();
    let theirs = Mapping::read_only(&open_read(&path).unwrap(), 4096).unwrap();
    assert_ne!(ours.as_ptr(), theirs.as_ptr());
    let begin = Instant::now();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| wait(first_word(&theirs), 0, LONG));
        thread::sleep(Duration::from_millis(50));
        first_word(&ours).store(1, Ordering::Relaxed);
        wake_all(first_word(&ours)).unwrap();
        waiting.join().unwrap().unwrap();
    });
    assert!(begin.elapsed() < LONG / 4, "{:?}", begin.elapsed());
    assert_eq!(first_word(&theirs).load(Ordering::Relaxed), 1);
}

#[test]
fn a_change_is_noticed_in_another_process() {
    let _alone = alone();
    let (_directory, path) = one_page();
    let ours = Mapping::read_write(&open_read_write(&path).unwrap(), 4096).unwrap();
    let mut other = Other::start("wait", &path);
    assert_eq!(other.says(), "waiting");
    let begin = Instant::now();
    thread::sleep(Duration::from_millis(50));
    first_word(&ours).store(1, Ordering::Relaxed);
    wake_all(first_word(&ours)).unwrap();
    assert_eq!(other.says(), "done");
    assert!(begin.elapsed() < LONG / 4, "{:?}", begin.elapsed());
}
