//! The calls that programs make all the time, so many times each: for `ci/instructions.sh`, which counts their
//! instructions. `calls` says their names, `calls NAME N` makes one N times.
//!
//! Everything happens in one thread and nobody sleeps: the counts are the same every time.

use std::hint::black_box;

use benches::{record, rings};
use ringbuf_core::{
    CreateOptions, FrameProducer, FrameRetain, Preset, Producer, Reader, ReaderOptions, Retain,
};

/// Rings of so many bytes, so that the calls go round many times.
const RING_BYTES: usize = 64 << 10;

type Call = fn(u64);

const CALLS: &[(&str, Call)] = &[
    ("publish 8 B", |n| publish(heap::<1>(Preset::Throughput), n)),
    ("publish 8 B, latency", |n| {
        publish(heap::<1>(Preset::Latency), n);
    }),
    ("publish 64 B", |n| {
        publish(heap::<8>(Preset::Throughput), n);
    }),
    ("publish 64 B, latency", |n| {
        publish(heap::<8>(Preset::Latency), n);
    }),
    ("publish 64 B, mapped", |n| {
        let directory = rings::directory().expect("a directory for the ring");
        let path = directory.path().join("calls").display().to_string();
        let ring = Producer::create(&path, retain::<8>()).expect("a ring");
        publish::<8>(ring, n);
    }),
    ("publish_slice 512 x 8 B", |n| publish_slice::<1>(512, n)),
    ("publish_slice 64 x 64 B", |n| publish_slice::<8>(64, n)),
    ("claim 1 x 64 B, write, commit", |n| claim::<8>(1, n)),
    ("claim 64 x 64 B, write, commit", |n| claim::<8>(64, n)),
    ("claim_in_place 1 x 64 B, commit", |n| {
        claim_in_place::<8>(1, n);
    }),
    ("claim_in_place 64 x 64 B, commit", |n| {
        claim_in_place::<8>(64, n);
    }),
    ("publish 8 B, next, lossless", |n| {
        publish_next::<1>(ReaderOptions::lossless(), 1, n);
    }),
    ("publish 64 B, next, lossless", |n| {
        publish_next::<8>(ReaderOptions::lossless(), 1, n);
    }),
    ("publish 64 B, next, lossy", |n| {
        publish_next::<8>(ReaderOptions::lossy(), 1, n);
    }),
    ("publish 64 B, next, lossy, latency", publish_next_latency),
    ("publish_slice 64 x 64 B, next, lossless", |n| {
        publish_next::<8>(ReaderOptions::lossless(), 64, n);
    }),
    ("publish_slice 64 x 64 B, next, lossy", |n| {
        publish_next::<8>(ReaderOptions::lossy(), 64, n);
    }),
    ("publish_slice 512 x 8 B, next, lossy", |n| {
        publish_next::<1>(ReaderOptions::lossy(), 512, n);
    }),
    ("publish frame of 64 B", |n| publish_frames(64, n)),
    ("claim frame of 64 B in place, commit", |n| {
        claim_frames_in_place(64, n);
    }),
    ("publish frame of 64 B, next, lossless", |n| {
        frames_there_and_back(ReaderOptions::lossless(), n);
    }),
    ("publish frame of 64 B, next, lossy", |n| {
        frames_there_and_back(ReaderOptions::lossy(), n);
    }),
    ("poll, nothing new, lossless", |n| {
        poll_nothing(ReaderOptions::lossless(), n);
    }),
    ("poll, nothing new, lossy", |n| {
        poll_nothing(ReaderOptions::lossy(), n);
    }),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [] => CALLS.iter().for_each(|(name, _)| println!("{name}")),
        [name, times] => {
            let call = CALLS.iter().find(|(known, _)| known == name);
            let times = times.parse().expect("found another thing than a number");
            call.expect("found no call of this name").1(times);
        }
        _ => panic!("expected nothing, or NAME N"),
    }
}

fn retain<const N: usize>() -> Retain {
    Retain::records((RING_BYTES / (N * 8)) as u64)
}

fn heap<const N: usize>(preset: Preset) -> Producer<[u64; N]> {
    let options = CreateOptions::default().preset(preset);
    Producer::heap_with(retain::<N>(), &options).expect("a ring")
}

fn publish<const N: usize>(mut producer: Producer<[u64; N]>, times: u64) {
    let record = record::make(0);
    for _ in 0..times {
        producer.publish(black_box(&record)).expect("publishing");
    }
}

fn publish_slice<const N: usize>(count: usize, times: u64) {
    let mut producer = heap(Preset::Throughput);
    let records = vec![record::make::<N>(0); count];
    for _ in 0..times {
        producer
            .publish_slice(black_box(&records))
            .expect("publishing");
    }
}

fn claim<const N: usize>(count: usize, times: u64) {
    let mut producer = heap(Preset::Throughput);
    let records = vec![record::make::<N>(0); count];
    for _ in 0..times {
        let mut claim = producer.claim(count).expect("claiming");
        claim.write_slice(0, black_box(&records));
        claim.commit();
    }
}

fn claim_in_place<const N: usize>(count: usize, times: u64) {
    let options = CreateOptions::default().in_place(true);
    let producer = Producer::<[u64; N]>::heap_with(retain::<N>(), &options);
    let mut producer = producer.expect("a ring");
    let records = vec![record::make::<N>(0); count];
    for _ in 0..times {
        let mut claim = producer.claim_in_place(count).expect("claiming");
        for (to, from) in claim.records_mut().iter_mut().zip(&records) {
            *to = *black_box(from);
        }
        claim.commit();
    }
}

fn publish_next<const N: usize>(options: ReaderOptions, count: usize, times: u64) {
    let producer = heap::<N>(Preset::Throughput);
    let reader = producer.reader(options).expect("attaching");
    there_and_back(producer, reader, count, times);
}

fn publish_next_latency(times: u64) {
    let producer = heap::<8>(Preset::Latency);
    let reader = producer.reader(ReaderOptions::lossy()).expect("attaching");
    there_and_back(producer, reader, 1, times);
}

fn there_and_back<const N: usize>(
    mut producer: Producer<[u64; N]>,
    mut reader: Reader<[u64; N]>,
    count: usize,
    times: u64,
) {
    let records = vec![record::make::<N>(0); count];
    for _ in 0..times {
        match &records[..] {
            [record] => {
                producer.publish(black_box(record)).expect("publishing");
            }
            records => {
                producer
                    .publish_slice(black_box(records))
                    .expect("publishing");
            }
        }
        let batch = reader.next().expect("reading").expect("an open ring");
        assert_eq!(batch.records().len(), count);
        black_box(batch.records());
    }
}

fn poll_nothing(options: ReaderOptions, times: u64) {
    let producer = heap::<8>(Preset::Throughput);
    let mut reader = producer.reader(options).expect("attaching");
    for _ in 0..times {
        assert!(reader.poll().expect("reading").is_none());
    }
}

/// Bytes and descriptors go round together.
fn frames(len: usize, options: &CreateOptions) -> FrameProducer {
    let retain = FrameRetain::frames((RING_BYTES / len) as u64, len as u64);
    FrameProducer::heap_with(retain, options).expect("a ring")
}

fn publish_frames(len: usize, times: u64) {
    let mut producer = frames(len, &CreateOptions::default());
    let bytes = vec![7; len];
    for _ in 0..times {
        producer.publish(black_box(&bytes)).expect("publishing");
    }
}

fn claim_frames_in_place(len: usize, times: u64) {
    let mut producer = frames(len, &CreateOptions::default().in_place(true));
    for _ in 0..times {
        let mut claim = producer.claim(len).expect("claiming");
        black_box(claim.bytes_mut().expect("in place"))[0] = 7;
        claim.commit();
    }
}

fn frames_there_and_back(options: ReaderOptions, times: u64) {
    let mut producer = frames(64, &CreateOptions::default());
    let mut reader = producer.reader(options).expect("attaching");
    let bytes = [7; 64];
    for _ in 0..times {
        producer.publish(black_box(&bytes)).expect("publishing");
        let batch = reader.next().expect("reading").expect("an open ring");
        assert_eq!(batch.len(), 1);
        black_box(batch.frames().next().expect("one").bytes());
    }
}
