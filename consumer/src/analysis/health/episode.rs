//! What is told once while it lasts, and what is told seldom if it happens often.
//!
//! Both become quieter the more often it was told: the longer something goes on now and again, the longer it has to
//! have stayed away before it is news. So a thing that never ends is told a few dozen times at most in a million
//! records, and every one is counted all the same.

/// So many records without it are its end, the first time; the next time twice as many.
const CALM: u64 = 256;
/// And so on, but so often at most: a million records.
const DOUBLINGS: u32 = 12;
/// So many events are told, however close they follow one another.
const FREE: u32 = 8;

/// Or so many times as large as all before.
const LARGER: f64 = 1.05;

/// A condition that may be there in this record and not in that: it lasts until it has stayed away.
#[derive(Debug, Default)]
pub struct Episode {
    open: Option<Span>,
    ended: u32,
}

/// Of what records it was, by their sequences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub first: u64,
    pub last: u64,
    /// In how many of them it was.
    pub records: u64,
}

impl Episode {
    /// It is there in this record. Returns whether that is the first one.
    pub fn hit(&mut self, sequence: u64) -> bool {
        match &mut self.open {
            Some(span) => {
                span.last = sequence;
                span.records += 1;
                false
            }
            none @ None => {
                *none = Some(Span {
                    first: sequence,
                    last: sequence,
                    records: 1,
                });
                true
            }
        }
    }

    /// It is not there in this record. Returns what it was, if that is its end.
    #[inline]
    pub fn calm(&mut self, sequence: u64) -> Option<Span> {
        let span = self.open?;
        if sequence.saturating_sub(span.last) < CALM << self.ended.min(DOUBLINGS) {
            return None;
        }
        self.open = None;
        self.ended += 1;
        Some(span)
    }

    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }
}

/// Events, of which some are told.
#[derive(Debug, Default)]
pub struct Seldom {
    told: u32,
    last: u64,
    largest: f64,
    /// Since the last that was told.
    untold: u64,
}

impl Seldom {
    /// One more, so large. Returns how many were not told since the last that was, if this one is to be told: one of
    /// the first, one after a long time, or one larger than all before.
    pub fn event(&mut self, sequence: u64, size: f64) -> Option<u64> {
        let doublings = self.told.saturating_sub(FREE).min(DOUBLINGS);
        let is_after_long = sequence.saturating_sub(self.last) >= CALM << doublings;
        self.last = sequence;
        if self.told >= FREE && !is_after_long && size < LARGER * self.largest {
            self.untold += 1;
            return None;
        }
        self.told += 1;
        self.largest = self.largest.max(size);
        Some(std::mem::take(&mut self.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_lasts_until_it_has_stayed_away() {
        let mut episode = Episode::default();
        assert_eq!(episode.calm(5), None);
        assert!(episode.hit(10) && !episode.hit(12));
        assert_eq!(episode.calm(12 + CALM - 1), None);
        let span = Span {
            first: 10,
            last: 12,
            records: 2,
        };
        assert_eq!(episode.calm(12 + CALM), Some(span));
        assert!(!episode.is_open() && episode.calm(100_000).is_none());
    }

    #[test]
    fn what_never_ends_is_told_a_few_times() {
        let (mut episode, mut begins) = (Episode::default(), 0);
        for sequence in 0..1_000_000 {
            // Just too seldom to be one episode at first.
            if sequence % 300 == 0 {
                begins += u32::from(episode.hit(sequence));
            } else {
                episode.calm(sequence);
            }
        }
        assert_eq!(begins, 2);
        let mut seldom = Seldom::default();
        let told = (0..1_000_000).filter(|n| seldom.event(n * 300, 1.0).is_some());
        assert_eq!(told.count(), FREE as usize + 1);
    }

    #[test]
    fn what_is_larger_or_late_is_told() {
        let mut seldom = Seldom::default();
        let told: Vec<_> = (0..20).map(|n| seldom.event(n, 1.0)).collect();
        assert_eq!(told.iter().flatten().count(), FREE as usize);
        assert_eq!(seldom.event(20, 1.1), Some(12));
        assert_eq!(seldom.event(21, 1.1), None);
        assert_eq!(seldom.event(21 + (CALM << 1), 1.0), Some(1));
    }
}
