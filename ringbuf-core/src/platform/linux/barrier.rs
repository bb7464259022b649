//! A memory barrier for the processors that other processes run on: membarrier(2).
#![allow(unsafe_code)]

use std::io;

/// From now on the [`barrier`] of any process counts for every thread of this one. False where the system
/// cannot do that (Linux before 4.16), or a sandbox does not let it.
///
/// Registering again does nothing; a process made by fork or exec is to do it anew.
pub(crate) fn prepare_for_barriers() -> bool {
    membarrier(libc::MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED).is_ok()
}

/// A full barrier on this thread and on every running thread of the processes that are prepared for it; those
/// that do not run had one when they stopped. False if it was not issued.
pub(crate) fn barrier() -> bool {
    membarrier(libc::MEMBARRIER_CMD_GLOBAL_EXPEDITED).is_ok()
}

fn membarrier(command: libc::c_int) -> io::Result<libc::c_int> {
    // SAFETY: membarrier(2) takes numbers alone and accesses no memory.
    let result = unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) };
    match result {
        0.. => Ok(result as libc::c_int),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without it nothing would be seen to fail: the barriers of others would just not count here.
    #[test]
    fn who_is_prepared_is_known_to_the_system() {
        if !prepare_for_barriers() {
            println!("skipped: this system has no such barrier, or a sandbox forbids it");
            return;
        }
        assert!(barrier());
        // As `linux/membarrier.h` has it; not in `libc` yet.
        const GET_REGISTRATIONS: libc::c_int = 1 << 9;
        let Ok(registered) = membarrier(GET_REGISTRATIONS) else {
            println!("skipped: before Linux 6.3 nobody can ask");
            return;
        };
        assert_ne!(
            registered & libc::MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED,
            0
        );
    }
}
