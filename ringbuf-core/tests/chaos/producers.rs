//! The producers of a scene, one after the other, and what becomes of the ring between them.

use std::time::Instant;

use ringbuf_core::{ReaderOptions, UntypedReader, inspect};

use crate::actor::Actor;
use crate::book::{Fate, How};
use crate::fault::{Verdict, ensure, fails};
use crate::note::Note;
use crate::plan::Between;
use crate::producing;
use crate::scene::{Due, Publishing, Scene};

impl Scene<'_> {
    pub fn start_producer(&mut self, seed: u64, untyped: bool, replace: bool) {
        let (path, note) = self.note();
        let kind = if untyped { "untyped " } else { "" };
        let name = format!("{kind}producer {}", self.started);
        let order = producing::Order {
            setting: self.setting.clone(),
            ring: self.ring.clone(),
            note: path,
            seed,
            replace,
            untyped,
        };
        let order = serde_json::to_string(&order).unwrap();
        self.tell(format!("{name} begins"));
        self.figures.producers += 1;
        self.producer = Some(Publishing {
            actor: Actor::start(name, "producer", &order, note, &[]),
            ready: false,
            closing: false,
            kill_at: None,
        });
    }

    pub fn hear_producer(&mut self) -> Verdict {
        let Some(producer) = &mut self.producer else {
            return Ok(());
        };
        if producer.actor.is_due() {
            producer.actor.go_on();
        }
        let lines = producer.actor.said()?;
        let claimed = self.take_producer_lines(lines)?;
        let Some(producer) = &mut self.producer else {
            return Ok(());
        };
        if let Some(at) = producer.kill_at
            && (claimed || Instant::now() >= at)
        {
            self.figures.kills_in_claim += u64::from(claimed);
            return self.kill_producer();
        }
        if producer.actor.has_ended() {
            let Some(producer) = self.producer.take() else {
                return Ok(());
            };
            let closing = producer.closing;
            let name = producer.actor.name.clone();
            let (lines, note) = producer.actor.end()?;
            self.take_producer_lines(lines)?;
            ensure(closing, || format!("{name} ended by itself"))?;
            self.tell(format!("{name} has closed the ring"));
            self.producer_is_gone(How::Closed, Some(note))?;
        }
        Ok(())
    }

    /// Whether one of the lines says that it is in a claim.
    fn take_producer_lines(&mut self, lines: Vec<String>) -> Verdict<bool> {
        let mut claimed = false;
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["ready", id, epoch, first, _refused] => {
                    self.producer_is_ready(id, epoch, first)?
                }
                ["claimed"] => claimed = true,
                _ => {}
            }
        }
        Ok(claimed)
    }

    fn producer_is_ready(&mut self, id: &str, epoch: &str, first: &str) -> Verdict {
        let number = |word: &str| word.parse::<u64>().map_err(|error| error.to_string());
        let is_new = self.book.ring().is_none();
        self.book
            .producer_is_ready(id, number(epoch)?, number(first)?)?;
        self.tell(format!("  it has epoch {epoch} from {first}"));
        if is_new {
            self.dead.clear();
            self.seen = 0;
            self.figures.rings += 1;
            let options = match self.setting.is_in_place() {
                true => ReaderOptions::lossless(),
                false => ReaderOptions::lossy(),
            };
            let options = options.named("keeper");
            let keeper = UntypedReader::attach(&self.ring, options);
            self.keeper = Some(keeper.map_err(fails("the driver attaches"))?);
        }
        if let Some(producer) = &mut self.producer {
            producer.ready = true;
        }
        Ok(())
    }

    pub fn kill_producer(&mut self) -> Verdict {
        let Some(producer) = self.producer.take() else {
            return Ok(());
        };
        let was_ready = producer.ready;
        self.tell(format!("{} is killed", producer.actor.name));
        self.figures.kills += 1;
        let newest = self.book.ring().map(|ring| ring.newest());
        let (lines, note) = producer.actor.kill()?;
        self.take_producer_lines(lines)?;
        let is_ready = was_ready || newest != self.book.ring().map(|ring| ring.newest());
        self.producer_is_gone(How::Killed, is_ready.then_some(note))
    }

    fn producer_is_gone(&mut self, how: How, note: Option<Note>) -> Verdict {
        let info = inspect::info(&self.ring).map_err(fails("info of a ring without producer"))?;
        let is_dead = info.producer.name() != "live";
        ensure(is_dead, || {
            "the producer is dead, and said to live".to_owned()
        })?;
        self.tell(format!("  epoch {} ends at {}", info.epoch, info.published));
        self.book.producer_is_gone(
            how,
            note.map(|note| note.produced()),
            (info.epoch, info.published),
        )?;
        if let Some(ring) = self.book.ring() {
            self.figures.refused += info.refused - ring.refused;
            ring.refused = info.refused;
        }
        Ok(())
    }

    pub fn close_producer(&mut self) {
        let Some(producer) = &mut self.producer else {
            return;
        };
        producer.closing = true;
        producer.actor.tell("close");
        self.figures.closes += 1;
    }

    /// Takes the ring away, if it is to be, and starts the next producer.
    pub fn begin_what_is_due(&mut self) -> Verdict {
        let is_time = |due: &mut Due| Instant::now() >= due.at;
        if self.producer.is_some() {
            return Ok(());
        }
        let Some(due) = self.due.take_if(is_time) else {
            return Ok(());
        };
        match due.between {
            Between::Continued => {}
            Between::Removed => {
                self.tell("the ring is removed".to_owned());
                self.figures.removals += 1;
                self.book.ring_is_over(Fate::Removed);
                inspect::remove(&self.ring).map_err(fails("removing a ring without producer"))?;
                self.keeper = None;
            }
            Between::Replaced => {
                self.tell("the ring is replaced".to_owned());
                self.figures.replacements += 1;
                self.book.ring_is_over(Fate::Replaced);
            }
        }
        self.start_producer(due.seed, due.untyped, due.between == Between::Replaced);
        Ok(())
    }
}
