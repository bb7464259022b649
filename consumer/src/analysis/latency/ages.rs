//! How old many records were: their quantiles, to a thousandth of each.

use hdrhistogram::Histogram;
use serde::Serialize;

/// Digits that are kept of an age.
const DIGITS: u8 = 3;

/// The ages of many records, in nanoseconds.
#[derive(Debug, Clone, Default)]
pub struct Ages {
    /// There with the first of them.
    histogram: Option<Histogram<u64>>,
    sum: u128,
    min: u64,
    max: u64,
    /// Published before the analyzer attached: not among them.
    pub before_attach: u64,
    /// Published, by the clock, after they were looked at: taken as of no age.
    pub clock_back: u64,
    /// Without a time to compare: not among them.
    pub untold: u64,
}

/// What there is to say of them, in microseconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    pub count: u64,
    pub before_attach: u64,
    pub clock_back: u64,
    pub untold: u64,
    pub min_us: Option<f64>,
    pub mean_us: Option<f64>,
    pub p50_us: Option<f64>,
    pub p90_us: Option<f64>,
    pub p99_us: Option<f64>,
    pub p99_9_us: Option<f64>,
    pub max_us: Option<f64>,
}

impl Ages {
    /// One that is so old. Returns what it counts as.
    pub fn add(&mut self, age: i64) -> u64 {
        self.clock_back += u64::from(age < 0);
        let age = u64::try_from(age).unwrap_or(0);
        if self.histogram.is_none() {
            self.histogram = Histogram::new(DIGITS).ok();
            (self.min, self.max) = (age, age);
        }
        if let Some(histogram) = &mut self.histogram {
            // It grows as far as an age can go.
            let _ = histogram.record(age);
        }
        self.sum += u128::from(age);
        self.min = self.min.min(age);
        self.max = self.max.max(age);
        age
    }

    pub fn merge(&mut self, other: &Ages) {
        self.before_attach += other.before_attach;
        self.clock_back += other.clock_back;
        self.untold += other.untold;
        let Some(histogram) = &other.histogram else {
            return;
        };
        match &mut self.histogram {
            Some(own) => {
                // As above.
                let _ = own.add(histogram);
                self.min = self.min.min(other.min);
                self.max = self.max.max(other.max);
            }
            own @ None => {
                *own = Some(histogram.clone());
                (self.min, self.max) = (other.min, other.max);
            }
        }
        self.sum += other.sum;
    }

    pub fn count(&self) -> u64 {
        self.histogram.as_ref().map_or(0, Histogram::len)
    }

    /// So much of them all is not older, in nanoseconds.
    pub fn quantile(&self, q: f64) -> Option<u64> {
        let age = self.histogram.as_ref()?.value_at_quantile(q);
        Some(age.clamp(self.min, self.max))
    }

    /// Ages and how many there are of each, the youngest first. Those that are hardly apart count as the youngest of them.
    pub fn counts(&self) -> impl Iterator<Item = (u64, u64)> {
        self.histogram.iter().flat_map(|histogram| {
            let steps = histogram.iter_recorded();
            steps.map(|step| {
                let age = histogram.lowest_equivalent(step.value_iterated_to());
                (age, step.count_at_value())
            })
        })
    }

    pub fn figures(&self) -> Figures {
        let count = self.count();
        let us = |ns: u64| ns as f64 / 1e3;
        let quantile = |q| self.quantile(q).map(us);
        Figures {
            count,
            before_attach: self.before_attach,
            clock_back: self.clock_back,
            untold: self.untold,
            min_us: (count > 0).then(|| us(self.min)),
            mean_us: (count > 0).then(|| self.sum as f64 / count as f64 / 1e3),
            p50_us: quantile(0.5),
            p90_us: quantile(0.9),
            p99_us: quantile(0.99),
            p99_9_us: quantile(0.999),
            max_us: (count > 0).then(|| us(self.max)),
        }
    }
}
