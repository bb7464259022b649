//! `latency`.

use std::io;

use ringbuf_console::usage::Usage;

use super::{Analysis, Subject, View};
use crate::output::Output;
use crate::progress::Summary;

/// What is asked of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Options;

/// Stands for what is to come.
pub struct Latency;

impl Latency {
    pub fn of(_: &Subject<'_>, _: &Options) -> Result<Latency, Usage> {
        Ok(Latency)
    }
}

impl Analysis for Latency {
    fn update(&mut self, _: &View<'_>, _: &mut Output) -> io::Result<()> {
        Ok(())
    }

    fn report(&mut self, summary: &Summary, output: &mut Output) -> io::Result<()> {
        output.object(summary)
    }
}
