//! Where records come from. A source knows its schema and fills bytes; it knows nothing of rings,
//! and of time only what it writes into its records.

pub mod csv;
mod csv_cell;
mod csv_columns;
mod csv_error;
mod csv_rows;
pub mod csv_time;
pub mod signal;
pub mod synth;
mod unit;

use ringbuf_core::Schema;

/// Something that makes records.
pub trait Source {
    /// The layout of every record this source makes.
    fn schema(&self) -> &Schema;

    /// Appends at most `max` whole records to `out` and returns how many; 0 is the end.
    ///
    /// # Errors
    ///
    /// When the source cannot go on. Records made before the fault are handed out first, by an
    /// earlier call.
    fn fill(&mut self, out: &mut Vec<u8>, max: usize) -> anyhow::Result<usize>;
}
