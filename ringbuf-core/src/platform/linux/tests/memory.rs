use super::super::super::tests::process::{Other, arguments, cast};
use super::super::super::tests::{alone, one_page};
use super::*;
use std::io::ErrorKind;
use std::process::Command;

#[test]
fn a_full_file_system_says_so() {
    let _alone = alone();
    let directory = tempfile::tempdir().unwrap();
    // A mount that nobody else sees and that goes when its process does.
    let mut small = Command::new("unshare");
    small
        .args(["--map-root-user", "--mount", "sh", "-c"])
        .arg("mount -t tmpfs -o size=16m none \"$0\" && echo says: mounted && exec \"$@\"")
        .arg(directory.path())
        .arg(std::env::current_exe().unwrap())
        .args(arguments());
    let path = directory.path().join("big");
    let Ok(mut other) = Other::spawn(cast(&mut small, "fill", &path)) else {
        eprintln!("skipped: there is no program unshare");
        return;
    };
    if other.says() != "mounted" {
        eprintln!("skipped: no tmpfs can be mounted here");
        return;
    }
    assert_eq!(other.says(), format!("{:?}", ErrorKind::StorageFull));
}

#[test]
fn a_prefaulted_page_does_not_fault() {
    if !memmap2::Advice::PopulateWrite.is_supported() {
        eprintln!("skipped: this kernel is older than 5.14");
        return;
    }
    let (_directory, path) = one_page();
    let file = open_read_write(&path).unwrap();
    let pages = 256;
    allocate(&file, pages * 4096).unwrap();
    let mapping = Mapping::read_write(&file, pages as usize * 4096).unwrap();
    mapping.prefault();
    let before = faults();
    for page in 0..pages as usize {
        let first = mapping.as_ptr().wrapping_add(page * 4096);
        // SAFETY: the page is mapped for writing, as it lies within `mapping`, and nobody else
        // knows the file.
        unsafe { first.write_volatile(1) };
    }
    let faults = faults() - before;
    assert!(faults < 20, "{faults} faults");
}

/// Page faults of this thread that needed no disk.
fn faults() -> i64 {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::uninit();
    // SAFETY: getrusage(2) writes one struct rusage through its second argument.
    unsafe { libc::getrusage(libc::RUSAGE_THREAD, usage.as_mut_ptr()) };
    // SAFETY: with a valid first argument getrusage cannot fail, and has filled the struct.
    unsafe { usage.assume_init() }.ru_minflt
}
