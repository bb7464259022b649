//! One field: its values, one after the other.

use ringbuf_core::{Column, Records};
use serde::Serialize;

use super::episode::Episode;
use super::finding::{At, Check, Log, State};
use super::nature::Kind;
use super::saturation::Saturation;
use super::stuck::{Patience, Stuck};
use super::what::What;

/// Watches one field.
#[derive(Debug)]
pub struct Watched {
    pub column: Column,
    stuck: Stuck,
    not_finite: Episode,
    saturation: Saturation,
    is_ranged: bool,
    saturated: Episode,
    /// At which value.
    wall: f64,
    period: Values,
    /// All periods before this one.
    total: Values,
}

/// How many values there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Values {
    /// Numbers.
    pub count: u64,
    pub nan: u64,
    pub infinite: u64,
    pub saturated: u64,
    /// Not values, but how often they stuck.
    pub stuck: u64,
}

/// Where records are in time.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    pub first_sequence: u64,
    pub ns: &'a [Option<i128>],
}

impl Places<'_> {
    pub fn at(&self, record: usize) -> At {
        At {
            sequence: self.first_sequence.saturating_add(record as u64),
            ns: self.ns.get(record).copied().flatten(),
        }
    }
}

impl Watched {
    pub fn of(column: Column, patience: Patience, range: Option<(f64, f64)>) -> Watched {
        Watched {
            column,
            stuck: Stuck::with(patience),
            not_finite: Episode::default(),
            saturation: Saturation::of(range),
            is_ranged: range.is_some(),
            saturated: Episode::default(),
            wall: 0.0,
            period: Values::default(),
            total: Values::default(),
        }
    }

    pub fn update(&mut self, records: &Records<'_>, places: Places<'_>, log: &mut Log) {
        for (record, value) in records.numbers(&self.column).enumerate() {
            log.record = record;
            let at = places.at(record);
            if value.is_finite() {
                self.add(value, at, log);
            } else {
                self.no_number(value, at, log);
            }
        }
    }

    fn add(&mut self, value: f64, at: At, log: &mut Log) {
        self.period.count += 1;
        if let Some(span) = self.not_finite.calm(at.sequence) {
            let what = What::Nan {
                state: State::End,
                records: span.records,
                last_sequence: span.last,
            };
            log.tell(at, what);
        }
        let is_at_wall = self.saturation.add(value);
        let saturation = &self.saturation;
        self.stuck.add(value, at, || saturation.is_extreme(), log);
        if is_at_wall && (self.is_ranged || self.stuck.kind() == Kind::Measured) {
            self.at_wall(value, at, log);
        } else if let Some(span) = self.saturated.calm(at.sequence) {
            let what = What::Saturated {
                state: State::End,
                value: self.wall,
                records: span.records,
                last_sequence: span.last,
            };
            log.tell(at, what);
        }
    }

    fn at_wall(&mut self, value: f64, at: At, log: &mut Log) {
        self.period.saturated += 1;
        if self.saturated.hit(at.sequence) {
            self.wall = value;
            let what = What::Saturated {
                state: State::Begin,
                value,
                records: 1,
                last_sequence: at.sequence,
            };
            log.tell(at, what);
        }
    }

    fn no_number(&mut self, value: f64, at: At, log: &mut Log) {
        match value.is_nan() {
            true => self.period.nan += 1,
            false => self.period.infinite += 1,
        }
        if self.not_finite.hit(at.sequence) {
            let what = What::Nan {
                state: State::Begin,
                records: 1,
                last_sequence: at.sequence,
            };
            log.tell(at, what);
        }
    }

    /// Records are missing here.
    pub fn lost(&mut self) {
        self.stuck.lost();
    }

    /// How many values there were since the last report, or in all.
    pub fn values(&mut self, all: bool) -> Values {
        let mut period = std::mem::take(&mut self.period);
        period.stuck = self.stuck.told();
        self.total.count += period.count;
        self.total.nan += period.nan;
        self.total.infinite += period.infinite;
        self.total.saturated += period.saturated;
        self.total.stuck += period.stuck;
        if all { self.total } else { period }
    }

    /// What kind of values they are.
    pub fn kind(&self) -> Kind {
        self.stuck.kind()
    }

    /// The most records in a row with the same value that is usual.
    pub fn longest(&self) -> u64 {
        self.stuck.longest()
    }

    /// The smallest and the largest value ever.
    pub fn extremes(&self) -> Option<(f64, f64)> {
        self.saturation.extremes()
    }

    /// What lasts.
    pub fn open(&self) -> Vec<Check> {
        let open = [
            (Check::Stuck, self.stuck.is_open()),
            (Check::Nan, self.not_finite.is_open()),
            (Check::Saturated, self.saturated.is_open()),
        ];
        let open = open.into_iter().filter(|(_, is_open)| *is_open);
        open.map(|(check, _)| check).collect()
    }
}
