//! The two files of a ring, changed as an input says.
//!
//! An input is a byte of flags and then changes, one after the other, of the pair of files in
//! `ringbuf-core/tests/golden`: that of frames if the byte behind the flags is [`OF_FRAMES`], otherwise that of records. So
//! a few bytes are a whole ring, and the fuzzer's are spent on what matters. With a flag the checksums are put right afterwards, and with another one the lengths and places that follow from the capacity
//! and the schema: otherwise hardly an input would get beyond the first check.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use ringbuf_core::Schema;

use crate::home;

const RING: &[u8] = include_bytes!("../../ringbuf-core/tests/golden/small.ring");
const READERS: &[u8] = include_bytes!("../../ringbuf-core/tests/golden/small.readers");
const FRAMES_RING: &[u8] = include_bytes!("../../ringbuf-core/tests/golden/frames.ring");
const FRAMES_READERS: &[u8] = include_bytes!("../../ringbuf-core/tests/golden/frames.readers");

const PAGE: usize = 4096;
const SCHEMA: usize = 8192;
pub(crate) const BLOCK: usize = 65_536;
/// Files are no longer than this, whatever their header says.
const LONGEST: u64 = 1 << 20;

/// The header's checksum is put right.
const SIGN_RING: u8 = 1;
const SIGN_READERS: u8 = 2;
/// What follows from capacity and schema is put right.
const FIT: u8 = 4;
const NO_READERS: u8 = 8;
/// The first change of a ring of frames.
const OF_FRAMES: u8 = 0xF0;

/// A pair of files.
pub(crate) struct Image {
    ring: Vec<u8>,
    readers: Option<Vec<u8>>,
    /// What is left of the byte of flags, for who uses the ring.
    pub(crate) choice: u8,
}

impl Image {
    pub(crate) fn of(input: &[u8]) -> Image {
        let mut input = Input(input);
        let flags = input.byte();
        let is_of_frames = input.0.first() == Some(&OF_FRAMES);
        let (mut ring, mut readers) = match is_of_frames {
            true => (FRAMES_RING.to_vec(), FRAMES_READERS.to_vec()),
            false => (RING.to_vec(), READERS.to_vec()),
        };
        input.take(usize::from(is_of_frames));
        // As if its last producer had run since the system booted: of a boot that is not known.
        ring[PAGE + 280..PAGE + 296].fill(0);
        ring[32..48].fill(0);
        let mut lengths = [None; 2];
        while !input.0.is_empty() {
            match input.0.first() {
                Some(9) if is_of_frames => change_descriptor(&mut input, &mut ring),
                _ => change(&mut input, &mut ring, &mut readers, &mut lengths),
            }
        }
        if flags & FIT != 0 {
            fit(&mut ring);
        }
        if flags & SIGN_RING != 0 {
            let end = SCHEMA.saturating_add(number(&ring, 136) as usize);
            sign(&mut ring, SCHEMA..end);
        }
        if flags & SIGN_READERS != 0 {
            sign(&mut readers, 0..0);
        }
        // Last: the others take whole files for granted.
        for (file, length) in [&mut ring, &mut readers].into_iter().zip(lengths) {
            let length = length.unwrap_or(file.len());
            file.resize(length, 0);
        }
        Image {
            ring,
            readers: (flags & NO_READERS == 0).then_some(readers),
            choice: flags >> 4,
        }
    }

    /// A ring of frames whose last producer is gone, with these descriptors and this arena: a capacity of 1 to 16, an
    /// arena of 64 to 2,048 bytes, how far it was published and claimed beyond that, the descriptors of its cells, and
    /// what is left as the arena's bytes.
    pub(crate) fn of_descriptors(input: &[u8]) -> Image {
        let mut input = Input(input);
        let choice = input.byte();
        let mut ring = FRAMES_RING.to_vec();
        let capacity = u64::from(input.byte() % 16) + 1;
        let arena = (u64::from(input.byte() % 32) + 1) * 64;
        let published = u64::from(input.byte() % 64);
        let claimed = published + u64::from(input.byte()) % (capacity + 1);
        let boot = [0; 16];
        put(&mut ring, 32, &boot);
        put(&mut ring, PAGE + 280, &boot);
        for (at, value) in [
            (72, capacity),
            (176, arena),
            (PAGE, published),
            (PAGE + 8, claimed),
            (PAGE + 128, claimed),
            // Its second epoch began with the first frame.
            (PAGE + 384 + 64 + 8, 0),
        ] {
            put(&mut ring, at, &value.to_le_bytes());
        }
        if choice & 1 != 0 {
            put(&mut ring, 96, &[6]);
        }
        fit(&mut ring);
        ring[BLOCK..].fill(0);
        for cell in 0..capacity.next_power_of_two() as usize {
            put(&mut ring, BLOCK + cell * 64, input.take(64));
        }
        let begin = number(&ring, 168) as usize;
        put(&mut ring, begin, input.take(arena as usize));
        let end = SCHEMA + number(&ring, 136) as usize;
        sign(&mut ring, SCHEMA..end);
        Image {
            ring,
            readers: Some(FRAMES_READERS.to_vec()),
            choice,
        }
    }

    /// Whether its header says that its records describe frames.
    pub(crate) fn is_of_frames(&self) -> bool {
        number(&self.ring, 96) & 4 != 0
    }

    /// The descriptor of a frame, wherever that is.
    pub(crate) fn descriptor(&self, sequence: u64) -> &[u8] {
        let at = BLOCK + (sequence % number(&self.ring, 80)) as usize * 64;
        &self.ring[at..at + 64]
    }

    /// Where a frame says that it begins.
    pub(crate) fn start(&self, sequence: u64) -> u64 {
        number(self.descriptor(sequence), 0)
    }

    /// Whether its schema is, to the byte, that of a ring of frames.
    pub(crate) fn has_schema_of_frames(&self) -> bool {
        let end = SCHEMA + number(FRAMES_RING, 136) as usize;
        let len = number(&self.ring, 136);
        len == number(FRAMES_RING, 136)
            && self.ring.get(SCHEMA..end) == FRAMES_RING.get(SCHEMA..end)
    }

    /// The bytes of a frame, if it lies where one can.
    pub(crate) fn payload(&self, sequence: u64) -> Option<&[u8]> {
        let descriptor = self.descriptor(sequence);
        let (start, len) = (number(descriptor, 0), number(descriptor, 8));
        let (begin, arena) = (number(&self.ring, 168), number(&self.ring, 176));
        let at = start % arena;
        let fits = start % 64 == 0 && start < 1 << 62 && len <= arena && at + len <= arena;
        fits.then(|| &self.ring[(begin + at) as usize..][..len as usize])
    }

    /// Whether the checksum of the data file is right.
    pub(crate) fn is_signed(&self) -> bool {
        let mut signed = self.ring.clone();
        let end = SCHEMA.saturating_add(number(&signed, 136) as usize);
        sign(&mut signed, SCHEMA..end);
        signed == self.ring
    }

    /// Whether its producer said that it could not lock the data file.
    pub(crate) fn is_unwatched(&self) -> bool {
        number(&self.ring, PAGE + 304) != 0
    }

    /// Whether its header says that it is written in place.
    pub(crate) fn is_in_place(&self) -> bool {
        number(&self.ring, 96) & 2 != 0
    }

    /// Bytes of the data file.
    pub(crate) fn ring_len(&self) -> u64 {
        self.ring.len() as u64
    }

    /// Puts the files there as the ring `small`, and returns the path of its data file.
    pub(crate) fn put(&self, directory: &Path) -> PathBuf {
        let path = directory.join("small.ring");
        write(&path, &self.ring);
        match &self.readers {
            Some(readers) => write(&directory.join("small.readers"), readers),
            None => remove(&directory.join("small.readers")),
        }
        path
    }
}

fn remove(path: &Path) {
    let _ = fs::remove_file(path);
}

/// Leaves holes where there are zeros: most of a ring is one.
fn write(path: &Path, bytes: &[u8]) {
    let mut file = File::create(path).expect("a file");
    home::keep_from_others(path, 0o600);
    file.set_len(bytes.len() as u64).expect("its length");
    for (page, bytes) in bytes.chunks(PAGE).enumerate() {
        if *bytes != [0; PAGE][..bytes.len()] {
            file.seek(SeekFrom::Start((page * PAGE) as u64))
                .and_then(|_| file.write_all(bytes))
                .expect("its bytes");
        }
    }
}

/// A word of a descriptor.
fn change_descriptor(input: &mut Input<'_>, ring: &mut [u8]) {
    input.byte();
    let (cell, word) = (usize::from(input.byte() % 8), usize::from(input.byte() % 8));
    put(ring, BLOCK + cell * 64 + word * 8, &input.word());
}

/// One change. What lies outside of the file is not changed.
fn change(
    input: &mut Input<'_>,
    ring: &mut [u8],
    readers: &mut [u8],
    lengths: &mut [Option<usize>; 2],
) {
    match input.byte() % 16 {
        0 => put(ring, input.at(), &[input.byte()]),
        1 => put(ring, input.at(), &input.word()),
        2 => put(ring, input.at(), &input.word()[..4]),
        // The fields of the header, whatever their size.
        3 => put(ring, 8 + usize::from(input.byte() % 62) * 4, &input.word()),
        // Indices, state, epochs.
        4 | 5 => put(
            ring,
            PAGE + usize::from(input.byte() % 112) * 8,
            &input.word(),
        ),
        6 => put(ring, BLOCK + input.at(), &input.word()),
        7 => {
            let stamps = number(ring, 144) as usize;
            put(ring, stamps.saturating_add(input.at()), &input.word());
        }
        8 | 9 => {
            let schema = input.run().to_vec();
            ring[SCHEMA..BLOCK].fill(0);
            put(ring, SCHEMA, &schema);
            put(ring, 136, &(schema.len() as u64).to_le_bytes());
        }
        10 => put(readers, input.at(), &input.word()),
        11 => put(readers, usize::from(input.byte()), &input.word()[..4]),
        // A word of a slot: mostly of one that somebody had.
        12 | 13 => {
            let slot = usize::from(input.byte() % 80);
            let slot = if slot < 64 { slot } else { slot % 4 };
            let word = usize::from(input.byte() % 32);
            put(readers, 8192 + slot * 256 + word * 8, &input.word());
        }
        14 => lengths[0] = Some(input.length()),
        _ => lengths[1] = Some(input.length()),
    }
}

fn put(file: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = file
        .get_mut(at..)
        .and_then(|rest| rest.get_mut(..bytes.len()))
    {
        place.copy_from_slice(bytes);
    }
}

/// Puts right what follows from capacity and schema, in the header and in the length of the file.
fn fit(ring: &mut Vec<u8>) {
    let schema = ring.get(SCHEMA..SCHEMA.saturating_add(number(ring, 136) as usize));
    let Some(Ok(schema)) = schema.map(Schema::from_json) else {
        return;
    };
    let (capacity, stride) = (number(ring, 72), schema.size() as u64);
    let cells = capacity.checked_next_power_of_two().unwrap_or(0);
    let Some(data) = cells
        .checked_mul(stride)
        .and_then(|data| data.checked_next_multiple_of(BLOCK as u64))
    else {
        return;
    };
    let is_stamped = number(ring, 144) != 0;
    let stamps = match is_stamped {
        true => cells.saturating_mul(8).next_multiple_of(BLOCK as u64),
        false => 0,
    };
    let begins = data + BLOCK as u64;
    let arena = match number(ring, 96) & 4 != 0 {
        true => number(ring, 176),
        false => 0,
    };
    let behind = begins.saturating_add(stamps);
    let Some(len) = arena
        .checked_next_multiple_of(BLOCK as u64)
        .and_then(|arena| arena.checked_add(behind))
    else {
        return;
    };
    put(
        ring,
        168,
        &(if arena > 0 { behind } else { 0 }).to_le_bytes(),
    );
    put(ring, 176, &arena.to_le_bytes());
    put(ring, 64, &len.to_le_bytes());
    put(ring, 80, &cells.to_le_bytes());
    put(ring, 88, &(stride as u32).to_le_bytes());
    put(ring, 92, &(schema.word_size() as u32).to_le_bytes());
    put(
        ring,
        144,
        &(if is_stamped { begins } else { 0 }).to_le_bytes(),
    );
    put(ring, 160, &data.to_le_bytes());
    if len <= LONGEST && len as usize > ring.len() {
        ring.resize(len as usize, 0);
    }
}

fn sign(file: &mut [u8], schema: std::ops::Range<usize>) {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&file[..252]);
    hasher.update(file.get(schema).unwrap_or_default());
    put(file, 252, &hasher.finalize().to_le_bytes());
}

/// 0 beyond the end of the file.
fn number(file: &[u8], at: usize) -> u64 {
    let bytes = file.get(at..).and_then(|rest| rest.first_chunk());
    bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// What is left of an input; zeros when nothing is.
pub(crate) struct Input<'a>(pub(crate) &'a [u8]);

impl<'a> Input<'a> {
    pub(crate) fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    pub(crate) fn word(&mut self) -> [u8; 8] {
        let mut word = [0; 8];
        let bytes = self.take(8);
        word[..bytes.len()].copy_from_slice(bytes);
        word
    }

    /// So many bytes, or what there is.
    pub(crate) fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// Two bytes of length, and so many bytes.
    pub(crate) fn run(&mut self) -> &'a [u8] {
        let length = self.at();
        self.take(length)
    }

    fn at(&mut self) -> usize {
        usize::from(self.byte()) | usize::from(self.byte()) << 8
    }

    fn length(&mut self) -> usize {
        (self.at() | usize::from(self.byte()) << 16).min(LONGEST as usize)
    }
}
