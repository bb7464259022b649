//! A process of the same user that has both files mapped for writing and stores whatever it likes, as fast as it can.

use std::ops::Range;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;

use crate::support::Numbers;
use crate::support::process::say;
use crate::support::system::Words;

use super::{ARENA, CELLS};

/// Marks the gate of a bounded reader.
const TAG: u64 = 1 << 62;

/// Where the words lie, as `docs/FORMAT.md` says.
const PUBLISHED: usize = 4096 / 8;
const LIVE: Range<usize> = PUBLISHED..PUBLISHED + 112;
const MIRROR: Range<usize> = PUBLISHED + 2..PUBLISHED + 16;
const LIMIT: Range<usize> = PUBLISHED + 16..PUBLISHED + 17;
const STATUS: Range<usize> = PUBLISHED + 32..PUBLISHED + 39;
const EPOCHS: Range<usize> = PUBLISHED + 48..PUBLISHED + 112;
const DATA: usize = 65_536 / 8;
/// Words of a descriptor, if there are any.
const DESCRIPTOR: usize = 8;
/// Whether there are, in the header.
const FLAGS: usize = 96 / 8;
const FRAMES: u64 = 4;
const WAKE: Range<usize> = 4096 / 8..4096 / 8 + 17;
const SLOTS: usize = 8192 / 8;
const SLOT: usize = 256 / 8;

/// Where one goes at, for a while.
enum Target {
    /// Any word of a part of the data file.
    Data(Range<usize>),
    /// The same of the readers' file.
    Readers(Range<usize>),
    /// The same of these words of every slot.
    Slots(Range<usize>),
    /// One word of both files' words, nothing else.
    Data1(usize),
    Readers1(usize),
    /// Where a frame lies, and its length: of all descriptors.
    Descriptors(Range<usize>),
    /// The headers, which are put back afterwards.
    Headers,
    /// Everything but the indices as it was when it was mapped.
    MakeGood,
}

/// The role: does it until it is killed.
pub fn intruder(arguments: &[String]) {
    let [ring, seed] = arguments else {
        panic!("{arguments:?}");
    };
    let readers = ring.replace(".ring", ".readers");
    let mut numbers = Numbers::new(seed.parse().unwrap());
    let mut has_begun = false;
    loop {
        // Another pair of files may have the name by now.
        let files = (Words::of(Path::new(ring)), Words::of(Path::new(&readers)));
        let (Ok(data), Ok(readers)) = files else {
            std::thread::yield_now();
            continue;
        };
        if data.len() < DATA + CELLS || readers.len() < SLOTS + 64 * SLOT {
            continue;
        }
        if !std::mem::replace(&mut has_begun, true) {
            say("begun");
        }
        Intrusion::new(&data, &readers).go_on(&mut numbers);
    }
}

struct Intrusion<'a> {
    data: &'a Words,
    readers: &'a Words,
    good: [Vec<u64>; 2],
    has_frames: bool,
}

impl Intrusion<'_> {
    fn new<'a>(data: &'a Words, readers: &'a Words) -> Intrusion<'a> {
        let copy = |words: &Words, len| (0..len).map(|at| words.word(at).load(Relaxed)).collect();
        Intrusion {
            data,
            readers,
            good: [copy(data, LIVE.end), copy(readers, SLOTS)],
            has_frames: data.word(FLAGS).load(Relaxed) & FRAMES != 0,
        }
    }

    fn go_on(&self, numbers: &mut Numbers) {
        for _ in 0..8 {
            let target = self.target(numbers);
            let stores = 1 << numbers.below(16);
            let kind = numbers.below(8);
            for _ in 0..stores {
                let value = self.value(kind, numbers);
                self.store(&target, value, numbers);
            }
            self.make_good(&target);
            if numbers.below(2) == 0 {
                self.make_good(&Target::MakeGood);
            }
            if numbers.below(4) == 0 {
                std::thread::yield_now();
            }
        }
    }

    fn target(&self, numbers: &mut Numbers) -> Target {
        let descriptors = DATA..DATA + CELLS * DESCRIPTOR;
        if self.has_frames && self.data.len() >= descriptors.end && numbers.below(4) == 0 {
            return Target::Descriptors(descriptors);
        }
        let times = DATA * 8 + 65_536;
        match numbers.below(20) {
            0 => Target::Data(PUBLISHED..PUBLISHED + 2),
            1 => Target::Data(MIRROR),
            2 => Target::Data(LIMIT),
            3 => Target::Data(STATUS),
            4 => Target::Data(STATUS.start..STATUS.start + 1),
            5 => Target::Data(EPOCHS),
            6 => Target::Data(LIVE),
            7 => Target::Data(DATA..DATA + CELLS),
            // On a ring without publication times the file ends here.
            8 if self.data.len() > times / 8 => Target::Data(times / 8..times / 8 + CELLS),
            9 => Target::Readers(WAKE),
            10 => Target::Slots(0..1),
            11 => Target::Slots(1..3),
            12 => Target::Slots(3..14),
            13 => Target::Slots(14..24),
            14 => Target::Slots(0..SLOT),
            15 => Target::Headers,
            16 => Target::Data1(LIVE.start + numbers.below(LIVE.len() as u64) as usize),
            17 => Target::Readers1(SLOTS + numbers.below(8 * SLOT as u64) as usize),
            _ => Target::MakeGood,
        }
    }

    /// A number that somebody could take for a sequence, an epoch, a gate or a time.
    fn value(&self, kind: u64, numbers: &mut Numbers) -> u64 {
        let published = self.data.word(PUBLISHED).load(Relaxed);
        let near = published
            .wrapping_add(numbers.below(4 * CELLS as u64))
            .wrapping_sub(2 * CELLS as u64);
        match kind {
            0 => 0,
            1 => u64::MAX - numbers.below(4),
            2 => near,
            3 => near | TAG,
            4 => 1 << numbers.below(64),
            5 => numbers.below(200),
            6 => (1 << (59 + numbers.below(5))) - numbers.below(3),
            7 if self.has_frames => 64 * numbers.below(ARENA / 32),
            _ => numbers.next(),
        }
    }

    fn store(&self, target: &Target, value: u64, numbers: &mut Numbers) {
        let mut any = |part: &Range<usize>| part.start + numbers.below(part.len() as u64) as usize;
        let word = match target {
            Target::Data(part) => self.data.word(any(part)),
            Target::Readers(part) => self.readers.word(any(part)),
            Target::Slots(part) => {
                let slot = any(&(0..64));
                self.readers.word(SLOTS + slot * SLOT + any(part))
            }
            Target::Data1(word) => self.data.word(*word),
            Target::Readers1(word) => self.readers.word(*word),
            Target::Descriptors(part) => {
                let descriptor = any(part) / DESCRIPTOR * DESCRIPTOR;
                self.data.word(descriptor + any(&(0..2)))
            }
            Target::Headers => match any(&(0..2)) {
                0 => self.data.word(any(&(0..32))),
                _ => self.readers.word(any(&(0..32))),
            },
            Target::MakeGood => return,
        };
        word.store(value, Relaxed);
    }

    fn make_good(&self, target: &Target) {
        let data = match target {
            Target::Headers => 0..32,
            Target::MakeGood => LIMIT.start..LIVE.end,
            _ => return,
        };
        for at in data {
            self.data.word(at).store(self.good[0][at], Relaxed);
        }
        for at in 0..32 {
            self.readers.word(at).store(self.good[1][at], Relaxed);
        }
    }
}
