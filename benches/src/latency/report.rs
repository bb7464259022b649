//! What came out.

use std::fmt;

use hdrhistogram::Histogram;
use serde::Serialize;
use serde_json::{Value, json};

use super::args::Work;
use super::case::{Case, Times};
use crate::bare::Placement;

/// The percentiles that are told.
const PERCENTILES: [(&str, f64); 6] = [
    ("p50", 0.5),
    ("p90", 0.9),
    ("p99", 0.99),
    ("p99.9", 0.999),
    ("p99.99", 0.9999),
    ("max", 1.0),
];

/// One case, over all rounds.
#[derive(Clone, Debug)]
pub struct Measured {
    /// What was measured.
    pub case: Case,
    histogram: Histogram<u64>,
    sleeps: u64,
}

impl Measured {
    pub(super) fn new(case: Case) -> Measured {
        Measured {
            case,
            histogram: Histogram::new(3).expect("a histogram"),
            sleeps: 0,
        }
    }

    pub(super) fn add(&mut self, times: &Times) {
        self.histogram += &times.histogram;
        self.sleeps += times.sleeps;
    }

    /// The time that this share of all stays within, nanoseconds.
    pub(super) fn ns(&self, quantile: f64) -> f64 {
        self.histogram.value_at_quantile(quantile) as f64 / self.case.parts()
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.histogram.len()
    }
}

/// All of it.
#[derive(Debug)]
pub struct Report {
    /// Where the cores were; `None`: they moved in every round.
    pub(super) placement: Option<Placement>,
    /// Rounds that count, and those that do not because the cores moved.
    pub(super) rounds: usize,
    pub(super) left_out: usize,
    /// The bare cache line before and after each round that counts.
    pub(super) bare_line_ns: Vec<f64>,
    pub(super) measured: Vec<Measured>,
}

impl Report {
    /// The cases of one work; the first is the bare machine.
    pub(super) fn of(&self, work: Work) -> Vec<&Measured> {
        self.measured
            .iter()
            .filter(|measured| measured.case.work == work)
            .collect()
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let cases = [Work::OneWay, Work::Wake].into_iter().flat_map(|work| {
            let measured = self.of(work);
            let bare = measured.first().copied();
            measured
                .into_iter()
                .map(|one| of_case(one, bare))
                .collect::<Vec<_>>()
        });
        json!({
            "placement": self.placement.map(|placement| placement.to_string()),
            "rounds": self.rounds,
            "rounds_left_out": self.left_out,
            "bare_cache_line_ns": self.bare_line_ns,
            "cases": cases.collect::<Vec<_>>(),
        })
    }

    /// Where the cores were, for people.
    pub(super) fn cores(&self) -> String {
        match self.placement {
            Some(placement) => format!("cores {placement}"),
            None => "cores that moved".to_owned(),
        }
    }
}

/// One case for programs.
#[derive(Serialize)]
struct OfCase<'a> {
    name: String,
    #[serde(flatten)]
    case: &'a Case,
    count: u64,
    sleeps: u64,
    ns: serde_json::Map<String, Value>,
    ratio_to_bare: serde_json::Map<String, Value>,
}

fn of_case(measured: &Measured, bare: Option<&Measured>) -> Value {
    let each = |value: &dyn Fn(f64) -> f64| {
        PERCENTILES
            .iter()
            .map(|(name, quantile)| ((*name).to_owned(), json!(value(*quantile))))
            .collect()
    };
    json!(OfCase {
        name: measured.case.to_string(),
        case: &measured.case,
        count: measured.count(),
        sleeps: measured.sleeps,
        ns: each(&|quantile| measured.ns(quantile)),
        ratio_to_bare: each(
            &|quantile| measured.ns(quantile) / bare.map_or(f64::NAN, |bare| bare.ns(quantile))
        ),
    })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for work in [Work::OneWay, Work::Wake] {
            let measured = self.of(work);
            let Some(bare) = measured.first() else {
                continue;
            };
            let Case {
                bytes, turns, gap, ..
            } = bare.case;
            match work {
                Work::OneWay => writeln!(
                    f,
                    "One way, half a round trip, {bytes} B, both processes looking all the time; ns"
                )?,
                Work::Wake => writeln!(
                    f,
                    "Wake-up of a sleeping reader, {bytes} B every {gap:?}, from publication to record in hand; ns"
                )?,
            }
            writeln!(
                f,
                "{} rounds of {turns} with {}, {} left out; × bare: of the same percentile, in the same rounds",
                self.rounds,
                self.cores(),
                self.left_out
            )?;
            write!(f, "| {:<20} |", "ring")?;
            for (name, _) in PERCENTILES {
                write!(f, " {name:>7} |")?;
            }
            writeln!(
                f,
                " {:>10} | {:>10} | {:>6} |",
                "p50 × bare", "p99 × bare", "slept"
            )?;
            write!(f, "|{:-<22}|", "")?;
            for _ in PERCENTILES {
                write!(f, "{:-<8}:|", "")?;
            }
            writeln!(f, "{:-<11}:|{:-<11}:|{:-<7}:|", "", "", "")?;
            for one in &measured {
                write!(f, "| {:<20} |", one.case)?;
                for (_, quantile) in PERCENTILES {
                    write!(f, " {:>7} |", rounded(one.ns(quantile)))?;
                }
                let ratio = |quantile| one.ns(quantile) / bare.ns(quantile);
                let slept = match work {
                    Work::OneWay => "-".to_owned(),
                    Work::Wake => {
                        format!("{:.0} %", one.sleeps as f64 / one.count() as f64 * 1e2)
                    }
                };
                writeln!(
                    f,
                    " {:>10.2} | {:>10.2} | {slept:>6} |",
                    ratio(0.5),
                    ratio(0.99)
                )?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

fn rounded(ns: f64) -> String {
    match ns {
        ..100.0 => format!("{ns:.1}"),
        _ => format!("{ns:.0}"),
    }
}
