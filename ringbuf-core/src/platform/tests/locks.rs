use super::process::{Other, soon};
use super::*;
use std::path::Path;

#[test]
fn a_second_acquire_in_the_same_process_is_refused() {
    let _alone = alone();
    let (_directory, path) = one_page();
    let first = Lock::acquire(&path, 3).unwrap();
    assert!(matches!(Lock::acquire(&path, 3), Err(LockError::Held)));
    drop(first);
    Lock::acquire(&path, 3).unwrap();
}

#[test]
fn indexes_are_independent() {
    let _alone = alone();
    let (_directory, path) = one_page();
    let _three = Lock::acquire(&path, 3).unwrap();
    let _four = Lock::acquire(&path, 4).unwrap();
    let queries = for_queries(&path);
    let locked: Vec<u64> = (0..8)
        .filter(|&i| is_locked(&queries, i).unwrap())
        .collect();
    assert_eq!(locked, [3, 4]);
}

#[test]
fn a_lock_is_seen_from_another_process() {
    let _alone = alone();
    let (_directory, path) = one_page();
    let lock = Lock::acquire(&path, 3).unwrap();
    assert_eq!(Other::start("query 3", &path).says(), "true");
    assert_eq!(Other::start("acquire 3", &path).says(), "refused");
    drop(lock);
    assert_eq!(Other::start("query 3", &path).says(), "false");
    assert_eq!(Other::start("acquire 3", &path).says(), "acquired");
}

#[test]
fn a_kill_frees_the_lock() {
    let _alone = alone();
    let (_directory, path) = one_page();
    let queries = for_queries(&path);
    let mut holder = Other::start("hold 3", &path);
    assert_eq!(holder.says(), "held");
    assert!(is_locked(&queries, 3).unwrap());
    assert!(matches!(Lock::acquire(&path, 3), Err(LockError::Held)));
    holder.kill();
    assert!(soon(|| !is_locked(&queries, 3).unwrap()));
    Lock::acquire(&path, 3).unwrap();
}

#[test]
fn a_brief_lock_excludes_and_is_excluded() {
    let _alone = alone();
    let (_directory, path) = one_page();
    let file = LockFile::new(open_read_write(&path).unwrap(), &path);
    let brief = try_lock_brief(&file, 3).unwrap();
    assert!(matches!(Lock::acquire(&path, 3), Err(LockError::Held)));
    assert!(is_locked(&for_queries(&path), 3).unwrap());
    drop(brief);
    let lock = Lock::acquire(&path, 3).unwrap();
    assert!(matches!(try_lock_brief(&file, 3), Err(LockError::Held)));
    assert!(is_locked(&file, 3).unwrap());
    drop(lock);
    assert!(!is_locked(&file, 3).unwrap());
    try_lock_brief(&file, 3).unwrap();
}

#[test]
fn the_identity_tells_a_replaced_file() {
    let _alone = alone();
    let (directory, path) = one_page();
    let lock = Lock::acquire(&path, 3).unwrap();
    assert_eq!(lock.file_id(), path_id(&path).unwrap());
    let other = directory.path().join("b.ring");
    // Creation times, which stand in for file numbers on some systems, must differ.
    std::thread::sleep(std::time::Duration::from_millis(20));
    create_new(&other, 0o600).unwrap();
    std::fs::rename(&other, &path).unwrap();
    assert_ne!(lock.file_id(), path_id(&path).unwrap());
    assert_eq!(
        file_id(&open_read(&path).unwrap()).unwrap(),
        path_id(&path).unwrap()
    );
}

#[test]
fn an_empty_file_can_be_locked() {
    let _alone = alone();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("empty");
    create_new(&path, 0o600).unwrap();
    let _lock = Lock::acquire(&path, 0).unwrap();
    assert!(is_locked(&for_queries(&path), 0).unwrap());
}

#[test]
fn nothing_to_lock_is_an_error() {
    let error = Lock::acquire(Path::new("/no/such/file"), 3).unwrap_err();
    match error {
        LockError::Io(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound),
        LockError::Held => panic!("held"),
    }
}

#[test]
fn nothing_stays_behind_when_the_lock_files_are_removed() {
    let _alone = alone();
    let (directory, path) = one_page();
    drop(Lock::acquire(&path, 3).unwrap());
    drop(Lock::acquire(&path, 12).unwrap());
    std::fs::write(directory.path().join("a.ring.lock-notes"), "").unwrap();
    std::fs::write(directory.path().join("aa.ring.lock-3"), "").unwrap();
    remove_lock_files(&path);
    let mut left: Vec<_> = (directory.path().read_dir().unwrap())
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["a.ring", "a.ring.lock-notes", "aa.ring.lock-3"]);
}
