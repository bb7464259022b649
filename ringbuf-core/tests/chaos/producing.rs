//! The producer's role: publishes in every way there is until it is told to close, or killed.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use ringbuf_core::inspect;
use serde::{Deserialize, Serialize};

use crate::content::Item;
use crate::fault::{Verdict, fails};
use crate::note::{Note, Produced};
use crate::publishing::Publisher;
use crate::ring::Ring;
use crate::setting::{Setting, with_item};
use crate::support::process::{hear, say};
use crate::support::system;

#[derive(Debug, Serialize, Deserialize)]
pub struct Order {
    pub setting: Setting,
    pub ring: String,
    pub note: PathBuf,
    pub seed: u64,
    pub replace: bool,
    pub untyped: bool,
}

pub static CLOSE: AtomicBool = AtomicBool::new(false);
static CLAIM: AtomicBool = AtomicBool::new(false);

pub fn producer(arguments: &[String]) {
    system::end_with_parent();
    let order: Order = serde_json::from_str(&arguments[0]).unwrap();
    thread::spawn(|| {
        loop {
            match hear().as_str() {
                "close" => CLOSE.store(true, Ordering::Relaxed),
                "claim" => CLAIM.store(true, Ordering::Relaxed),
                other => panic!("told to {other:?}"),
            }
        }
    });
    let verdict = with_item!(order.setting.record, T => run::<T>(&order));
    if let Err(fault) = verdict {
        say(format!("fault {fault}"));
    }
}

fn run<T: Item>(order: &Order) -> Verdict {
    let ring = Ring::<T>::create(order)?;
    let info = inspect::info(&order.ring).map_err(fails("info of its own ring"))?;
    let (published, refused) = (ring.published(), ring.refused());
    let note = Note::open(&order.note);
    let noted = Produced {
        committed: published,
        possible: published,
        refused,
        steps: 1,
    };
    note.set_produced(&noted);
    let id = u128::from_be_bytes(info.ring_id);
    say(format!(
        "ready {id:032x} {} {published} {refused}",
        info.epoch
    ));
    let mut publisher = Publisher::new(ring, order, &info, note, noted);
    publisher.begin()?;
    while !CLOSE.load(Ordering::Relaxed) {
        if CLAIM.load(Ordering::Relaxed) {
            publisher.stay_in_a_claim()?;
        }
        publisher.step()?;
        publisher.pause();
    }
    say(format!("closes {}", publisher.ring.published()));
    publisher.ring.close();
    Ok(())
}
