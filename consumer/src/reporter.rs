//! What whoever looks at a ring has to say, be it records or frames.

use std::io;
use std::time::Instant;

use crate::output::Output;
use crate::plot::Panel;
use crate::progress::Summary;

/// Has something to say: at the end of a period and of everything, and when nothing comes.
pub trait Reporter {
    /// A period has ended, or everything has: `summary` says which, and what it covers.
    fn report(&mut self, summary: &Summary, output: &mut Output) -> io::Result<()>;

    /// The producer has died; another may carry on.
    fn died(&mut self) {}

    /// Another producer carries on: what comes next need not follow what came before.
    fn restarted(&mut self) {}

    /// When to call [`silence`](Reporter::silence) if nothing comes until then.
    fn alarm(&self) -> Option<Instant> {
        None
    }

    /// Nothing has come until `now`, which is not before the [`alarm`](Reporter::alarm).
    fn silence(&mut self, _now: Instant, _output: &mut Output) -> io::Result<()> {
        Ok(())
    }

    /// All of it to look at, after the last report; asked of those that were told that they are plotted.
    fn panels(&self) -> Vec<Panel> {
        Vec::new()
    }
}
