//! How findings are written.

use std::io::{self, Write};

use ringbuf_console::times::{Time, Times};
use serde::Serialize;

use super::finding::{Check, Found};
use super::what::What;
use crate::output::{Format, Output};

/// By which clock records are placed, and how the columns of the lines are laid out.
#[derive(Debug)]
pub struct Telling {
    /// The time field.
    clock: Option<String>,
    is_wall: bool,
    is_timed: bool,
    width: usize,
}

#[derive(Serialize)]
struct Finding<'a> {
    sequence: u64,
    time: Time,
    field: Option<&'a str>,
    #[serde(flatten)]
    what: &'a What,
}

impl Telling {
    /// Of records with this time field or, without one, placed by their publication if that is noted.
    pub fn of<'a>(
        clock: Option<&'a str>,
        times: &Times,
        is_stamped: bool,
        names: impl Iterator<Item = &'a str>,
    ) -> Telling {
        let width = |name: &str| name.chars().count();
        Telling {
            clock: clock.map(str::to_owned),
            is_wall: !times.known() || times.is_wall(),
            is_timed: times.known() || is_stamped,
            width: names.chain(clock).map(width).max().unwrap_or(1),
        }
    }

    /// Of frames, which are placed by their publication.
    pub fn of_frames(is_stamped: bool) -> Telling {
        Telling {
            clock: None,
            is_wall: true,
            is_timed: is_stamped,
            width: 1,
        }
    }

    pub fn clock(&self) -> Option<&str> {
        self.clock.as_deref()
    }

    fn time(&self, ns: Option<i128>) -> Time {
        match ns {
            None => Time::Missing,
            Some(ns) if self.is_wall => Time::wall(ns),
            Some(ns) => Time::Seconds(ns as f64 / 1e9),
        }
    }

    /// A finding in this field, or by the clock.
    pub fn found(&self, found: &Found, field: Option<&str>, output: &mut Output) -> io::Result<()> {
        let field = match found.what.check() {
            Check::Silence | Check::Died => None,
            _ => field.or(self.clock()),
        };
        let time = self.time(found.at.ns);
        self.write(found.at.sequence, time, field, &found.what, output)
    }

    /// What has happened at a moment on the clock on the wall, before this record.
    pub fn happened(
        &self,
        sequence: u64,
        time: Time,
        what: &What,
        output: &mut Output,
    ) -> io::Result<()> {
        self.write(sequence, time, None, what, output)
    }

    fn write(
        &self,
        sequence: u64,
        time: Time,
        field: Option<&str>,
        what: &What,
        output: &mut Output,
    ) -> io::Result<()> {
        if output.format() == Format::Json {
            return output.line(&Finding {
                sequence,
                time,
                field,
                what,
            });
        }
        output.name_ring()?;
        let out = output.writer();
        write!(out, "{sequence:>10}  ")?;
        if self.is_timed {
            write!(out, "{time:>24}  ")?;
        }
        let (field, width) = (field.unwrap_or("-"), self.width);
        writeln!(out, "{field:<width$}  {what}")
    }
}
