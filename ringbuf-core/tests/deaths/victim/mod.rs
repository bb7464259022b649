//! Those who die: a process with one thread that forks a victim for every death, and plays what it does there.

mod order;
mod producers;
mod readers;
mod tools;
mod trace;

use std::panic::{AssertUnwindSafe, catch_unwind};

use ringbuf_core::{deaths, inspect};

pub use order::{Death, Order};
pub use producers::BEFORE;
pub use readers::{IN_HAND, NAME as READER};

use crate::kinds::{FrameKind, Kind, Script, with_kind};
use crate::support::process::{hear, say};
use crate::support::{HANGS, system};
use trace::End;

/// Says how its victims end, until the test goes.
pub fn victims(_arguments: &[String]) {
    loop {
        let line = hear();
        // It lives as long as the test does, which is longer than one death may take.
        system::end_after(2 * HANGS.as_secs() as u32);
        match line.as_str() {
            "sweep" => sweep(),
            line => bury(&Order::parse(line)),
        }
    }
}

/// As `ringctl gc` does.
fn sweep() {
    let swept = inspect::gc(inspect::Reach::Disk, false).unwrap();
    let left: Vec<String> = swept
        .iter()
        .filter(|swept| !matches!(swept.result, Ok(inspect::Fate::Removed)))
        .map(|swept| format!("{swept:?}"))
        .collect();
    say(format!("swept {}", left.join(", ")));
}

/// Starts a victim and says how it ended.
fn bury(order: &Order) {
    let Some(child) = system::fork() else {
        system::end_after(HANGS.as_secs() as u32);
        let script = AssertUnwindSafe(|| with_kind(&order.kind, Play(order)));
        if catch_unwind(script).is_err() {
            trace::fail();
        }
        deaths::disarm();
        say(format!("through {}", order::done_so_far()));
        system::end_now();
    };
    let place = order::done_so_far_at();
    match trace::wait(child, order.death, place) {
        End::Ended => say("gone"),
        End::Killed { done, call } => {
            if let Some(call) = call {
                say(format!("died {done} {call}"));
            }
            say("gone");
        }
        End::Failed(how) => say(format!("failed {how}")),
    }
}

struct Play<'a>(&'a Order);

impl Script for Play<'_> {
    fn run<K: Kind>(self) {
        let order = self.0;
        match order.script.as_str() {
            "creating" => producers::creating::<K>(order),
            "publishing" => producers::publishing::<K>(order),
            "one by one" => producers::one_by_one::<K>(order),
            "replacing" => producers::replacing::<K>(order),
            "refused" => producers::refused::<K>(order),
            "leaves a ring" => producers::leaves_a_ring::<K>(order),
            "leaves a reader" => producers::leaves_a_reader::<K>(order),
            "reading" => readers::reading::<K>(order),
            "looking" => readers::looking::<K>(order),
            "until" => readers::until::<K>(order),
            "rejoining" => readers::rejoining::<K>(order),
            "removing" => tools::removing(order),
            "sweeping" => tools::sweeping(order),
            script => panic!("no script {script}"),
        }
    }

    fn run_frames<K: FrameKind>(self) {
        match self.0.script.as_str() {
            "holding" => readers::holding::<K>(self.0),
            _ => self.run::<K>(),
        }
    }
}
