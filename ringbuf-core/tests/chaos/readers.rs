//! The readers of a scene: started, heard, stopped and killed, and what can be seen of them from outside.

use std::time::Duration;

use crate::actor::Actor;
use crate::fault::Verdict;
use crate::kinds::ReaderKind;
use crate::note::Read;
use crate::reading;
use crate::scene::{Reading, Scene};
use crate::setting::Hold;
use crate::statements::Statements;

impl Scene<'_> {
    pub fn start_reader(&mut self, seat: usize, kind: ReaderKind) {
        let (path, note) = self.note();
        let id = format!("r{}", path.file_name().unwrap().to_string_lossy());
        let name = format!(
            "reader {id} ({} from {:?}, {:?}, {:?})",
            kind.name(),
            kind.from,
            kind.waits,
            kind.pace
        );
        self.tell(format!("seat {seat}: {name} begins"));
        let order = reading::Order {
            setting: self.setting.clone(),
            kind: kind.clone(),
            name: id,
            ring: self.ring.clone(),
            note: path,
        };
        let order = serde_json::to_string(&order).unwrap();
        self.seats[seat] = Some(Reading {
            actor: Actor::start(name.clone(), "reader", &order, note, &[]),
            kind,
            statements: Statements {
                reader: name,
                ..Statements::default()
            },
            until_lapped: None,
        });
    }

    pub fn hear_reader(&mut self, seat: usize) -> Verdict {
        let Some(reading) = &mut self.seats[seat] else {
            return Ok(());
        };
        let lines = reading.actor.said()?;
        self.take_reader_lines(seat, lines);
        let seen = self.seen;
        let current = self.book.ring().map(|ring| ring.id.clone());
        let capacity = self.setting.capacity;
        let Some(reading) = &mut self.seats[seat] else {
            return Ok(());
        };
        if reading.actor.is_due() {
            // As long as its ring is the one that is published on.
            let holds_still = reading
                .until_lapped
                .is_some_and(|cursor| seen <= cursor + capacity)
                && reading.statements.ring == current;
            if !holds_still {
                reading.until_lapped = None;
                reading.actor.go_on();
            }
        }
        if reading.actor.has_ended() {
            let Some((actor, kind, statements)) = self.take_seat(seat) else {
                return Ok(());
            };
            let name = actor.name.clone();
            let (lines, note) = actor.end()?;
            let statements = self.with_lines(&kind, statements, lines);
            let noted = note.read_so_far();
            match statements.lines.last().map(|line| line.split(' ').next()) {
                Some(Some("refused")) => self.figures.not_allowed += 1,
                Some(Some("end")) => self.count(&noted),
                _ => return Err(format!("{name} ended without a word")),
            }
            self.tell(format!(
                "seat {seat}: {name} ends: {}",
                statements.lines.last().map_or("", String::as_str)
            ));
            self.book.keep(statements);
        }
        Ok(())
    }

    fn take_seat(&mut self, seat: usize) -> Option<(Actor, ReaderKind, Statements)> {
        let reading = self.seats[seat].take()?;
        Some((reading.actor, reading.kind, reading.statements))
    }

    fn take_reader_lines(&mut self, seat: usize, lines: Vec<String>) {
        if lines.is_empty() {
            return;
        }
        let Some(reading) = &mut self.seats[seat] else {
            return;
        };
        let statements = std::mem::take(&mut reading.statements);
        let kind = reading.kind.clone();
        let statements = self.with_lines(&kind, statements, lines);
        if let Some(reading) = &mut self.seats[seat] {
            reading.statements = statements;
        }
    }

    fn with_lines(
        &mut self,
        kind: &ReaderKind,
        mut statements: Statements,
        lines: Vec<String>,
    ) -> Statements {
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["joined", id, _] => {
                    statements.ring = Some(id.to_owned());
                    self.figures.joined(kind.name());
                }
                ["died", ..] => self.figures.deaths_told += 1,
                ["restarted", ..] => self.figures.restarts_told += 1,
                ["demoted", ..] => self.figures.demotions += 1,
                _ => {}
            }
            statements.lines.push(line);
        }
        statements
    }

    fn count(&mut self, noted: &Read) {
        self.figures.read += noted.read;
        self.figures.missed += noted.missed;
    }

    pub fn stop_reader(&mut self, seat: usize, time: Duration) {
        let Some(reading) = &mut self.seats[seat] else {
            return;
        };
        // Who was stopped before it has said that it is to end with the driver would not.
        if reading.actor.stopped.is_some() || reading.statements.lines.is_empty() {
            return;
        }
        reading.actor.stop(time);
        self.figures.stops += 1;
        let noted = reading.actor.note.read_so_far();
        if matches!(reading.kind.hold, Hold::Bounded(_)) && noted.attached == 1 {
            reading.until_lapped = Some(noted.cursor);
        }
        let name = reading.actor.name.clone();
        self.tell(format!("{name} is stopped for {time:?}"));
    }

    pub fn kill_reader(&mut self, seat: usize) -> Verdict {
        let Some((actor, kind, statements)) = self.take_seat(seat) else {
            return Ok(());
        };
        self.tell(format!("{} is killed", actor.name));
        self.figures.kills += 1;
        let (lines, note) = actor.kill()?;
        let statements = self.with_lines(&kind, statements, lines);
        let noted = note.read_so_far();
        self.count(&noted);
        let is_current = statements.ring.is_some()
            && statements.ring == self.book.ring().map(|ring| ring.id.clone());
        if is_current
            && !kind.observes
            && !statements.lines.iter().any(|line| line.starts_with("end"))
        {
            self.look_at_the_dead(&kind, &statements.reader, &noted)?;
        }
        self.book.keep(statements);
        Ok(())
    }

    /// A reader stays stopped until it is lapped.
    pub fn somebody_is_to_be_lapped(&self) -> bool {
        let mut seats = self.seats.iter().flatten();
        seats.any(|reading| reading.until_lapped.is_some())
    }

    pub fn all_go_on(&mut self) {
        for reading in self.seats.iter_mut().flatten() {
            if reading.actor.stopped.is_some() {
                reading.actor.go_on();
            }
        }
        if let Some(producer) = &mut self.producer
            && producer.actor.stopped.is_some()
        {
            producer.actor.go_on();
        }
    }
}
