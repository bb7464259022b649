//! Arrays whose sums are known.

use examples::{Result, Worker};

/// As many different values as there are: whole numbers, so that sums are exact in whatever order.
const PERIOD: u64 = 1000;

/// Writes array number `array`.
pub fn fill(values: &mut [f64], array: u64) {
    for (i, value) in values.iter_mut().enumerate() {
        *value = ((i as u64 + array) % PERIOD) as f64;
    }
}

/// The sum of array number `array`, by arithmetic alone.
pub fn sum(len: usize, array: u64) -> f64 {
    // The sum of what is below `end`, counted from 0.
    let below = |end: u64| {
        let (periods, rest) = (end / PERIOD, end % PERIOD);
        periods * (PERIOD * (PERIOD - 1) / 2) + rest * rest.saturating_sub(1) / 2
    };
    (below(array + len as u64) - below(array)) as f64
}

/// Hears the part of every worker, and checks what they come to.
pub fn check(workers: &mut [Worker], len: usize, array: u64) -> Result<()> {
    let mut found = 0.0;
    for worker in workers {
        found += worker.line()?.parse::<f64>()?;
    }
    let expected = sum(len, array);
    if found == expected {
        return Ok(());
    }
    Err(format!("the sum of array {array} is {found}, expected {expected}").into())
}

#[cfg(test)]
mod tests {
    #[test]
    fn sums_are_those_of_the_values() {
        for (len, array) in [(0, 0), (1, 0), (999, 3), (1000, 999), (5432, 12_345)] {
            let mut values = vec![-1.0; len];
            super::fill(&mut values, array);
            assert_eq!(values.iter().sum::<f64>(), super::sum(len, array));
        }
    }
}
