//! `cargo bench throughput`: what publishing costs, alone and with a lossless or lossy reader in another
//! process that checks every word of every record it gets.
//!
//! A stream is measured in its steady state at the producer: a lossless reader keeps it at most one ring
//! ahead, so over a sample of many rings both have the same rate. The bare cost of a cache line between the
//! cores is printed around every benchmark; read the results as ratios to it.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use benches::{probe, record};
use criterion::{BenchmarkId, Criterion, Throughput};
use ringbuf_core::{Producer, Reader, ReaderOptions, Retain, Wait};

/// Beyond the second-level caches, within the third: see docs/COMPARE.md.
const RING_BYTES: usize = 4 << 20;
/// What one publication of a batch holds.
const BATCH_BYTES: usize = 4096;
/// Set in the reader's process: the ring, and how to read it.
const ROLE: &str = "RINGBUF_BENCH_READER";

fn main() {
    if let Ok(role) = std::env::var(ROLE) {
        return read(&role);
    }
    let directory = tempfile::Builder::new()
        .prefix("ringbuf-bench-")
        .tempdir_in(if std::path::Path::new("/dev/shm").is_dir() {
            "/dev/shm".into()
        } else {
            std::env::temp_dir()
        })
        .expect("a directory for the rings");
    let mut criterion = Criterion::default()
        .configure_from_args()
        .sample_size(20)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(2));
    // Before anybody is pinned.
    probe::cores();
    for audience in ["nobody", "lossless", "lossy"] {
        let bench = Bench {
            directory: directory.path(),
            audience,
        };
        bench.group::<1>(&mut criterion);
        bench.group::<8>(&mut criterion);
        bench.group::<128>(&mut criterion);
    }
    criterion.final_summary();
}

struct Bench<'a> {
    directory: &'a std::path::Path,
    audience: &'static str,
}

impl Bench<'_> {
    /// Records of `N` words, published one by one and in batches.
    fn group<const N: usize>(&self, criterion: &mut Criterion) {
        let bytes = N * 8;
        let mut group = criterion.benchmark_group(format!("throughput/{}", self.audience));
        group.throughput(Throughput::Elements(1));
        for batch in [1, (BATCH_BYTES / bytes).max(2)] {
            let id = BenchmarkId::new(format!("{bytes} B"), format!("x{batch}"));
            // Made at the first sample: a benchmark that a filter leaves out starts no reader.
            let mut stream = None;
            group.bench_function(id, |bencher| {
                let stream = stream.get_or_insert_with(|| {
                    probe::print("before");
                    Stream::<N>::start(self.directory, self.audience)
                });
                bencher.iter_custom(|records| stream.publish(records, batch));
            });
            if let Some(stream) = stream {
                stream.finish();
                probe::print("after");
            }
        }
        group.finish();
    }
}

/// A producer here, and perhaps a reader in another process.
struct Stream<const N: usize> {
    producer: Producer<[u64; N]>,
    reader: Option<Child>,
}

impl<const N: usize> Stream<N> {
    fn start(directory: &std::path::Path, audience: &str) -> Stream<N> {
        let path = directory.join("bench.ring").display().to_string();
        let options = ringbuf_core::CreateOptions::default().replace(true);
        let retain = Retain::records((RING_BYTES / (N * 8)) as u64);
        let producer = Producer::create_with(&path, retain, &options).expect("a ring to measure");
        let reader_core = probe::cores().map_or(0, |[_, reader]| reader.id);
        let reader = (audience != "nobody").then(|| {
            Command::new(std::env::current_exe().expect("the path of this program"))
                .env(ROLE, format!("{audience} {N} {reader_core} {path}"))
                .stdout(Stdio::piped())
                .spawn()
                .expect("a process for the reader")
        });
        while reader.is_some() && producer.registered_readers() == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        if let Some([core, _]) = probe::cores() {
            core_affinity::set_for_current(core);
        }
        Stream { producer, reader }
    }

    /// Publishes that many records and returns how long it took.
    fn publish(&mut self, records: u64, batch: usize) -> Duration {
        let end = self.producer.published() + records;
        let begin = Instant::now();
        let mut next = self.producer.published();
        if batch == 1 {
            while next < end {
                self.producer
                    .publish(&record::make(next))
                    .expect("publishing");
                next += 1;
            }
        } else {
            let mut samples = vec![[0; N]; batch];
            while next < end {
                let count = batch.min((end - next) as usize);
                for (sample, sequence) in samples[..count].iter_mut().zip(next..) {
                    *sample = record::make(sequence);
                }
                next = self
                    .producer
                    .publish_slice(&samples[..count])
                    .expect("publishing");
            }
        }
        begin.elapsed()
    }

    /// Closes the ring and asks the reader what it got.
    fn finish(self) {
        let published = self.producer.published();
        self.producer.close();
        let Some(reader) = self.reader else {
            return;
        };
        let output = reader.wait_with_output().expect("the reader's report");
        assert!(output.status.success(), "the reader found a wrong record");
        let report = String::from_utf8_lossy(&output.stdout);
        let sum: u64 = report
            .split_whitespace()
            .filter_map(|n| n.parse::<u64>().ok())
            .sum();
        assert_eq!(
            sum, published,
            "read + missed must be what was published: {report}"
        );
        eprintln!("    reader: {}, every word right", report.trim());
    }
}

/// The reader's process: checks every word, prints what it read and missed.
fn read(role: &str) {
    let [delivery, size, core, path] = role.splitn(4, ' ').collect::<Vec<_>>()[..] else {
        panic!("{ROLE} is {role:?}, expected \"DELIVERY WORDS CORE PATH\"");
    };
    if let Ok(id) = core.parse() {
        core_affinity::set_for_current(core_affinity::CoreId { id });
    }
    let options = match delivery {
        "lossless" => ReaderOptions::lossless(),
        _ => ReaderOptions::lossy(),
    };
    let options = options.from_oldest().wait(Wait::Spin);
    match size {
        "1" => follow::<1>(path, options),
        "8" => follow::<8>(path, options),
        _ => follow::<128>(path, options),
    }
}

fn follow<const N: usize>(path: &str, options: ReaderOptions) {
    let mut reader = Reader::<[u64; N]>::attach(path, options).expect("attaching");
    let (mut read, mut missed) = (reader.cursor(), 0);
    while let Some(batch) = reader.next().expect("reading") {
        missed += batch.missed();
        let mut sequence = batch.first_sequence();
        let mut all_right = true;
        for found in batch.records() {
            all_right &= record::is_right(found, sequence);
            sequence += 1;
        }
        assert!(all_right, "a wrong record before sequence {sequence}");
        read += batch.records().len() as u64;
    }
    println!("{read} read, {missed} missed");
}
