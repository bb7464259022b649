//! Analyses of what anybody may publish.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::rc::Rc;
use std::time::{Duration, Instant};

use clap::Parser;
use consumer::analysis::{Analysis, Kind, Subject, View};
use consumer::args::Args;
use consumer::config::{Config, Plan};
use consumer::output::{Format, Output};
use consumer::plot::{self, Figure};
use consumer::progress::{Ended, Lag, Progress, Who};
use producer::source::schema_text;
use ringbuf_console::reader;
use ringbuf_core::{Records, Schema};
use serde_json::Value;

use crate::assert_is_message;
use crate::image::Input;

/// Bytes of records that there are, and records and values that are looked at, at most.
const BYTES: usize = 1 << 18;
const RECORDS: usize = 1 << 11;
const VALUES: usize = 1 << 12;
/// Longer segments are the same, and take long.
const WINDOW: usize = 1 << 12;

/// A command line, a schema as it is typed or as JSON, what happens, and the bytes of the records, again and again: no
/// analysis fails, periods add up to the total, and what is found does not depend on how records are cut into batches.
pub(crate) fn analyses(input: &[u8]) {
    let mut input = Input(input);
    let flags = input.byte();
    let line = input.0.iter().position(|&byte| byte == b'\n');
    let typed = String::from_utf8_lossy(input.take(line.unwrap_or(0))).into_owned();
    input.take(1);
    let (schema, script, bytes) = (input.run(), input.run(), input.0);
    let (Some(config), Some(schema)) = (config(&typed), schema_of(schema)) else {
        return;
    };
    if bytes.is_empty() {
        return;
    }
    let told = Case {
        config: &config,
        schema: &schema,
        script,
        bytes,
        is_stamped: flags & 1 != 0,
        is_one_of_several: flags & 2 != 0,
    };
    let Some(whole) = told.run(usize::MAX) else {
        return;
    };
    match config.format {
        Format::Human => assert_is_text(&whole),
        Format::Json => assert_adds_up(&whole),
    }
    let pieces = told.run(1 + usize::from(flags >> 4)).expect("as before");
    // How long ago it attached is another time every time.
    if !matches!(config.kind, Kind::Latency(_)) {
        let (whole, pieces) = (known(&whole), known(&pieces));
        let different = whole
            .iter()
            .zip(&pieces)
            .find(|(whole, piece)| whole != piece);
        assert_eq!(different, None, "the same in any pieces");
        assert_eq!(whole.len(), pieces.len(), "the same in any pieces");
    }
}

/// What a command line means, of one that draws no files and has no long segments.
fn config(typed: &str) -> Option<Config> {
    let words = ["analyzer"]
        .into_iter()
        .chain(typed.split_ascii_whitespace());
    let args = match Args::try_parse_from(words) {
        Ok(args) => args,
        Err(error) => {
            // It repeats what was typed, and the parsers of values are a target by themselves.
            assert!(!error.to_string().is_empty());
            return None;
        }
    };
    let config = Plan::from(args).runs.into_iter().next()?;
    let is_short = match &config.kind {
        Kind::Spectrum(options) => options.window <= WINDOW,
        Kind::Tail | Kind::Record(_) => false,
        _ => true,
    };
    is_short.then_some(config)
}

fn schema_of(bytes: &[u8]) -> Option<Schema> {
    let text = std::str::from_utf8(bytes).ok()?;
    let schema = schema_text::parse(text).or_else(|_| Schema::from_json(bytes).map_err(drop));
    schema.ok().filter(|schema| schema.size() <= BYTES)
}

struct Case<'a> {
    config: &'a Config,
    schema: &'a Schema,
    script: &'a [u8],
    bytes: &'a [u8],
    is_stamped: bool,
    is_one_of_several: bool,
}

/// How far it has come.
struct Run<'a> {
    case: &'a Case<'a>,
    analysis: Box<dyn Analysis>,
    output: Output,
    progress: Progress,
    records: &'a [u8],
    began: Instant,
    published: i64,
    step: i64,
    missed: u64,
    is_drawn: bool,
}

impl Case<'_> {
    /// What it says of records that come so many at a time at most; `None` if it refuses to begin.
    fn run(&self, piece: usize) -> Option<Vec<u8>> {
        let attached = Instant::now();
        let subject = Subject {
            schema: self.schema,
            fields: &self.config.fields,
            is_stamped: self.is_stamped,
            is_plotted: self.config.is_plotted,
            attached,
        };
        let analysis = match self.config.kind.of(&subject) {
            Ok(analysis) => analysis,
            Err(refused) => {
                assert_is_message(&refused.0);
                return None;
            }
        };
        let records: Vec<u8> = self.bytes.iter().copied().cycle().take(BYTES).collect();
        let written = Written::default();
        let mut output = Output::new(self.config.format, Box::new(written.clone()));
        if self.is_one_of_several {
            output = output.of_ring("r");
        }
        let who = Who {
            ring: "r".to_owned(),
            is_one_of_several: self.is_one_of_several,
            reader: "me".to_owned(),
            kind: reader::Kind::Records,
            can_be_demoted: false,
        };
        let mut run = Run {
            case: self,
            analysis,
            output,
            progress: Progress::beginning(who, 0, attached),
            records: &records,
            began: attached,
            published: 0,
            step: 1_000_000,
            missed: 0,
            // Once is enough.
            is_drawn: piece == usize::MAX,
        };
        let mut script = Input(self.script);
        while !script.0.is_empty() {
            run.next(&mut script, piece);
        }
        run.end();
        drop(run);
        Some(written.0.take())
    }
}

impl Run<'_> {
    /// One thing that happens.
    fn next(&mut self, script: &mut Input<'_>, piece: usize) {
        match script.byte() {
            op @ 0..192 => self.take(usize::from(op) + 1, piece),
            op @ 192..208 => self.take(256 << (op - 192).min(5), piece),
            op @ 208..216 => self.missed = self.missed.saturating_add(1 << (5 * (op - 208))),
            216 => {
                self.missed = self
                    .missed
                    .saturating_add(u64::from_le_bytes(script.word()) >> 3)
            }
            217 => self.published = i64::from_le_bytes(script.word()),
            218 => self.step = i64::from_le_bytes(script.word()),
            219 => self.analysis.died(),
            220 => self.analysis.restarted(),
            221 => self.silence(),
            _ => self.report(),
        }
    }

    fn take(&mut self, wanted: usize, piece: usize) {
        let size = self.case.schema.size();
        let most = RECORDS.min(VALUES / self.case.schema.columns().len().max(1));
        let left = most.saturating_sub(self.progress.read() as usize);
        let all = self.records.len() / size;
        let mut count = wanted.min(left);
        while count > 0 {
            let first = self.progress.read() as usize % all;
            let some = count.min(piece).min(all - first);
            self.update(&self.records[first * size..][..some * size]);
            count -= some;
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        let missed = std::mem::take(&mut self.missed);
        let first_sequence = self.progress.next_sequence().saturating_add(missed);
        let (from, step) = (self.published, self.step);
        let is_stamped = self.case.is_stamped;
        let at = |record: usize| from.wrapping_add(step.wrapping_mul(record as i64));
        let view = View {
            records: Records::new(self.case.schema, bytes),
            first_sequence,
            missed,
            published: &|record| is_stamped.then(|| at(record)),
            now: &|| is_stamped.then_some(from),
        };
        let read = view.records.len();
        self.analysis
            .update(&view, &mut self.output)
            .expect("memory");
        self.progress.advance(first_sequence, read as u64, missed);
        self.published = at(read);
    }

    fn silence(&mut self) {
        if let Some(alarm) = self.analysis.alarm() {
            self.analysis
                .silence(alarm, &mut self.output)
                .expect("memory");
        }
    }

    fn report(&mut self) {
        let now = self.began + Duration::from_secs(self.progress.read() + 1);
        let summary = self.progress.period(now, Lag::default());
        self.analysis
            .report(&summary, &mut self.output)
            .expect("memory");
    }

    fn end(&mut self) {
        self.report();
        let now = self.began + Duration::from_secs(self.progress.read() + 2);
        let summary = self.progress.total(now, Lag::default(), Ended::Closed);
        self.analysis
            .report(&summary, &mut self.output)
            .expect("memory");
        self.output.flush().expect("memory");
        if self.case.config.is_plotted && self.is_drawn {
            let title = self.case.config.kind.name().to_owned();
            let panels = self.analysis.panels();
            let picture = plot::document(&Figure { title, panels }).expect("a picture");
            assert_is_text(picture.as_bytes());
            assert!(
                !picture.contains("=\"NaN") && !picture.contains("=\"inf"),
                "{picture}"
            );
        }
    }
}

#[derive(Clone, Default)]
struct Written(Rc<RefCell<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Nothing in it that a terminal obeys.
fn assert_is_text(bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).expect("text");
    let line = text.lines().find(|line| line.contains(char::is_control));
    assert_eq!(line, None);
}

/// What counts as adding up, wherever it is.
const COUNTS: &[&str] = &[
    "read",
    "missed",
    "skipped",
    "count",
    "not_finite",
    "judged",
    "anomalies",
    "episodes",
    "changes",
    "segments",
    "dropped_segments",
    "gaps",
    "before_attach",
    "clock_back",
    "untold",
    "stuck",
    "nan",
    "saturated",
    "hole",
    "out_of_order",
    "clock_step",
    "duplicate_time",
    "missing_time",
    "rate_drift",
    "clock_drift",
    "silence",
    "died",
];

/// Every line is an object, and those of the periods add up to the last one.
fn assert_adds_up(bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).expect("text");
    let (mut periods, mut total) = (BTreeMap::new(), BTreeMap::new());
    for line in text.lines() {
        let object: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(
            object.is_object() && !line.contains(char::is_control),
            "{line}"
        );
        match object.get("final").and_then(Value::as_bool) {
            Some(false) => add(&object, String::new(), &mut periods),
            Some(true) => add(&object, String::new(), &mut total),
            None => {}
        }
    }
    assert!(!total.is_empty(), "no last report");
    // Known only when nothing more comes.
    let is_late = |path: &str| path == "/checks/out_of_order";
    periods.retain(|path, count| *count > 0 && !is_late(path));
    total.retain(|path, count| *count > 0 && !is_late(path));
    assert_eq!(periods, total, "periods add up to the total");
}

fn add(value: &Value, path: String, counts: &mut BTreeMap<String, u64>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        let path = format!("{path}/{name}");
        match value.as_u64() {
            Some(count) if COUNTS.contains(&name.as_str()) => {
                *counts.entry(path).or_default() += count
            }
            _ => add(value, path, counts),
        }
    }
}

/// The lines that do not speak of this moment.
fn known(bytes: &[u8]) -> Vec<&str> {
    let text = std::str::from_utf8(bytes).expect("text");
    let is_of_now = |line: &&str| {
        let is_report = line.starts_with(r#"{"ring":"r","reader""#);
        let tells = ["silence", "died", "carries on"];
        !is_report && tells.iter().any(|word| line.contains(word))
    };
    text.lines().filter(|line| !is_of_now(line)).collect()
}

#[cfg(test)]
#[path = "analyses_tests.rs"]
mod tests;
