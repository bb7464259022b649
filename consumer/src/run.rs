//! All of it: every ring that was named by its own thread, then the picture.

use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::Context;
use ringbuf_console::error::whole;
use ringbuf_console::usage::Usage;
use ringbuf_core::AttachError;

use crate::config::{Config, Plan};
use crate::follow::{self, End};
use crate::output::{Output, speak_of, talk};
use crate::plot::{self, Figure, Panel};
use crate::span;

/// With what to exit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All was done.
    Done,
    /// Records were missed, or may have been.
    Incomplete,
    Failed,
    WrongUsage,
}

impl Exit {
    /// The status of the process.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::WrongUsage => 2,
            Exit::Incomplete => 3,
        }
    }

    /// The worse one of two: not having begun, having failed, having missed something.
    fn or(self, other: Exit) -> Exit {
        let badness = |exit| match exit {
            Exit::Done => 0,
            Exit::Incomplete => 1,
            Exit::Failed => 2,
            Exit::WrongUsage => 3,
        };
        if badness(other) > badness(self) {
            other
        } else {
            self
        }
    }
}

/// Does it, and has told what went wrong.
pub fn run(plan: &Plan, stop: &AtomicBool) -> Exit {
    match check(plan) {
        Ok(()) => {}
        Err(error) => return told(&error),
    }
    let Followed {
        mut exit,
        panels,
        is_unread,
    } = follow_all(plan, stop);
    if let Some(file) = &plan.plot {
        match draw(plan, panels, is_unread, file) {
            Ok(()) => {}
            Err(error) => exit = exit.or(told(&error)),
        }
    }
    exit
}

/// What can be known before a record is read.
fn check(plan: &Plan) -> anyhow::Result<()> {
    for config in &plan.runs {
        span::check(config.from, config.until)?;
    }
    match &plan.plot {
        Some(file) => plot::check(file).with_context(|| format!("--plot {}", file.display())),
        None => Ok(()),
    }
}

/// How it went with a ring, or with all of them.
struct Followed {
    exit: Exit,
    panels: Vec<Panel>,
    /// Nobody wanted to read to the end.
    is_unread: bool,
}

impl Followed {
    fn to(exit: Exit, panels: Vec<Panel>) -> Followed {
        Followed {
            exit,
            panels,
            is_unread: false,
        }
    }
}

fn follow_all(plan: &Plan, stop: &AtomicBool) -> Followed {
    let ends: Vec<Followed> = match plan.runs.as_slice() {
        [config] => vec![follow_one(config, stop)],
        several => thread::scope(|scope| {
            let started: Vec<_> = several
                .iter()
                .map(|config| {
                    scope.spawn(move || {
                        speak_of(config.ring_name());
                        follow_one(config, stop)
                    })
                })
                .collect();
            let ended = started.into_iter().map(|thread| thread.join());
            ended
                .map(|end| end.unwrap_or(Followed::to(Exit::Failed, Vec::new())))
                .collect()
        }),
    };
    let together = |mut all: Followed, one: Followed| {
        all.panels.extend(one.panels);
        Followed {
            exit: all.exit.or(one.exit),
            panels: all.panels,
            is_unread: all.is_unread || one.is_unread,
        }
    };
    ends.into_iter()
        .fold(Followed::to(Exit::Done, Vec::new()), together)
}

fn follow_one(config: &Config, stop: &AtomicBool) -> Followed {
    // Whole lines at a time, so that those of several threads do not mix.
    let out: Box<dyn Write> = Box::new(io::stdout());
    let mut output = Output::new(config.format, out);
    if config.is_one_of_several {
        output = output.of_ring(config.ring_name());
    }
    match follow::follow(config, stop, &mut output) {
        Ok(End {
            is_incomplete: false,
            panels,
        }) => Followed::to(Exit::Done, panels),
        Ok(End { panels, .. }) => Followed::to(Exit::Incomplete, panels),
        Err(error) if is_broken_pipe(&error) => {
            // Whoever read our output has seen enough, of all rings.
            stop.store(true, Ordering::Relaxed);
            Followed {
                is_unread: true,
                ..Followed::to(Exit::Done, Vec::new())
            }
        }
        Err(error) => Followed::to(told(&error), Vec::new()),
    }
}

fn draw(plan: &Plan, panels: Vec<Panel>, is_unread: bool, file: &Path) -> anyhow::Result<()> {
    if panels.is_empty() {
        let why = match is_unread {
            true => "nobody read the output to its end",
            false => "there is nothing to plot",
        };
        talk(format_args!("{why}: {} is not written", file.display()));
        return Ok(());
    }
    let kind = plan.runs.first().map_or("", |config| config.kind.name());
    let rings: Vec<&str> = plan.runs.iter().map(Config::ring_name).collect();
    let title = format!("{kind} of {}", rings.join(", "));
    plot::write(&Figure { title, panels }, file)
        .with_context(|| format!("--plot {}", file.display()))
}

/// Tells an error, and says what to exit with.
fn told(error: &anyhow::Error) -> Exit {
    talk(whole(error));
    let is_name = matches!(error.downcast_ref(), Some(AttachError::Name(_)));
    if is_name || error.downcast_ref::<Usage>().is_some() {
        Exit::WrongUsage
    } else {
        Exit::Failed
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
    kind == Some(io::ErrorKind::BrokenPipe)
}
