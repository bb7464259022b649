//! One large array, several worker processes, no copies; and what copies cost.

mod copies;
mod ring;
mod values;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use examples::Result;

/// Large arrays of f64, each summed by worker processes that read their part of it where it lies; then the same with copies
/// sent to them through pipes. Every sum is checked.
///
/// The ring keeps one array: the next one is written in place (no copy on the producer's side either) once every worker has
/// given the last one back.
///
/// Time: from the moment an array is complete until its sum is known, the median. Memory: what all processes take together
/// (the sum of their Pss: shared pages count once) while every worker has the last array.
#[derive(Debug, Parser)]
struct Options {
    /// Size of an array, in millions of bytes
    #[arg(long, value_name = "MB", default_value_t = 80.0, value_parser = megabytes)]
    mb: f64,
    /// How many arrays, one after the other
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    arrays: u64,
    /// How many workers
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=32))]
    workers: u16,
}

fn megabytes(text: &str) -> std::result::Result<f64, String> {
    let number = text.parse().map_err(|_| "expected a number".to_owned())?;
    if (0.001..=100_000.0).contains(&number) {
        return Ok(number);
    }
    Err("expected 0.001 to 100000".to_owned())
}

/// What there is to do, in whichever way.
#[derive(Clone, Copy, Debug)]
struct Task {
    /// Values of an array.
    len: usize,
    arrays: u64,
    workers: usize,
}

/// What it took.
#[derive(Debug, Default)]
struct Cost {
    times: Vec<Duration>,
    /// Bytes that all processes took together.
    memory: u64,
}

fn main() -> ExitCode {
    examples::play("big_array", all_ways, |arguments| {
        match arguments.first().map(String::as_str) {
            Some("ring") => ring::worker(&arguments[1..]),
            _ => copies::worker(&arguments[1..]),
        }
    })
}

fn all_ways() -> Result<()> {
    let options = Options::parse();
    let task = Task {
        len: (options.mb * 1e6 / 8.0) as usize,
        arrays: options.arrays,
        workers: options.workers.into(),
    };
    println!(
        "{} arrays of {:.1} MB ({} values of f64), {} workers",
        task.arrays,
        megabytes_of(task.bytes()),
        task.len,
        task.workers
    );
    println!("way                            ms an array  MB in all  arrays in all");
    task.report("read in place, through a ring", ring::sums(task)?);
    task.report("the whole to each, by pipes", copies::sums(task, false)?);
    task.report("its part to each, by pipes", copies::sums(task, true)?);
    println!("every sum was right");
    Ok(())
}

impl Task {
    /// Bytes of an array.
    fn bytes(self) -> u64 {
        self.len as u64 * 8
    }

    fn report(self, way: &str, mut cost: Cost) {
        cost.times.sort();
        println!(
            "{way:<30} {:11.2} {:10.1} {:14.2}",
            cost.times[cost.times.len() / 2].as_secs_f64() * 1e3,
            megabytes_of(cost.memory),
            cost.memory as f64 / self.bytes() as f64,
        );
    }
}

fn megabytes_of(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
