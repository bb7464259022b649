//! What the tests ask of the system directly.
#![allow(unsafe_code)]

use std::ffi::CString;
use std::io;
#[cfg(target_os = "linux")]
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// Stops a process, and lets it go on.
pub const STOP: i32 = libc::SIGSTOP;
pub const CONTINUE: i32 = libc::SIGCONT;
pub const KILL: i32 = libc::SIGKILL;
/// What a page that has no file any more is answered with.
pub const BUS: i32 = libc::SIGBUS;

/// Sends a signal to a process that this one has started and not yet waited for.
pub fn signal(process: u32, signal: i32) {
    let process = libc::pid_t::try_from(process).unwrap();
    // SAFETY: kill(2) takes numbers alone.
    let result = unsafe { libc::kill(process, signal) };
    assert_eq!(result, 0, "signal: {}", io::Error::last_os_error());
}

/// Ends this process after `seconds`, whatever it does then.
pub fn end_after(seconds: u32) {
    // SAFETY: alarm(2) takes a number; nothing here handles SIGALRM, so it ends the process.
    unsafe { libc::alarm(seconds) };
}

/// This process is killed when the thread that started it ends, however it ends. Must be asked for again after a
/// change of user.
#[cfg(target_os = "linux")]
pub fn end_with_parent() {
    // SAFETY: prctl(2) with PR_SET_PDEATHSIG takes numbers alone.
    let result = unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    assert_eq!(result, 0, "prctl: {}", io::Error::last_os_error());
}

/// The time the calling thread has spent on a processor.
pub fn thread_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: clock_gettime(3) writes one timespec through its second argument, which points to a live
    // one that nothing else refers to.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(result, 0, "clock_gettime: {}", io::Error::last_os_error());
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Makes a named pipe.
pub fn make_pipe(path: &Path) {
    let path = CString::new(path.as_os_str().as_bytes()).unwrap();
    // SAFETY: mkfifo(3) reads a NUL-terminated string that lives until it returns.
    let result = unsafe { libc::mkfifo(path.as_ptr(), 0o600) };
    assert_eq!(result, 0, "mkfifo: {}", io::Error::last_os_error());
}

/// Whether this process is the superuser's, whom no file mode stops.
pub fn is_root() -> bool {
    // SAFETY: geteuid(2) takes nothing and always succeeds.
    unsafe { libc::geteuid() == 0 }
}

/// From now on every system call of the calling thread but `read`, `write` and `exit` kills the thread.
/// False where the system has no such thing.
#[cfg(target_os = "linux")]
pub fn forbid_system_calls() -> bool {
    // SAFETY: prctl(2) with PR_SET_SECCOMP and SECCOMP_MODE_STRICT takes numbers alone.
    unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_STRICT) == 0 }
}

/// Ends the calling thread by the one system call left to it.
#[cfg(target_os = "linux")]
pub fn exit_thread() -> ! {
    // SAFETY: exit(2) ends the calling thread and does not return; what it owned is leaked, and nobody
    // joins it.
    unsafe { libc::syscall(libc::SYS_exit, 0) };
    unreachable!("exit does not return")
}

/// A file mapped for writing: words that others use at the same time, and no protocol.
pub struct Words(memmap2::MmapRaw);

impl Words {
    pub fn of(path: &Path) -> io::Result<Words> {
        let file = std::fs::File::options().read(true).write(true).open(path)?;
        Ok(Words(memmap2::MmapOptions::new().map_raw(&file)?))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len() / 8
    }

    pub fn word(&self, index: usize) -> &AtomicU64 {
        assert!(index < self.len(), "word {index} of {}", self.len());
        // SAFETY: the assertion keeps the word inside the mapping.
        let word = unsafe { self.0.as_mut_ptr().cast::<u64>().add(index) };
        // SAFETY: a mapping begins on a page, so the word is aligned; it lives as long as the mapping, and this process
        // accesses it as an atomic alone.
        unsafe { AtomicU64::from_ptr(word) }
    }
}

/// Reads a word of a file that has none: the system answers with SIGBUS.
pub fn read_beyond_the_end(directory: &Path) {
    let path = directory.join("truncated");
    std::fs::write(&path, [0; 4096]).unwrap();
    let file = std::fs::File::options()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    let mapping = memmap2::MmapOptions::new().map_raw(&file).unwrap();
    file.set_len(0).unwrap();
    // SAFETY: the address is mapped for reading, and every byte is a valid one. That the page has no file any more
    // ends this process.
    let byte = unsafe { mapping.as_ptr().read_volatile() };
    println!("{byte}");
}

/// Takes another user's identity, for good: that user, that group and no others.
pub fn become_user(user: u32) {
    become_member(user, user, &[]);
}

/// Takes another user's identity, for good, with a group and more groups.
pub fn become_member(user: u32, group: u32, more: &[u32]) {
    // SAFETY: setgroups(2) reads as many numbers as it is told there are, from a live slice.
    let result = unsafe { libc::setgroups(more.len() as _, more.as_ptr()) };
    assert_eq!(result, 0, "setgroups: {}", io::Error::last_os_error());
    // SAFETY: setgid(2) takes a number.
    let result = unsafe { libc::setgid(group) };
    assert_eq!(result, 0, "setgid: {}", io::Error::last_os_error());
    // SAFETY: setuid(2) takes a number; the C library changes every thread.
    let result = unsafe { libc::setuid(user) };
    assert_eq!(result, 0, "setuid: {}", io::Error::last_os_error());
}

/// Forks: the number of the child in the parent, nothing in the child, which is to end by [`end_now`].
pub fn fork() -> Option<u32> {
    // SAFETY: fork(2) takes nothing. The child has the calling thread alone and every lock as it was: the
    // callers have no thread that holds one its child will need.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "fork: {}", io::Error::last_os_error());
    (child > 0).then_some(child as u32)
}

/// Waits until a child of this process has ended, and lets go of it.
pub fn wait_for_child(child: u32) {
    let child = libc::pid_t::try_from(child).unwrap();
    // SAFETY: waitpid(2) accepts a null pointer for a status nobody asks for.
    let result = unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
    assert_eq!(result, child, "waitpid: {}", io::Error::last_os_error());
}

/// The calling thread, as the system numbers it among all threads.
#[cfg(target_os = "linux")]
pub fn thread_id() -> u64 {
    // SAFETY: gettid(2) takes nothing and always succeeds.
    unsafe { libc::gettid() }.try_into().unwrap()
}

/// The sleeps of the calling thread end on time, rather than together with others a little later.
#[cfg(target_os = "linux")]
pub fn sleep_exactly() {
    // SAFETY: prctl(2) with PR_SET_TIMERSLACK takes numbers alone.
    let result = unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1) };
    assert_eq!(result, 0, "prctl: {}", io::Error::last_os_error());
}

/// From now on the calling thread runs on one core alone: of those it may use now, the one of this index, counted
/// around.
#[cfg(target_os = "linux")]
pub fn stay_on_core(index: usize) {
    const SIZE: usize = size_of::<libc::cpu_set_t>();
    // SAFETY: a set is an array of numbers, for which zeros are valid: the empty set.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: sched_getaffinity(2) writes at most `SIZE` bytes through its third argument, which points to a live set.
    let result = unsafe { libc::sched_getaffinity(0, SIZE, &raw mut set) };
    assert_eq!(
        result,
        0,
        "sched_getaffinity: {}",
        io::Error::last_os_error()
    );
    let cores: Vec<usize> = (0..8 * SIZE)
        // SAFETY: the set has a bit for each of these.
        .filter(|&core| unsafe { libc::CPU_ISSET(core, &set) })
        .collect();
    // SAFETY: as above.
    let mut one: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: as above: it was in the other set.
    unsafe { libc::CPU_SET(cores[index % cores.len()], &mut one) };
    // SAFETY: sched_setaffinity(2) reads `SIZE` bytes through its third argument, which points to a live set.
    let result = unsafe { libc::sched_setaffinity(0, SIZE, &raw const one) };
    assert_eq!(
        result,
        0,
        "sched_setaffinity: {}",
        io::Error::last_os_error()
    );
}

/// Ends this process without anything that is done at the end of a program: that is its parent's to do.
pub fn end_now() -> ! {
    // SAFETY: _exit(2) takes a number and does not return.
    unsafe { libc::_exit(0) }
}

/// A process that this one need not have started; killed when dropped. Never another one that was given
/// its number later.
#[cfg(target_os = "linux")]
pub struct Process {
    handle: OwnedFd,
}

#[cfg(target_os = "linux")]
impl Process {
    /// The process of this number, which must not have ended yet.
    pub fn of(process: u32) -> Process {
        // SAFETY: pidfd_open(2) takes numbers alone.
        let handle = unsafe { libc::syscall(libc::SYS_pidfd_open, process, 0) };
        assert!(handle >= 0, "pidfd_open: {}", io::Error::last_os_error());
        // SAFETY: the line above opened it, and nothing else knows of it.
        let handle = unsafe { OwnedFd::from_raw_fd(handle as i32) };
        Process { handle }
    }

    pub fn is_alive(&self) -> bool {
        !self.ends_within(0)
    }

    /// Ends it by SIGKILL and waits until it is gone: what the kernel frees for it is free.
    pub fn kill(&self) {
        let handle = self.handle.as_raw_fd();
        let no_more = std::ptr::null::<libc::siginfo_t>();
        // SAFETY: pidfd_send_signal(2) reads no signal information where the pointer to it is null.
        unsafe {
            libc::syscall(
                libc::SYS_pidfd_send_signal,
                handle,
                libc::SIGKILL,
                no_more,
                0,
            )
        };
        assert!(self.ends_within(60_000), "it was killed and goes on");
    }

    fn ends_within(&self, milliseconds: i32) -> bool {
        let mut asked = libc::pollfd {
            fd: self.handle.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: poll(2) reads and writes one pollfd through its first argument, which points to a live one
        // that nothing else refers to.
        let result = unsafe { libc::poll(&raw mut asked, 1, milliseconds) };
        assert!(result >= 0, "poll: {}", io::Error::last_os_error());
        result > 0
    }
}

#[cfg(target_os = "linux")]
impl Drop for Process {
    fn drop(&mut self) {
        if self.is_alive() {
            self.kill();
        }
    }
}

/// Takes a shared lock on every byte a file could have, through an opening for reading alone. It lasts as
/// long as the file is open.
#[cfg(target_os = "linux")]
pub fn share_every_lock(file: &std::fs::File) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let everything = libc::flock {
        l_type: libc::F_RDLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    // SAFETY: F_OFD_SETLK reads one struct flock through its third argument, which points to a live one; the
    // descriptor is open, as `file` owns it.
    let result = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const everything) };
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Makes every msync(2) of the calling thread fail from now on, as a disk that is gone does. False if the system
/// cannot do that.
#[cfg(target_os = "linux")]
pub fn fail_msync() -> bool {
    fail(libc::SYS_msync, libc::EIO)
}

/// Makes every membarrier(2) of the calling thread fail from now on, as a sandbox does that does not know it. False
/// if the system cannot do that.
#[cfg(target_os = "linux")]
pub fn fail_membarrier() -> bool {
    fail(libc::SYS_membarrier, libc::EPERM)
}

/// Makes a system call of the calling thread, and of those it starts, fail from now on.
#[cfg(target_os = "linux")]
fn fail(call: libc::c_long, error: i32) -> bool {
    const NUMBER: u32 = std::mem::offset_of!(libc::seccomp_data, nr) as u32;
    let step = |code: u32, k: u32, skip_unless: u8| libc::sock_filter {
        code: code as u16,
        jt: 0,
        jf: skip_unless,
        k,
    };
    let mut filter = [
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, NUMBER, 0),
        step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, call as u32, 1),
        step(
            libc::BPF_RET | libc::BPF_K,
            libc::SECCOMP_RET_ERRNO | error as u32,
            0,
        ),
        step(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW, 0),
    ];
    let program = libc::sock_fprog {
        len: filter.len() as u16,
        filter: filter.as_mut_ptr(),
    };
    // SAFETY: with PR_SET_NO_NEW_PRIVS prctl(2) takes numbers alone.
    let result = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    assert_eq!(result, 0, "prctl: {}", io::Error::last_os_error());
    // SAFETY: with SECCOMP_MODE_FILTER prctl(2) reads one sock_fprog and the steps it points to, all of them
    // alive during the call; the kernel copies them.
    let result = unsafe {
        libc::prctl(
            libc::PR_SET_SECCOMP,
            libc::SECCOMP_MODE_FILTER,
            &raw const program,
        )
    };
    result == 0
}
