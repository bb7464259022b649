//! Which columns, or keys, become fields: what CSV files and standard input have in common.

use clap::Args;
use ringbuf_core::Schema;

use crate::{
    source::{csv_time::TimeFormat, options::ColumnOptions},
    values,
};

#[derive(Debug, Args)]
pub(crate) struct ColumnArgs {
    /// The column, or key, that holds the time [default: found by its name]
    #[arg(long, value_name = "COLUMN", conflicts_with = "schema")]
    pub(crate) time: Option<String>,
    /// How it is written: datetime, s, ms, us, ns, unix-s, unix-ms, unix-us, unix-ns
    /// [default: found by its name and first cell]
    #[arg(long, value_name = "UNIT", value_parser = values::time_unit, conflicts_with = "no_time")]
    pub(crate) time_unit: Option<TimeFormat>,
    /// Leave out the time column
    #[arg(long, conflicts_with = "schema")]
    pub(crate) no_time: bool,
    /// A column that holds text, and how many bytes to keep for it [default: 16]
    #[arg(long, value_name = "COLUMN[=BYTES]", value_parser = values::text_column, conflicts_with = "schema")]
    pub(crate) text: Vec<(String, usize)>,
    /// A column to leave out; may be given several times
    #[arg(long, value_name = "COLUMN")]
    pub(crate) leave_out: Vec<String>,
    /// The fields of a record with their types, in place of those found: NAME:TYPE,..., JSON, or a file with either;
    /// see below
    #[arg(long, value_name = "SCHEMA", value_parser = values::schema)]
    pub(crate) schema: Option<Schema>,
    /// Leave out every column, or key, that was not expected, in place of refusing it
    #[arg(long)]
    pub(crate) leave_out_others: bool,
}

impl ColumnArgs {
    /// The same for a source.
    pub(crate) fn options(self) -> ColumnOptions {
        ColumnOptions {
            time: self.time,
            time_format: self.time_unit,
            no_time: self.no_time,
            text: self.text,
            leave_out: self.leave_out,
            schema: self.schema,
            leave_out_others: self.leave_out_others,
        }
    }
}
