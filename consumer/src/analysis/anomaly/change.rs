//! Whether what is usual has changed, and stays so.
//!
//! The values of a field are looked at in blocks of B records. Of each block count its level (the median) and its
//! spread (1.4826 · MAD); they are compared with those of the up to 32 blocks before:
//!
//! ```text
//! level    |level − median of levels| / max(1.4826 · MAD of levels, 1.2533 · median of spreads / √B)
//! spread   the same of the logarithms of the spreads, where at least 1.17 / √B is usual
//! ```
//!
//! (a spread is at least that of rounding to the smallest step seen, so a signal of few different values is not one
//! that changes all the time).
//!
//! Three blocks in a row that are further off than the threshold, to the same side, are a change. What passes within
//! a block, though it may lie in two, is none, and wrong values here and there cannot make one. The fractions are the standard deviations that
//! the median and the logarithm of the MAD of B independent normal values have; where a signal wanders, its blocks do
//! so as well, and what is usual is wider. Then the blocks before are forgotten, and the three become the new usual: a
//! change is found once. Comparing a window with a reference, which starts anew at each change, is the scheme of
//! Kifer, Ben-David and Gehrke (Detecting Change in Data Streams, VLDB 2004), here with medians.
//!
//! Where it began is found afterwards: the place that divides the last four blocks most likely into values of the old
//! level and spread and of the new ones (Hinkley, Inference about the change-point, Biometrika 57, 1970; with
//! Laplace's density, so that single values count little).
//!
//! Blocks begin at multiples of B, whoever reads. Records that are missed, and values that are not finite, leave
//! holes in them; a block of which less than half is there is not judged, and a block that was missed takes the place
//! of one that is remembered. A value costs a copy and its part of sorting a block, and a block three medians of 32 numbers.

use std::collections::VecDeque;

use serde::Serialize;

use super::usual::{Usual, division, middle};

/// How many blocks are remembered.
pub const BLOCKS: usize = 32;
/// So many in a row have to be unlike them.
const LASTING: usize = 3;
/// With fewer to compare with nothing is said.
const WARM_UP: usize = 8;
/// Of fewer values median and spread mean little.
const SHORTEST: usize = 16;

/// The standard deviation of the median of n standard normal values is this / √n.
const OF_MEDIAN: f64 = 1.2533;
/// That of the logarithm of their spread.
const OF_SPREAD: f64 = 0.86;
/// That of an error of rounding to whole numbers: 1 / √12.
const OF_ROUNDING: f64 = 0.288_675;

/// How many records are one block, if so many values are the window.
pub fn block(window: usize) -> usize {
    (window / BLOCKS).max(SHORTEST)
}

/// How many records before the newest one a change may have begun that is found now.
pub fn reach(window: usize) -> usize {
    (LASTING + 1) * block(window)
}

/// Looks for changes in the values of one field.
#[derive(Debug)]
pub struct Changes {
    block: usize,
    threshold: f64,
    /// Sequence of the next value.
    next: Option<u64>,
    /// The last values, from the beginning of a block on, one block more than have to be unlike. NaN where there is none.
    values: VecDeque<f64>,
    /// The block under way has so many.
    filled: usize,
    /// Sequence of the last one with a value that is not among them any more.
    value_before: Option<u64>,
    before: VecDeque<Option<Usual>>,
    /// The last blocks, as far as they were unlike those before.
    unlike: Vec<(Usual, Distance)>,
    /// Where what came did not follow what had come before, for the last time.
    interrupted_at: Option<u64>,
    last_value: f64,
    /// The smallest step from a value to the next one that was seen.
    resolution: f64,
    /// Values that were in blocks that were compared.
    judged: u64,
}

/// What has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Of {
    Level,
    Spread,
    Both,
}

/// A change that lasts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// The first record after it.
    pub sequence: u64,
    /// The record with which it was known.
    pub known_at: u64,
    /// So many records before the first one have no value: it may have been as much earlier.
    pub missing: u64,
    /// Another producer carried on about there.
    pub restarted: bool,
    pub of: Of,
    pub score: f64,
    pub before: Usual,
    pub after: Usual,
    /// Which part of as many values as can be compared was there.
    pub window: f64,
}

/// How far from the usual, to which side.
#[derive(Debug, Clone, Copy)]
struct Distance {
    level: f64,
    spread: f64,
}

impl Changes {
    /// Compares blocks, of which 32 are as long as this window.
    pub fn over(window: usize, threshold: f64) -> Changes {
        Changes {
            block: block(window),
            threshold,
            next: None,
            values: VecDeque::new(),
            filled: 0,
            value_before: None,
            before: VecDeque::new(),
            unlike: Vec::new(),
            interrupted_at: None,
            last_value: f64::NAN,
            resolution: f64::INFINITY,
            judged: 0,
        }
    }

    /// Values that were compared since this was asked.
    pub fn take_judged(&mut self) -> u64 {
        std::mem::take(&mut self.judged)
    }

    /// The next record is this one, and those between are missing.
    pub fn go_to(&mut self, sequence: u64) -> Option<Change> {
        let Some(next) = self.next else {
            self.filled = (sequence % self.block as u64) as usize;
            self.values = std::iter::repeat_n(f64::NAN, self.filled).collect();
            self.next = Some(sequence);
            return None;
        };
        let missed = sequence.saturating_sub(next);
        let left = (self.block - self.filled) as u64;
        if missed < left {
            self.lose(missed as usize);
            return None;
        }
        self.lose(left as usize);
        let found = self.end_block();
        let (blocks, rest) = (
            (missed - left) / self.block as u64,
            (missed - left) % self.block as u64,
        );
        for _ in 0..blocks.min(BLOCKS as u64) {
            self.forget_unlike();
            self.remember(None);
        }
        if blocks > 0 {
            self.drop_first(self.values.len());
            self.next = Some(sequence - rest);
        }
        self.lose(rest as usize);
        found
    }

    /// The value of the next record.
    #[inline]
    pub fn push(&mut self, value: f64) -> Option<Change> {
        let value = if value.is_finite() { value } else { f64::NAN };
        self.values.push_back(value);
        self.filled += 1;
        self.next = self.next.map(|next| next.saturating_add(1));
        if self.filled < self.block {
            return None;
        }
        self.end_block()
    }

    /// What comes next need not follow what came before.
    pub fn interrupted(&mut self) {
        self.interrupted_at = self.next;
    }

    /// Whether that was about where something began, before which so many are missing.
    fn is_interrupted(&self, sequence: u64, missing: u64) -> bool {
        let near = self.block as u64;
        let earliest = sequence.saturating_sub(missing).saturating_sub(near);
        self.interrupted_at
            .is_some_and(|at| (earliest..=sequence.saturating_add(near)).contains(&at))
    }

    fn lose(&mut self, records: usize) {
        self.values.extend(std::iter::repeat_n(f64::NAN, records));
        self.filled += records;
        self.next = self.next.map(|next| next.saturating_add(records as u64));
    }

    fn end_block(&mut self) -> Option<Change> {
        let ended = self.values.len() - self.block;
        self.resolve(ended);
        let usual = Usual::of(self.values.range(ended..).copied())
            .filter(|usual| usual.values * 2 >= self.block);
        let found = match usual {
            Some(usual) => self.judge(usual),
            None => {
                self.forget_unlike();
                self.remember(None);
                None
            }
        };
        self.filled = 0;
        self.drop_first(self.values.len().saturating_sub(LASTING * self.block));
        found
    }

    /// Learns from these values what steps there are.
    fn resolve(&mut self, from: usize) {
        for &value in self.values.range(from..) {
            let step = (value - self.last_value).abs();
            if step > 0.0 && step < self.resolution {
                self.resolution = step;
            }
            if !value.is_nan() {
                self.last_value = value;
            }
        }
    }

    /// The least spread that means something at this level: that of rounding to the resolution, or of a signal that
    /// never moved what its numbers cannot show.
    fn least_spread(&self, level: f64) -> f64 {
        if self.resolution.is_finite() {
            self.resolution * OF_ROUNDING
        } else {
            (level.abs() * f64::EPSILON).max(f64::MIN_POSITIVE)
        }
    }

    fn drop_first(&mut self, count: usize) {
        let first = self.sequence_of(0);
        let last = self
            .values
            .range(..count)
            .rposition(|value| !value.is_nan());
        if let Some(last) = last {
            self.value_before = Some(first.saturating_add(last as u64));
        }
        self.values.drain(..count);
    }

    fn sequence_of(&self, value: usize) -> u64 {
        let behind = (self.values.len() - value) as u64;
        self.next.unwrap_or_default().saturating_sub(behind)
    }

    fn judge(&mut self, usual: Usual) -> Option<Change> {
        let Some((distance, before)) = self.compare(usual) else {
            self.remember(Some(usual));
            return None;
        };
        self.judged += usual.values as u64;
        self.unlike.push((usual, distance));
        let all = |of: fn(&Distance) -> f64| {
            let all = || self.unlike.iter().map(|(_, distance)| of(distance));
            let nearest = all().map(f64::abs).fold(f64::INFINITY, f64::min);
            let one_side = all().all(|one| one > 0.0) || all().all(|one| one < 0.0);
            (nearest > self.threshold && one_side).then_some(nearest)
        };
        if self.unlike.len() == LASTING
            && let Some((of, score)) = what_of(all(|one| one.level), all(|one| one.spread))
        {
            return Some(self.change(before, usual, of, score));
        }
        if distance.level.abs().max(distance.spread.abs()) <= self.threshold {
            self.forget_unlike();
        } else if self.unlike.len() == LASTING {
            let (first, _) = self.unlike.remove(0);
            self.remember(Some(first));
        }
        None
    }

    /// How far off this block is, and from what; `None` while there is too little to compare it with, or where the
    /// values are so large that nothing can be said.
    fn compare(&self, usual: Usual) -> Option<(Distance, Usual)> {
        let known = || self.before.iter().flatten();
        if known().count() < WARM_UP {
            return None;
        }
        let root = (self.block as f64).sqrt();
        let (level, levels) = middle(known().map(|usual| usual.level).collect())?;
        let least = self.least_spread(level);
        let logarithm = |usual: &Usual| usual.spread.max(least).ln();
        let (log, logs) = middle(known().map(logarithm).collect())?;
        let distance = Distance {
            level: (usual.level - level) / levels.max(OF_MEDIAN * log.exp() / root),
            spread: (logarithm(&usual) - log) / logs.max(OF_SPREAD / root),
        };
        let (spread, _) = middle(known().map(|usual| usual.spread).collect())?;
        let before = Usual {
            level,
            spread,
            values: known().map(|usual| usual.values).sum(),
        };
        (distance.level.is_finite() && distance.spread.is_finite()).then_some((distance, before))
    }

    fn change(&mut self, before: Usual, last: Usual, of: Of, score: f64) -> Change {
        let blocks = std::mem::take(&mut self.unlike);
        let values: Vec<f64> = self.values.iter().copied().collect();
        let new = values.len().saturating_sub(LASTING * self.block);
        let new = Usual::of(values[new..].iter().copied()).unwrap_or(last);
        let begins = division(&values, before, new, self.least_spread(before.level));
        let sequence = self.sequence_of(begins);
        let last_old = values[..begins].iter().rposition(|value| !value.is_nan());
        let last_old = last_old.map(|old| self.sequence_of(old));
        let missing = |old: u64| sequence.saturating_sub(old).saturating_sub(1);
        let missing = last_old.or(self.value_before).map_or(0, missing);
        let unlike = || blocks.iter().map(|(usual, _)| *usual);
        let present = before.values + unlike().map(|usual| usual.values).sum::<usize>();
        let compared = (BLOCKS + LASTING) * self.block;
        let change = Change {
            sequence,
            known_at: self.sequence_of(self.values.len() - 1),
            missing,
            restarted: self.is_interrupted(sequence, missing),
            of,
            score,
            before,
            after: Usual::of(values[begins..].iter().copied()).unwrap_or(last),
            window: present as f64 / compared as f64,
        };
        self.before = unlike().map(Some).collect();
        change
    }

    fn forget_unlike(&mut self) {
        for (usual, _) in std::mem::take(&mut self.unlike) {
            self.remember(Some(usual));
        }
    }

    fn remember(&mut self, usual: Option<Usual>) {
        if self.before.len() == BLOCKS {
            self.before.pop_front();
        }
        self.before.push_back(usual);
    }
}

fn what_of(level: Option<f64>, spread: Option<f64>) -> Option<(Of, f64)> {
    match (level, spread) {
        (Some(level), Some(spread)) => Some((Of::Both, level.max(spread))),
        (Some(level), None) => Some((Of::Level, level)),
        (None, Some(spread)) => Some((Of::Spread, spread)),
        (None, None) => None,
    }
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
