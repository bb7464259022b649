//! How long attaching takes, and how much memory a ring needs, when nothing has flowed and when much has.

use std::path::Path;
use std::time::Instant;

use ringbuf_core::{Producer, Reader, ReaderOptions, Retain};

use super::{Record, check};
use crate::streams::{BATCH_BYTES, RING_BYTES};
use crate::{record, rings};

/// Attachments measured.
const TIMES: usize = 500;

/// Prints a table, with a ring that nothing and that so many records have gone through.
///
/// # Panics
///
/// A ring cannot be made, or what it keeps is not what was published.
pub fn attaching(records: u64) {
    let directory =
        rings::directory().unwrap_or_else(|error| panic!("a directory for the ring: {error}"));
    let ring = directory.path().join("ring.ring").display().to_string();
    let retain = Retain::records((RING_BYTES / size_of::<Record>()) as u64);
    let mut producer = Producer::<Record>::create(&ring, retain).expect("a ring");
    println!(
        "Attaching to a ring of {} KiB, and memory; µs (median) and KiB",
        RING_BYTES >> 10
    );
    println!(
        "| records so far | attach, lossy | attach, lossless | files | resident | of that, own |"
    );
    println!(
        "|---------------:|--------------:|-----------------:|------:|---------:|-------------:|"
    );
    line(&producer, &ring, directory.path());
    for until in [producer.capacity(), records] {
        publish(&mut producer, until);
        check(&producer);
        line(&producer, &ring, directory.path());
    }
}

fn line(producer: &Producer<Record>, ring: &str, directory: &Path) {
    let lossy = attach_us(ring, &ReaderOptions::lossy());
    let lossless = attach_us(ring, &ReaderOptions::lossless());
    println!(
        "| {:>14} | {lossy:>13.1} | {lossless:>16.1} | {:>5} | {:>8} | {:>12} |",
        producer.published(),
        file_bytes(directory) >> 10,
        resident_kib("VmRSS:"),
        resident_kib("RssAnon:"),
    );
}

fn attach_us(ring: &str, options: &ReaderOptions) -> f64 {
    let mut times: Vec<f64> = (0..TIMES)
        .map(|_| {
            let options = options.clone();
            let begin = Instant::now();
            let reader = Reader::<Record>::attach(ring, options).expect("attaching");
            let elapsed = begin.elapsed();
            drop(reader);
            elapsed.as_nanos() as f64 / 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[TIMES / 2]
}

fn publish(producer: &mut Producer<Record>, until: u64) {
    let mut batch = [Record::default(); BATCH_BYTES / size_of::<Record>()];
    while producer.published() < until {
        let next = producer.published();
        let count = batch.len().min((until - next) as usize);
        record::fill(&mut batch, next);
        producer.publish_slice(&batch[..count]).expect("publishing");
    }
}

fn file_bytes(directory: &Path) -> u64 {
    let files = std::fs::read_dir(directory).expect("the ring's directory");
    files
        .filter_map(|file| file.ok()?.metadata().ok())
        .map(|file| file.len())
        .sum()
}

/// What of this process is in memory; 0 where the system does not tell.
fn resident_kib(which: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix(which))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}
