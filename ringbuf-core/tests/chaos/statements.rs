//! What a reader said, held against what is known of its ring.

use crate::book::{Fate, How, Ring};
use crate::fault::{Verdict, ensure};

/// What a reader said, in order.
#[derive(Debug, Default)]
pub struct Statements {
    pub reader: String,
    /// The ring it joined.
    pub ring: Option<String>,
    pub lines: Vec<String>,
}

impl Statements {
    /// Holds all of it against all that is known of the rings, which followed one another.
    pub fn check(&self, rings: &[Ring]) -> Verdict {
        let Some(id) = &self.ring else {
            return Ok(());
        };
        let place = rings.iter().position(|ring| ring.id == *id);
        let place = place.ok_or_else(|| format!("it joined a ring {id} that never was"))?;
        let mut died = None;
        for line in &self.lines {
            let words: Vec<&str> = line.split(' ').collect();
            check_statement(&rings[place], &words, &mut died)
                .and_then(|()| check_end(rings, place, &words))
                .map_err(|fault| format!("said {line:?}, but {fault}"))?;
        }
        Ok(())
    }
}

fn check_end(rings: &[Ring], place: usize, words: &[&str]) -> Verdict {
    let ["end", how, ..] = words[..] else {
        return Ok(());
    };
    let is_right = match (how, rings[place].fate) {
        ("closed", _) => true,
        // It looked when another had the name already, or none any more.
        ("removed" | "replaced", Some(Fate::Removed)) => true,
        ("replaced", Some(Fate::Replaced)) => true,
        ("removed", Some(Fate::Replaced)) => place + 2 < rings.len(),
        _ => false,
    };
    ensure(is_right, || {
        format!("the ring's fate is {:?}", rings[place].fate)
    })
}

fn check_statement(ring: &Ring, words: &[&str], died: &mut Option<u64>) -> Verdict {
    let number = |i: usize| words[i].parse::<u64>().map_err(|error| error.to_string());
    match words[0] {
        "died" => {
            let at = number(1)?;
            *died = Some(at);
            ensure(ended_at(ring, at, How::Killed), || {
                format!("no producer died there: {:?}", ring.epochs)
            })
        }
        "restarted" => {
            let (epoch, first) = (number(1)?, number(2)?);
            let known = ring.epochs.get(&epoch).map(|epoch| epoch.first);
            ensure(known == Some(first), || format!("it began at {known:?}"))?;
            let before = died.take();
            ensure(before.is_none_or(|at| at == first), || {
                format!("the producer before died at {before:?}")
            })
        }
        "span" => {
            let (epoch, from, to) = (number(1)?, number(2)?, number(3)?);
            let known = ring.epochs.get(&epoch);
            let is_within = known.is_some_and(|epoch| {
                epoch.first <= from && epoch.end.is_some_and(|(end, _)| to <= end)
            });
            ensure(is_within, || format!("that epoch was {known:?}"))
        }
        "end" => {
            let cursor = number(2)?;
            match words[1] {
                "closed" => ensure(ended_at(ring, cursor, How::Closed), || {
                    format!("no producer closed there: {:?}", ring.epochs)
                }),
                _ => ensure(Some(cursor) == ring.total, || {
                    format!("{:?} were published", ring.total)
                }),
            }
        }
        _ => Ok(()),
    }
}

fn ended_at(ring: &Ring, at: u64, how: How) -> bool {
    ring.epochs
        .values()
        .any(|epoch| epoch.end == Some((at, how)))
}
