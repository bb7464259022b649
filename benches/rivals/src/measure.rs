//! One measurement: the bare machine, the roles, the bare machine again.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use benches::{rings, role};
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::control::Control;
use crate::link::Link;
use crate::peer::{self, Between, Peer, Visitor};
use crate::peers::futex::Futex;
use crate::probe::{self, Probe};
use crate::spec::{Fault, Work};
use crate::work::{Outcome, Stage, crowd, ping_pong, publish_alone, stream, wake};

/// Roles hold records of up to 8 MiB on their stacks where a peer moves them.
const STACK: usize = 256 << 20;

/// What to measure.
#[derive(Args, Clone, Debug)]
pub struct Task {
    /// The peer, see `rivals list`.
    pub peer: String,
    /// The workload.
    pub work: Work,
    /// Milliseconds that count.
    #[arg(long, default_value_t = 600)]
    pub millis: u64,
    /// Let the producer do something wrong, to see that it is noticed.
    #[arg(long)]
    pub fault: Option<Fault>,
    /// Give up at once if the cores are not near each other.
    #[arg(long)]
    near: bool,
    /// An empty directory for what the peers share.
    #[arg(long)]
    pub directory: Option<PathBuf>,
}

/// A measurement, as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measurement {
    pub peer: String,
    pub work: String,
    pub before: Probe,
    pub after: Probe,
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What a measurement says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reply {
    Measured(Box<Measurement>),
    /// The cores were not near each other, and nothing was measured.
    Elsewhere {
        line_ns: f64,
    },
}

/// Measures.
pub fn measure(task: &Task) -> Result<Reply> {
    if task.directory.is_some() {
        // Somebody else's, who would not be there to remove it.
        role::end_with_parent();
    }
    let own;
    let directory = match &task.directory {
        Some(directory) => directory.as_path(),
        None => {
            own = rings::directory()?;
            own.path()
        }
    };
    // The limit of a measurement counts from here.
    std::fs::write(directory.join("begun"), "")?;
    let before = Probe::take(task.work)?;
    if task.near && !before.is_near() {
        return Ok(Reply::Elsewhere {
            line_ns: before.line_ns,
        });
    }
    let bare = matches!(task.work, Work::Wake { .. }).then(|| {
        let directory = directory.join("bare");
        std::fs::create_dir(&directory)?;
        lead::<Futex>(task, &directory)
    });
    let mut outcome = peer::visit(&task.peer, &mut Lead { task, directory })
        .with_context(|| format!("no peer {:?}; see `rivals list`", task.peer))??;
    outcome.bare = bare.transpose()?.and_then(|bare| bare.times);
    let after = Probe::take(task.work)?;
    Ok(Reply::Measured(Box::new(Measurement {
        peer: task.peer.clone(),
        work: task.work.to_string(),
        before,
        after,
        outcome,
    })))
}

/// What a consumer's process is told.
#[derive(Args, Clone, Debug)]
pub struct Role {
    #[command(flatten)]
    task: Task,
    /// Which of the consumers.
    #[arg(long)]
    reader: usize,
}

/// Does what a consumer's process is for.
pub fn play(role: &Role) -> Result<()> {
    role::end_with_parent();
    let played = peer::visit(&role.task.peer, &mut Play(role));
    played.context("no such peer")?
}

struct Lead<'a> {
    task: &'a Task,
    directory: &'a Path,
}

impl Visitor for Lead<'_> {
    type Out = Result<Outcome>;

    fn visit<P: Peer>(&mut self) -> Result<Outcome> {
        lead::<P>(self.task, self.directory)
    }
}

struct Play<'a>(&'a Role);

impl Visitor for Play<'_> {
    type Out = Result<()>;

    fn visit<P: Peer>(&mut self) -> Result<()> {
        let directory = self.0.task.directory.as_deref();
        let stage = stage::<P>(&self.0.task, directory.context("a directory")?)?;
        on_big_stack(|| consume::<P>(&stage, self.0.reader))
    }
}

fn on_big_stack<T: Send>(role: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        let thread = thread.spawn_scoped(scope, role)?;
        thread.join().ok().context("a role panicked")?
    })
}

fn stage<P: Peer>(task: &Task, directory: &Path) -> Result<Stage> {
    let readers = task.work.readers();
    let waiting = task.work.waiting();
    let single = readers > P::FACTS.readers;
    let channels = if single { readers } else { 1 };
    let there = (0..channels).map(|number| {
        let of_this = if single { 1 } else { readers };
        let name = format!("there-{number}");
        let mut link = Link::new(directory.to_owned(), &name, waiting, of_this);
        link.idle_readers = matches!(task.work, Work::Crowd { .. });
        link.memory = task.work.memory();
        link
    });
    Ok(Stage {
        work: task.work,
        control: Control::open(directory)?,
        there: there.collect(),
        back: Link::new(directory.to_owned(), "back", waiting, 1),
        time: Duration::from_millis(task.millis),
        fault: task.fault,
    })
}

/// The producer's side, with all that stands around it.
fn lead<P: Peer>(task: &Task, directory: &Path) -> Result<Outcome> {
    ensure!(
        task.work.suits(&P::FACTS),
        "{} does not take part in {}",
        P::FACTS.name,
        task.work
    );
    ensure!(
        task.fault.is_none() || task.work.has_faults(),
        "{} cannot go wrong on purpose: only W2, W3 and W7 can",
        task.work
    );
    let stage = stage::<P>(task, directory)?;
    let role = Task {
        peer: P::FACTS.name.to_owned(),
        directory: Some(directory.to_owned()),
        ..task.clone()
    };
    on_big_stack(|| {
        prepare::<P>(&stage)?;
        let processes = match task.work {
            Work::Crowd { readers } => readers.min(1),
            work => work.readers(),
        };
        let consumers: Result<Vec<_>> = (0..processes)
            .map(|reader| match P::FACTS.between {
                Between::Processes => Consumer::process(&role, reader),
                Between::Threads => Consumer::thread::<P>(&stage, reader),
            })
            .collect();
        let outcome = produce::<P>(&stage);
        if outcome.is_err() {
            // A consumer that ended first knows better why, and is given the time to say it.
            std::thread::sleep(Duration::from_millis(300));
        }
        let outcome = outcome?;
        consumers?.into_iter().try_for_each(Consumer::join)?;
        Ok(outcome)
    })
}

/// Does it with as many words as the records of the workload have.
macro_rules! with_words {
    ($work:expr, $words:ident => $do:expr) => {
        match $work.bytes() {
            8 => {
                const $words: usize = 1;
                $do
            }
            64 => {
                const $words: usize = 8;
                $do
            }
            1024 => {
                const $words: usize = 128;
                $do
            }
            65_536 => {
                const $words: usize = 8192;
                $do
            }
            1_048_576 => {
                const $words: usize = 131_072;
                $do
            }
            8_388_608 => {
                const $words: usize = 1 << 20;
                $do
            }
            bytes => bail!("records of {bytes} bytes"),
        }
    };
}

fn prepare<P: Peer>(stage: &Stage) -> Result<()> {
    with_words!(stage.work, W => {
        for link in &stage.there {
            P::prepare::<W>(link)?;
        }
        if stage.work == Work::PingPong {
            P::prepare::<W>(&stage.back)?;
        }
        Ok(())
    })
}

fn produce<P: Peer>(stage: &Stage) -> Result<Outcome> {
    if stage.work.is_pinned() {
        probe::pin(0)?;
    }
    match stage.work {
        Work::PingPong => ping_pong::produce::<P, 8>(stage),
        Work::Alone => publish_alone::<P, 1>(stage),
        Work::Wake { micros } => wake::produce::<P, 1>(stage, Duration::from_micros(micros)),
        Work::Crowd { .. } => publish_alone::<P, 8>(stage),
        Work::FanOut { .. } => stream::produce::<P, 8>(stage),
        Work::Stream { .. } | Work::Frames { .. } => {
            with_words!(stage.work, W => stream::produce::<P, W>(stage))
        }
    }
}

fn consume<P: Peer>(stage: &Stage, reader: usize) -> Result<()> {
    if stage.work.is_pinned() {
        probe::pin(1)?;
    }
    match stage.work {
        Work::PingPong => ping_pong::consume::<P, 8>(stage),
        Work::Alone => Ok(()),
        Work::Wake { .. } => wake::consume::<P, 1>(stage),
        Work::Crowd { .. } => crowd::attend::<P, 8>(stage),
        Work::FanOut { .. } => stream::consume::<P, 8>(stage, reader),
        Work::Stream { .. } | Work::Frames { .. } => {
            with_words!(stage.work, W => stream::consume::<P, W>(stage, reader))
        }
    }
}

/// Ends this process from a thread beside the one that does the work.
fn fail() -> ! {
    rings::remove_all();
    std::process::exit(1)
}

/// A consumer in its process or thread. If it fails, this process ends: the producer may be waiting for it.
struct Consumer(JoinHandle<()>);

impl Consumer {
    fn process(role: &Task, reader: usize) -> Result<Consumer> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["role", &role.peer, &role.work.to_string()]);
        command.args(["--reader", &reader.to_string()]);
        if let Some(directory) = &role.directory {
            command.arg("--directory").arg(directory);
        }
        let mut child: Child = command.spawn()?;
        Ok(Consumer(std::thread::spawn(move || match child.wait() {
            Ok(status) if status.success() => {}
            _ => fail(),
        })))
    }

    fn thread<P: Peer>(stage: &Stage, reader: usize) -> Result<Consumer> {
        // The control page is mapped again: threads are to meet where processes do.
        let stage = Stage {
            control: Control::open(&stage.back.directory)?,
            there: stage.there.clone(),
            back: stage.back.clone(),
            ..*stage
        };
        let thread = std::thread::Builder::new().stack_size(STACK);
        Ok(Consumer(thread.spawn(move || {
            if let Err(error) = consume::<P>(&stage, reader) {
                eprintln!("rivals: {error:#}");
                fail();
            }
        })?))
    }

    fn join(self) -> Result<()> {
        self.0.join().ok().context("a consumer panicked")
    }
}
