//! The check of every word of a stream.

use anyhow::{Result, ensure};

use super::wide;

/// The account of a consumer: what must come next, and whether any word was ever wrong.
///
/// ```
/// let mut check = benches::record::Check::default();
/// check.take(&[[0, 1], [1, 2]]);
/// assert_eq!(check.next(), 2);
/// check.verdict(2).unwrap();
/// check.take(&[[3, 4]]);
/// assert!(check.verdict(3).is_err());
/// ```
#[derive(Debug, Default)]
pub struct Check<const N: usize> {
    next: u64,
    missed: u64,
    /// Bits that were not what they had to be, of all words so far.
    wrong: [u64; 4],
}

impl<const N: usize> Check<N> {
    /// Takes records that must be the next ones, word by word.
    #[inline(always)]
    pub fn take(&mut self, records: &[[u64; N]]) {
        wide::compare(records, self.next, &mut self.wrong);
        self.next += records.len() as u64;
    }

    /// Passes over records that this consumer was told it missed.
    ///
    /// ```
    /// let mut check = benches::record::Check::default();
    /// check.take(&[[0, 1]]);
    /// check.miss(2);
    /// check.take(&[[3, 4]]);
    /// check.verdict(4).unwrap();
    /// assert_eq!(check.missed(), 2);
    /// ```
    #[inline(always)]
    pub fn miss(&mut self, records: u64) {
        self.next += records;
        self.missed += records;
    }

    /// How many it missed.
    #[inline(always)]
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// The sequence that must come next: how many have come, or were missed.
    #[inline(always)]
    pub fn next(&self) -> u64 {
        self.next
    }

    /// What is to be said about everything so far, when the records before `end` are to come.
    ///
    /// # Errors
    ///
    /// Any word so far was not what it had to be, or there are more records.
    #[inline(always)]
    pub fn verdict(&self, end: u64) -> Result<()> {
        ensure!(
            self.wrong == [0; 4],
            "a record before sequence {} has a wrong word, or came twice, or one before it was lost",
            self.next
        );
        ensure!(
            self.next <= end,
            "{} records came, expected {end}",
            self.next
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{fill, make};

    fn records<const W: usize>(sequences: &[u64]) -> Vec<[u64; W]> {
        sequences.iter().map(|&sequence| make(sequence)).collect()
    }

    fn verdict<const W: usize>(records: &[[u64; W]], end: u64) -> Result<()> {
        let mut check = Check::default();
        check.take(records);
        check.verdict(end)
    }

    fn any_fault_is_seen<const W: usize>() {
        let mut filled = vec![[0; W]; 3];
        fill(&mut filled, 0);
        assert_eq!(filled, records::<W>(&[0, 1, 2]));
        verdict(&filled, 3).unwrap();
        for word in 0..W {
            for bit in 0..64 {
                let mut sent = records::<W>(&[0, 1, 2]);
                sent[1][word] ^= 1 << bit;
                assert!(verdict(&sent, 3).is_err(), "word {word} bit {bit}");
            }
        }
        for sequences in [&[0, 2][..], &[0, 0, 1], &[1, 0], &[0, 1, 1]] {
            assert!(verdict(&records::<W>(sequences), 3).is_err());
        }
        let more = records::<W>(&[0, 1, 2, 3]);
        assert!(verdict(&more, 3).is_err(), "one too many");
    }

    #[test]
    fn any_wrong_bit_and_every_lost_repeated_or_swapped_record_is_seen() {
        any_fault_is_seen::<1>();
        any_fault_is_seen::<8>();
        any_fault_is_seen::<128>();
    }

    #[test]
    fn a_fault_is_not_forgotten() {
        let mut check = Check::<8>::default();
        check.take(&records(&[1]));
        check.take(&records(&[1, 2]));
        assert!(check.verdict(3).is_err());
    }
}
