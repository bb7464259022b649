//! Readers that live while others die: some asleep in threads of their own, some asked after every record.

use std::cell::Cell;
use std::fs;
use std::panic::resume_unwind;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use ringbuf_core::{Event, ReadError, ReaderOptions};

use crate::account::{Account, History};
use crate::ends::{Follow, Hand};
use crate::kinds::Kind;
use crate::scene::wait_until;
use crate::support::HANGS;

/// What a reader is told of others, and at which sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    Event(Event, u64),
    Closed(u64),
    Removed(u64),
    Replaced(u64),
}

/// The news that an epoch began.
pub fn restarted(epoch: u64, first: u64) -> Event {
    Event::Restarted {
        epoch,
        first_sequence: Some(first),
    }
}

/// A reader in a thread, which sleeps when there is nothing to read.
pub struct Survivor {
    pub name: &'static str,
    thread: JoinHandle<()>,
    task: String,
    told: Receiver<Told>,
    again: Sender<()>,
    last: Cell<Option<Told>>,
}

/// One of each delivery that there may be, from the oldest record on.
pub fn of_every_delivery<K: Kind>(ring: &str, history: &History) -> Vec<Survivor> {
    let survivors = [
        ("lossless", ReaderOptions::lossless()),
        ("bounded", ReaderOptions::bounded(HANGS)),
        ("lossy", ReaderOptions::lossy()),
    ];
    let attach = |(name, options): (&'static str, ReaderOptions)| {
        Survivor::attach::<K>(name, ring, options.from_oldest().named(name), history)
    };
    let survivors = survivors.into_iter();
    survivors
        .filter(|(name, _)| K::lets_in(name))
        .map(attach)
        .collect()
}

impl Survivor {
    fn attach<K: Kind>(
        name: &'static str,
        ring: &str,
        options: ReaderOptions,
        history: &History,
    ) -> Survivor {
        let reader = K::attach(ring, options).unwrap();
        let account = Account::<K>::of(&reader.ledger(), history);
        let (tell, told) = mpsc::channel();
        let (again, go_on) = mpsc::channel();
        let (say_task, task) = mpsc::channel();
        let body = move || {
            let this = fs::read_link("/proc/thread-self").unwrap();
            say_task.send(this.display().to_string()).unwrap();
            follow::<K>(reader, account, name != "lossy", &tell, &go_on);
        };
        let of = thread::current().name().unwrap_or_default().to_owned();
        let thread = thread::Builder::new()
            .name(format!("{of}, {name}"))
            .spawn(body)
            .unwrap();
        let task = format!("/proc/{}/stat", task.recv().unwrap());
        Survivor {
            name,
            thread,
            task,
            told,
            again,
            last: Cell::new(None),
        }
    }

    /// Waits until it is told something, which must be this.
    pub fn is_told(&self, expected: Told) {
        match self.told.recv_timeout(HANGS) {
            Ok(told) => {
                assert_eq!(told, expected, "{} is told", self.name);
                self.last.set(Some(told));
            }
            Err(error) => panic!("{} is told nothing ({error}), not {expected:?}", self.name),
        }
    }

    /// Lets it ask for more if the last it was told is that the ring is closed.
    pub fn look_again(&self) {
        if let Some(Told::Closed(_)) = self.last.get() {
            self.again.send(()).unwrap();
        }
    }

    /// Whether its thread sleeps; that is in the futex, as long as it is told nothing.
    fn is_asleep(&self) -> bool {
        let stat = fs::read_to_string(&self.task).unwrap_or_default();
        // The state follows the name, which is in brackets.
        stat.rsplit(") ")
            .next()
            .is_some_and(|rest| rest.starts_with('S'))
    }

    /// Lets it leave and checks its account.
    pub fn leave(self) {
        drop(self.again);
        if let Err(panic) = self.thread.join() {
            resume_unwind(panic);
        }
        let more: Vec<Told> = self.told.try_iter().collect();
        assert!(more.is_empty(), "{} is also told {more:?}", self.name);
    }
}

/// Waits until all of them sleep.
pub fn are_asleep(survivors: &[Survivor], mut is_word_set: impl FnMut() -> bool) {
    wait_until("the readers sleep", || {
        is_word_set() && survivors.iter().all(Survivor::is_asleep)
    });
}

fn follow<K: Kind>(
    mut reader: K::Reader,
    mut account: Account<K>,
    is_lossless: bool,
    tell: &Sender<Told>,
    go_on: &Receiver<()>,
) {
    loop {
        let told: Result<_, fn(u64) -> Told> = match reader.next() {
            Ok(Some(batch)) => Ok(account
                .take(&batch)
                .map(|event| Told::Event(event, batch.first_sequence()))),
            Ok(None) => Err(Told::Closed),
            Err(ReadError::Removed) => Err(Told::Removed),
            Err(ReadError::Replaced) => Err(Told::Replaced),
            Err(error) => panic!("{error}"),
        };
        account.check(&reader.ledger());
        let told = told.unwrap_or_else(|end| Some(end(account.cursor())));
        assert!(account.missed() == 0 || !is_lossless, "it missed records");
        let Some(told) = told else { continue };
        let is_over = !matches!(told, Told::Event(..));
        if tell.send(told).is_err() || is_over && go_on.recv().is_err() {
            break;
        }
    }
}

/// A reader that is asked whether there is something new.
pub struct Joiner<K: Kind> {
    name: &'static str,
    reader: K::Reader,
    account: Account<K>,
    /// The next sequence when it came.
    start: u64,
    /// The newest epoch then.
    newest: u64,
    events: Vec<(Event, u64)>,
}

impl<K: Kind> Joiner<K> {
    /// Attaches to a ring that has had `newest` producers.
    pub fn attach(
        name: &'static str,
        ring: &str,
        options: ReaderOptions,
        history: &History,
        newest: u64,
    ) -> Joiner<K> {
        let reader = K::attach(ring, options.named(name)).unwrap();
        let account = Account::of(&reader.ledger(), history);
        let mut joiner = Joiner {
            name,
            start: reader.cursor(),
            newest,
            reader,
            account,
            events: Vec::new(),
        };
        // What it missed by the time it came.
        joiner.read();
        joiner
    }

    /// Reads all there is.
    pub fn read(&mut self) {
        while let Some(batch) = self.reader.poll().unwrap() {
            if let Some(event) = self.account.take(&batch) {
                self.events.push((event, batch.first_sequence()));
            }
        }
        self.account.check(&self.reader.ledger());
    }

    pub fn cursor(&self) -> u64 {
        self.account.cursor()
    }

    /// It was told of every producer that came after the one whose records it began with, and of nothing else but its
    /// own demotion; it has read everything, and what it sees as the newest record is it. `epochs` are all producers,
    /// with their first sequences.
    pub fn has_seen(&self, epochs: &[(u64, u64)], end: u64, newest: Option<(u64, K::Item)>) {
        let told = self.events.iter().copied();
        let told: Vec<_> = told.filter(|(event, _)| *event != Event::Demoted).collect();
        let is_before = |(epoch, first): &(u64, u64)| *epoch <= self.newest && *first <= self.start;
        let expected: Vec<_> = epochs
            .iter()
            .filter(|epoch| !is_before(epoch))
            .map(|&(epoch, first)| (restarted(epoch, first), first))
            .collect();
        assert_eq!(told, expected, "{} is told", self.name);
        assert_eq!(self.cursor(), end, "{} has read up to", self.name);
        // What it has read it does not hold any more.
        let newest = newest.filter(|_| !K::IS_IN_PLACE);
        assert_eq!(self.reader.latest(), newest, "{}", self.name);
    }

    pub fn was_demoted(&self) -> bool {
        self.events
            .iter()
            .any(|(event, _)| *event == Event::Demoted)
    }

    /// The ring is closed.
    pub fn ends(&mut self) {
        assert!(
            self.reader.next().unwrap().is_none(),
            "{} goes on",
            self.name
        );
    }
}
