//! What can be wrong with what comes in, in words that say where, what, and what to do.

use std::io;

use thiserror::Error;

use super::options::Noun;

/// Input that cannot be used.
#[derive(Debug, Error)]
#[error("{name}: {fault}")]
pub struct InputError {
    /// The file, or what standard input is called.
    pub(crate) name: String,
    pub(crate) fault: Fault,
}

/// One fault in it.
#[derive(Debug, Error)]
pub(crate) enum Fault {
    #[error("cannot be opened: {0}")]
    Open(#[source] io::Error),
    #[error("cannot be read: {0}")]
    Read(#[source] io::Error),
    #[error(
        "this is {found}, expected a regular file with comma-separated values; `producer stdin` reads what is none"
    )]
    NotAFile { found: &'static str },
    #[error("it is empty, expected {expected}")]
    Empty { expected: &'static str },
    #[error("it is UTF-16, expected UTF-8; save it again as UTF-8")]
    Utf16,
    #[error(
        "line {line}: numbers ({found}) where the column names were expected; \
         add a first line that names the columns"
    )]
    NoHeader { line: u64, found: String },
    #[error("line {line}, column {column}: found the column name {found}, expected {expected}")]
    Name {
        line: u64,
        column: usize,
        found: String,
        expected: &'static str,
    },
    #[error(
        "{option} {name:?}: there is no such {noun}; {} {}",
        noun.whose(),
        quoted(names)
    )]
    NoSuchName {
        option: &'static str,
        name: String,
        noun: Noun,
        names: Vec<String>,
    },
    #[error("no {noun} is left to publish")]
    NothingLeft { noun: Noun },
    #[error("the {noun}s make no record: {error}")]
    Schema {
        noun: Noun,
        #[source]
        error: ringbuf_core::SchemaError,
    },
    #[error(
        "the {noun} {name:?} is no field of --schema, expected {}; pass it over with --leave-out, or all such with \
         --leave-out-others",
        quoted(names)
    )]
    NotInSchema {
        noun: Noun,
        name: String,
        names: Vec<String>,
    },
    #[error("there is no column {name:?}, which --schema has; {} {}", Noun::Column.whose(), quoted(names))]
    NotInFile { name: String, names: Vec<String> },
    #[error(
        "--time-unit: the time {name:?} is {found} in --schema, expected datetime for dates and unix times, duration \
         for others"
    )]
    OtherTime { name: String, found: String },
    #[error("line {line}: found {found} columns, expected {expected} as in the first line")]
    RowLength {
        line: u64,
        found: usize,
        expected: usize,
    },
    #[error("line {line}, column {column} ({name:?}): found {found}, expected {expected}")]
    Cell {
        line: u64,
        column: usize,
        name: String,
        found: String,
        expected: String,
    },
    #[error("line {line}, key {name:?}: found {found}, expected {expected}")]
    Value {
        line: u64,
        name: String,
        found: String,
        expected: String,
    },
    #[error(
        "line {line}, column {column}: found {found}, expected one JSON object a line ({reason}){advice}"
    )]
    Json {
        line: u64,
        column: usize,
        found: String,
        reason: String,
        advice: &'static str,
    },
    #[error(
        "line {line}: found the key {name:?}, expected only {}; name all there are with --schema, or pass it over \
         with --leave-out, or all such with --leave-out-others",
        quoted(names)
    )]
    OtherKey {
        line: u64,
        name: String,
        names: Vec<String>,
    },
    #[error("line {line}: found the key {name:?} twice, expected every key once")]
    Twice { line: u64, name: String },
    #[error(
        "line {line}: there is no key {name:?}, expected one: {type_name} cannot be missing, f64 can"
    )]
    NoKey {
        line: u64,
        name: String,
        type_name: String,
    },
    #[error("line {line}: longer than {limit} bytes without an end; {advice}")]
    TooLong {
        line: u64,
        limit: usize,
        advice: &'static str,
    },
    #[error(
        "it ended inside of record {record} (the first is 0): {left} bytes were left over, expected {size} a record; \
         the last one was cut off, or --schema is of another size"
    )]
    LeftOver {
        record: u64,
        left: usize,
        size: usize,
    },
}

fn quoted(names: &[String]) -> String {
    const MOST: usize = 100;
    let mut quoted: Vec<String> = names
        .iter()
        .take(MOST)
        .map(|name| format!("{name:?}"))
        .collect();
    if names.len() > MOST {
        quoted.push(format!("and {} more", names.len() - MOST));
    }
    quoted.join(", ")
}
