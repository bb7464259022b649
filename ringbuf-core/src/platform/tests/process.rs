//! Other processes: this test program again, told by its environment to play a role.

use super::*;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

const ROLE: &str = "RINGBUF_PLATFORM_TEST_ROLE";
const PATH: &str = "RINGBUF_PLATFORM_TEST_PATH";
const MARK: &str = "says: ";

/// Another process. It ends when this value is dropped.
pub(crate) struct Other {
    child: Child,
    output: BufReader<ChildStdout>,
}

/// Gives a command that ends up running this program its role.
pub(crate) fn cast<'a>(command: &'a mut Command, role: &str, path: &Path) -> &'a mut Command {
    command
        .env(ROLE, role)
        .env(PATH, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
}

/// What to call this program with, to play a role.
pub(crate) fn arguments() -> [String; 3] {
    let (_, module) = module_path!().split_once("::").unwrap();
    let test = format!("{module}::play_role");
    [test, "--exact".into(), "--nocapture".into()]
}

impl Other {
    pub(crate) fn start(role: &str, path: &Path) -> Other {
        let program = std::env::current_exe().unwrap();
        Other::spawn(cast(Command::new(program).args(arguments()), role, path)).unwrap()
    }

    pub(crate) fn spawn(command: &mut Command) -> std::io::Result<Other> {
        let mut child = command.spawn()?;
        let output = BufReader::new(child.stdout.take().unwrap());
        Ok(Other { child, output })
    }

    /// The next thing it says; empty when it has ended.
    pub(crate) fn says(&mut self) -> String {
        let mut line = String::new();
        while self.output.read_line(&mut line).unwrap() > 0 {
            if let Some((_, said)) = line.trim_end().split_once(MARK) {
                return said.into();
            }
            line.clear();
        }
        line
    }

    /// SIGKILL; returns when it is dead.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Looks again until it is so, or two seconds have passed.
pub(crate) fn soon(so: impl Fn() -> bool) -> bool {
    let begin = Instant::now();
    while !so() {
        if begin.elapsed() > Duration::from_secs(2) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    true
}

pub(crate) fn say(what: impl std::fmt::Display) {
    println!("{MARK}{what}");
}

/// Sleeps until the process that started this one lets go of it.
pub(crate) fn stay() {
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

#[test]
fn play_role() {
    let (Some(role), Some(path)) = (std::env::var_os(ROLE), std::env::var_os(PATH)) else {
        return;
    };
    let path = Path::new(&path);
    match role.to_str().unwrap() {
        "hold 3" => {
            let _lock = Lock::acquire(path, 3).unwrap();
            say("held");
            stay();
        }
        "acquire 3" => match Lock::acquire(path, 3) {
            Ok(_) => say("acquired"),
            Err(LockError::Held) => say("refused"),
            Err(error) => say(error),
        },
        "query 3" => say(is_locked(&for_queries(path), 3).unwrap()),
        "wait" => {
            let mapping = Mapping::read_only(&open_read(path).unwrap(), 4096).unwrap();
            say("waiting");
            wait(first_word(&mapping), 0, Duration::from_secs(20)).unwrap();
            say("done");
        }
        #[cfg(all(target_os = "linux", not(any(ringbuf_portable, miri))))]
        role => super::super::linux::tests::play_role(role, path),
        #[cfg(not(all(target_os = "linux", not(any(ringbuf_portable, miri)))))]
        role => panic!("no role {role}"),
    }
}
