//! `ringctl gc`

use std::path::Path;

use ringbuf_core::inspect::{self, Fate, Reach, Swept};
use serde::Serialize;

use crate::out;
use crate::run::End;
use ringbuf_console::text::{printable, size};

#[derive(Debug, Serialize)]
struct SweptView {
    path: String,
    what: &'static str,
    bytes: u64,
    removed: bool,
    dry_run: bool,
    /// Why a ring that nobody uses stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(crate) fn run(disk: bool, dry_run: bool, json: bool) -> anyhow::Result<End> {
    let reach = match disk {
        true => Reach::Disk,
        false => Reach::Memory,
    };
    let swept = inspect::gc(reach, dry_run).map_err(anyhow::Error::msg)?;
    let mut end = End::Done;
    let mut text = String::new();
    for one in &swept {
        if let Err(error) = &one.result {
            out::say(&format!("left alone: {error}"));
            end = End::Failed;
        }
        if json {
            text += &object(one, dry_run)?;
        } else if has(one, Fate::Removed) {
            text += &line(one);
        }
    }
    out::print(&text)?;
    for talk in kept(&swept) {
        out::say(&talk);
    }
    out::say(&sum(&swept, dry_run));
    Ok(end)
}

fn has(one: &Swept, fate: Fate) -> bool {
    one.result.as_ref().is_ok_and(|found| *found == fate)
}

fn object(one: &Swept, dry_run: bool) -> anyhow::Result<String> {
    let kept = match &one.result {
        Ok(Fate::Removed) | Err(_) => None,
        Ok(fate) => Some(fate.name()),
    };
    out::json_line(&SweptView {
        path: one.path.display().to_string(),
        what: one.what.name(),
        bytes: one.bytes,
        removed: has(one, Fate::Removed) && !dry_run,
        dry_run,
        kept,
        error: one.result.as_ref().err().map(ToString::to_string),
    })
}

fn line(one: &Swept) -> String {
    format!("{}\n", printable(&one.path.display().to_string()))
}

/// What nobody uses and is kept all the same, and how it can be removed.
fn kept(swept: &[Swept]) -> Vec<String> {
    let mut talk = Vec::new();
    if let Some(rings) = rings(swept, Fate::OnDisk) {
        talk.push(format!(
            "kept on a disk: {rings}; remove them with `ringctl gc --disk`, or one with `ringctl rm`"
        ));
    }
    if let Some(rings) = rings(swept, Fate::Unverified) {
        talk.push(format!(
            "kept, since they are all that is left of what was cut off when the system stopped: {rings}; save what \
             you need of them, then `ringctl rm` them"
        ));
    }
    talk
}

/// The rings of this fate by name, and what they take together; `None` if there is none.
fn rings(swept: &[Swept], fate: Fate) -> Option<String> {
    let rings: Vec<&Swept> = swept.iter().filter(|one| has(one, fate)).collect();
    let names: Vec<_> = rings.iter().map(|one| name(&one.path)).collect();
    let bytes = bytes(&rings);
    (!rings.is_empty()).then(|| format!("{} ({})", names.join(", "), size(bytes)))
}

fn name(path: &Path) -> String {
    let name = path.file_stem().unwrap_or(path.as_os_str());
    name.display().to_string()
}

fn bytes(swept: &[&Swept]) -> u64 {
    swept
        .iter()
        .fold(0, |sum, one| sum.saturating_add(one.bytes))
}

fn sum(swept: &[Swept], dry_run: bool) -> String {
    let gone: Vec<&Swept> = swept.iter().filter(|one| has(one, Fate::Removed)).collect();
    let done = match dry_run {
        true => "would remove",
        false => "removed",
    };
    match gone.len() {
        0 => "nothing to remove".to_owned(),
        1 => format!("{done} 1 leftover, {}", size(bytes(&gone))),
        count => format!("{done} {count} leftovers, {}", size(bytes(&gone))),
    }
}
