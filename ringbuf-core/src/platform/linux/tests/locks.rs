use super::super::super::tests::process::{Other, soon};
use super::super::super::tests::{alone, for_queries, one_page};
use super::super::lock;
use super::*;

#[test]
fn a_dropped_lock_is_free_though_a_forked_child_lives() {
    let _alone = alone();
    let (_directory, path) = one_page();
    let lock = Lock::acquire(&path, 3).unwrap();
    let _child = Forked::sleeping();
    assert!(is_locked(&for_queries(&path), 3).unwrap());
    drop(lock);
    assert!(!is_locked(&for_queries(&path), 3).unwrap());
    Lock::acquire(&path, 3).unwrap();
}

#[test]
fn a_killed_holder_frees_the_lock_though_its_forked_child_lives() {
    let _alone = alone();
    let (_directory, path) = one_page();
    let queries = for_queries(&path);
    let mut holder = Other::start("hold 3 and fork", &path);
    let child: libc::pid_t = holder.says().parse().unwrap();
    assert!(is_locked(&queries, 3).unwrap());
    holder.kill();
    let free = soon(|| !is_locked(&queries, 3).unwrap());
    let lives = Path::new(&format!("/proc/{child}")).exists();
    kill(child);
    assert!(lives);
    assert!(free);
}

#[test]
fn a_child_does_not_hold_what_its_parent_holds() {
    let _alone = alone();
    let (_directory, path) = one_page();
    let mut lock = Some(Lock::acquire(&path, 3).unwrap());
    let child = Forked::new(|| {
        // The address is free in a child, so something of its own can come to lie there.
        let address = locked_page(lock.as_ref().unwrap());
        let mine = put_page(address);
        drop(lock.take());
        page_is_there(mine)
    });
    assert!(child.answer());
    assert!(is_locked(&for_queries(&path), 3).unwrap());
}

fn locked_page(lock: &Lock) -> *mut libc::c_void {
    lock.page.as_ref().unwrap().as_mut_ptr().cast()
}

fn put_page(address: *mut libc::c_void) -> *mut libc::c_void {
    // SAFETY: mmap(2) with MAP_FIXED_NOREPLACE replaces no mapping there is.
    let page = unsafe {
        libc::mmap(
            address,
            4096,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE,
            -1,
            0,
        )
    };
    assert_eq!(page, address);
    page
}

fn page_is_there(page: *mut libc::c_void) -> bool {
    let mut resident = 0;
    // SAFETY: mincore(2) looks the address up, which may be anything, and writes one byte for the
    // one page asked for through its third argument.
    unsafe { libc::mincore(page, 4096, &raw mut resident) == 0 }
}

#[test]
fn a_child_does_not_free_a_brief_lock_of_its_parent() {
    let _alone = alone();
    let (_directory, path) = one_page();
    let file = LockFile::new(open_read_write(&path).unwrap(), &path);
    let mut brief = Some(try_lock_brief(&file, 3).unwrap());
    let child = Forked::new(|| {
        drop(brief.take());
        true
    });
    assert!(child.answer());
    assert!(is_locked(&for_queries(&path), 3).unwrap());
    drop(brief);
    assert!(!is_locked(&for_queries(&path), 3).unwrap());
}

#[test]
fn a_read_only_descriptor_queries_and_does_not_lock() {
    let _alone = alone();
    let (_directory, path) = one_page();
    let file = for_queries(&path);
    let error = try_lock_brief(&file, 3).unwrap_err();
    assert!(matches!(error, LockError::Io(_)), "{error}");
    assert!(!is_locked(&file, 3).unwrap());
    let _lock = Lock::acquire(&path, 3).unwrap();
    assert!(is_locked(&file, 3).unwrap());
}

#[test]
fn a_read_lock_is_overlooked() {
    let _alone = alone();
    let (_directory, path) = one_page();
    let file = for_queries(&path);
    lock::set(file.file(), libc::F_RDLCK, 3).unwrap();
    assert!(!is_locked(&for_queries(&path), 3).unwrap());
}

#[test]
fn an_index_out_of_range_is_an_error() {
    let (_directory, path) = one_page();
    for index in [u64::MAX, i64::MAX as u64] {
        let error = is_locked(&for_queries(&path), index).unwrap_err();
        assert!(error.to_string().contains("below 2^62"), "{error}");
    }
}
