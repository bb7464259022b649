//! The rows by which people compare: not every combination, which would take an hour to run and to read.

use ringbuf_core::{Delivery, Preset, Wait};

use super::row::{How, Memory, Row, What};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// All of them, in the order of the table. A process that reads knows its row by the place in it.
///
/// ```
/// let rows = benches::streams::rows();
/// assert!(rows.iter().any(|row| row.to_string() == "1 lossless/64 B, batches, mapped"));
/// ```
pub fn rows() -> Vec<Row> {
    [nobody(), one_reader(), frames(), four_readers()].concat()
}

/// What publishing costs by itself, with all that a ring can be asked to do meanwhile.
fn nobody() -> Vec<Row> {
    let mut rows = Vec::new();
    for bytes in [8, 64] {
        for preset in [Preset::Throughput, Preset::Latency] {
            for stamp in [false, true] {
                rows.push(Row {
                    preset,
                    stamp,
                    ..row(0, Delivery::Lossy, bytes, How::One)
                });
            }
        }
    }
    for bytes in [8, 64, KIB] {
        rows.push(row(0, Delivery::Lossy, bytes, How::Batch));
    }
    for bytes in [64 * KIB, MIB] {
        rows.push(row(0, Delivery::Lossy, bytes, How::One));
    }
    rows
}

fn one_reader() -> Vec<Row> {
    let mut rows = Vec::new();
    for delivery in [Delivery::Lossless, Delivery::Lossy] {
        for bytes in [8, 64, KIB] {
            rows.push(row(1, delivery, bytes, How::One));
            rows.push(row(1, delivery, bytes, How::Batch));
        }
        for bytes in [64 * KIB, MIB] {
            rows.push(row(1, delivery, bytes, How::One));
        }
        // Nobody else reads what is written in place.
        if delivery == Delivery::Lossless {
            for bytes in [8, 64, KIB, 64 * KIB, MIB] {
                rows.push(row(1, delivery, bytes, How::InPlace));
            }
        }
        rows.push(Row {
            preset: Preset::Latency,
            ..row(1, delivery, 64, How::One)
        });
        for (bytes, how) in [(8, How::One), (8, How::Batch), (64, How::Batch)] {
            rows.push(Row {
                memory: Memory::Heap,
                ..row(1, delivery, bytes, how)
            });
        }
    }
    rows
}

/// Frames to one reader: written in place or copied in, read in place or copied out.
fn frames() -> Vec<Row> {
    let ways = [
        (Delivery::Lossless, How::InPlace),
        (Delivery::Lossless, How::One),
        (Delivery::Lossy, How::One),
    ];
    let of = |(delivery, how)| {
        [KIB, 64 * KIB, MIB, 8 * MIB].map(|bytes| Row {
            what: What::Frames,
            ..row(1, delivery, bytes, how)
        })
    };
    ways.map(of).concat()
}

/// More than there are cores here: who spins keeps others from running.
fn four_readers() -> Vec<Row> {
    let mut rows = Vec::new();
    for delivery in [Delivery::Lossless, Delivery::Lossy] {
        let batches = Row {
            wait: Wait::Yield,
            ..row(4, delivery, 64, How::Batch)
        };
        rows.push(batches);
        rows.push(Row {
            wait: Wait::Sleep,
            ..batches
        });
        rows.push(Row {
            memory: Memory::Heap,
            ..batches
        });
        if delivery == Delivery::Lossless {
            for wait in [Wait::Yield, Wait::Sleep] {
                rows.push(Row {
                    how: How::InPlace,
                    wait,
                    ..batches
                });
            }
        }
        rows.push(Row {
            bytes: 8,
            ..batches
        });
        rows.push(Row {
            how: How::One,
            ..batches
        });
    }
    rows
}

/// The plain case: processes, nothing asked of the ring, and a reader that has a core to itself.
fn row(readers: usize, delivery: Delivery, bytes: usize, how: How) -> Row {
    Row {
        readers,
        delivery,
        wait: Wait::Spin,
        memory: Memory::Mapped,
        what: What::Records,
        bytes,
        how,
        preset: Preset::Throughput,
        stamp: false,
    }
}
