//! What a run came to.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;

#[derive(Debug, Serialize)]
pub struct Figures {
    pub seed: u64,
    pub elapsed_s: f64,
    pub settings: u64,
    /// Settings with frames.
    pub of_frames: u64,
    pub rings: u64,
    pub kills: u64,
    pub kills_in_claim: u64,
    pub stops: u64,
    pub producers: u64,
    pub closes: u64,
    pub removals: u64,
    pub replacements: u64,
    /// Readers that joined, by delivery.
    pub readers: BTreeMap<&'static str, u64>,
    /// Attached as something the ring does not allow.
    pub not_allowed: u64,
    /// A second producer, or a removal, while a producer lived.
    pub turned_away: u64,
    pub published: u64,
    pub refused: u64,
    pub laps: u64,
    pub read: u64,
    pub missed: u64,
    pub deaths_told: u64,
    pub restarts_told: u64,
    pub demotions: u64,
    /// Dead readers whose gate the producer got past.
    pub evictions: u64,
    /// Ledgers of dead readers that were read.
    pub dead_ledgers: u64,
    /// Ledgers of living readers that were read.
    pub live_ledgers: u64,
    /// None, nor of the next two: the first one ends the run.
    pub torn: u64,
    pub misplaced: u64,
    pub hung: u64,
    #[serde(skip)]
    begun: Instant,
    #[serde(skip)]
    told: Instant,
}

impl Figures {
    pub fn new(seed: u64) -> Figures {
        Figures {
            seed,
            elapsed_s: 0.0,
            settings: 0,
            of_frames: 0,
            rings: 0,
            kills: 0,
            kills_in_claim: 0,
            stops: 0,
            producers: 0,
            closes: 0,
            removals: 0,
            replacements: 0,
            readers: BTreeMap::new(),
            not_allowed: 0,
            turned_away: 0,
            published: 0,
            refused: 0,
            laps: 0,
            read: 0,
            missed: 0,
            deaths_told: 0,
            restarts_told: 0,
            demotions: 0,
            evictions: 0,
            dead_ledgers: 0,
            live_ledgers: 0,
            torn: 0,
            misplaced: 0,
            hung: 0,
            begun: Instant::now(),
            told: Instant::now(),
        }
    }

    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    pub fn joined(&mut self, kind: &'static str) {
        *self.readers.entry(kind).or_default() += 1;
    }

    /// A line every few seconds.
    pub fn progress(&mut self, setting: u64, published: u64) {
        if self.told.elapsed() < Duration::from_secs(5) {
            return;
        }
        self.told = Instant::now();
        println!(
            "{:4.0} s  setting {setting}: {} kills, {} stops, {} producers, {} readers; at {published}; {} read, {} missed",
            self.elapsed().as_secs_f64(),
            self.kills,
            self.stops,
            self.producers,
            self.readers.values().sum::<u64>(),
            self.read,
            self.missed,
        );
    }

    /// The end, for people and for programs.
    pub fn summary(&mut self) {
        self.elapsed_s = self.elapsed().as_secs_f64();
        let readers: Vec<String> = self
            .readers
            .iter()
            .map(|(kind, count)| format!("{count} {kind}"))
            .collect();
        println!("seed {} for {:.1} s", self.seed, self.elapsed_s);
        println!(
            "  {} settings ({} with frames), {} rings; {} removed, {} replaced under their readers; {} turned away",
            self.settings,
            self.of_frames,
            self.rings,
            self.removals,
            self.replacements,
            self.turned_away
        );
        println!(
            "  {} kills ({} in a claim), {} stops, {} closes",
            self.kills, self.kills_in_claim, self.stops, self.closes
        );
        println!(
            "  {} producers; readers: {}; {} not allowed",
            self.producers,
            readers.join(", "),
            self.not_allowed
        );
        println!(
            "  {} records published in {} laps, {} refused; {} read, {} missed",
            self.published, self.laps, self.refused, self.read, self.missed
        );
        println!(
            "  told: {} deaths, {} restarts, {} demotions; {} evictions; ledgers from outside: {} living, {} dead",
            self.deaths_told,
            self.restarts_told,
            self.demotions,
            self.evictions,
            self.live_ledgers,
            self.dead_ledgers
        );
        println!(
            "  torn = {}, misplaced = {}, hung = {}",
            self.torn, self.misplaced, self.hung
        );
        println!("{}", serde_json::to_string(self).unwrap());
    }
}
