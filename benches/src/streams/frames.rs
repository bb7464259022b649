//! Streams of frames: the words of each are those of a record of its size and sequence.

use std::path::Path;
use std::time::{Duration, Instant};

use ringbuf_core::{CreateOptions, FrameProducer, FrameReader, FrameRetain};

use super::publish::{LAPS, Outcome, Readers, Stream, in_its_place};
use super::read::Got;
use super::row::{How, Row};
use crate::{cores, record};

/// As [`super::start`], for frames.
pub(super) fn start(row: &Row, index: usize, directory: &Path) -> Box<dyn Stream> {
    match row.bytes {
        0x400 => Box::new(Ring::<128>::start(row, index, directory)),
        0x1_0000 => Box::new(Ring::<8_192>::start(row, index, directory)),
        0x10_0000 => Box::new(Ring::<131_072>::start(row, index, directory)),
        0x80_0000 => Box::new(Ring::<1_048_576>::start(row, index, directory)),
        other => panic!("no frames of {other} bytes"),
    }
}

struct Ring<const N: usize> {
    row: Row,
    producer: FrameProducer,
    readers: Readers,
    /// Where frames are made before they are copied into the ring.
    words: Vec<u64>,
}

impl<const N: usize> Ring<N> {
    fn start(row: &Row, index: usize, directory: &Path) -> Ring<N> {
        let options = CreateOptions::default()
            .in_place(row.how == How::InPlace)
            .replace(true);
        let count = (row.ring_bytes() / row.bytes) as u64;
        let retain = FrameRetain::frames(count, row.bytes as u64);
        let path = directory.join("bench.ring").display().to_string();
        let producer = FrameProducer::create_with(&path, retain, &options)
            .unwrap_or_else(|error| panic!("a ring to measure: {error}"));
        let mut readers = Readers::default();
        for _ in 0..row.readers {
            readers.add_process(index, &path);
        }
        while producer.registered_readers() < row.readers {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ring {
            row: *row,
            producer,
            readers,
            words: vec![0; N],
        }
    }

    fn publish_until(&mut self, end: u64) -> Duration {
        let begin = Instant::now();
        for sequence in self.producer.published()..end {
            if self.row.how == How::InPlace {
                self.in_place(sequence);
            } else {
                self.copied(sequence);
            }
        }
        begin.elapsed()
    }

    fn in_place(&mut self, sequence: u64) {
        let mut claim = self.producer.claim(N * 8).expect("claiming");
        let words = claim.values_mut::<u64>().expect("a ring in place");
        record::fill(words.as_chunks_mut::<N>().0, sequence);
        claim.commit();
    }

    fn copied(&mut self, sequence: u64) {
        let (frame, _) = self.words.as_chunks_mut::<N>();
        record::fill(frame, sequence);
        let bytes = record::as_bytes(frame);
        self.producer.publish(bytes).expect("publishing");
    }
}

impl<const N: usize> Stream for Ring<N> {
    fn publish(&mut self, frames: u64) -> (u64, Duration) {
        let frames = frames.max(LAPS * self.producer.capacity());
        let end = self.producer.published() + frames;
        let row = self.row;
        let elapsed = in_its_place(&row, || self.publish_until(end));
        (frames, elapsed)
    }

    fn finish(self: Box<Self>) -> Outcome {
        let published = self.producer.published();
        self.producer.close();
        self.readers.finish(published)
    }
}

/// What the role of a process does that reads such a ring.
pub(super) fn read(row: &Row, path: &str) -> Got {
    let reader = FrameReader::attach(path, row.reader_options()).expect("attaching");
    match row.bytes {
        0x400 => follow::<128>(row, reader),
        0x1_0000 => follow::<8_192>(row, reader),
        0x10_0000 => follow::<131_072>(row, reader),
        0x80_0000 => follow::<1_048_576>(row, reader),
        other => panic!("no frames of {other} bytes"),
    }
}

/// Reads to the end.
fn follow<const N: usize>(row: &Row, mut reader: FrameReader) -> Got {
    // With more of them than cores, the scheduler knows better.
    if row.readers == 1 {
        cores::pin(1);
    }
    let mut got = Got { read: 0, missed: 0 };
    while let Some(batch) = reader.next().expect("reading") {
        got.missed += batch.missed();
        for frame in batch.frames() {
            let words = frame.values::<u64>().expect("a frame of words");
            let ([record], []) = words.as_chunks::<N>() else {
                panic!("a frame of {} bytes", frame.len());
            };
            got.take(frame.sequence(), std::slice::from_ref(record));
        }
    }
    got.verdict(row)
}
