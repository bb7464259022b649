//! What a record costs its producer with more and more lossy readers attached that do nothing.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ringbuf_core::{CreateOptions, Preset, Producer, Reader, ReaderOptions, Retain};

use super::{Record, assert_right, check};
use crate::role::Role;
use crate::streams::{BATCH_BYTES, RING_BYTES};
use crate::{cores, record, rings};

/// As many as there are places for.
const READERS: [usize; 4] = [0, 1, 8, 64];
const PRESETS: [Preset; 2] = [Preset::Throughput, Preset::Latency];
const ROUNDS: usize = 5;

/// Prints a table, from that many records in each measurement.
///
/// # Panics
///
/// A ring cannot be made, or readers do not get to it.
pub fn audience(records: u64) {
    println!(
        "Nanoseconds for a record of 64 B at the producer, with lossy readers attached that do not wait"
    );
    println!(
        "| readers | one by one | × nobody | latency preset | × nobody | batches of 4 KiB | × nobody |"
    );
    println!(
        "|--------:|-----------:|---------:|---------------:|---------:|-----------------:|---------:|"
    );
    let mut first = None;
    for readers in READERS {
        let [throughput, latency] = PRESETS.map(|preset| with(readers, preset, records));
        let costs = [throughput.one, latency.one, throughput.batch];
        let nobody = *first.get_or_insert(costs);
        let ratio = |i: usize| costs[i] / nobody[i];
        println!(
            "| {readers:>7} | {:>10.2} | {:>8.2} | {:>14.2} | {:>8.2} | {:>16.3} | {:>8.2} |",
            costs[0],
            ratio(0),
            costs[1],
            ratio(1),
            costs[2],
            ratio(2)
        );
    }
}

struct Cost {
    one: f64,
    batch: f64,
}

fn with(readers: usize, preset: Preset, records: u64) -> Cost {
    let directory =
        rings::directory().unwrap_or_else(|error| panic!("a directory for the ring: {error}"));
    let ring = directory.path().join("ring");
    let options = CreateOptions::default().preset(preset);
    let retain = Retain::records((RING_BYTES / size_of::<Record>()) as u64);
    let mut producer =
        Producer::<Record>::create_with(&ring.display().to_string(), retain, &options)
            .unwrap_or_else(|error| panic!("a ring: {error}"));
    let audience = (readers > 0).then(|| Role::start(&format!("{readers} {}", ring.display())));
    while producer.registered_readers() < readers {
        std::thread::sleep(Duration::from_millis(1));
    }
    let (one, batch) = cores::on_first(|| {
        // The first time round touches every page.
        one_by_one(&mut producer, (2 * RING_BYTES / size_of::<Record>()) as u64);
        let one = median(|| one_by_one(&mut producer, records));
        check(&producer);
        let batch = median(|| in_batches(&mut producer, records));
        check(&producer);
        (one, batch)
    });
    assert_eq!(
        producer.registered_readers(),
        readers,
        "readers left before the end"
    );
    std::fs::File::create(done(&ring)).expect("a file that says so");
    if let Some(audience) = audience {
        audience.finish();
    }
    Cost { one, batch }
}

/// Plays the readers: many in one process, which sleeps.
///
/// # Panics
///
/// They cannot attach, or find another record than was published.
pub fn play(role: &str) {
    let (readers, ring) = role.split_once(' ').expect("\"READERS RING\"");
    let attach = |_| Reader::<Record>::attach(ring, ReaderOptions::lossy().from_oldest());
    let mut attached: Vec<_> = (0..readers.parse().expect("a number of readers"))
        .map(|n: usize| attach(n).expect("attaching"))
        .collect();
    while !done(Path::new(ring)).exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    for reader in &mut attached {
        let batch = reader
            .poll()
            .expect("reading")
            .expect("what the ring keeps");
        assert_eq!(
            batch.missed(),
            batch.first_sequence(),
            "what was missed was not counted"
        );
        assert_right(&batch);
    }
}

/// The file that says that all was published.
fn done(ring: &Path) -> PathBuf {
    ring.with_extension("done")
}

fn median(mut measure: impl FnMut() -> f64) -> f64 {
    let mut all: Vec<f64> = (0..ROUNDS).map(|_| measure()).collect();
    all.sort_by(f64::total_cmp);
    all[ROUNDS / 2]
}

fn one_by_one(producer: &mut Producer<Record>, records: u64) -> f64 {
    let begin = Instant::now();
    let next = producer.published();
    for sequence in next..next + records {
        let record = record::make(sequence);
        producer.publish(&record).expect("publishing");
    }
    begin.elapsed().as_nanos() as f64 / records as f64
}

fn in_batches(producer: &mut Producer<Record>, records: u64) -> f64 {
    let mut batch = [Record::default(); BATCH_BYTES / size_of::<Record>()];
    let begin = Instant::now();
    let mut next = producer.published();
    let end = next + records;
    while next < end {
        record::fill(&mut batch, next);
        next = producer.publish_slice(&batch).expect("publishing");
    }
    begin.elapsed().as_nanos() as f64 / records as f64
}
