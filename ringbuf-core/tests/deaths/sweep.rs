//! Every death of every scenario, several at a time: most of their time goes by asleep.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::sync::{Mutex, PoisonError, RwLock};
use std::thread;
use std::time::Instant;

use crate::point;
use crate::scenarios::{self, Scenario};
use crate::scene::Scene;
use crate::sites;
use crate::victim::Death;

/// Deaths at a time.
const WORKERS: usize = 40;
/// Deaths of one scenario at a time: as many are in vain when it is through.
const AHEAD: usize = 8;
/// After so many failures a scenario is given up.
const ENOUGH: usize = 3;
/// Deaths of one scenario; one that has more does not end by itself.
const MOST: u64 = 1000;
/// Only scenarios whose names contain this.
const ONLY: &str = "RINGBUF_DEATHS";

/// All deaths of a scenario by one cause.
struct Sweep<'a> {
    scenario: &'a Scenario,
    death: fn(u64) -> Death,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    begun: u64,
    running: usize,
    is_over: bool,
    died: u64,
    /// How often the victims died where.
    places: BTreeMap<String, u64>,
    failures: Vec<String>,
}

pub fn run() {
    let only = env::var(ONLY).unwrap_or_default();
    let scenarios: Vec<Scenario> = scenarios::all()
        .into_iter()
        .filter(|scenario| scenario.to_string().contains(&only))
        .collect();
    let of = |death| {
        scenarios.iter().map(move |scenario| Sweep {
            scenario,
            death,
            state: Mutex::default(),
        })
    };
    let deaths: [fn(u64) -> Death; 2] = [Death::Store, Death::Call];
    let sweeps: Vec<Sweep<'_>> = deaths.into_iter().flat_map(of).collect();
    let begin = Instant::now();
    // In memory and on a disk.
    let is_any_on_disk = scenarios.iter().any(|scenario| scenario.is_on_disk);
    let scenes = || {
        [
            Some(new_scene(false)),
            is_any_on_disk.then(|| new_scene(true)),
        ]
    };
    let scenes: Vec<_> = (0..WORKERS).map(|_| scenes()).collect();
    thread::scope(|scope| {
        for scenes in scenes {
            scope.spawn(|| work(&sweeps, scenes));
        }
    });
    let failures = report(&scenarios, &sweeps);
    println!("in {:.1?}", begin.elapsed());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    if only.is_empty() {
        every_place(&sweeps);
    }
}

/// Nobody dies while a process is started: until it runs its own program it has everything its parent had open, and a
/// lock that was just being taken would outlive its holder by that while.
static DYING: RwLock<()> = RwLock::new(());

fn new_scene(is_on_disk: bool) -> Scene {
    let _nobody = DYING.write().unwrap_or_else(PoisonError::into_inner);
    Scene::new(is_on_disk)
}

/// Takes one death after the other; there is another scene when one was spoilt.
fn work(sweeps: &[Sweep<'_>], mut scenes: [Option<Scene>; 2]) {
    while let Some((sweep, n)) = sweeps
        .iter()
        .find_map(|sweep| Some((sweep, sweep.begin()?)))
    {
        let is_on_disk = sweep.scenario.is_on_disk;
        let place = &mut scenes[usize::from(is_on_disk)];
        let mut scene = place.take().unwrap_or_else(|| new_scene(is_on_disk));
        let dying = DYING.read().unwrap_or_else(PoisonError::into_inner);
        let outcome = point::run(sweep.scenario, &mut scene, (sweep.death)(n), n);
        drop(dying);
        if outcome.problem.is_none() {
            *place = Some(scene);
        }
        sweep.end(n, outcome);
    }
}

impl Sweep<'_> {
    /// The next death; `None` if there is none to begin now.
    fn begin(&self) -> Option<u64> {
        let mut state = self.state.lock().unwrap();
        if state.is_over || state.running == AHEAD {
            return None;
        }
        state.running += 1;
        state.begun += 1;
        Some(state.begun)
    }

    fn end(&self, n: u64, outcome: point::Outcome) {
        let mut state = self.state.lock().unwrap();
        let was_over = state.is_over;
        state.running -= 1;
        let place = outcome.place.clone();
        match outcome.place {
            Some(place) => {
                state.died += 1;
                *state.places.entry(place).or_default() += 1;
            }
            None => state.is_over = true,
        }
        if let Some(problem) = outcome.problem {
            let place = place.as_deref().unwrap_or("nowhere");
            let name = format!("{}, {:?}", self.scenario, (self.death)(n));
            state
                .failures
                .push(format!("{name}, at {place}: {problem}"));
            state.is_over |= state.failures.len() >= ENOUGH;
        }
        if n == MOST {
            let name = self.scenario;
            state
                .failures
                .push(format!("{name}: the victim never ends by itself"));
            state.is_over = true;
        }
        if state.is_over && !was_over {
            println!("{}: up to {:?}", self.scenario, (self.death)(n));
        }
    }
}

/// The table, and all failures.
fn report(scenarios: &[Scenario], sweeps: &[Sweep<'_>]) -> Vec<String> {
    let (stores, calls) = sweeps.split_at(scenarios.len());
    let mut total = 0;
    println!(
        "\n{:45} {:>7} {:>7} {:>7}",
        "who dies", "stores", "calls", "places"
    );
    for (i, scenario) in scenarios.iter().enumerate() {
        let [stores, calls] = [&stores[i], &calls[i]].map(|sweep| sweep.state.lock().unwrap());
        let places = stores.places.len() + calls.places.len();
        let (stores, calls) = (stores.died, calls.died);
        total += stores + calls;
        println!("{scenario:45} {stores:7} {calls:7} {places:7}");
    }
    println!("{total} deaths");
    let of = |sweep: &Sweep<'_>| sweep.state.lock().unwrap().failures.clone();
    sweeps.iter().flat_map(of).collect()
}

/// There is no store to shared memory at which nobody died.
fn every_place(sweeps: &[Sweep<'_>]) {
    let mut died: BTreeMap<String, u64> = BTreeMap::new();
    for sweep in sweeps {
        for (place, count) in &sweep.state.lock().unwrap().places {
            *died.entry(place.clone()).or_default() += count;
        }
    }
    println!("\n{:65} {:>7}", "before what", "deaths");
    for (place, count) in &died {
        println!("{place:65} {count:7}");
    }
    let died: BTreeSet<String> = died.into_keys().collect();
    let missing: Vec<String> = sites::in_the_source().difference(&died).cloned().collect();
    assert!(missing.is_empty(), "nobody died at {}", missing.join(", "));
}
