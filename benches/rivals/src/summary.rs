//! One line for each task: ours, and the best of the others.

use std::fmt::Write;

use crate::measure::Measurement;
use crate::peer::{Between, Facts};
use crate::report::{self, Results};
use crate::spec::Work;

/// The best of some peers.
struct Best<'a> {
    name: &'a str,
    order: f64,
    figure: String,
}

impl Best<'_> {
    fn cell(best: Option<&Best<'_>>) -> String {
        best.map_or_else(
            || "-".to_owned(),
            |best| format!("{} ({})", best.figure, best.name),
        )
    }
}

/// How many times as good `ours` is: of what is to be large, the quotient; of what is to be small, the other one.
fn advantage(ours: &Best<'_>, other: Option<&Best<'_>>) -> f64 {
    let Some(other) = other else { return f64::NAN };
    if ours.order < 0.0 {
        other.order / ours.order
    } else {
        ours.order / other.order
    }
}

/// Who publishes one record at a time has another task than who publishes many. One record of 4 KiB and more is a
/// publication to all.
fn is_batched(work: Work, facts: &Facts) -> Option<bool> {
    let may_batch = matches!(work, Work::Stream { bytes } if bytes < 4096);
    may_batch.then_some(facts.batch > 0)
}

/// The tables: the tasks in which another one between processes is ahead of ours, and the others.
pub fn render(results: &Results, peers: &[Facts], out: &mut String) {
    let mut lines = Vec::new();
    let mut unknown = Vec::new();
    for work in Work::all() {
        for batched in [None, Some(true), Some(false)] {
            let taking_part = || {
                peers
                    .iter()
                    .filter(move |facts| work.suits(facts) && !work.is_lossy(facts))
                    .filter(move |facts| is_batched(work, facts) == batched)
            };
            let best = |wanted: &dyn Fn(&Facts) -> bool| {
                taking_part()
                    .filter(|facts| wanted(facts))
                    .filter_map(|facts| {
                        let runs: &[Measurement] = results.of(work, facts.name);
                        let (order, figure) =
                            (!runs.is_empty()).then(|| report::figure(work, runs))?;
                        Some(Best {
                            name: facts.name,
                            order,
                            figure,
                        })
                    })
                    .max_by(|a, b| a.order.total_cmp(&b.order))
            };
            let is_ours = |facts: &Facts| facts.name.starts_with("ours");
            let is_bare = |facts: &Facts| facts.name.starts_with("bare");
            let between = |between| {
                best(&move |facts: &Facts| {
                    !is_ours(facts) && !is_bare(facts) && facts.between == between
                })
            };
            let (processes, threads) = (between(Between::Processes), between(Between::Threads));
            let how = match batched {
                None => "",
                Some(true) => ", in batches",
                Some(false) => ", one by one",
            };
            let (Some(ours), Some(_)) = (best(&is_ours), &processes) else {
                if taking_part().any(is_ours) {
                    unknown.push(format!("{}{how}", report::title(work)));
                }
                continue;
            };
            let ahead = advantage(&ours, processes.as_ref());
            let times = |value: f64| {
                if value.is_nan() {
                    "-".to_owned()
                } else {
                    format!("{value:.2}")
                }
            };
            let line = format!(
                "| {}{how} | {} | {} | {} | {} | {} |",
                report::title(work),
                Best::cell(Some(&ours)),
                Best::cell(processes.as_ref()),
                times(ahead),
                Best::cell(threads.as_ref()),
                times(advantage(&ours, threads.as_ref())),
            );
            lines.push((ahead, line));
        }
    }
    let (behind, others): (Vec<_>, Vec<_>) = lines.into_iter().partition(|(ahead, _)| *ahead < 1.0);
    table(out, "Another one between processes is ahead", &behind);
    table(out, "The other tasks", &others);
    if !unknown.is_empty() {
        _ = writeln!(
            out,
            "\n## No figure of ours, or none of others\n\n- {}",
            unknown.join("\n- ")
        );
    }
}

fn table(out: &mut String, heading: &str, lines: &[(f64, String)]) {
    if lines.is_empty() {
        return;
    }
    _ = writeln!(out, "\n## {heading}\n");
    out.push_str("The best row of each, medians of all runs; how many times as good ours is.\n\n");
    out.push_str(
        "| task | ours | best between processes | ours / it | best between threads | ours / it |\n",
    );
    out.push_str("|---|---|---|---:|---|---:|\n");
    for (_, line) in lines {
        _ = writeln!(out, "{line}");
    }
}
