//! The values of a field, in bounded memory.

use average::{Estimate, Merge, Variance};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::super::quantiles::Quantiles;
use super::Quantile;

/// Between these quantiles lies what has to be seen of a distribution, unless all of it is hardly longer.
const CENTRAL: [f64; 2] = [0.001, 0.999];
const FAR: f64 = 2.0;

#[derive(Default)]
pub struct Distribution {
    moments: Variance,
    /// There from the first value on.
    quantiles: Option<Quantiles>,
    min: f64,
    max: f64,
    pub not_finite: u64,
}

/// One field's line.
#[derive(Debug, PartialEq, Serialize)]
pub struct Figures {
    pub count: u64,
    pub mean: Option<f64>,
    pub std: Option<f64>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    #[serde(flatten)]
    pub quantiles: Found,
    pub not_finite: u64,
}

/// Values by the names of their quantiles.
#[derive(Debug, PartialEq)]
pub struct Found(pub Vec<(Quantile, Option<f64>)>);

impl Distribution {
    #[inline]
    pub fn add(&mut self, value: f64, origin: f64) {
        let quantiles = self.quantiles.get_or_insert_with(|| {
            (self.min, self.max) = (value, value);
            Quantiles::around(origin)
        });
        quantiles.add(value);
        self.moments.add(value);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    pub fn merge(&mut self, other: &Distribution) {
        self.not_finite += other.not_finite;
        let Some(quantiles) = &other.quantiles else {
            return;
        };
        match &mut self.quantiles {
            Some(own) => {
                own.merge(quantiles);
                self.min = self.min.min(other.min);
                self.max = self.max.max(other.max);
            }
            own @ None => {
                *own = Some(quantiles.clone());
                (self.min, self.max) = (other.min, other.max);
            }
        }
        self.moments.merge(&other.moments);
    }

    pub fn figures(&self, wanted: &[Quantile]) -> Figures {
        let count = self.moments.len();
        let fractions = wanted.iter().map(|quantile| quantile.fraction());
        let found = match &self.quantiles {
            Some(quantiles) => quantiles.at(fractions),
            None => vec![None; wanted.len()],
        };
        let inside = |value: f64| value.max(self.min).min(self.max);
        let found = found.into_iter().map(|value| value.map(inside));
        Figures {
            count,
            mean: (count > 0).then(|| self.moments.mean()),
            std: (count > 1).then(|| self.moments.sample_variance().sqrt()),
            min: (count > 0).then_some(self.min),
            max: (count > 0).then_some(self.max),
            quantiles: Found(wanted.iter().cloned().zip(found).collect()),
            not_finite: self.not_finite,
        }
    }
}

impl Distribution {
    /// From where to where a picture shows each bar: all of it, unless a few values lie so far out that the others would be
    /// hard to see.
    pub fn worth_seeing(&self) -> (f64, f64) {
        let all = (self.min, self.max);
        let central = match &self.quantiles {
            Some(quantiles) => quantiles.at(CENTRAL),
            None => return all,
        };
        let [Some(low), Some(high)] = central.as_slice() else {
            return all;
        };
        // Halves, as the length of the whole need not be a number.
        let half = |(low, high): (f64, f64)| high / 2.0 - low / 2.0;
        let most = half((*low, *high));
        if most > 0.0 && half(all) > most * FAR {
            let more = most * 0.2;
            ((low - more).max(self.min), (high + more).min(self.max))
        } else {
            all
        }
    }
}

impl Serialize for Found {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (quantile, value) in &self.0 {
            map.serialize_entry(quantile.name(), value)?;
        }
        map.end()
    }
}
