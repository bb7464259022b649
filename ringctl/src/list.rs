//! `ringctl list`

use ringbuf_core::AttachError;
use ringbuf_core::inspect::{self, Listed, RingInfo};
use serde::Serialize;

use crate::out;
use crate::run::End;
use crate::table::{Align, Table};
use crate::view::{RingView, living_readers};
use ringbuf_console::text::{grouped, printable, size, utc_minute};

/// A file that cannot be read as a ring.
#[derive(Debug, Serialize)]
struct DamagedView<'a> {
    ring: &'a str,
    path: String,
    error: String,
}

pub(crate) fn run(json: bool) -> anyhow::Result<End> {
    let rings = inspect::list().map_err(anyhow::Error::msg)?;
    if rings.is_empty() {
        let directory = inspect::directory();
        out::say(&format!(
            "there is no ring in {}: start a producer, or name another directory in RINGBUF_DIR",
            directory.display()
        ));
    }
    let text = match json {
        true => rings.iter().map(object).collect::<anyhow::Result<_>>()?,
        false if rings.is_empty() => String::new(),
        false => table(&rings),
    };
    out::print(&text)?;
    Ok(End::Done)
}

fn object(ring: &Listed) -> anyhow::Result<String> {
    match &ring.info {
        Ok(info) => out::json_line(&RingView::new(info)),
        Err(error) => out::json_line(&DamagedView {
            ring: &ring.name,
            path: ring.path.display().to_string(),
            error: reason(ring, error),
        }),
    }
}

fn table(rings: &[Listed]) -> String {
    let mut table = Table::new([
        ("NAME", Align::Left),
        ("PRODUCER", Align::Left),
        ("READERS", Align::Right),
        ("PUBLISHED", Align::Right),
        ("CAPACITY", Align::Right),
        ("RECORD", Align::Right),
        ("MEMORY", Align::Right),
        ("CREATED UTC", Align::Left),
    ]);
    for ring in rings {
        match &ring.info {
            Ok(info) => table.row(cells(info)),
            Err(error) => {
                let reason = printable(&reason(ring, error));
                let word = match error {
                    AttachError::Format { .. } | AttachError::Damaged { .. } => "damaged",
                    _ => "unreadable",
                };
                table.across(ring.name.clone(), format!("{word}: {reason}"));
            }
        }
    }
    table.render("")
}

fn cells(info: &RingInfo) -> [String; 8] {
    [
        info.name.clone(),
        producer(info),
        living_readers(info).map_or_else(|| "?".to_owned(), |count| count.to_string()),
        grouped(info.published),
        grouped(info.capacity),
        match info.frames {
            Some(_) => "frames".to_owned(),
            None => size(info.schema.size() as u64),
        },
        size(info.file_bytes),
        utc_minute(info.created_ns),
    ]
}

fn producer(info: &RingInfo) -> String {
    match info.is_unverified {
        true => format!("{}, unverified", info.producer.name()),
        false => info.producer.name().to_owned(),
    }
}

/// Why it cannot be looked at, without the path where the name says it.
fn reason(ring: &Listed, error: &AttachError) -> String {
    match error {
        AttachError::Format { path, problem } if *path == ring.path => problem.to_string(),
        other => other.to_string(),
    }
}
