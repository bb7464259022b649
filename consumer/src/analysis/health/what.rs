//! What was found.

use serde::Serialize;

use super::finding::{Check, State};

/// What was found. Times are in seconds, rates in records a second.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "check", rename_all = "snake_case")]
pub enum What {
    /// The same value for too long.
    Stuck {
        state: State,
        value: f64,
        records: u64,
        for_s: Option<f64>,
    },
    /// Neither a number nor near one.
    Nan {
        state: State,
        records: u64,
        last_sequence: u64,
    },
    /// At the end of what it can say.
    Saturated {
        state: State,
        value: f64,
        records: u64,
        last_sequence: u64,
    },
    /// Nothing for far longer than usual, though no record was missed.
    Hole {
        state: State,
        step_s: f64,
        usual_s: f64,
        untold: u64,
    },
    /// Some records come behind later ones.
    OutOfOrder {
        state: State,
        back_s: f64,
        records: u64,
        untold: u64,
    },
    /// The clock of the records was set: it stays where it jumped.
    ClockStep {
        state: State,
        step_s: f64,
        /// Meanwhile, by the clock of publication.
        published_s: Option<f64>,
        untold: u64,
    },
    /// The same time as the record before.
    DuplicateTime {
        state: State,
        records: u64,
        last_sequence: u64,
    },
    /// A record does not say when it was measured.
    MissingTime {
        state: State,
        records: u64,
        last_sequence: u64,
    },
    /// Slowly, or for long, more or fewer records than usual.
    RateDrift {
        state: State,
        rate_hz: f64,
        usual_hz: f64,
    },
    /// The clock of the records runs faster or slower than that of publication.
    ClockDrift { state: State, speed: f64 },
    /// Nothing came.
    Silence {
        state: State,
        silent_s: f64,
        producer: &'static str,
    },
    /// The producer died; the end is that another carries on.
    Died { state: State },
}

impl What {
    pub fn check(&self) -> Check {
        match self {
            What::Stuck { .. } => Check::Stuck,
            What::Nan { .. } => Check::Nan,
            What::Saturated { .. } => Check::Saturated,
            What::Hole { .. } => Check::Hole,
            What::OutOfOrder { .. } => Check::OutOfOrder,
            What::ClockStep { .. } => Check::ClockStep,
            What::DuplicateTime { .. } => Check::DuplicateTime,
            What::MissingTime { .. } => Check::MissingTime,
            What::RateDrift { .. } => Check::RateDrift,
            What::ClockDrift { .. } => Check::ClockDrift,
            What::Silence { .. } => Check::Silence,
            What::Died { .. } => Check::Died,
        }
    }

    pub fn state(&self) -> State {
        match self {
            What::Stuck { state, .. }
            | What::Nan { state, .. }
            | What::Saturated { state, .. }
            | What::Hole { state, .. }
            | What::OutOfOrder { state, .. }
            | What::ClockStep { state, .. }
            | What::DuplicateTime { state, .. }
            | What::MissingTime { state, .. }
            | What::RateDrift { state, .. }
            | What::ClockDrift { state, .. }
            | What::Silence { state, .. }
            | What::Died { state } => *state,
        }
    }

    /// Of how many that were not told this one speaks, too.
    pub fn untold(&self) -> u64 {
        match self {
            What::Hole { untold, .. }
            | What::OutOfOrder { untold, .. }
            | What::ClockStep { untold, .. } => *untold,
            _ => 0,
        }
    }
}
