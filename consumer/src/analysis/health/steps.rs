//! The steps from record to record: how long they are, and which are far longer than usual.
//!
//! Usual is the median. Where 99 % of the steps are hardly longer (5 %), a step of [`SKIPPED`] medians has a record
//! left out; elsewhere it has to be [`FAR`] medians long, twice as long as 99 % are, and longer than it takes a system to
//! let a program run that looks at the clock. Times of publication depend on that alone, so for them it is longer.

use crate::analysis::quantiles::Quantiles;

const SKIPPED: f64 = 1.75;
const FAR: f64 = 5.0;
/// What a system may take, in seconds: until a program looks at the clock, and until one publishes.
const LOOKED: f64 = 0.001;
const PUBLISHED: f64 = 0.1;
/// So many steps have to be seen before it is known what is usual. It is looked at again when there are twice as many,
const ENOUGH: u64 = 64;
/// and after so many holes: who has them often has them by nature.
const HOLES: u64 = 16;

/// Lengths of steps, in seconds.
#[derive(Default)]
pub struct Lengths {
    quantiles: Option<Quantiles>,
    /// One that is typical.
    origin: f64,
    pub count: u64,
    /// In nanoseconds, without what is longer than a step usually is.
    sum: i128,
    pub max: f64,
}

impl Lengths {
    /// None yet, but they may be like this one.
    pub fn like(step: f64) -> Lengths {
        Lengths {
            origin: step,
            ..Lengths::default()
        }
    }

    /// Those so far, and a beginning of more of them.
    pub fn take(&mut self) -> Lengths {
        let next = Lengths::like(self.origin);
        std::mem::replace(self, next)
    }

    /// A step, and how many nanoseconds of it count for the rate.
    #[inline]
    pub fn add(&mut self, step: f64, counted: i128) {
        let origin = self.origin;
        let quantiles = self
            .quantiles
            .get_or_insert_with(|| Quantiles::around(origin));
        quantiles.add(step);
        self.count += 1;
        self.sum = self.sum.saturating_add(counted);
        self.max = self.max.max(step);
    }

    pub fn merge(&mut self, other: &Lengths) {
        let Some(quantiles) = &other.quantiles else {
            return;
        };
        match &mut self.quantiles {
            Some(own) => own.merge(quantiles),
            own @ None => *own = Some(quantiles.clone()),
        }
        self.count += other.count;
        self.sum = self.sum.saturating_add(other.sum);
        self.max = self.max.max(other.max);
    }

    pub fn at(&self, q: f64) -> Option<f64> {
        *self.quantiles.as_ref()?.at([q]).first()?
    }

    /// Records a second, apart from the holes.
    pub fn rate(&self) -> Option<f64> {
        (self.sum > 0).then(|| self.count as f64 / (self.sum as f64 / 1e9))
    }
}

/// What is usual.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usual {
    pub step: f64,
    /// From this length on a step is a hole.
    pub hole: f64,
}

/// Learns what is usual.
pub struct Steps {
    learnt: Lengths,
    look_at: u64,
    usual: Option<Usual>,
    /// Since it was looked at.
    holes: u64,
    is_publication: bool,
}

impl Steps {
    /// Of a clock of its own, or of the times of publication.
    pub fn of(is_publication: bool) -> Steps {
        Steps {
            learnt: Lengths::default(),
            look_at: ENOUGH,
            usual: None,
            holes: 0,
            is_publication,
        }
    }

    /// One more step. Returns what was usual before it, if that is known.
    #[inline]
    pub fn add(&mut self, step: f64) -> Option<Usual> {
        let usual = self.usual;
        if self.learnt.count == 0 {
            self.learnt = Lengths::like(step);
        }
        self.learnt.add(step, 0);
        self.holes += u64::from(usual.is_some_and(|usual| step >= usual.hole));
        if self.learnt.count >= self.look_at {
            self.look_at = self.look_at.saturating_mul(2);
            self.look();
        } else if self.holes >= HOLES {
            self.look();
        }
        usual
    }

    fn look(&mut self) {
        self.holes = 0;
        let (Some(p50), Some(p99)) = (self.learnt.at(0.5), self.learnt.at(0.99)) else {
            return;
        };
        let is_even = p50 > 0.0 && p99 <= 1.05 * p50;
        let hole = match self.is_publication {
            true => PUBLISHED.max(2.0 * FAR * p50).max(2.0 * p99),
            false if is_even => SKIPPED * p50,
            false => LOOKED.max(FAR * p50).max(2.0 * p99),
        };
        let is_known = p50 > 0.0 || self.is_publication && p99 > 0.0;
        self.usual = is_known.then_some(Usual { step: p50, hole });
    }

    /// Something changed for good: what is usual is learnt anew.
    pub fn forget(&mut self) {
        *self = Steps::of(self.is_publication);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual(is_publication: bool, steps: impl IntoIterator<Item = f64>) -> Option<Usual> {
        let mut learnt = Steps::of(is_publication);
        steps.into_iter().for_each(|step| {
            learnt.add(step);
        });
        learnt.usual
    }

    #[test]
    fn the_more_even_the_stricter() {
        let even = usual(false, (0..200).map(|_| 0.01)).unwrap();
        assert_eq!((even.step, even.hole), (0.01, 0.0175));
        let uneven = usual(false, (0..200).map(|n| f64::from(5 + n % 10))).unwrap();
        assert!(uneven.hole >= 28.0 && uneven.hole <= 60.0, "{uneven:?}");
        let published = usual(true, (0..200).map(|_| 0.001)).unwrap();
        assert_eq!(published.hole, 0.1);
        // Published a hundred at a time.
        let batches = (0..1000).map(|n| if n % 100 == 0 { 0.5 } else { 0.0 });
        assert!(usual(true, batches).unwrap().hole >= 0.1);
    }

    #[test]
    fn who_pauses_often_does_so_by_nature() {
        let mut steps = Steps::of(false);
        let step = |n| if n > 20_000 && n % 10 == 0 { 0.1 } else { 0.01 };
        let lengths = (0..40_000).map(step);
        let holes = lengths.filter(|&step| steps.add(step).is_some_and(|usual| step >= usual.hole));
        // One in a hundred, until that is more than one in a hundred.
        let holes = holes.count();
        assert!((200..300).contains(&holes), "{holes}");
    }

    #[test]
    fn before_enough_was_seen_nothing_is_usual() {
        assert_eq!(usual(false, (0..ENOUGH - 1).map(|_| 1.0)), None);
        assert!(usual(false, (0..ENOUGH).map(|_| 1.0)).is_some());
        // All at the same time: nothing can be said.
        assert_eq!(usual(false, (0..ENOUGH).map(|_| 0.0)), None);
        let mut steps = Steps::of(false);
        (0..200).for_each(|_| {
            steps.add(1.0);
        });
        steps.forget();
        assert_eq!(steps.add(1.0), None);
    }
}
