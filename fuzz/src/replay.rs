//! The corpus of a target and changes of it, without a fuzzer: the same ones every time.

use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::thread;

use crate::Target;

/// An input is not made longer than this.
const LONGEST: usize = 4096;

/// Runs every input of the corpus, and then so many changed ones. Returns how many the corpus has.
///
/// # Panics
///
/// Something does not hold; the input is written to a file that is named.
pub fn replay(target: &Target, seed: u64, changes: u64) -> usize {
    // What a thread has of its own, files too, is gone when it has been joined.
    let replayed = thread::scope(|scope| {
        let thread = scope.spawn(|| replay_here(target, seed, changes));
        thread.join()
    });
    replayed.unwrap_or_else(|problem| panic::resume_unwind(problem))
}

fn replay_here(target: &Target, seed: u64, changes: u64) -> usize {
    let corpus = corpus(target);
    for (path, input) in &corpus {
        attempt(target, input, &path.display().to_string());
    }
    let mut random = Random(seed);
    for changed in 0..changes {
        let (path, input) = &corpus[random.below(corpus.len())];
        let mut input = input.clone();
        for _ in 0..=random.below(4) {
            change(&mut input, &corpus, &mut random);
        }
        input.truncate(LONGEST);
        let from = format!("{}, changed; seed {seed}, change {changed}", path.display());
        attempt(target, &input, &from);
    }
    corpus.len()
}

/// The inputs kept for a target, by name.
fn corpus(target: &Target) -> Vec<(PathBuf, Vec<u8>)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target.name);
    let entries = fs::read_dir(&directory).expect("a corpus for every target");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("it").path()).collect();
    paths.sort();
    let read = |path: PathBuf| (path.clone(), fs::read(path).expect("an input"));
    paths.into_iter().map(read).collect()
}

fn attempt(target: &Target, input: &[u8], from: &str) {
    let Err(problem) = panic::catch_unwind(AssertUnwindSafe(|| target.check(input))) else {
        return;
    };
    let path = std::env::temp_dir().join(format!("ringbuf-fuzz-{}", target.name));
    let written = match fs::write(&path, input) {
        Ok(()) => format!("written to {}", path.display()),
        Err(error) => format!("not written: {error}"),
    };
    eprintln!("{}: {from}: {} bytes, {written}", target.name, input.len());
    panic::resume_unwind(problem);
}

/// Numbers that people get wrong.
const NUMBERS: [u64; 12] = [
    0,
    1,
    2,
    0x7f,
    0xff,
    1 << 31,
    u32::MAX as u64,
    1 << 61,
    1 << 62,
    i64::MAX as u64,
    1 << 63,
    u64::MAX,
];

fn change(input: &mut Vec<u8>, corpus: &[(PathBuf, Vec<u8>)], random: &mut Random) {
    let at = random.below(input.len() + 1);
    let end = (at + random.below(16)).min(input.len());
    match random.below(8) {
        0 => flip(input.get_mut(at), random),
        1 => drop(input.drain(at..end)),
        2 => input.insert(at, random.next() as u8),
        3 => {
            let piece = input[at..end].to_vec();
            input.splice(at..at, piece);
        }
        4 => {
            let number = NUMBERS[random.below(NUMBERS.len())].to_le_bytes();
            let end = input.len().min(at + 8);
            input[at..end].copy_from_slice(&number[..end - at]);
        }
        5 => {
            let number = NUMBERS[random.below(NUMBERS.len())].to_string();
            input.splice(at..end, number.into_bytes());
        }
        6 => {
            let other = &corpus[random.below(corpus.len())].1;
            let from = random.below(other.len() + 1);
            input.splice(at.., other[from..].iter().copied());
        }
        _ => {
            let other = &corpus[random.below(corpus.len())].1;
            let from = random.below(other.len() + 1);
            let to = (from + random.below(32)).min(other.len());
            input.splice(at..end, other[from..to].iter().copied());
        }
    }
}

fn flip(byte: Option<&mut u8>, random: &mut Random) {
    if let Some(byte) = byte {
        *byte ^= 1 << random.below(8);
    }
}

/// Numbers that look random and are the same every time (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}
