//! Which columns of a CSV file, or keys of JSON objects, become fields, and of what type.

use std::fmt;

use ringbuf_core::Schema;

use super::csv_time::TimeFormat;

/// What to make of named values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnOptions {
    /// The time column's name; found by its name when absent.
    pub time: Option<String>,
    /// How the time column is written; found by its name and first cell when absent.
    pub time_format: Option<TimeFormat>,
    /// Leave the time column out of the records.
    pub no_time: bool,
    /// Columns that hold text, with the bytes to keep for each.
    pub text: Vec<(String, usize)>,
    pub leave_out: Vec<String>,
    /// What a record consists of; found by what comes when absent.
    pub schema: Option<Schema>,
    /// Leave out everything that is not expected, instead of refusing it.
    pub leave_out_others: bool,
}

/// What a named value is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noun {
    Column,
    Key,
}

impl Noun {
    /// The beginning of a list of those there are.
    pub(crate) fn whose(self) -> &'static str {
        match self {
            Noun::Column => "the file has",
            Noun::Key => "the first object has",
        }
    }
}

impl fmt::Display for Noun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Noun::Column => "column",
            Noun::Key => "key",
        })
    }
}
