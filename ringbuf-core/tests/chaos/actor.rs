//! A process of the run, as its driver sees it.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::fault::{Verdict, ensure};
use crate::note::Note;
use crate::support::process::{Role, start_with};
use crate::support::system;

/// Nothing has moved for so long although nothing is in its way: on the slowest machine.
pub const HUNG: Duration = Duration::from_secs(30);

pub struct Actor {
    /// For people.
    pub name: String,
    role: Role,
    pub note: Note,
    /// Stopped, and until when.
    pub stopped: Option<Instant>,
    /// What it last noted of its progress, and when that changed.
    progress: (u64, Instant),
}

impl Actor {
    pub fn start(
        name: String,
        role: &str,
        order: &str,
        note: Note,
        environment: &[(&str, &Path)],
    ) -> Actor {
        Actor {
            name,
            role: start_with(role, &[order], environment),
            note,
            stopped: None,
            progress: (0, Instant::now()),
        }
    }

    /// Unless it has ended: that is found out elsewhere.
    pub fn tell(&mut self, line: &str) {
        if !self.role.has_ended() {
            self.role.tell(line);
        }
    }

    /// What it has said since.
    pub fn said(&mut self) -> Verdict<Vec<String>> {
        faultless(&self.name, self.role.unheard())
    }

    pub fn stop(&mut self, time: Duration) {
        self.role.signal(system::STOP);
        self.stopped = Some(Instant::now() + time);
    }

    pub fn go_on(&mut self) {
        self.role.signal(system::CONTINUE);
        self.stopped = None;
        self.progress.1 = Instant::now();
    }

    /// Stopped for long enough.
    pub fn is_due(&self) -> bool {
        self.stopped.is_some_and(|until| Instant::now() >= until)
    }

    /// By SIGKILL; what it had said and nobody has heard.
    pub fn kill(self) -> Verdict<(Vec<String>, Note)> {
        self.role.signal(system::KILL);
        let Actor {
            name, role, note, ..
        } = self;
        let (_, lines) = role.end();
        Ok((faultless(&name, lines)?, note))
    }

    pub fn has_ended(&mut self) -> bool {
        self.role.has_ended()
    }

    /// It has ended by itself, which must have been well.
    pub fn end(self) -> Verdict<(Vec<String>, Note)> {
        let Actor {
            name, role, note, ..
        } = self;
        let (status, lines) = role.end();
        let lines = faultless(&name, lines)?;
        ensure(status.success(), || format!("{name} ended with {status}"))?;
        Ok((lines, note))
    }

    /// Looks whether it gets on; `is_free` if nothing keeps it from that.
    pub fn watch(&mut self, progress: u64, is_free: bool) -> Verdict {
        if !is_free || self.stopped.is_some() || progress != self.progress.0 {
            self.progress = (progress, Instant::now());
            return Ok(());
        }
        ensure(self.progress.1.elapsed() < HUNG, || {
            format!(
                "{} hung: nothing moved for {HUNG:?} and nothing is in its way (at {progress})",
                self.name
            )
        })
    }
}

/// What a process found wrong is what is wrong.
fn faultless(name: &str, lines: Vec<String>) -> Verdict<Vec<String>> {
    let fault = lines.iter().find_map(|line| line.strip_prefix("fault "));
    match fault {
        Some(fault) => Err(format!("{name}: {fault}")),
        None => Ok(lines),
    }
}
