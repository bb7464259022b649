//! Processes that play a role: this very program, started again.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};

use crate::Result;

/// The first argument of a process that is a worker.
const WORKER: &str = "worker";

/// Plays the worker's role if this process was started as one, and the first process's otherwise.
pub fn play(
    program: &str,
    first: impl FnOnce() -> Result<()>,
    worker: impl FnOnce(&[String]) -> Result<()>,
) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (who, done) = match arguments.split_first() {
        Some((role, rest)) if role == WORKER => ("a worker: ", worker(rest)),
        _ => ("", first()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{program}: {who}{error}");
            ExitCode::FAILURE
        }
    }
}

/// For a worker: says a line to the first process.
///
/// # Errors
///
/// That is gone.
pub fn say(text: impl std::fmt::Display) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// For a worker: waits until the first process says [`Worker::go_on`].
///
/// # Errors
///
/// That is gone.
pub fn go_on() -> Result<()> {
    match std::io::stdin().read_line(&mut String::new())? {
        0 => Err("the first process ended early".into()),
        _ => Ok(()),
    }
}

/// A worker in a process of its own, killed when dropped.
#[derive(Debug)]
pub struct Worker {
    index: usize,
    child: Child,
    /// Taken when there is nothing more to tell it.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts so many workers, each with the arguments for its index, and waits until every one of them says a line.
    ///
    /// # Errors
    ///
    /// One cannot be started, or ended early.
    pub fn start_all(
        count: usize,
        arguments: impl Fn(usize) -> Vec<String>,
    ) -> Result<Vec<Worker>> {
        let mut workers = (0..count)
            .map(|index| Worker::start(index, &arguments(index)))
            .collect::<Result<Vec<_>>>()?;
        for worker in &mut workers {
            worker.line()?;
        }
        Ok(workers)
    }

    fn start(index: usize, arguments: &[String]) -> Result<Worker> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(WORKER)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        Ok(Worker {
            index,
            input: child.stdin.take(),
            output: BufReader::new(child.stdout.take().ok_or("no output")?),
            child,
        })
    }

    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// The next line it says.
    ///
    /// # Errors
    ///
    /// It ended instead.
    pub fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            let status = self.child.wait()?;
            return Err(format!("worker {} ended early, with {status}", self.index).into());
        }
        Ok(line.trim_end().to_owned())
    }

    /// Sends it bytes.
    ///
    /// # Errors
    ///
    /// It does not read any more.
    pub fn send(&mut self, bytes: &[u8]) -> Result<()> {
        let input = self.input.as_mut().ok_or("its input is closed")?;
        let sent = input.write_all(bytes);
        sent.map_err(|error| format!("worker {} takes nothing more: {error}", self.index).into())
    }

    /// Ends its waiting in [`go_on`].
    ///
    /// # Errors
    ///
    /// It does not wait any more.
    pub fn go_on(&mut self) -> Result<()> {
        self.send(b"\n")
    }

    /// Waits until it has ended by itself; its input is closed first.
    ///
    /// # Errors
    ///
    /// It failed.
    pub fn finish(mut self) -> Result<()> {
        drop(self.input.take());
        let status = self.child.wait()?;
        if status.success() {
            return Ok(());
        }
        Err(format!("worker {} ended with {status}", self.index).into())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
