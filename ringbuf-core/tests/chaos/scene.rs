//! One setting: a ring, the processes on it, and what is known of both.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ringbuf_core::{UntypedReader, inspect};

use crate::actor::Actor;
use crate::book::{Book, Fate};
use crate::fault::{Verdict, ensure, fails};
use crate::figures::Figures;
use crate::kinds::ReaderKind;
use crate::note::Note;
use crate::plan::{Between, Plan, SEATS};
use crate::setting::{Hold, Setting};
use crate::statements::Statements;
use crate::support::Rings;

const TURN: Duration = Duration::from_millis(2);
const BETWEEN_LOOKS: Duration = Duration::from_millis(40);

/// The producer's process.
pub struct Publishing {
    pub actor: Actor,
    /// It has the ring.
    pub ready: bool,
    /// It was told to close.
    pub closing: bool,
    /// It was told to stay in a claim, and is killed at the latest then.
    pub kill_at: Option<Instant>,
}

/// A reader's process.
pub struct Reading {
    pub actor: Actor,
    pub kind: ReaderKind,
    pub statements: Statements,
    /// It stays stopped until the producer has got past this sequence.
    pub until_lapped: Option<u64>,
}

/// The producer to come.
pub struct Due {
    pub at: Instant,
    pub between: Between,
    pub seed: u64,
    pub untyped: bool,
}

pub struct Scene<'a> {
    pub setting: Setting,
    pub ring: String,
    pub figures: &'a mut Figures,
    pub producer: Option<Publishing>,
    pub due: Option<Due>,
    pub seats: [Option<Reading>; SEATS],
    pub book: Book,
    /// What was done, for people.
    pub history: Vec<String>,
    pub begun: Instant,
    pub number: u64,
    /// Cursors of dead readers whom the producer waited for.
    pub dead: Vec<u64>,
    /// The newest `published` seen from outside.
    pub seen: u64,
    /// Everybody is to end by itself.
    pub draining: bool,
    /// With it `gc` must leave the ring alone, whoever dies.
    pub keeper: Option<UntypedReader>,
    sweeper: Option<Actor>,
    looked: Instant,
    /// Processes.
    pub started: u64,
    rings: Rings,
    notes: Rings,
}

impl<'a> Scene<'a> {
    pub fn new(plan: &Plan, directory: Option<&Path>, figures: &'a mut Figures) -> Scene<'a> {
        let rings = Rings::within(directory);
        // Observers are another user.
        fs::set_permissions(rings.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let mut scene = Scene {
            setting: plan.setting.clone(),
            ring: rings.reference("chaos"),
            figures,
            producer: None,
            due: None,
            seats: std::array::from_fn(|_| None),
            book: Book::default(),
            history: Vec::new(),
            begun: Instant::now(),
            number: plan.number,
            dead: Vec::new(),
            seen: 0,
            draining: false,
            keeper: None,
            sweeper: None,
            looked: Instant::now(),
            started: 0,
            rings,
            notes: Rings::within(directory),
        };
        let (_, note) = scene.note();
        scene.sweeper = Some(Actor::start(
            "the sweeper".to_owned(),
            "sweeper",
            &scene.ring,
            note,
            &[("RINGBUF_DIR", scene.rings.path())],
        ));
        scene
    }

    pub fn tell(&mut self, what: String) {
        let time = self.begun.elapsed().as_secs_f64();
        self.history.push(format!("{time:7.3} {what}"));
    }

    /// The next note, and its place.
    pub fn note(&mut self) -> (PathBuf, Note) {
        self.started += 1;
        let path = self.notes.file(&self.started.to_string());
        let note = Note::create(&path);
        (path, note)
    }

    /// Hears everybody and does what is due; `Err` is what the run ends with.
    pub fn turn(&mut self) -> Verdict {
        sleep(TURN);
        self.let_the_keeper_read();
        self.hear_producer()?;
        self.begin_what_is_due()?;
        for seat in 0..SEATS {
            self.hear_reader(seat)?;
        }
        self.hear_sweeper()?;
        if self.looked.elapsed() > BETWEEN_LOOKS {
            self.look()?;
            self.looked = Instant::now();
        }
        self.watch()?;
        self.figures.progress(self.number, self.seen);
        Ok(())
    }

    /// A lossless one must not hold the producer for long. What it reads does not matter, nor that there may be more.
    fn let_the_keeper_read(&mut self) {
        if !self.setting.is_in_place() {
            return;
        }
        if let Some(keeper) = &mut self.keeper {
            let mut looks = 0..64;
            while looks.next().is_some() && matches!(keeper.poll(), Ok(Some(_))) {}
        }
    }

    fn hear_sweeper(&mut self) -> Verdict {
        let Some(sweeper) = &mut self.sweeper else {
            return Ok(());
        };
        for line in sweeper.said()? {
            ensure(!line.starts_with("Ring"), || {
                format!("gc on a ring that is in use: {line}")
            })?;
            ensure(line.ends_with(" removed"), || format!("gc: {line}"))?;
        }
        Ok(())
    }

    /// Everybody gets on whom nothing keeps from it.
    fn watch(&mut self) -> Verdict {
        let is_held =
            self.seats.iter().flatten().any(|reading| {
                reading.kind.hold == Hold::Lossless && reading.actor.stopped.is_some()
            });
        let ring = self.book.ring().map(|ring| ring.id.clone());
        let mut committed = None;
        if let Some(producer) = &mut self.producer {
            let noted = producer.actor.note.produced();
            committed = producer.ready.then_some(noted.committed);
            let is_free = !is_held && producer.kill_at.is_none();
            producer.actor.watch(noted.steps, is_free)?;
        }
        for reading in self.seats.iter_mut().flatten() {
            let noted = reading.actor.note.read_so_far();
            let is_over = reading.statements.ring.is_some() && reading.statements.ring != ring;
            let has_news = match noted.attached {
                0 => committed.is_some(),
                _ => committed.is_some_and(|committed| committed > noted.cursor),
            };
            let progress = noted.cursor + noted.batches + noted.attached;
            let is_free = self.draining || is_over || has_news;
            reading.actor.watch(progress, is_free)?;
        }
        Ok(())
    }

    /// Waits until something is so.
    pub fn until(&mut self, is_so: impl Fn(&Scene<'_>) -> bool) -> Verdict {
        while !is_so(self) {
            self.turn()?;
        }
        Ok(())
    }

    /// After the last producer and the last reader: nothing may be left.
    pub fn clean_up(&mut self) -> Verdict {
        self.book.ring_is_over(Fate::Removed);
        let by_gc = self.number % 2 == 1;
        if !by_gc {
            inspect::remove(&self.ring).map_err(fails("removing the ring at the end"))?;
        }
        self.keeper = None;
        let Some(mut sweeper) = self.sweeper.take() else {
            return Ok(());
        };
        sweeper.tell("last");
        let (lines, _) = sweeper.end()?;
        let swept = lines.iter().filter(|line| *line == "Ring removed").count();
        ensure(swept == usize::from(by_gc), || {
            format!("at the end gc said {lines:?}")
        })?;
        let left = self.rings.names();
        ensure(left.is_empty(), || format!("left at the end: {left:?}"))
    }
}
