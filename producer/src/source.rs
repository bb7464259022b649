//! Where records come from. A source knows its schema and fills bytes; it knows nothing of rings,
//! and of time only what it writes into its records.

mod columns;
pub mod csv;
mod csv_cell;
mod csv_header;
mod csv_row;
mod csv_rows;
pub mod csv_time;
mod decimal;
mod error;
mod json_lines;
mod json_object;
mod json_value;
mod kind;
pub mod ndjson;
#[cfg(any(test, not(target_os = "linux")))]
mod no_system;
pub mod options;
pub mod raw_records;
pub mod schema_text;
pub mod signal;
mod steps;
pub mod synth;
#[cfg(target_os = "linux")]
mod system;
mod unit;

use std::time::Duration;

use ringbuf_core::Schema;

#[cfg(not(target_os = "linux"))]
pub(crate) use self::no_system::SystemSource;
#[cfg(target_os = "linux")]
pub(crate) use self::system::SystemSource;
/// What standard input is called.
const STDIN: &str = "standard input";

/// Something that makes records.
pub trait Source {
    /// The layout of every record this source makes.
    fn schema(&self) -> &Schema;

    /// Appends at most `max` whole records to `out` and returns how many; 0 is the end, unless
    /// [`is_waiting`](Source::is_waiting) then.
    ///
    /// # Errors
    ///
    /// When the source cannot go on. Records made before the fault are handed out first, by an
    /// earlier call.
    fn fill(&mut self, out: &mut Vec<u8>, max: usize) -> anyhow::Result<usize>;

    /// Whether there may be more although the last fill had less than it was asked for: this thread is unparked when
    /// there is.
    fn is_waiting(&self) -> bool {
        false
    }

    /// How much of all there is has been made, from 0 to 1, if that is known.
    fn share(&self) -> Option<f64> {
        None
    }
}

/// Something that is measured when its time has come, one record at a time.
pub(crate) trait Sensor {
    /// The layout of every record.
    fn schema(&self) -> &Schema;

    /// What there is to say about what was found.
    fn notes(&self) -> &[String];

    /// How long it has to be watched before it knows all that it says, from its first sample on.
    fn settles(&self) -> Duration;

    /// Writes what is now; `record` is as long as the schema says. What cannot be measured is NaN.
    fn sample(&mut self, record: &mut [u8]);
}
