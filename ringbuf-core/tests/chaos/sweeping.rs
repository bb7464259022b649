//! The sweeper's role: runs `gc` beside it all, and looks at the readers' ledgers far more often than the driver can.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::Duration;

use ringbuf_core::inspect::{self, Reach};

use crate::support::process::{hear, say};
use crate::support::system;

/// Looks in a row, in each of which a reader may be writing its ledger.
const LOOKS: usize = 20;

/// Sweeps `$RINGBUF_DIR` again and again, saying what it found; once more when told to, and then ends.
pub fn sweeper(arguments: &[String]) {
    system::end_with_parent();
    let ring = arguments[0].clone();
    let over = Arc::new(AtomicBool::new(false));
    let sweeping = thread::spawn({
        let over = Arc::clone(&over);
        move || {
            while !over.load(Ordering::Relaxed) {
                sweep();
                (0..LOOKS).for_each(|_| look(&ring));
                sleep(Duration::from_millis(7));
            }
        }
    });
    hear();
    over.store(true, Ordering::Relaxed);
    // One of two that sweep at once leaves it to the other, which must come to say so.
    sweeping.join().unwrap();
    sweep();
    say("end");
}

fn sweep() {
    match inspect::gc(Reach::Memory, false) {
        Ok(swept) => swept.into_iter().for_each(|swept| {
            let result = match swept.result {
                Ok(fate) => fate.name().to_owned(),
                Err(error) => error.to_string(),
            };
            say(format!("{:?} {result}", swept.what));
        }),
        Err(error) => say(format!("gc {error}")),
    }
}

fn look(ring: &str) {
    // It may not be there; what else may be wrong with it is for the driver to find.
    let readers = inspect::info(ring).ok().and_then(|info| info.readers);
    for reader in readers.into_iter().flatten() {
        if let Some(ledger) = reader.ledger
            && !ledger.adds_up()
        {
            let name = reader.name;
            say(format!(
                "fault the ledger of {name} from outside is {ledger:?}"
            ));
        }
    }
}
