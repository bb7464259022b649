//! Which quantiles are wanted, and what they are called.

use crate::output::Format;

/// What is asked of `stats`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// In order; none: those that are usual.
    quantiles: Vec<Quantile>,
}

/// A fraction of all values, and its name for programs: `p50`, `p99_9`.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantile {
    fraction: f64,
    name: String,
}

/// For people, who see all of them at a time.
const FEW: [f64; 2] = [0.5, 0.99];
/// For programs, which pick what they need.
const MANY: [f64; 8] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999];

impl Options {
    /// These quantiles, or those that are usual if there are none.
    pub fn with(quantiles: &[Quantile]) -> Options {
        Options {
            quantiles: in_order(quantiles.to_vec()),
        }
    }

    /// Those in a report. Programs may count on the median and p99.
    pub fn reported(&self, format: Format) -> Vec<Quantile> {
        match (self.quantiles.as_slice(), format) {
            ([], Format::Human) => all(&FEW),
            ([], Format::Json) => all(&MANY),
            (wanted, Format::Human) => wanted.to_vec(),
            (wanted, Format::Json) => in_order([wanted, &all(&FEW)].concat()),
        }
    }

    /// Those that are marked in a picture.
    pub fn marked(&self) -> Vec<Quantile> {
        self.reported(Format::Human)
    }
}

impl Quantile {
    /// From 0 to 1; `None` for anything else.
    pub fn of(fraction: f64) -> Option<Quantile> {
        if !(0.0..=1.0).contains(&fraction) {
            return None;
        }
        // 0.999 * 100 is not quite 99.9.
        let percent = (fraction * 1e14).round() / 1e12;
        Some(Quantile {
            fraction,
            name: format!("p{percent}").replace('.', "_"),
        })
    }

    pub fn fraction(&self) -> f64 {
        self.fraction
    }

    /// For programs, some of which take a point for something else.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// For people.
    pub fn title(&self) -> String {
        self.name.replace('_', ".")
    }
}

fn all(fractions: &[f64]) -> Vec<Quantile> {
    fractions.iter().copied().filter_map(Quantile::of).collect()
}

/// Each once.
fn in_order(mut quantiles: Vec<Quantile>) -> Vec<Quantile> {
    quantiles.sort_by(|a, b| a.fraction.total_cmp(&b.fraction));
    quantiles.dedup_by(|a, b| a.name == b.name);
    quantiles
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(quantiles: &[Quantile]) -> Vec<&str> {
        quantiles.iter().map(Quantile::name).collect()
    }

    #[test]
    fn names_are_what_people_call_them() {
        let fractions = [0.0, 1e-6, 0.001, 0.07, 0.29, 0.5, 0.57, 0.999, 0.9999, 1.0];
        let expected = [
            "p0", "p0_0001", "p0_1", "p7", "p29", "p50", "p57", "p99_9", "p99_99", "p100",
        ];
        assert_eq!(names(&all(&fractions)), expected);
        for wrong in [-0.1, 1.1, 50.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Quantile::of(wrong), None);
        }
        assert_eq!(Quantile::of(0.999).unwrap().title(), "p99.9");
    }

    #[test]
    fn programs_always_get_the_median_and_p99() {
        let usual = Options::default();
        assert_eq!(names(&usual.reported(Format::Human)), ["p50", "p99"]);
        let many = ["p1", "p5", "p25", "p50", "p75", "p95", "p99", "p99_9"];
        assert_eq!(names(&usual.reported(Format::Json)), many);
        let chosen = Options::with(&all(&[0.9, 0.5, 0.9]));
        assert_eq!(names(&chosen.reported(Format::Human)), ["p50", "p90"]);
        assert_eq!(names(&chosen.reported(Format::Json)), ["p50", "p90", "p99"]);
    }
}
