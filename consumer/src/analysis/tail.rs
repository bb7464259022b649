//! `tail`: the records themselves, one a line.

use std::io::{self, Write};

use ringbuf_console::select;
use ringbuf_console::usage::Usage;
use ringbuf_core::{Column, Records};

use super::{Analysis, Subject, View};
use crate::output::{Format, Output, talk};
use crate::progress::Summary;
use crate::reporter::Reporter;
use ringbuf_console::lines::{Fields, RecordLine};
use ringbuf_console::times::{Time, Times};
use ringbuf_console::values::Value;

/// The narrowest a column is, so that most numbers fit.
const WIDTH: usize = 12;
const TIME_WIDTH: usize = 30;

/// The records themselves.
pub struct Tail {
    times: Times,
    columns: Vec<Column>,
    widths: Vec<usize>,
    header_written: bool,
}

impl Tail {
    pub fn of(what: &Subject<'_>) -> Result<Tail, Usage> {
        let columns = select::all(what.schema, what.fields)?;
        let width = |column: &Column| header(column).chars().count().max(WIDTH);
        Ok(Tail {
            times: Times::of(what.schema),
            widths: columns.iter().map(width).collect(),
            columns,
            header_written: false,
        })
    }

    fn write_header(&mut self, output: &mut Output) -> io::Result<()> {
        if std::mem::replace(&mut self.header_written, true) {
            return Ok(());
        }
        let out = output.writer();
        write!(out, "{:>10}", "sequence")?;
        if self.times.known() {
            write!(out, "  {:<TIME_WIDTH$}", "time")?;
        }
        for (column, width) in self.columns.iter().zip(&self.widths) {
            write!(out, "  {:>width$}", header(column))?;
        }
        writeln!(out)
    }

    fn write_row(
        &self,
        records: &Records<'_>,
        record: usize,
        sequence: u64,
        output: &mut Output,
    ) -> io::Result<()> {
        let out = output.writer();
        write!(out, "{sequence:>10}")?;
        if self.times.known() {
            write!(out, "  {:<TIME_WIDTH$}", self.times.at(records, record))?;
        }
        for (column, width) in self.columns.iter().zip(&self.widths) {
            let value = Value::of(records, record, column);
            write!(out, "  {value:>width$}")?;
        }
        writeln!(out)
    }
}

impl Analysis for Tail {
    fn update(&mut self, view: &View<'_>, output: &mut Output) -> io::Result<()> {
        if output.format() == Format::Human && !view.records.is_empty() {
            self.write_header(output)?;
        }
        for record in 0..view.records.len() {
            let sequence = view.first_sequence.saturating_add(record as u64);
            match output.format() {
                Format::Human => self.write_row(&view.records, record, sequence, output)?,
                Format::Json => output.line(&RecordLine {
                    sequence,
                    time: self.times.at(&view.records, record),
                    published: (view.published)(record).map(|ns| Time::wall(ns.into())),
                    fields: Fields {
                        columns: &self.columns,
                        records: &view.records,
                        record,
                    },
                })?,
            }
        }
        Ok(())
    }
}

impl Reporter for Tail {
    fn report(&mut self, summary: &Summary, output: &mut Output) -> io::Result<()> {
        match output.format() {
            Format::Json => output.object(summary),
            // Among the records a sentence would be in the way.
            Format::Human => {
                output.flush()?;
                talk(summary);
                Ok(())
            }
        }
    }
}

fn header(column: &Column) -> String {
    let (name, unit) = (column.name(), column.unit());
    let unit = unit.map(|unit| format!(" ({unit})")).unwrap_or_default();
    // Recordings often have the unit in the name.
    if name.ends_with(&unit) {
        name.to_owned()
    } else {
        name.to_owned() + &unit
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::subject;
    use super::super::{Kind, Published};
    use super::*;
    use crate::output::tests::Written;
    use crate::progress::tests::summary_of;
    use ringbuf_core::{Clock, Element, Field, Schema};

    fn schema() -> Schema {
        Schema::packed([
            Field::new("t", Element::DateTimeNs).time(Clock::Unix),
            Field::new("accel", Element::F32).shape(&[2]).unit("g"),
            Field::new("state", Element::Text(4)),
        ])
        .unwrap()
    }

    fn two_records() -> Vec<u8> {
        let mut bytes = Vec::new();
        for i in 0..2i64 {
            bytes.extend((i * 1_500_000_000).to_le_bytes());
            bytes.extend((i as f32 / 4.0).to_le_bytes());
            bytes.extend((-1.0f32).to_le_bytes());
            bytes.extend(b"run\0");
        }
        bytes
    }

    fn tailed(format: Format, bytes: &[u8]) -> Written {
        tailed_as_published(format, bytes, &|_| None)
    }

    fn tailed_as_published(format: Format, bytes: &[u8], published: Published<'_>) -> Written {
        let (schema, written) = (schema(), Written::default());
        let mut output = written.output(format);
        let mut tail = Kind::Tail.of(&subject(&schema)).unwrap();
        let view = View {
            records: Records::new(&schema, bytes),
            first_sequence: 41,
            missed: 0,
            published,
            now: &|| None,
        };
        tail.update(&view, &mut output).unwrap();
        tail.report(&summary_of(2, true), &mut output).unwrap();
        output.flush().unwrap();
        written
    }

    #[test]
    fn json_has_a_line_a_record_and_a_last_one() {
        let lines = tailed(Format::Json, &two_records()).lines();
        let expected = r#"{"sequence":42,"time":"1970-01-01T00:00:01.5Z","fields":{"accel[0]":0.25,"accel[1]":-1.0,"state":"run"}}"#;
        assert_eq!(lines[1], expected);
        assert!(lines[2].contains(r#""final":true"#));
        assert_eq!(lines.len(), 3);
    }

    #[test]
    fn publication_times_are_told_to_programs() {
        let published = |record| Some(1_386_018_900_000_000_007 + record as i64);
        let lines = tailed_as_published(Format::Json, &two_records(), &published).lines();
        let expected = r#""time":"1970-01-01T00:00:01.5Z","published":"2013-12-02T21:15:00.000000008Z","fields""#;
        assert!(lines[1].contains(expected), "{}", lines[1]);
        let people = tailed_as_published(Format::Human, &two_records(), &published).lines();
        assert_eq!(people, tailed(Format::Human, &two_records()).lines());
    }

    #[test]
    fn the_unit_is_not_said_twice() {
        let head = |name: &str, unit: &str| {
            let schema = Schema::packed([Field::new(name, Element::F64).unit(unit)]).unwrap();
            header(&schema.columns()[0])
        };
        assert_eq!(head("Accel X (g)", "g"), "Accel X (g)");
        assert_eq!(head("mag", "g"), "mag (g)");
    }

    #[test]
    fn people_get_aligned_columns() {
        let lines = tailed(Format::Human, &two_records()).lines();
        assert_eq!(lines.len(), 3);
        let end = |line: &str, what: &str| line.find(what).unwrap() + what.len();
        assert_eq!(end(&lines[0], "accel[0] (g)"), end(&lines[2], "0.25"));
        assert_eq!(end(&lines[0], "state"), end(&lines[2], "run"));
        assert!(lines[2].starts_with("        42  1970-01-01T00:00:01.5Z"));
    }
}
