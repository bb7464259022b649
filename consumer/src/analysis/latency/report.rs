//! Latencies for people.

use std::io;

use super::ages::{Ages, Figures};
use crate::output::Output;
use crate::progress::Summary;
use crate::table::{Table, time};

/// How long the longest bar is.
const BAR: f64 = 40.0;

pub fn write(summary: &Summary, ages: &Ages, output: &mut Output) -> io::Result<()> {
    output.text(summary)?;
    let figures = ages.figures();
    if figures.count > 0 {
        output.text(table(&figures))?;
        if summary.last {
            output.text("")?;
            output.text(histogram(ages))?;
        }
    }
    for line in remarks(summary, &figures) {
        output.text(line)?;
    }
    output.text("")
}

fn table(figures: &Figures) -> Table {
    let mut table = Table::new([
        "latency", "count", "min", "mean", "p50", "p90", "p99", "p99.9", "max", "",
    ]);
    let cell = |us: Option<f64>| us.map_or("-".to_owned(), |us| time(us / 1e6));
    table.row([
        String::new(),
        figures.count.to_string(),
        cell(figures.min_us),
        cell(figures.mean_us),
        cell(figures.p50_us),
        cell(figures.p90_us),
        cell(figures.p99_us),
        cell(figures.p99_9_us),
        cell(figures.max_us),
        String::new(),
    ]);
    table
}

/// How many took up to 1, 2, 5, 10, 20 ... as long.
fn histogram(ages: &Ages) -> Table {
    let mut bounds: Vec<(u64, u64)> = Vec::new();
    for (age, count) in ages.counts() {
        let bound = bound_above(age);
        match bounds.last_mut() {
            Some((last, counted)) if *last == bound => *counted += count,
            _ => bounds.push((bound, count)),
        }
    }
    let most = bounds.iter().map(|&(_, count)| count).max().unwrap_or(1);
    let mut table = Table::new(["", "up to", "records", "share", ""]);
    for (bound, count) in bounds {
        let length = (count as f64 / most as f64 * BAR).ceil() as usize;
        table.row([
            String::new(),
            time(bound as f64 / 1e9),
            count.to_string(),
            format!("{:.2} %", count as f64 / ages.count() as f64 * 100.0),
            "#".repeat(length),
        ]);
    }
    table
}

/// The smallest of 1, 2, 5, 10, 20 ... that is not below.
fn bound_above(age: u64) -> u64 {
    let mut decade = 1u64;
    loop {
        for step in [1, 2, 5] {
            match decade.checked_mul(step) {
                Some(bound) if bound < age => {}
                Some(bound) => return bound,
                None => return u64::MAX,
            }
        }
        decade = decade.saturating_mul(10);
    }
}

/// What is not among them.
fn remarks(summary: &Summary, figures: &Figures) -> Vec<String> {
    let mut remarks = Vec::new();
    let mut remark = |count: u64, text: &str| {
        if count > 0 {
            let word = summary.kind.word(count);
            remarks.push(format!("{count} {word} {text}"));
        }
    };
    remark(summary.missed, "missed: they have no latency");
    let text = "published before this analyzer attached: left out";
    remark(figures.before_attach, text);
    let text = "published later than looked at, by the clock, which went back: taken as 0";
    remark(figures.clock_back, text);
    let text = "without a time since the system booted: left out";
    remark(figures.untold, text);
    if summary.last && figures.count == 0 && figures.before_attach > 0 {
        remarks.push("start it before the producer, or while that publishes".to_owned());
    }
    remarks
}
