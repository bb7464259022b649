//! W6: readers that are attached and take nothing.

use anyhow::Result;

use super::Stage;
use crate::peer::Peer;

/// All readers, in one process, until the producer is through.
pub fn attend<P: Peer, const W: usize>(stage: &Stage) -> Result<()> {
    let readers: Result<Vec<_>> = (0..stage.work.readers())
        .map(|_| P::receiver::<W>(&stage.there[0]))
        .collect();
    let readers = readers?;
    stage.control.ready();
    while stage.control.round() == 0 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    drop(readers);
    Ok(())
}
