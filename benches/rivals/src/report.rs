//! The tables.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::link::Waiting;
use crate::measure::Measurement;
use crate::peer::{Between, Facts};
use crate::probe::Probe;
use crate::spec::Work;

/// All measurements of a run.
#[derive(Debug, Default)]
pub struct Results {
    /// Wherever the cores were.
    anywhere: bool,
    good: BTreeMap<(String, String), Vec<Measurement>>,
    /// Thrown away: the cores were elsewhere.
    elsewhere: BTreeMap<(String, String), u32>,
    failed: BTreeMap<(String, String), String>,
}

impl Results {
    pub fn new(anywhere: bool) -> Results {
        Results {
            anywhere,
            ..Results::default()
        }
    }

    /// Takes a measurement in, or notes that it was thrown away because the cores were not near: false.
    pub fn add(&mut self, work: Work, measurement: Measurement) -> bool {
        let key = (measurement.work.clone(), measurement.peer.clone());
        let is_near = measurement.before.is_near() && measurement.after.is_near();
        if is_near || !work.is_between_cores() || self.anywhere {
            self.good.entry(key).or_default().push(measurement);
            return true;
        }
        *self.elsewhere.entry(key).or_default() += 1;
        false
    }

    /// Notes why there is none.
    pub fn fail(&mut self, peer: &str, work: Work, error: String) {
        self.failed
            .insert((work.to_string(), peer.to_owned()), error);
    }

    pub fn of(&self, work: Work, peer: &str) -> &[Measurement] {
        let key = (work.to_string(), peer.to_owned());
        self.good.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Why a row has no figure.
    fn missing(&self, work: Work, peer: &str) -> Option<String> {
        let key = (work.to_string(), peer.to_owned());
        if let Some(error) = self.failed.get(&key) {
            return Some(format!("failed: {}", error.replace('|', "/")));
        }
        let times = self.elsewhere.get(&key)?;
        Some(format!(
            "missing: measured {times} times, the cores were never near before and after"
        ))
    }
}

/// Median, least and most of one figure over the runs.
struct Spread {
    median: f64,
    least: f64,
    most: f64,
    runs: usize,
}

impl Spread {
    fn of(runs: &[Measurement], figure: impl Fn(&Measurement) -> f64) -> Spread {
        let mut figures: Vec<f64> = runs.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        let (low, high) = (figures[(figures.len() - 1) / 2], figures[figures.len() / 2]);
        Spread {
            median: (low + high) / 2.0,
            least: figures[0],
            most: figures[figures.len() - 1],
            runs: figures.len(),
        }
    }

    /// `median | least .. most (runs)`.
    fn cells(&self, show: impl Fn(f64) -> String) -> String {
        let Spread {
            median,
            least,
            most,
            runs,
        } = self;
        format!(
            "{} | {} .. {} ({runs})",
            show(*median),
            show(*least),
            show(*most)
        )
    }
}

/// A median alone.
fn median(runs: &[Measurement], figure: impl Fn(&Measurement) -> f64) -> f64 {
    Spread::of(runs, figure).median
}

/// The mean of what a probe said before and after.
fn bare(run: &Measurement, of: impl Fn(&Probe) -> f64) -> f64 {
    f64::midpoint(of(&run.before), of(&run.after))
}

fn rate(run: &Measurement) -> f64 {
    (run.outcome.records - run.outcome.missed) as f64 / run.outcome.seconds
}

fn ns(value: f64) -> String {
    if value < 10.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.0}")
    }
}

/// A number of records a second.
fn per_second(value: f64) -> String {
    match value {
        1e9.. => format!("{:.2} G", value / 1e9),
        1e6.. => format!("{:.1} M", value / 1e6),
        1e4.. => format!("{:.1} k", value / 1e3),
        _ => format!("{value:.0}"),
    }
}

/// A table of one workload, best first.
struct Table<'a> {
    results: &'a Results,
    peers: &'a [Facts],
    work: Work,
    columns: &'a str,
}

impl Table<'_> {
    /// `row` gives what is sorted by, descending, and the cells.
    fn render(&self, out: &mut String, row: impl Fn(&[Measurement]) -> (f64, String)) {
        let mut rows = Vec::new();
        let mut missing = Vec::new();
        for facts in self.peers.iter().filter(|facts| self.work.suits(facts)) {
            let runs = self.results.of(self.work, facts.name);
            let between = match facts.between {
                Between::Processes => "processes",
                Between::Threads => "threads",
            };
            if !runs.is_empty() {
                let (order, cells) = row(runs);
                rows.push((
                    order,
                    format!("| {} | {between} | {cells} |", name(facts.name)),
                ));
            } else if let Some(why) = self.results.missing(self.work, facts.name) {
                missing.push(format!("- {}: {why}", facts.name));
            }
        }
        if rows.is_empty() && missing.is_empty() {
            return;
        }
        rows.sort_by(|a, b| b.0.total_cmp(&a.0));
        let placement = if self.work.is_pinned() {
            "producer on core 0, consumer on core 1"
        } else {
            "placed by the scheduler"
        };
        _ = writeln!(
            out,
            "\n### {}\n\nPlacement: {placement}.\n",
            title(self.work)
        );
        _ = writeln!(out, "| peer | between | {} |", self.columns);
        let columns = self.columns.split('|').count();
        _ = writeln!(out, "|---|---|{}", "---:|".repeat(columns));
        for (_, row) in rows {
            _ = writeln!(out, "{row}");
        }
        if !missing.is_empty() {
            _ = writeln!(out, "\n{}", missing.join("\n"));
        }
    }
}

/// Ours stand out.
fn name(peer: &str) -> String {
    if peer.starts_with("ours") {
        format!("**{peer}**")
    } else {
        peer.to_owned()
    }
}

/// All tables in Markdown.
pub fn render(results: &Results, peers: &[Facts], command: &str) -> String {
    let mut out = String::from("# The ring and its rivals\n");
    if results.anywhere {
        out.push_str("\nFor a look only: short runs, once, wherever the cores were.\n");
    }
    _ = write!(out, "\n{}", crate::machine::describe(peers, command));
    machine(results, &mut out);
    crate::summary::render(results, peers, &mut out);
    for work in Work::all() {
        let table = |columns| Table {
            results,
            peers,
            work,
            columns,
        };
        match work {
            Work::PingPong => {
                let columns = "p50 ns | min .. max (runs) | p99 | p99.9 | mean | p50 / bare line";
                table(columns).render(&mut out, latency);
            }
            Work::Stream { .. } | Work::FanOut { .. } => {
                let columns = "records/s | min .. max (runs) | GB/s | x raw, 64 KiB index | x raw, 64 B index";
                table(columns).render(&mut out, |runs| throughput(runs, work));
            }
            Work::Frames { .. } => {
                let columns = "frames/s | min .. max (runs) | GB/s | x raw, same memory, index per frame | x raw, 4 MiB, 64 KiB index | missed";
                table(columns).render(&mut out, |runs| frames(runs, work));
            }
            Work::Alone | Work::Crowd { .. } => {
                table("ns | min .. max (runs)").render(&mut out, cost);
            }
            Work::Wake { .. } => {
                let columns =
                    "p50 us | min .. max (runs) | p99 us | bare futex p50 us | p50 / bare";
                table(columns).render(&mut out, wake);
            }
        }
    }
    out
}

fn latency(runs: &[Measurement]) -> (f64, String) {
    let of = |pick: fn(&crate::work::Times) -> f64| {
        move |run: &Measurement| run.outcome.times.as_ref().map_or(f64::NAN, pick)
    };
    let p50 = Spread::of(runs, of(|times| times.p50));
    let ratio = median(runs, |run| {
        of(|times| times.p50)(run) / bare(run, |probe| probe.line_ns)
    });
    let [p99, p999, mean] = [
        median(runs, of(|times| times.p99)),
        median(runs, of(|times| times.p999)),
        median(runs, of(|times| times.mean)),
    ]
    .map(ns);
    (
        -p50.median,
        format!("{} | {p99} | {p999} | {mean} | {ratio:.2}", p50.cells(ns)),
    )
}

/// The task in words.
pub fn title(work: Work) -> String {
    match work {
        Work::PingPong => "W1: one way, 64 B, ping-pong over two channels, spinning".to_owned(),
        Work::Stream { bytes } => format!("W2: 1 to 1, records of {bytes} B"),
        Work::FanOut { readers, waiting } => {
            let how = match waiting {
                Waiting::Block => "sleeping",
                _ => "yielding",
            };
            format!("W3: 1 to {readers}, 64 B, {how}: delivered in total")
        }
        Work::Alone => "W4: publish 8 B one by one, nobody there".to_owned(),
        Work::Wake { micros } => {
            format!(
                "W5: publish to a reader that sleeps, every {micros} us: until it has the record"
            )
        }
        Work::Crowd { readers } => {
            format!("W6: publish 64 B, {readers} readers attached that take nothing")
        }
        Work::Frames { bytes, memory } => {
            let memory = memory >> 20;
            format!("W7: 1 to 1, frames of {bytes} B through {memory} MiB, one by one")
        }
    }
}

/// What is compared: the better, the larger; and as it is shown.
pub fn figure(work: Work, runs: &[Measurement]) -> (f64, String) {
    match work {
        Work::Stream { .. } | Work::FanOut { .. } | Work::Frames { .. } => {
            let rate = median(runs, |run| delivered(run, work));
            (rate, format!("{}/s", per_second(rate)))
        }
        Work::PingPong => {
            let time = median(runs, p50);
            (-time, format!("{} ns", ns(time)))
        }
        Work::Wake { .. } => {
            let time = median(runs, p50);
            (-time, format!("{:.2} us", time / 1e3))
        }
        Work::Alone | Work::Crowd { .. } => {
            let time = median(runs, |run| 1e9 / rate(run));
            (-time, format!("{} ns", ns(time)))
        }
    }
}

fn p50(run: &Measurement) -> f64 {
    run.outcome.times.map_or(f64::NAN, |times| times.p50)
}

/// Records a second, to all.
fn delivered(run: &Measurement, work: Work) -> f64 {
    rate(run) * work.readers() as f64
}

fn throughput(runs: &[Measurement], work: Work) -> (f64, String) {
    let bytes = work.bytes();
    let total = |run: &Measurement| delivered(run, work);
    let spread = Spread::of(runs, total);
    let gigabytes = spread.median * bytes as f64 / 1e9;
    let moved = |run: &Measurement| total(run) * bytes as f64;
    let wide = median(runs, |run| moved(run) / bare(run, |probe| probe.stream_64k));
    let narrow = median(runs, |run| moved(run) / bare(run, |probe| probe.stream_64));
    (
        spread.median,
        format!(
            "{} | {gigabytes:.2} | {wide:.3} | {narrow:.2}",
            spread.cells(per_second)
        ),
    )
}

fn frames(runs: &[Measurement], work: Work) -> (f64, String) {
    let spread = Spread::of(runs, rate);
    let moved = |run: &Measurement| rate(run) * work.bytes() as f64;
    let gigabytes = median(runs, moved) / 1e9;
    let same = median(runs, |run| {
        moved(run) / bare(run, |probe| probe.stream_frames.unwrap_or(f64::NAN))
    });
    let wide = median(runs, |run| moved(run) / bare(run, |probe| probe.stream_64k));
    let missed = median(runs, |run| {
        run.outcome.missed as f64 / run.outcome.records as f64
    });
    let missed = if missed > 0.0 {
        format!("{:.1} %", missed * 1e2)
    } else {
        "0".to_owned()
    };
    (
        spread.median,
        format!(
            "{} | {gigabytes:.2} | {same:.3} | {wide:.3} | {missed}",
            spread.cells(per_second)
        ),
    )
}

fn cost(runs: &[Measurement]) -> (f64, String) {
    let spread = Spread::of(runs, |run| 1e9 / rate(run));
    (-spread.median, spread.cells(ns))
}

fn wake(runs: &[Measurement]) -> (f64, String) {
    let us = |value: f64| format!("{:.2}", value / 1e3);
    let bare = |run: &Measurement| run.outcome.bare.map_or(f64::NAN, |times| times.p50);
    let spread = Spread::of(runs, p50);
    let p99 = median(runs, |run| {
        run.outcome.times.map_or(f64::NAN, |times| times.p99)
    });
    let ratio = median(runs, |run| p50(run) / bare(run));
    let bare = median(runs, bare);
    (
        -spread.median,
        format!(
            "{} | {} | {} | {ratio:.2}",
            spread.cells(us),
            us(p99),
            us(bare)
        ),
    )
}

/// The bare machine in the runs that count, and in those that do not.
fn machine(results: &Results, out: &mut String) {
    let between_cores = |run: &&Measurement| {
        let work: Result<Work, _> = run.work.parse();
        work.is_ok_and(Work::is_between_cores)
    };
    let all = results.good.values().flatten();
    let runs: Vec<Measurement> = all.filter(between_cores).cloned().collect();
    if runs.is_empty() {
        return;
    }
    let thrown: u32 = results.elsewhere.values().sum();
    _ = writeln!(
        out,
        "\nThe bare machine around each of the {} measurements between cores that count ({thrown} more were thrown away, because the\ncores were not near before or after):\n",
        runs.len()
    );
    _ = writeln!(out, "| limit | median | min .. max |\n|---|---:|---:|");
    let mut line = |what: &str, of: fn(&Probe) -> f64, show: fn(f64) -> String| {
        let Spread {
            median,
            least,
            most,
            ..
        } = Spread::of(&runs, |run| bare(run, of));
        let [median, least, most] = [median, least, most].map(show);
        _ = writeln!(out, "| {what} | {median} | {least} .. {most} |");
    };
    let gigabytes = |value: f64| format!("{:.1}", value / 1e9);
    line("cache line, one way, ns", |probe| probe.line_ns, ns);
    let index = "raw stream, 4 MiB, index per";
    line(
        &format!("{index} 64 KiB, GB/s"),
        |probe| probe.stream_64k,
        gigabytes,
    );
    line(
        &format!("{index} 64 B, GB/s"),
        |probe| probe.stream_64,
        gigabytes,
    );
}
