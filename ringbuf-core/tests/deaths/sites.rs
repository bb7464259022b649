//! Every place in the source that stores to shared memory, so that none is left out.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What is not the shared memory of a ring: the system's own words, and the seam itself.
const APART: [&str; 5] = [
    "platform",
    "sync.rs",
    "sync_deaths.rs",
    "sync_loom.rs",
    "memory_loom.rs",
];
/// How a store is written.
const STORES: [&str; 6] = [
    ".store(",
    ".swap(",
    ".fetch_",
    ".compare_exchange(",
    // Both are macros that expand to stores; the place is where they are used.
    "words!(",
    "atomic!(",
];
const ORDERS: [&str; 5] = ["Relaxed", "Release", "Acquire", "AcqRel", "SeqCst"];

/// As the compiler names them: `ringbuf-core/src/protocol/writer.rs:86`.
pub fn in_the_source() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join("src"), &mut files);
    let workspace = root.parent().unwrap();
    let sites = files.iter().flat_map(|file| {
        let name = file.strip_prefix(workspace).unwrap().display().to_string();
        let text = fs::read_to_string(file).unwrap();
        let lines = lines(&text);
        lines.into_iter().map(move |line| format!("{name}:{line}"))
    });
    sites.collect()
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let is_test = name.contains("tests");
        if is_test || APART.contains(&name.as_str()) {
            continue;
        }
        match path.is_dir() {
            true => collect(&path, files),
            false => files.push(path),
        }
    }
}

/// The lines of a file, counted from 1, at which it stores.
fn lines(text: &str) -> Vec<usize> {
    let code = text.split("\nmod tests {").next().unwrap_or_default();
    let lines: Vec<&str> = code.lines().collect();
    let is_site = |i: usize| {
        let line = lines[i].trim_start();
        let is_macro = line.starts_with("words!(");
        // Of the body of a macro.
        let is_pattern = line.contains("<$");
        let is_comment = line.starts_with("//");
        let is_store = STORES.iter().any(|store| line.contains(store));
        is_macro || is_store && !is_pattern && !is_comment && has_order(&lines[i..])
    };
    (0..lines.len())
        .filter(|&i| is_site(i))
        .map(|i| i + 1)
        .collect()
}

/// Whether the statement that begins here names an ordering: then it is an atomic's.
fn has_order(lines: &[&str]) -> bool {
    let end = lines.iter().position(|line| line.contains(';'));
    let statement = &lines[..=end.unwrap_or(0)];
    statement
        .iter()
        .any(|line| ORDERS.iter().any(|order| line.contains(order)))
}
