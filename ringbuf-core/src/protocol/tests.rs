//! What is too long for a model: more producers than the table of epochs remembers.

use super::gate::Waits;
use super::state::Moment;
use super::wake::Barrier;
use super::{Begin, Follower, News, Writer};
use crate::layout::{EPOCHS, Geometry};
use crate::memory::Memory;
use crate::sync::Arc;

#[test]
fn a_reader_that_slept_through_many_epochs_is_told_each_boundary_where_it_stands() {
    let memory = Arc::new(Memory::heap(Geometry::new(64, 8, false)).unwrap());
    let open = || {
        Writer::open(
            Arc::clone(&memory),
            Waits::All,
            Barrier::Producer,
            Moment::default(),
        )
    };
    drop(open());
    let mut reader = Follower::join_lossy(Arc::clone(&memory), 0, Begin::Now).unwrap();
    let restarts = EPOCHS as u64 + 4;
    for record in 0..restarts {
        let mut writer = open();
        let first = writer.try_claim(1).unwrap();
        writer.write(first, &record.to_ne_bytes());
        writer.commit(1);
    }

    let mut told = Vec::new();
    loop {
        match reader.poll_copy(&mut [0; 8], &mut []).unwrap() {
            News::Nothing => break,
            News::Restarted { epoch, first } => {
                assert_eq!(first, Some(reader.ledger().cursor));
                told.push(epoch);
            }
            _ => {}
        }
    }
    let oldest_remembered = 1 + restarts - (EPOCHS as u64 - 2);
    let expected: Vec<u64> = (oldest_remembered..=1 + restarts).collect();
    assert_eq!(told, expected);
    assert_eq!(reader.ledger().read, restarts);
}
