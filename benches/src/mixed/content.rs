//! What a frame must be: its length, its tag and each of its bytes follow from its sequence and the seed.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

/// Odd, so that no two places of a frame have the same word.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
/// A frame in so many is exactly a power of two long.
const ROUND: u64 = 64;

/// The frames of a run.
///
/// ```
/// use benches::mixed::Content;
///
/// let content = Content::new(1, 1 << 20, false);
/// let mut bytes = vec![0; content.len(5)];
/// content.fill(5, &mut bytes);
/// content.check(5, content.tag(5), &bytes).unwrap();
/// assert!(content.check(6, content.tag(5), &bytes).is_err());
/// ```
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Content {
    seed: u64,
    most: usize,
    uniform: bool,
}

impl Content {
    /// Frames of 0 to `most` bytes: `uniform`, every size as likely as any other; otherwise a power of two is drawn,
    /// 1 to `most`, then a size between half of it and all of it, so that there are as many of 100 bytes as of 100 KiB. One
    /// in 64 is exactly the power of two.
    pub fn new(seed: u64, most: usize, uniform: bool) -> Content {
        Content {
            seed,
            most,
            uniform,
        }
    }

    /// How long the longest may be, bytes.
    pub fn most(&self) -> usize {
        self.most
    }

    /// How long this frame is, bytes.
    pub fn len(&self, sequence: u64) -> usize {
        let random = mix(self.seed.wrapping_add(1), sequence);
        if self.uniform {
            return below(random, self.most as u64 + 1);
        }
        let powers = u64::from(self.most.max(1).ilog2()) + 1;
        let power = 1_u64 << below(random, powers);
        let random = mix(random, sequence);
        if random.is_multiple_of(ROUND) {
            return power as usize;
        }
        let half = power / 2;
        half as usize + below(random, power - half + 1)
    }

    /// What its producer tags it with.
    pub fn tag(&self, sequence: u64) -> u64 {
        mix(self.seed.wrapping_add(2), sequence)
    }

    fn first_word(&self, sequence: u64) -> u64 {
        mix(self.seed, sequence)
    }

    /// Writes this frame.
    pub fn fill(&self, sequence: u64, bytes: &mut [u8]) {
        let mut word = self.first_word(sequence);
        let (words, tail) = bytes.as_chunks_mut::<8>();
        for bytes in words {
            *bytes = word.to_le_bytes();
            word = word.wrapping_add(STEP);
        }
        tail.copy_from_slice(&word.to_le_bytes()[..tail.len()]);
    }

    /// Looks at every byte.
    ///
    /// # Errors
    ///
    /// It is not this frame: which length, tag or byte is another.
    pub fn check(&self, sequence: u64, tag: u64, bytes: &[u8]) -> Result<()> {
        let (len, wanted) = (self.len(sequence), self.tag(sequence));
        ensure!(
            bytes.len() == len,
            "frame {sequence} has {} bytes, expected {len}",
            bytes.len()
        );
        ensure!(
            tag == wanted,
            "frame {sequence} has the tag {tag:#x}, expected {wanted:#x}"
        );
        let first = self.first_word(sequence);
        let mut word = first;
        let mut wrong = 0;
        let (words, tail) = bytes.as_chunks::<8>();
        for bytes in words {
            wrong |= u64::from_le_bytes(*bytes) ^ word;
            word = word.wrapping_add(STEP);
        }
        if wrong != 0 || *tail != word.to_le_bytes()[..tail.len()] {
            return Err(Content::wrong(sequence, first, bytes));
        }
        Ok(())
    }

    /// Which byte it is.
    #[cold]
    fn wrong(sequence: u64, first: u64, bytes: &[u8]) -> anyhow::Error {
        let wanted =
            |at: usize| first.wrapping_add(STEP.wrapping_mul(at as u64 / 8)) >> (at % 8 * 8);
        let found = bytes
            .iter()
            .enumerate()
            .find(|&(at, &byte)| byte != wanted(at) as u8);
        match found {
            Some((at, byte)) => anyhow::anyhow!(
                "byte {at} of the {} of frame {sequence} is {byte:#04x}, expected {:#04x}",
                bytes.len(),
                wanted(at) as u8
            ),
            None => anyhow::anyhow!("frame {sequence} changed while it was looked at"),
        }
    }
}

/// A number of 64 bits that looks random (the finalizer of SplitMix64): of two numbers, another for every second one.
fn mix(seed: u64, sequence: u64) -> u64 {
    let mut z = seed
        .wrapping_mul(0xD134_2543_DE82_EF95)
        .wrapping_add(sequence.wrapping_mul(STEP));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A number below `end` of a random one.
fn below(random: u64, end: u64) -> usize {
    ((u128::from(random) * u128::from(end)) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_wrong_bit_length_or_tag_is_seen() {
        let content = Content::new(7, 100, true);
        let sequence = (0..).find(|&sequence| content.len(sequence) == 93).unwrap();
        let mut bytes = vec![0; 93];
        content.fill(sequence, &mut bytes);
        let tag = content.tag(sequence);
        content.check(sequence, tag, &bytes).unwrap();
        assert!(content.check(sequence, tag ^ 1, &bytes).is_err());
        assert!(content.check(sequence, tag, &bytes[..92]).is_err());
        for bit in 0..93 * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            let error = content.check(sequence, tag, &bytes).unwrap_err();
            assert!(
                error.to_string().starts_with(&format!("byte {} ", bit / 8)),
                "bit {bit}: {error}"
            );
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }

    #[test]
    fn sizes_go_from_nothing_to_the_largest() {
        let most = 1 << 20;
        let lens: Vec<usize> = (0..100_000)
            .map(|sequence| Content::new(1, most, false).len(sequence))
            .collect();
        assert!(lens.iter().all(|&len| len <= most));
        for len in [0, 1, most] {
            assert!(lens.contains(&len), "{len}");
        }
        let mean = lens.iter().sum::<usize>() / lens.len();
        assert!((70_000..80_000).contains(&mean), "{mean}");
        let uniform: usize = (0..100_000)
            .map(|sequence| Content::new(1, most, true).len(sequence))
            .sum();
        assert!((515_000..533_000).contains(&(uniform / 100_000)));
    }
}
