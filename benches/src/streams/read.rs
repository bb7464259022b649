//! The readers' side: every word of every record is checked, and none may be missing that is not counted.

use ringbuf_core::{Delivery, Reader};

use super::frames;
use super::row::{Row, What};
use super::rows::rows;
use crate::cores;

/// What a reader got.
#[derive(Clone, Copy, Debug)]
pub(super) struct Got {
    pub(super) read: u64,
    pub(super) missed: u64,
}

/// The role of a process that reads this row of this ring.
pub(super) fn role(index: usize, path: &str) -> String {
    format!("{index} {path}")
}

/// Plays that role: says what it read and what it missed.
///
/// # Panics
///
/// What it received is not what was sent.
pub fn play(role: &str) {
    let (index, path) = role.split_once(' ').expect("\"ROW PATH\"");
    let row = rows()[index.parse::<usize>().expect("the number of a row")];
    let Got { read, missed } = match row.bytes {
        _ if row.what == What::Frames => frames::read(&row, path),
        8 => attach::<1>(&row, path),
        64 => attach::<8>(&row, path),
        0x400 => attach::<128>(&row, path),
        0x1_0000 => attach::<8_192>(&row, path),
        0x10_0000 => attach::<131_072>(&row, path),
        other => panic!("no records of {other} bytes"),
    };
    println!("{read} {missed}");
}

/// What that process said.
pub(super) fn heard(said: &str) -> Got {
    let mut numbers = said.split_whitespace().map(str::parse);
    let (Some(Ok(read)), Some(Ok(missed))) = (numbers.next(), numbers.next()) else {
        panic!("a reader said {said:?}, expected two numbers");
    };
    Got { read, missed }
}

fn attach<const N: usize>(row: &Row, path: &str) -> Got {
    follow(
        row,
        Reader::<[u64; N]>::attach(path, row.reader_options()).expect("attaching"),
    )
}

/// Reads to the end.
pub(super) fn follow<const N: usize>(row: &Row, mut reader: Reader<[u64; N]>) -> Got {
    // With more of them than cores, the scheduler knows better.
    if row.readers == 1 {
        cores::pin(1);
    }
    let mut got = Got { read: 0, missed: 0 };
    while let Some(batch) = reader.next().expect("reading") {
        got.missed += batch.missed();
        got.take(batch.first_sequence(), batch.records());
    }
    got.verdict(row)
}

impl Got {
    /// Takes these records, the first of that sequence.
    ///
    /// # Panics
    ///
    /// They are others than must come next, or a word of them is.
    #[inline(always)]
    pub(super) fn take<const N: usize>(&mut self, first: u64, records: &[[u64; N]]) {
        assert_eq!(
            first,
            self.read + self.missed,
            "records are missing that were not counted as missed"
        );
        assert!(
            crate::record::are_right(records, first),
            "a wrong word in the {} records from {first} on",
            records.len()
        );
        self.read += records.len() as u64;
    }

    /// All of it.
    ///
    /// # Panics
    ///
    /// A lossless reader missed some.
    pub(super) fn verdict(self, row: &Row) -> Got {
        assert!(
            row.delivery != Delivery::Lossless || self.missed == 0,
            "a lossless reader missed {} records",
            self.missed
        );
        self
    }
}
