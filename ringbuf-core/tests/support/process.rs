//! Other processes, which talk in lines: this very program, started again to play one role.
//!
//! A test crate that needs them has one test, `role`, that hands its roles to [`play`]. Run as a test it
//! does nothing.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use super::{HANGS, system};

/// Says which role to play.
const ROLE: &str = "RINGBUF_TEST_ROLE";
const ARGUMENTS: &str = "RINGBUF_TEST_ARGUMENTS";
/// Names the emulator to start this program with, where the system cannot run it by itself.
const EMULATOR: &str = "RINGBUF_TEST_EMULATOR";
/// Begins a line from a role; the test harness prints lines of its own.
const MARK: &str = "@@";
const SEPARATOR: char = '\u{1f}';

/// What a process does, with the arguments it was started with.
pub type Play = fn(&[String]);

/// Plays the role this process was started for, if any.
pub fn play(roles: &[(&str, Play)]) {
    let Ok(name) = std::env::var(ROLE) else {
        return;
    };
    system::end_after(2 * HANGS.as_secs() as u32);
    let arguments = std::env::var(ARGUMENTS).unwrap_or_default();
    let arguments: Vec<String> = arguments.split(SEPARATOR).map(str::to_owned).collect();
    let (_, role) = roles
        .iter()
        .find(|(role, _)| *role == name)
        .unwrap_or_else(|| panic!("no role {name}"));
    role(&arguments);
}

/// For a role: says a line to the test.
pub fn say(text: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    // The harness may have left its own line unfinished.
    let _ = writeln!(out, "\n{MARK}{text}");
    let _ = out.flush();
}

/// For a role: the next line from the test; the end of everything when the test is gone.
pub fn hear() -> String {
    let mut line = String::new();
    if std::io::stdin().read_line(&mut line).unwrap_or(0) == 0 {
        std::process::exit(1);
    }
    line.trim_end().to_owned()
}

/// A process that plays a role; killed when dropped.
pub struct Role {
    name: String,
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

/// Starts a process in a role.
pub fn start(name: &str, arguments: &[&str]) -> Role {
    start_with(name, arguments, &[])
}

/// As [`start`], with more in its environment.
pub fn start_with(name: &str, arguments: &[&str], environment: &[(&str, &Path)]) -> Role {
    let program = std::env::current_exe().unwrap();
    start_program(&program, name, arguments, environment)
}

/// As [`start_with`], from another copy of this program.
pub fn start_program(
    program: &Path,
    name: &str,
    arguments: &[&str],
    environment: &[(&str, &Path)],
) -> Role {
    let mut child = command(program)
        .args(["role", "--exact", "--nocapture", "--test-threads=1"])
        .envs(environment.iter().copied())
        .env(ROLE, name)
        .env(ARGUMENTS, arguments.join(&SEPARATOR.to_string()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let (line, lines) = mpsc::channel();
    // Ends with the child's output.
    thread::spawn(move || {
        for said in output.lines().map_while(Result::ok) {
            if let Some(said) = said.strip_prefix(MARK) {
                let _ = line.send(said.to_owned());
            }
        }
    });
    Role {
        name: name.to_owned(),
        input: child.stdin.take().unwrap(),
        child,
        lines,
    }
}

fn command(program: &Path) -> Command {
    let Some(emulator) = std::env::var_os(EMULATOR) else {
        return Command::new(program);
    };
    let mut command = Command::new(emulator);
    command.arg(program);
    command
}

impl Role {
    /// The next line it says.
    pub fn said(&self) -> String {
        self.lines
            .recv_timeout(HANGS)
            .unwrap_or_else(|error| panic!("{} says nothing: {error}", self.name))
    }

    /// Waits until it says this and nothing else.
    pub fn says(&self, expected: &str) {
        assert_eq!(self.said(), expected, "from {}", self.name);
    }

    /// What it has said and nobody has heard.
    pub fn unheard(&self) -> Vec<String> {
        self.lines.try_iter().collect()
    }

    pub fn tell(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }

    pub fn signal(&self, signal: i32) {
        system::signal(self.child.id(), signal);
    }

    /// Stops it (SIGSTOP) and waits until every thread of it stands still.
    pub fn stop(&self) {
        self.signal(system::STOP);
        let threads = format!("/proc/{}/task", self.child.id());
        super::eventually("it stands still", || {
            std::fs::read_dir(&threads).unwrap().all(|thread| {
                let stat = std::fs::read_to_string(thread.unwrap().path().join("stat")).unwrap();
                // The state follows the name, which is in brackets.
                stat.rsplit(") ")
                    .next()
                    .is_some_and(|rest| rest.starts_with('T'))
            })
        });
    }

    /// It has not ended yet.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Ends it by SIGKILL and waits until it is gone.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it has ended, well or not.
    pub fn ended(mut self) -> ExitStatus {
        while self.lines.recv_timeout(HANGS).is_ok() {}
        self.child.wait().unwrap()
    }

    /// Waits until it has ended well; all it said and nobody has heard.
    pub fn finish(self) -> Vec<String> {
        let name = self.name.clone();
        let (status, said) = self.end();
        assert!(status.success(), "{name} ended with {status}");
        said
    }

    /// Waits until it has ended, well or not; how, and all it said and nobody has heard.
    pub fn end(mut self) -> (ExitStatus, Vec<String>) {
        let mut said = Vec::new();
        // The sender goes with the child's output.
        while let Ok(line) = self.lines.recv_timeout(HANGS) {
            said.push(line);
        }
        let status = self.child.wait().unwrap();
        (status, said)
    }

    /// Whether it has ended, well or not.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
