//! What kind of values a field has: not of every one would it be odd to stand still.

use serde::Serialize;

/// A field with so many different values, or fewer, tells of states, such as a switch or the steps of a program.
const STATES: usize = 16;
/// So many changes have to be seen before it is known what is usual.
pub const ENOUGH: u64 = 64;

/// What kind of values they are, as far as was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// There were no values.
    None,
    /// Always the same.
    Constant,
    /// A few, again and again, or not enough were seen to tell.
    States,
    /// They only ever go one way, and stand still at times.
    Counter,
    /// They go up and down.
    Measured,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::None => "-",
            Kind::Constant => "constant",
            Kind::States => "states",
            Kind::Counter => "counter",
            Kind::Measured => "measured",
        }
    }
}

/// Learns it from the changes of a field.
#[derive(Debug, Default)]
pub struct Nature {
    different: Vec<f64>,
    changes: u64,
    has_risen: bool,
    has_fallen: bool,
    has_stood: bool,
}

impl Nature {
    /// The value before this one was another.
    pub fn changed(&mut self, from: f64, to: f64) {
        self.changes += 1;
        self.has_risen |= to > from;
        self.has_fallen |= to < from;
        self.saw(to);
    }

    /// The first value, or the first one after something is missing.
    pub fn saw(&mut self, value: f64) {
        if self.different.len() <= STATES && !self.different.contains(&value) {
            self.different.push(value);
        }
    }

    /// Twice the same value in a row.
    #[inline]
    pub fn stood(&mut self) {
        self.has_stood = true;
    }

    pub fn kind(&self) -> Kind {
        let is_one_way = !(self.has_risen && self.has_fallen);
        match self.different.len() {
            0 => Kind::None,
            1 => Kind::Constant,
            2..=STATES => Kind::States,
            _ if self.changes < ENOUGH => Kind::States,
            _ if is_one_way && self.has_stood => Kind::Counter,
            _ => Kind::Measured,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(values: impl IntoIterator<Item = f64>) -> Kind {
        let mut nature = Nature::default();
        let mut last = None;
        for value in values {
            match last {
                Some(last) if last == value => nature.stood(),
                Some(last) => nature.changed(last, value),
                None => nature.saw(value),
            }
            last = Some(value);
        }
        nature.kind()
    }

    #[test]
    fn kinds_are_told_apart() {
        let numbers = || (0..1000).map(f64::from);
        assert_eq!(kind([]), Kind::None);
        assert_eq!(kind(numbers().map(|_| 5.0)), Kind::Constant);
        assert_eq!(kind(numbers().map(|n| n % 2.0)), Kind::States);
        assert_eq!(
            kind(numbers().map(|n| (n / 50.0).floor() % 16.0)),
            Kind::States
        );
        assert_eq!(kind(numbers().map(|n| (n / 5.0).floor())), Kind::Counter);
        // Who counts every record never stands still, so it would be odd.
        assert_eq!(kind(numbers()), Kind::Measured);
        assert_eq!(kind(numbers().map(|n| (n / 3.0).sin())), Kind::Measured);
        assert_eq!(
            kind(numbers().take(30).map(|n| (n / 3.0).sin())),
            Kind::States
        );
    }
}
