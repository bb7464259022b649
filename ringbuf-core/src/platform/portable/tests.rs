//! What only this system has to get right.

use super::super::tests::{alone, for_queries, one_page};
use super::super::*;
use crate::sync::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

#[test]
fn a_query_does_not_keep_a_lock_from_being_taken() {
    let _alone = alone();
    let (_directory, path) = one_page();
    drop(Lock::acquire(&path, 3).unwrap());
    let queries = for_queries(&path);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                is_locked(&queries, 3).unwrap();
                thread::sleep(Duration::from_micros(20));
            }
        });
        let refused = (0..1_000).filter(|_| Lock::acquire(&path, 3).is_err());
        let refused = refused.count();
        done.store(true, Ordering::Relaxed);
        assert_eq!(refused, 0);
    });
}

#[test]
fn queries_do_not_see_each_other() {
    let _alone = alone();
    let (directory, path) = one_page();
    drop(Lock::acquire(&path, 3).unwrap());
    let side = open_read(&directory.path().join("a.ring.lock-3")).unwrap();
    side.lock_shared().unwrap();
    assert!(!is_locked(&for_queries(&path), 3).unwrap());
}

#[cfg(unix)]
#[test]
fn a_lock_file_has_the_mode_of_the_file_it_stands_for() {
    use std::os::unix::fs::PermissionsExt;
    let _alone = alone();
    let (directory, path) = one_page();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o666)).unwrap();
    drop(Lock::acquire(&path, 3).unwrap());
    let side = directory.path().join("a.ring.lock-3").metadata().unwrap();
    assert_eq!(side.permissions().mode() & 0o777, 0o666);
}
