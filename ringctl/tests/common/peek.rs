//! A ringctl that follows a ring, while the test goes on.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use ringbuf_core::inspect;

use super::{Rings, Run};

/// Longer than anything here takes, so that only what hangs runs into it.
const HANGS: Duration = Duration::from_secs(60);

/// Killed when the test ends early.
pub struct Peek {
    child: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
    /// What was heard of them so far.
    heard: Run,
}

impl Rings {
    /// Starts ringctl.
    pub fn peek(&self, arguments: &[&str]) -> Peek {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Peek {
            stdout: lines(child.stdout.take().unwrap()),
            stderr: lines(child.stderr.take().unwrap()),
            child,
            heard: Run {
                code: None,
                stdout: String::new(),
                stderr: String::new(),
            },
        }
    }

    /// Waits until so many readers have registered.
    #[track_caller]
    pub fn joined(&self, ring: &str, readers: usize) {
        self.readers(ring, |found| {
            found.iter().filter(|reader| reader.is_alive).count() == readers
        });
    }

    /// Waits until the readers are so.
    #[track_caller]
    pub fn readers(&self, ring: &str, are_so: impl Fn(&[inspect::ReaderInfo]) -> bool) {
        eventually("the readers", || {
            let info = inspect::info(&self.reference(ring)).unwrap();
            info.readers.is_some_and(|readers| are_so(&readers))
        });
    }
}

/// Waits until something is so.
#[track_caller]
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < HANGS, "never: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// The exit status of a process that must end.
#[track_caller]
pub fn code(mut child: Child) -> Option<i32> {
    let began = Instant::now();
    loop {
        if let Some(end) = child.try_wait().unwrap() {
            return end.code();
        }
        if began.elapsed() > HANGS {
            let _ = child.kill();
            panic!("it does not end");
        }
        thread::sleep(Duration::from_millis(2));
    }
}

fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

impl Peek {
    /// The next line of data.
    #[track_caller]
    pub fn line(&mut self) -> String {
        let line = self.stdout.recv_timeout(HANGS).expect("a line of data");
        self.heard.stdout += &format!("{line}\n");
        line
    }

    /// Waits for talk with these words in it.
    #[track_caller]
    pub fn says(&mut self, words: &str) {
        let end = Instant::now() + HANGS;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(line) = self.stderr.recv_timeout(left) else {
                panic!("never said {words:?}, but: {}", self.heard.stderr);
            };
            self.heard.stderr += &format!("{line}\n");
            if line.contains(words) {
                return;
            }
        }
    }

    /// Sends it a signal, by the name `kill` knows.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &id])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Lets it stand still until it gets SIGCONT.
    #[cfg(target_os = "linux")]
    pub fn suspend(&self) {
        self.signal("STOP");
        let stat = format!("/proc/{}/stat", self.child.id());
        eventually("it stands still", || {
            std::fs::read_to_string(&stat).unwrap().contains(") T ")
        });
    }

    /// Waits for its end. All it said, from the beginning.
    #[track_caller]
    pub fn finish(mut self) -> Run {
        eventually("ringctl ends", || {
            self.heard.code = self.child.try_wait().unwrap().and_then(|end| end.code());
            self.child.try_wait().unwrap().is_some()
        });
        for line in self.stdout.iter() {
            self.heard.stdout += &format!("{line}\n");
        }
        for line in self.stderr.iter() {
            self.heard.stderr += &format!("{line}\n");
        }
        Run {
            code: self.heard.code,
            stdout: std::mem::take(&mut self.heard.stdout),
            stderr: std::mem::take(&mut self.heard.stderr),
        }
    }
}

impl Drop for Peek {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
