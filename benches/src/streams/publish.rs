//! The producer's side.

use std::path::Path;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ringbuf_core::{CreateOptions, Producer, Retain};

use super::read::{self, Got};
use super::row::{How, Memory, Row, What};
use super::{BATCH_BYTES, frames};
use crate::role::Role;
use crate::{cores, record};

/// The least that is measured at once: in less than this the producer would only fill the ring.
pub(super) const LAPS: u64 = 4;

/// A ring at work, with records of some size.
pub trait Stream {
    /// Publishes that many records or more, and returns how many and how long it took.
    fn publish(&mut self, records: u64) -> (u64, Duration);

    /// Closes the ring and asks the readers what they got.
    ///
    /// # Panics
    ///
    /// It is not what was published.
    fn finish(self: Box<Self>) -> Outcome;
}

/// What became of the records.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// How many were published.
    pub published: u64,
    /// How many were missed, of all that the readers together were to get.
    pub missed: u64,
}

/// Makes the ring of row number `index` in that directory, and its readers.
///
/// # Panics
///
/// That fails.
pub fn start(row: &Row, index: usize, directory: &Path) -> Box<dyn Stream> {
    match row.bytes {
        _ if row.what == What::Frames => frames::start(row, index, directory),
        8 => Box::new(Ring::<1>::start(row, index, directory)),
        64 => Box::new(Ring::<8>::start(row, index, directory)),
        0x400 => Box::new(Ring::<128>::start(row, index, directory)),
        0x1_0000 => Box::new(Ring::<8_192>::start(row, index, directory)),
        0x10_0000 => Box::new(Ring::<131_072>::start(row, index, directory)),
        other => panic!("no records of {other} bytes"),
    }
}

/// The readers of a ring.
#[derive(Default)]
pub(super) struct Readers {
    processes: Vec<Role>,
    threads: Vec<JoinHandle<Got>>,
}

impl Readers {
    pub(super) fn add_process(&mut self, index: usize, path: &str) {
        self.processes.push(Role::start(&read::role(index, path)));
    }

    /// Asks all of them, once the ring is closed.
    pub(super) fn finish(self, published: u64) -> Outcome {
        let processes = self
            .processes
            .into_iter()
            .map(|reader| read::heard(&reader.finish()));
        let threads = self
            .threads
            .into_iter()
            .map(|reader| reader.join().expect("a reader that found all right"));
        let mut missed = 0;
        for got in processes.chain(threads) {
            assert_eq!(
                got.read + got.missed,
                published,
                "read and missed are not what was published"
            );
            missed += got.missed;
        }
        Outcome { published, missed }
    }
}

/// Publishes on the first core. With more readers than cores, the scheduler knows better.
pub(super) fn in_its_place(row: &Row, publish: impl FnOnce() -> Duration + Send) -> Duration {
    if row.readers <= 1 {
        cores::on_first(publish)
    } else {
        publish()
    }
}

struct Ring<const N: usize> {
    row: Row,
    producer: Producer<[u64; N]>,
    readers: Readers,
    /// Where records are made before they are published.
    samples: Vec<[u64; N]>,
}

impl<const N: usize> Ring<N> {
    fn start(row: &Row, index: usize, directory: &Path) -> Ring<N> {
        let options = CreateOptions::default()
            .preset(row.preset)
            .stamp(row.stamp)
            .in_place(row.how == How::InPlace)
            .replace(true);
        let retain = Retain::records((row.ring_bytes() / row.bytes) as u64);
        let path = directory.join("bench.ring").display().to_string();
        let producer = match row.memory {
            Memory::Heap => Producer::heap_with(retain, &options),
            Memory::Mapped => Producer::create_with(&path, retain, &options),
        }
        .unwrap_or_else(|error| panic!("a ring to measure: {error}"));
        let batch = match row.how {
            How::One => 1,
            How::Batch => BATCH_BYTES / row.bytes,
            How::InPlace => 0,
        };
        let mut ring = Ring {
            row: *row,
            producer,
            readers: Readers::default(),
            samples: vec![[0; N]; batch],
        };
        for _ in 0..row.readers {
            ring.add_reader(index, &path);
        }
        while ring.producer.registered_readers() < row.readers {
            std::thread::sleep(Duration::from_millis(1));
        }
        ring
    }

    fn add_reader(&mut self, index: usize, path: &str) {
        if self.row.memory == Memory::Mapped {
            return self.readers.add_process(index, path);
        }
        let row = self.row;
        let reader = self
            .producer
            .reader(row.reader_options())
            .expect("attaching");
        let follow = move || read::follow(&row, reader);
        self.readers.threads.push(std::thread::spawn(follow));
    }

    fn publish_until(&mut self, end: u64) -> Duration {
        match self.row.how {
            How::One if N <= 8 => self.made_in_registers(end),
            How::One => self.one_by_one(end),
            How::Batch => self.in_batches(end),
            How::InPlace => self.in_place(end),
        }
    }

    fn made_in_registers(&mut self, end: u64) -> Duration {
        let begin = Instant::now();
        for sequence in self.producer.published()..end {
            let record = record::make(sequence);
            self.producer.publish(&record).expect("publishing");
        }
        begin.elapsed()
    }

    fn one_by_one(&mut self, end: u64) -> Duration {
        let begin = Instant::now();
        for sequence in self.producer.published()..end {
            record::fill(&mut self.samples, sequence);
            let record = &self.samples[0];
            self.producer.publish(record).expect("publishing");
        }
        begin.elapsed()
    }

    fn in_batches(&mut self, end: u64) -> Duration {
        let begin = Instant::now();
        let mut next = self.producer.published();
        while next < end {
            let count = self.samples.len().min((end - next) as usize);
            let batch = &mut self.samples[..count];
            record::fill(batch, next);
            next = self.producer.publish_slice(batch).expect("publishing");
        }
        begin.elapsed()
    }

    fn in_place(&mut self, end: u64) -> Duration {
        let most = (BATCH_BYTES / self.row.bytes).max(1);
        let begin = Instant::now();
        let mut next = self.producer.published();
        while next < end {
            let most = most.min((end - next) as usize);
            let mut claim = self.producer.claim_in_place(most).expect("claiming");
            record::fill(claim.records_mut(), next);
            next += claim.len() as u64;
            claim.commit();
        }
        begin.elapsed()
    }
}

impl<const N: usize> Stream for Ring<N> {
    fn publish(&mut self, records: u64) -> (u64, Duration) {
        let records = records.max(LAPS * self.producer.capacity());
        let end = self.producer.published() + records;
        let row = self.row;
        let elapsed = in_its_place(&row, || self.publish_until(end));
        (records, elapsed)
    }

    fn finish(self: Box<Self>) -> Outcome {
        let published = self.producer.published();
        self.producer.close();
        self.readers.finish(published)
    }
}
