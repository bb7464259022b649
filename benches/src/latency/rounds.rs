//! Every case in turn, several times; the rounds in which the cores did not move are put together.

use super::args::{Args, Delivery, Preset, Work};
use super::case::{Case, Times};
use super::report::{Measured, Report};
use crate::bare::{Bare, Placement};
use crate::{cores, rings};

/// Measures what the arguments ask for.
///
/// # Errors
///
/// There is no place for the rings.
///
/// # Panics
///
/// What was received is not what was sent.
pub fn run(args: &Args) -> anyhow::Result<Report> {
    // Before anybody is pinned.
    anyhow::ensure!(
        cores::pair().is_some(),
        "this machine has one core, and two processes are to run at once"
    );
    let cases = cases(args);
    let mut bare = measure_bare("before")?;
    let mut rounds = Vec::new();
    for number in 1..=args.rounds {
        let before = bare;
        let mut times = Vec::new();
        for case in &cases {
            times.push(case.measure(rings::directory()?.path()));
        }
        bare = measure_bare(&format!("after round {number} of {}", args.rounds))?;
        rounds.push(Round {
            bare: [before, bare],
            times,
        });
    }
    let placement = most_common(&rounds);
    let (kept, left_out): (Vec<_>, Vec<_>) = rounds
        .into_iter()
        .partition(|round| placement.is_none_or(|placement| round.placement() == Some(placement)));
    let mut measured: Vec<Measured> = cases.into_iter().map(Measured::new).collect();
    for round in &kept {
        for (measured, times) in measured.iter_mut().zip(&round.times) {
            measured.add(times);
        }
    }
    Ok(Report {
        placement,
        rounds: kept.len(),
        left_out: left_out.len(),
        bare_line_ns: kept
            .iter()
            .flat_map(|round| round.bare)
            .map(|bare| bare.line_ns)
            .collect(),
        measured,
    })
}

struct Round {
    /// The machine before and after.
    bare: [Bare; 2],
    /// Of each case.
    times: Vec<Times>,
}

impl Round {
    /// Where the cores were; `None` if they moved.
    fn placement(&self) -> Option<Placement> {
        let [before, after] = self.bare.map(Bare::placement);
        (before == after).then_some(before)
    }
}

/// Where the cores were in most rounds; `None` if they moved in all.
fn most_common(rounds: &[Round]) -> Option<Placement> {
    let count = |placement| {
        rounds
            .iter()
            .filter(|round| round.placement() == Some(placement))
            .count()
    };
    [Placement::Smt, Placement::Far, Placement::Near]
        .into_iter()
        .filter(|&placement| count(placement) > 0)
        .max_by_key(|&placement| count(placement))
}

fn measure_bare(when: &str) -> anyhow::Result<Bare> {
    let bare =
        Bare::measure().ok_or_else(|| anyhow::anyhow!("found no bare machine to compare with"))?;
    eprintln!("bare machine {when}, {bare}");
    Ok(bare)
}

/// What to measure, the bare machine first.
fn cases(args: &Args) -> Vec<Case> {
    let mut cases = Vec::new();
    for work in Args::chosen(&args.work) {
        let case = |ring| Case {
            work,
            ring,
            bytes: args.bytes,
            turns: match work {
                Work::OneWay => args.round_trips,
                Work::Wake => args.wakes,
            },
            gap: args.gap,
        };
        cases.push(case(None));
        for preset in Args::chosen::<Preset>(&args.preset) {
            for delivery in Args::chosen::<Delivery>(&args.delivery) {
                cases.push(case(Some((preset, delivery))));
            }
        }
    }
    cases
}
