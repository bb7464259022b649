//! Victims that die before a system call: their parent traces them and kills them as they enter it.
//!
//! A call that is entered and not done leaves what the call before and the stores in between have left; dying right
//! after a call is dying before the first store, or the next call, after it. So the entries are enough.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::fs::FileExt;
use std::ptr;

use libc::{c_int, c_long, c_void, pid_t};

use super::Death;
use crate::support::system;

/// How a victim ended.
pub enum End {
    Ended,
    Killed {
        done: u64,
        /// The system call it did not do.
        call: Option<String>,
    },
    Failed(String),
}

/// For a victim: stops until its parent traces it.
pub fn be_traced() {
    trace(libc::PTRACE_TRACEME, 0, 0, ptr::null_mut());
    // SAFETY: raise(3) takes a number.
    unsafe { libc::raise(libc::SIGSTOP) };
}

/// For a victim that found something wrong.
pub fn fail() -> ! {
    // SAFETY: _exit(2) takes a number and does not return.
    unsafe { libc::_exit(101) }
}

/// Waits until the victim has ended, and ends it where it is to die by a system call. `done_at` is the address at
/// which the victim says what it has done.
pub fn wait(child: u32, death: Death, done_at: u64) -> End {
    let child = pid_t::try_from(child).unwrap();
    let (mut counted, mut done, mut label) = (0, 0, None);
    loop {
        let status = wait_for(child);
        if libc::WIFEXITED(status) {
            return match libc::WEXITSTATUS(status) {
                0 => End::Ended,
                code => End::Failed(format!("with code {code}")),
            };
        }
        if libc::WIFSIGNALED(status) {
            return match libc::WTERMSIG(status) {
                libc::SIGKILL => End::Killed { done, call: label },
                signal => End::Failed(format!("by signal {signal}")),
            };
        }
        let mut signal = libc::WSTOPSIG(status);
        if signal == libc::SIGSTOP {
            let options = libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_EXITKILL;
            trace(
                libc::PTRACE_SETOPTIONS,
                child,
                0,
                options as usize as *mut c_void,
            );
            signal = 0;
        } else if signal == libc::SIGTRAP | 0x80 {
            signal = 0;
            if let Some(call) = entered(child).filter(is_seen) {
                counted += 1;
                if Death::Call(counted) == death {
                    done = read(child, done_at, 8)
                        .and_then(|bytes| Some(u64::from_le_bytes(bytes.try_into().ok()?)))
                        .unwrap();
                    label = Some(name(child, &call));
                    system::signal(child as u32, libc::SIGKILL);
                    continue;
                }
            }
        }
        trace(
            libc::PTRACE_SYSCALL,
            child,
            0,
            signal as usize as *mut c_void,
        );
    }
}

fn wait_for(child: pid_t) -> c_int {
    let mut status = 0;
    // SAFETY: waitpid(2) writes one number through its second argument, which points to a live one.
    let result = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!(result, child, "waitpid: {}", io::Error::last_os_error());
    status
}

fn trace(request: libc::c_uint, child: pid_t, address: usize, data: *mut c_void) -> c_long {
    // SAFETY: the requests of this module take numbers, or write at most `address` bytes to `data`, which points to so
    // many.
    let result = unsafe { libc::ptrace(request, child, address, data) };
    assert!(result >= 0, "ptrace: {}", io::Error::last_os_error());
    result
}

/// A system call and its arguments.
struct Call {
    number: c_long,
    arguments: [u64; 6],
}

/// The call that the victim is about to do; `None` if it has just done one.
fn entered(child: pid_t) -> Option<Call> {
    let mut info = MaybeUninit::<libc::ptrace_syscall_info>::zeroed();
    trace(
        libc::PTRACE_GET_SYSCALL_INFO,
        child,
        size_of_val(&info),
        info.as_mut_ptr().cast(),
    );
    // SAFETY: all of it are numbers, zeros where the kernel wrote none.
    let info = unsafe { info.assume_init() };
    if info.op != libc::PTRACE_SYSCALL_INFO_ENTRY {
        return None;
    }
    // SAFETY: for this operation the kernel fills in this variant.
    let entry = unsafe { info.u.entry };
    Some(Call {
        number: entry.nr as c_long,
        arguments: entry.args,
    })
}

/// Calls that change nothing that others could see, and nothing that would outlive the victim.
const UNSEEN: &[c_long] = &[
    libc::SYS_read,
    libc::SYS_pread64,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_fstatfs,
    libc::SYS_getdents64,
    libc::SYS_readlinkat,
    libc::SYS_close,
    libc::SYS_brk,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_membarrier,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_sched_yield,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getgroups,
    libc::SYS_prlimit64,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_sigaltstack,
    libc::SYS_exit_group,
];

fn is_seen(call: &Call) -> bool {
    let [first, second, third, ..] = call.arguments;
    match call.number {
        // What the victim says to the test.
        libc::SYS_write => first != 1,
        libc::SYS_openat => third as c_int & libc::O_CREAT != 0,
        libc::SYS_fcntl => second as c_int == libc::F_OFD_SETLK,
        number => !UNSEEN.contains(&number),
    }
}

/// Names of calls, and which argument is a path.
const NAMES: &[(c_long, &str, Option<usize>)] = &[
    (libc::SYS_openat, "openat", Some(1)),
    (libc::SYS_linkat, "linkat", Some(3)),
    (libc::SYS_unlinkat, "unlinkat", Some(1)),
    (libc::SYS_mkdirat, "mkdirat", Some(1)),
    (libc::SYS_write, "write", None),
    (libc::SYS_fallocate, "fallocate", None),
    (libc::SYS_fchmod, "fchmod", None),
    (libc::SYS_fcntl, "fcntl", None),
    (libc::SYS_msync, "msync", None),
    (libc::SYS_futex, "futex", None),
    (OLD_UNLINK, "unlink", Some(0)),
    (OLD_MKDIR, "mkdir", Some(0)),
];

// Newer systems have only the calls with a directory.
#[cfg(target_arch = "x86_64")]
const OLD_UNLINK: c_long = libc::SYS_unlink;
#[cfg(target_arch = "x86_64")]
const OLD_MKDIR: c_long = libc::SYS_mkdir;
#[cfg(not(target_arch = "x86_64"))]
const OLD_UNLINK: c_long = -1;
#[cfg(not(target_arch = "x86_64"))]
const OLD_MKDIR: c_long = -1;

fn name(child: pid_t, call: &Call) -> String {
    let Some((_, name, path)) = NAMES.iter().find(|(number, ..)| *number == call.number) else {
        return format!("system call {}", call.number);
    };
    let path = path.and_then(|argument| read(child, call.arguments[argument], 200));
    let Some(path) = path else {
        return (*name).to_owned();
    };
    let path = path.split(|byte| *byte == 0).next().unwrap_or_default();
    let path = String::from_utf8_lossy(path).into_owned();
    let file = path.rsplit('/').next().unwrap_or_default();
    // A temporary name is another in every ring.
    let file = match file.strip_prefix('.').map(|file| file.rsplit('.')) {
        Some(mut parts) => format!("a new .{}", parts.nth(1).unwrap_or_default()),
        None => file.to_owned(),
    };
    format!("{name} {file}")
}

/// Bytes of the victim's memory.
fn read(child: pid_t, at: u64, most: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; most];
    let memory = File::open(format!("/proc/{child}/mem")).ok()?;
    let len = memory.read_at(&mut bytes, at).ok()?;
    bytes.truncate(len);
    Some(bytes)
}
