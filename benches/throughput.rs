//! `cargo bench throughput`: what a record costs its producer, with nobody there, and with one or four readers, lossless
//! or lossy, threads or processes, that check every word of every record they get.
//!
//! `cargo bench throughput -- '4 lossless'` runs the rows whose names match. The bare machine is measured before and
//! after each row; read the results as ratios to it. All rows stand in one table at the end.

use std::process::Command;
use std::time::Duration;

use benches::bare::Bare;
use benches::streams::{self, Line, Row, Table};
use benches::{cores, rings, role};
use criterion::{BenchmarkId, Criterion, Throughput};

/// Samples of a row. Few and long ones, of many rings each.
const SAMPLES: usize = 10;

fn main() {
    if let Some(role) = role::mine() {
        return streams::play(&role);
    }
    if let Some(code) = without_own_name() {
        std::process::exit(code);
    }
    // Before anybody is pinned.
    cores::pair();
    let mut run = Run {
        directory: rings::directory()
            .unwrap_or_else(|error| panic!("a directory for the rings: {error}")),
        is_test: std::env::args().any(|argument| argument == "--test"),
        bare: None,
        table: Table::default(),
    };
    let mut criterion = Criterion::default()
        .sample_size(SAMPLES)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    for (index, row) in streams::rows().iter().enumerate() {
        run.row(&mut criterion, index, row);
    }
    criterion.final_summary();
    println!("\n{}", run.table);
}

/// `cargo bench throughput -- lossless` makes two filters of this, and Criterion takes one: starts this program again
/// without the first. The code it ended with, if so.
fn without_own_name() -> Option<i32> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != "throughput" {
        return None;
    }
    let program = std::env::current_exe().expect("the path of this program");
    let status = Command::new(program).args(arguments).status();
    Some(status.expect("this program once more").code().unwrap_or(1))
}

struct Run {
    directory: tempfile::TempDir,
    /// Only to see that everything works: once through, as fast as possible.
    is_test: bool,
    /// The machine after the last row, which is before the next.
    bare: Option<Bare>,
    table: Table,
}

impl Run {
    fn row(&mut self, criterion: &mut Criterion, index: usize, row: &Row) {
        let mut group = criterion.benchmark_group(row.audience());
        group.throughput(Throughput::Elements(1));
        group.sampling_mode(criterion::SamplingMode::Flat);
        // Made at the first sample: a row that a filter leaves out starts nobody.
        let mut stream = None;
        let mut samples = Vec::new();
        group.bench_function(BenchmarkId::from_parameter(row.work()), |bencher| {
            let stream = stream.get_or_insert_with(|| {
                self.bare = self.bare.or_else(|| bare("before"));
                streams::start(row, index, self.directory.path())
            });
            bencher.iter_custom(|iterations| {
                let (records, elapsed) = stream.publish(iterations);
                let ns = elapsed.as_nanos() as f64 / records as f64;
                samples.push(ns);
                Duration::from_nanos((ns * iterations as f64) as u64)
            });
        });
        group.finish();
        let Some(stream) = stream else {
            return;
        };
        let outcome = stream.finish();
        let before = self.bare;
        if !self.is_test {
            self.bare = bare("after");
        }
        self.table.lines.push(Line {
            row: *row,
            // The earlier ones warmed up.
            samples: samples.split_off(samples.len().saturating_sub(SAMPLES)),
            outcome,
            bare: before.zip(self.bare).map(|(before, after)| [before, after]),
        });
    }
}

fn bare(when: &str) -> Option<Bare> {
    let bare = Bare::measure();
    match bare {
        Some(bare) => eprintln!("bare machine {when}, {bare}"),
        None => eprintln!("bare machine not measured: it has one core"),
    }
    bare
}
