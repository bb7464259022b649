//! `ringctl rm RING...`

use std::path::Path;

use ringbuf_core::{AttachError, InspectError, inspect};
use serde::Serialize;

use crate::out;
use crate::run::End;

#[derive(Debug, Serialize)]
struct RemovedView<'a> {
    ring: &'a str,
    removed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(crate) fn run(rings: &[String], json: bool) -> anyhow::Result<End> {
    let mut end = End::Done;
    // Printed last: a pipe that is closed must not leave rings behind.
    let mut objects = String::new();
    for ring in rings {
        let error = inspect::remove(ring)
            .err()
            .map(|error| explain(ring, &error));
        match &error {
            None => out::say(&format!("removed {ring}")),
            Some(error) => {
                out::say(error);
                end = End::Failed;
            }
        }
        if json {
            objects += &out::json_line(&RemovedView {
                ring,
                removed: error.is_none(),
                error,
            })?;
        }
    }
    out::print(&objects)?;
    Ok(end)
}

/// What went wrong; for a ring that cannot be read also what can be done by hand.
fn explain(ring: &str, error: &InspectError) -> String {
    if let InspectError::Attach(AttachError::NotFound { name, path }) = error {
        return missing(ring, name, path);
    }
    let cannot_be_read = matches!(
        error,
        InspectError::Attach(AttachError::Format { .. } | AttachError::Damaged { .. })
    );
    match inspect::path(ring) {
        Ok(data) if cannot_be_read => {
            let readers = data.with_extension("readers");
            let save = if is_about(error, &readers) {
                format!(
                    "\n  rm -f -- {}\n  analyzer tail {} --from oldest --json    # its records are in the other file",
                    quoted(&readers),
                    quoted(&data)
                )
            } else {
                String::new()
            };
            format!(
                "{error}\nnobody can tell who uses it, so it was not removed; when you know that no producer and \
                 no analyzer does:{save}\n  rm -f -- {} {}",
                quoted(&data),
                quoted(&readers)
            )
        }
        _ => error.to_string(),
    }
}

/// Whether it is this file that cannot be read.
fn is_about(error: &InspectError, file: &Path) -> bool {
    matches!(error, InspectError::Attach(AttachError::Format { path, .. }) if path == file)
}

/// That there is no such ring, and how to see those that there are.
fn missing(ring: &str, name: &str, path: &Path) -> String {
    let list = match path.parent() {
        Some(directory) if ring.contains(std::path::is_separator) => {
            format!("RINGBUF_DIR={} ringctl list", quoted(directory))
        }
        _ => "ringctl list".to_owned(),
    };
    format!(
        "there is no ring {name} ({}): `{list}` shows those there are",
        path.display()
    )
}

/// A path as a shell understands it.
fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@%".contains(c);
    match path.chars().all(is_plain) {
        true => path,
        false => format!("'{}'", path.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_can_be_pasted_into_a_shell() {
        assert_eq!(quoted(Path::new("/dev/shm/imu.ring")), "/dev/shm/imu.ring");
        assert_eq!(quoted(Path::new("my rings/a'b")), r"'my rings/a'\''b'");
    }
}
