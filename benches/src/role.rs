//! Other processes: this very program, started again to play a role.

use std::io;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::rings;

/// Says what to do, in a process that was started to do it.
const ROLE: &str = "RINGBUF_BENCH_ROLE";

/// The role this process was started for, if any. It ends with the thread that started it.
///
/// ```
/// assert_eq!(benches::role::mine(), None);
/// ```
pub fn mine() -> Option<String> {
    let role = std::env::var(ROLE).ok()?;
    end_with_parent();
    Some(role)
}

/// Lets this process end with the thread that started it, where the system can do that.
///
/// ```no_run
/// benches::role::end_with_parent();
/// ```
#[cfg(target_os = "linux")]
pub fn end_with_parent() {
    // If it cannot be asked for, a role outlives only somebody who was killed.
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
}

/// Lets this process end with the thread that started it, where the system can do that: not here.
#[cfg(not(target_os = "linux"))]
pub fn end_with_parent() {}

/// A process that plays a role; killed when dropped. If it fails, this whole program does: others may wait for it
/// for ever.
#[derive(Debug)]
pub struct Role {
    child: Arc<Mutex<Child>>,
    said: Option<JoinHandle<String>>,
}

impl Role {
    /// Starts this program again with that role.
    ///
    /// # Panics
    ///
    /// The system has no process for it.
    pub fn start(role: &str) -> Role {
        let program = std::env::current_exe().expect("the path of this program");
        let mut child = Command::new(program)
            .env(ROLE, role)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process for a role");
        let out = child.stdout.take().expect("a pipe");
        let child = Arc::new(Mutex::new(child));
        let followed = Arc::clone(&child);
        Role {
            child,
            said: Some(std::thread::spawn(move || follow(out, &followed))),
        }
    }

    /// What it said, once it has ended.
    ///
    /// # Panics
    ///
    /// It could not be heard.
    pub fn finish(mut self) -> String {
        let said = self.said.take().expect("a thread that listens");
        said.join().expect("what a role says")
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        if self.said.is_some() {
            // It may have ended by itself.
            let _ = lock(&self.child).kill();
        }
    }
}

fn lock(child: &Mutex<Child>) -> MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Listens to it until it ends.
fn follow(out: ChildStdout, child: &Mutex<Child>) -> String {
    let said = io::read_to_string(out).unwrap_or_default();
    match lock(child).wait() {
        Ok(status) if status.success() => said,
        ended => {
            eprintln!("a role failed: {ended:?}");
            rings::remove_all();
            std::process::exit(1);
        }
    }
}
