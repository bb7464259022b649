//! `ringctl gc`

use ringbuf_core::inspect::{self, Swept};
use serde::Serialize;

use crate::out;
use crate::run::End;
use crate::text::{printable, size};

#[derive(Debug, Serialize)]
struct SweptView {
    path: String,
    what: &'static str,
    bytes: u64,
    removed: bool,
    dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(crate) fn run(dry_run: bool, json: bool) -> anyhow::Result<End> {
    let swept = inspect::gc(dry_run).map_err(anyhow::Error::msg)?;
    let mut end = End::Done;
    let mut text = String::new();
    for one in &swept {
        if let Err(error) = &one.result {
            out::say(&format!("left alone: {error}"));
            end = End::Failed;
        }
        if json {
            text += &object(one, dry_run)?;
        } else if one.result.is_ok() {
            text += &line(one);
        }
    }
    out::print(&text)?;
    out::say(&sum(&swept, dry_run));
    Ok(end)
}

fn object(one: &Swept, dry_run: bool) -> anyhow::Result<String> {
    out::json_line(&SweptView {
        path: one.path.display().to_string(),
        what: one.what.name(),
        bytes: one.bytes,
        removed: one.result.is_ok() && !dry_run,
        dry_run,
        error: one.result.as_ref().err().map(ToString::to_string),
    })
}

fn line(one: &Swept) -> String {
    format!("{}\n", printable(&one.path.display().to_string()))
}

fn sum(swept: &[Swept], dry_run: bool) -> String {
    let gone = swept.iter().filter(|one| one.result.is_ok());
    let (count, bytes) = gone.fold((0_u64, 0_u64), |(count, bytes), one| {
        (count + 1, bytes.saturating_add(one.bytes))
    });
    let done = match dry_run {
        true => "would remove",
        false => "removed",
    };
    match count {
        0 => "nothing to remove".to_owned(),
        1 => format!("{done} 1 leftover, {}", size(bytes)),
        _ => format!("{done} {count} leftovers, {}", size(bytes)),
    }
}
