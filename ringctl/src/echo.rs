//! `ringctl echo RING`

mod yaml;

use anyhow::bail;
use ringbuf_console::frames::describe::{Described, escaped};
use ringbuf_console::frames::{Content, FrameView};
use ringbuf_console::lines::{Fields, FrameLine, RecordLine};
use ringbuf_console::select;
use ringbuf_console::text::is_harmless;
use ringbuf_console::times::{Time, Times};
use ringbuf_console::usage::Usage;
use ringbuf_console::values::Value;
use ringbuf_core::{Column, FrameBatch, Schema, Start, UntypedBatch};

use self::yaml::Document;
use crate::args::EchoArgs;
use crate::out;
use crate::peek::{self, Attached, Counts, Flow, Found, Look};
use crate::run::End;

pub(crate) fn run(args: &EchoArgs, json: bool) -> anyhow::Result<End> {
    let mut echo = Echo {
        args,
        // Decided when it is known what the ring holds.
        form: Form::Frames,
        json,
        left: match args.once {
            true => 1,
            false => args.count.unwrap_or(u64::MAX),
        },
    };
    peek::run(&args.peek, "ringctl echo", &mut echo)
}

/// Shows what comes.
struct Echo<'a> {
    args: &'a EchoArgs,
    form: Form,
    json: bool,
    left: u64,
}

/// How it is shown.
enum Form {
    Yaml(Document),
    Json {
        times: Times,
        columns: Vec<Column>,
    },
    Csv {
        columns: Vec<Column>,
        has_head: bool,
    },
    /// Nothing to decide.
    Frames,
}

impl Echo<'_> {
    fn form(&self, schema: &Schema) -> Result<Form, Usage> {
        let fields = &self.args.fields;
        Ok(match (self.json, self.args.csv) {
            (true, _) => Form::Json {
                times: Times::of(schema),
                columns: select::all(schema, fields)?,
            },
            (_, true) => Form::Csv {
                columns: match fields.is_empty() {
                    true => schema.columns(),
                    false => select::all(schema, fields)?,
                },
                has_head: false,
            },
            _ => Form::Yaml(Document::of(schema, fields, self.args.full_length)?),
        })
    }
}

impl Look for Echo<'_> {
    fn start(&mut self, found: &Found<'_>) -> anyhow::Result<Start> {
        Ok(self.args.from.unwrap_or_else(|| peek::usual_start(found)))
    }

    fn opened(&mut self, attached: &Attached) -> anyhow::Result<()> {
        match attached.schema() {
            Some(schema) => self.form = self.form(schema)?,
            None if self.args.csv || !self.args.fields.is_empty() => bail!(Usage(
                "the ring holds frames, which have no fields: leave out --field and --csv"
                    .to_owned()
            )),
            None => {}
        }
        Ok(())
    }

    fn records(&mut self, batch: &UntypedBatch<'_>, out: &mut String) -> anyhow::Result<Flow> {
        let records = batch.records();
        for record in 0..records.len() {
            let sequence = batch.first_sequence().saturating_add(record as u64);
            let published_ns = batch.published_ns(record);
            match &mut self.form {
                Form::Yaml(document) => {
                    document.write(&records, record, sequence, published_ns, out);
                }
                Form::Json { times, columns } => {
                    *out += &out::json_line(&RecordLine {
                        sequence,
                        time: times.at(&records, record),
                        published: published_ns.map(|ns| Time::wall(ns.into())),
                        fields: Fields {
                            columns,
                            records: &records,
                            record,
                        },
                    })?;
                }
                Form::Csv { columns, has_head } => {
                    if !std::mem::replace(has_head, true) {
                        row(columns.iter().map(|column| column.name().to_owned()), out);
                    }
                    let value = |column| csv_value(&Value::of(&records, record, column));
                    row(columns.iter().map(value), out);
                }
                // Never of a ring of records.
                Form::Frames => {}
            }
            self.left = self.left.saturating_sub(1);
            if self.left == 0 {
                return Ok(Flow::Enough);
            }
        }
        Ok(Flow::More)
    }

    fn frames(&mut self, batch: &FrameBatch<'_>, out: &mut String) -> anyhow::Result<Flow> {
        for frame in batch.frames() {
            let frame = FrameView::of(&frame);
            match (self.json, frame.content()) {
                (true, _) => *out += &out::json_line(&FrameLine::of(&frame))?,
                (false, Content::Text(text)) => {
                    *out += &escaped(text);
                    out.push('\n');
                }
                (false, _) => {
                    *out += &Described(&frame).to_string();
                    out.push('\n');
                }
            }
            self.left = self.left.saturating_sub(1);
            if self.left == 0 {
                return Ok(Flow::Enough);
            }
        }
        Ok(Flow::More)
    }

    fn period(&mut self, _: &Counts, _: &mut String) -> anyhow::Result<()> {
        Ok(())
    }
}

/// A line of values with commas between them.
fn row(cells: impl Iterator<Item = String>, out: &mut String) {
    for (i, cell) in cells.enumerate() {
        if i > 0 {
            out.push(',');
        }
        *out += &quoted(&cell);
    }
    out.push('\n');
}

/// As producers read it: an empty cell is one that is missing, and times are plain.
fn csv_value(value: &Value) -> String {
    match value {
        Value::Missing | Value::Time(Time::Missing) => String::new(),
        Value::Double(number) if number.is_nan() => String::new(),
        Value::Single(number) if number.is_nan() => String::new(),
        Value::Time(Time::Seconds(seconds)) => seconds.to_string(),
        value => value.to_string(),
    }
}

/// A cell with nothing in it that ends it, or that a terminal would obey.
fn quoted(cell: &str) -> String {
    let cell = cell.replace(|c| !is_harmless(c), "\u{fffd}");
    match cell.contains([',', '"']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell,
    }
}
