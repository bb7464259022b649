//! Sees that somebody sleeps though what it sleeps for was done, and says how everything stood then.

use std::fmt::Write;
use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::page::{Lane, Page};
use crate::rows::{Row, word};
use crate::support::HANGS;
use crate::support::process::Role;

/// Without news for so long it is worth a closer look; what that finds does not depend on time.
const CLOSER: Duration = Duration::from_millis(500);

pub struct Watch<'a> {
    row: &'a Row,
    page: &'static Page,
    ring: &'a str,
}

impl<'a> Watch<'a> {
    pub fn new(row: &'a Row, page: &'static Page, ring: &'a str) -> Watch<'a> {
        Watch { row, page, ring }
    }

    fn lanes(&self) -> &'static [Lane] {
        &self.page.lanes[..=self.row.readers]
    }

    pub fn until_all_are_done(&self, roles: &mut [Role]) {
        let mut last = (self.steps(), Instant::now());
        while roles.iter_mut().any(Role::is_running) {
            sleep(Duration::from_millis(5));
            let steps = self.steps();
            if steps != last.0 {
                last = (steps, Instant::now());
            }
            let still = last.1.elapsed();
            if still > CLOSER {
                for lane in 0..self.lanes().len() {
                    assert!(!self.is_lost(lane), "{}", self.report("a lost wake-up"));
                }
            }
            assert!(still < HANGS, "{}", self.report("nothing goes on"));
        }
    }

    /// Changes as long as anybody does anything.
    fn steps(&self) -> Vec<u64> {
        self.lanes()
            .iter()
            .flat_map(|lane| [&lane.wants, &lane.done, &lane.ready, &lane.waiting])
            .map(|number| number.load())
            .collect()
    }

    /// It is asleep in the kernel, and all that it waits for was done before: the calls that had to wake it have
    /// returned. Whoever was woken is not asleep, even before it runs.
    fn is_lost(&self, lane: usize) -> bool {
        let me = &self.page.lanes[lane];
        let (waiting, wants) = (me.waiting.load(), me.wants.load());
        let peers = self.page.peers(lane, self.row.readers);
        waiting % 2 == 1
            && peers.iter().all(|peer| peer.done.load() >= wants)
            && state(me) == Some('S')
            && (me.waiting.load(), me.wants.load()) == (waiting, wants)
    }

    fn report(&self, what: &str) -> String {
        let readers = self.ring.replace(".ring", ".readers");
        let mut text = format!(
            "{what} in \"{}\" after {} sleeps\n",
            self.row.name(),
            self.page.sleeps()
        );
        for (name, at) in [("published", 0), ("claimed", 8), ("limit", 128)] {
            let _ = writeln!(text, "{name} {}", word(self.ring, 4096 + at));
        }
        let _ = writeln!(text, "state {:#x}", word(self.ring, 4096 + 256));
        for (name, at) in [("wake", 0), ("room", 128)] {
            let word = word(&readers, 4096 + at) as u32;
            let _ = writeln!(text, "{name} {word} (odd: somebody may be asleep)");
        }
        for (i, lane) in self.lanes().iter().enumerate() {
            let who = if i == 0 { "producer" } else { "reader" };
            let gate = i
                .checked_sub(1)
                .map(|slot| word(&readers, 8192 + 256 * slot as u64));
            let is_lost = self.is_lost(i);
            let state = state(lane);
            let _ = writeln!(
                text,
                "{who}: lost {is_lost}, system state {state:?}, slot's gate {gate:?}, {lane:?}"
            );
        }
        text
    }
}

/// What the system says of a thread: `S` for one that sleeps, `R` for one that runs or could.
fn state(lane: &Lane) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", lane.thread.load())).ok()?;
    // It follows the name, which is in brackets.
    stat.rsplit(") ").next()?.chars().next()
}
