//! What only somebody inside can arrange: half a ring, and a creator stopped on its way.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::*;
use crate::files::Given;
use crate::platform::{Lock, create_new};
use crate::{Producer, Reader, ReaderOptions, Retain};

const TEMPORARY: &str = ".imu.00112233445566778899aabbccddeeff.ring.tmp";

fn directory() -> (tempfile::TempDir, PathBuf, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_path_buf();
    let ring = path.join("imu.ring").display().to_string();
    (directory, path, ring)
}

fn produced(ring: &str) -> Producer<u64> {
    Producer::create(ring, Retain::records(10)).unwrap()
}

/// What is removed; these directories may lie on a disk.
fn swept(directory: &Path, dry_run: bool) -> Vec<String> {
    let swept = sweep::sweep(directory, Given::Environment, Reach::Disk, dry_run).unwrap();
    let name = |path: PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    swept
        .into_iter()
        .map(|one| {
            assert_eq!(one.result.unwrap(), Fate::Removed);
            name(one.path)
        })
        .collect()
}

/// Swept in earnest, after a dry run that says the same and touches nothing.
fn swept_twice(directory: &Path) -> Vec<String> {
    let before = names_in(directory).unwrap();
    let dry = swept(directory, true);
    assert_eq!(names_in(directory).unwrap(), before);
    let done = swept(directory, false);
    assert_eq!(dry, done);
    done
}

#[test]
fn a_creator_at_work_keeps_its_files() {
    let (_guard, directory, _) = directory();
    let path = directory.join(TEMPORARY);
    let file = create_new(&path, 0o600).unwrap();
    file.set_len(100).unwrap();
    let lock = Lock::acquire(&path, locks::MAKING).unwrap();
    assert!(swept_twice(&directory).is_empty());
    drop(lock);
    assert_eq!(swept_twice(&directory), [TEMPORARY]);
    assert!(!path.exists());
}

#[test]
fn an_empty_file_may_be_about_to_be_locked() {
    let (_guard, directory, _) = directory();
    let file = create_new(&directory.join(TEMPORARY), 0o600).unwrap();
    assert!(swept_twice(&directory).is_empty());
    let long_ago = SystemTime::now() - Duration::from_secs(3600);
    file.set_modified(long_ago).unwrap();
    assert_eq!(swept_twice(&directory), [TEMPORARY]);
}

#[test]
fn what_may_be_wanted_is_kept() {
    let (_guard, _, ring) = directory();
    produced(&ring).close();
    let mut info = info(&ring).unwrap();
    let mut fate = |is_on_disk, is_unverified, reach| {
        (info.is_on_disk, info.is_unverified) = (is_on_disk, is_unverified);
        sweep::fate(&info, reach)
    };
    assert_eq!(fate(false, false, Reach::Memory), Fate::Removed);
    assert_eq!(fate(true, false, Reach::Memory), Fate::OnDisk);
    assert_eq!(fate(true, false, Reach::Disk), Fate::Removed);
    for is_on_disk in [false, true] {
        for reach in [Reach::Memory, Reach::Disk] {
            assert_eq!(fate(is_on_disk, true, reach), Fate::Unverified);
        }
    }
}

#[test]
fn what_no_ring_made_is_left_alone() {
    let (_guard, directory, _) = directory();
    for name in [
        ".editor.tmp",
        ".imu.0011.ring.tmp",
        "notes.readers",
        "short.readers",
        "letter.txt",
    ] {
        std::fs::write(directory.join(name), "Dear readers, ").unwrap();
    }
    std::fs::write(directory.join("short.readers"), "RING").unwrap();
    std::fs::create_dir(directory.join("sub")).unwrap();
    let before = names_in(&directory).unwrap();
    assert!(swept_twice(&directory).is_empty());
    assert_eq!(names_in(&directory).unwrap(), before);
}

#[test]
fn a_creator_between_its_two_links_keeps_its_readers_file() {
    let (_guard, directory, ring) = directory();
    produced(&ring).close();
    std::fs::remove_file(&ring).unwrap();
    let readers = directory.join("imu.readers");
    for index in [locks::MAKING, locks::PRODUCER, locks::slot(5)] {
        let _lock = Lock::acquire(&readers, index).unwrap();
        assert!(swept_twice(&directory).is_empty());
    }
    assert_eq!(swept_twice(&directory), ["imu.readers"]);
}

#[test]
fn a_producer_is_safe_even_when_its_readers_file_was_deleted() {
    let (_guard, directory, ring) = directory();
    let producer = produced(&ring);
    std::fs::remove_file(directory.join("imu.readers")).unwrap();
    assert!(swept_twice(&directory).is_empty());
    assert!(matches!(remove(&ring), Err(InspectError::InUse { .. })));
    producer.close();
    assert_eq!(swept_twice(&directory), ["imu.ring"]);
}

#[test]
fn a_lock_on_a_file_that_was_taken_away_removes_nothing() {
    let (_guard, directory, ring) = directory();
    produced(&ring).close();
    let place = Place::resolve(&ring).unwrap();
    let old = files::open(&place, false).unwrap().registrar().unwrap().id;
    remove(&ring).unwrap();
    let producer = produced(&ring);
    assert!(remove::lock_producer(&place, &place.readers, old).is_err());
    producer.close();
    std::fs::rename(&place.readers, directory.join("kept")).unwrap();
    std::fs::write(&place.readers, "").unwrap();
    let lock = remove::lock_producer(&place, &place.readers, old).unwrap();
    assert!(lock.is_none(), "the file locked is not the one looked at");
}

#[test]
fn a_living_reader_keeps_a_closed_ring_from_gc_but_not_from_removal() {
    let (_guard, directory, ring) = directory();
    let producer = produced(&ring);
    let mut reader = Reader::<u64>::attach(&ring, ReaderOptions::lossy().from_oldest()).unwrap();
    producer.close();
    assert!(swept_twice(&directory).is_empty());
    let place = Place::resolve(&ring).unwrap();
    assert!(matches!(
        remove::take_away(&place, remove::Readers::KeepIt),
        Err(InspectError::InUse { .. })
    ));
    assert!(reader.next().unwrap().is_none(), "it was not disturbed");
    drop(reader);
    assert_eq!(swept_twice(&directory), ["imu.ring"]);
    assert!(names_in(&directory).unwrap().is_empty());
}
