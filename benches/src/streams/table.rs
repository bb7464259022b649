//! What came out, at a glance.

use std::fmt;

use super::publish::Outcome;
use super::row::{How, Row};
use crate::bare::Bare;

/// What was measured of one row.
#[derive(Clone, Debug)]
pub struct Line {
    /// What was done.
    pub row: Row,
    /// The producer's time for a record, in each sample, nanoseconds.
    pub samples: Vec<f64>,
    /// What became of the records.
    pub outcome: Outcome,
    /// The machine before and after.
    pub bare: Option<[Bare; 2]>,
}

impl Line {
    /// Nanoseconds for a record, the median.
    fn ns(&self) -> f64 {
        let mut samples = self.samples.clone();
        samples.sort_by(f64::total_cmp);
        samples.get(samples.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// How often a record arrives, or with nobody there, is published.
    fn copies(&self) -> f64 {
        let lost = self.outcome.missed as f64 / self.outcome.published.max(1) as f64;
        match self.row.readers {
            0 => 1.0,
            readers => readers as f64 - lost,
        }
    }

    /// How it compares with the bare machine, and with what of it, before and after: above 1 is better where bytes
    /// flow, below 1 where only time is spent.
    fn ratio(&self) -> Option<(f64, String)> {
        let bare = self.bare?;
        let middle = bare[0].between(bare[1]);
        let gbps = self.row.bytes as f64 / self.ns() * self.copies();
        let told = |ratio: f64, what: &str, of: fn(Bare) -> f64| {
            let [before, after] = bare.map(of);
            (ratio, format!("{what}, {before:.1}/{after:.1}"))
        };
        Some(match (self.row.readers, self.row.how) {
            (0, _) => told(self.ns() / middle.line_ns, "line", |bare| bare.line_ns),
            (_, How::One) if self.row.bytes <= 64 => {
                let of = |bare: Bare| bare.stream_64;
                told(gbps / of(middle), "stream/64 B", of)
            }
            _ => {
                let of = |bare: Bare| bare.stream_64k;
                told(gbps / of(middle), "stream/64 KiB", of)
            }
        })
    }

    fn placement(&self) -> String {
        match self.bare {
            Some([before, after]) => format!("{}/{}", before.placement(), after.placement()),
            None => "one core".to_owned(),
        }
    }
}

/// All lines of a run.
#[derive(Debug, Default)]
pub struct Table {
    /// In the order of the run.
    pub lines: Vec<Line>,
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| {:<48} | {:>9} | {:>11} | {:>11} | {:>7} | {:>6} {:<24} | {:<9} | {:>7} |",
            "records checked word by word",
            "ns/record",
            "published/s",
            "delivered/s",
            "GB/s",
            "",
            "× bare",
            "cores",
            "missed"
        )?;
        writeln!(
            f,
            "|{:-<50}|{:-<10}:|{:-<12}:|{:-<12}:|{:-<8}:|{:-<33}|{:-<11}|{:-<8}:|",
            "", "", "", "", "", "", "", ""
        )?;
        for line in &self.lines {
            let ns = line.ns();
            let (ratio, what) = line
                .ratio()
                .map_or(("-".to_owned(), String::new()), |(ratio, what)| {
                    (format!("{ratio:.2}"), what)
                });
            let wanted = line.outcome.published as f64 * line.row.readers.max(1) as f64;
            let missed = match line.outcome.missed {
                0 => "0".to_owned(),
                n => format!("{:.2} %", n as f64 / wanted * 1e2),
            };
            writeln!(
                f,
                "| {:<48} | {:>9} | {:>11} | {:>11} | {:>7.2} | {ratio:>6} {what:<24} | {:<9} | {missed:>7} |",
                line.row,
                digits(ns),
                rate(1e9 / ns),
                match line.row.readers {
                    0 => "-".to_owned(),
                    _ => rate(1e9 / ns * line.copies()),
                },
                line.row.bytes as f64 / ns * line.copies(),
                line.placement(),
            )?;
        }
        writeln!(
            f,
            "Medians. GB/s: delivered to all readers together; with nobody, published, and nothing is checked. × bare, of \
             the same run, with\nwhat it was before/after: the ns of a cache line from core to core where nobody reads, else \
             the GB/s of a raw stream that is\ntold every 64 KiB, or every 64 B, through 4 MiB as the rings are; those of frames hold four at least."
        )
    }
}

/// Three digits or more.
fn digits(value: f64) -> String {
    match value {
        ..10.0 => format!("{value:.3}"),
        10.0..100.0 => format!("{value:.2}"),
        100.0..1000.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

fn rate(per_second: f64) -> String {
    match per_second {
        1e9.. => format!("{:.2} G", per_second / 1e9),
        1e6.. => format!("{:.1} M", per_second / 1e6),
        _ => format!("{:.1} k", per_second / 1e3),
    }
}
