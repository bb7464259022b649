//! Where a series has nothing for so long that a line across it would say something.

/// A step that is no longer than this part of all is not seen.
const SEEN: f64 = 1.0 / 256.0;
/// So many times longer than others is no step like them.
const LONG: f64 = 8.0;
/// More of them are no exception, but how the series is.
pub const MOST: usize = 32;

/// Whether a step can be seen in a series from `first` to its end.
pub fn is_seen(step: f64, first: f64, end: f64) -> bool {
    // The length of a series need not be a number.
    step / 2.0 > (end / 2.0 - first / 2.0) * SEEN
}

/// Which of these steps are holes in a series of this length: its index for each.
pub fn among(steps: &[f64], first: f64, end: f64) -> Vec<usize> {
    let mut sorted: Vec<f64> = steps.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let Some(&usual) = sorted.get(sorted.len() / 2) else {
        return Vec::new();
    };
    let is_hole = |step: f64| is_seen(step, first, end) && step > usual * LONG;
    let holes = (0..steps.len()).filter(|&i| is_hole(steps[i]));
    let holes: Vec<usize> = holes.collect();
    if holes.len() > MOST {
        return Vec::new();
    }
    holes
}

#[cfg(test)]
mod tests {
    use super::among;

    #[test]
    fn what_is_long_seen_and_rare_is_a_hole() {
        let mut steps = vec![1.0; 100];
        steps[40] = 9.0;
        assert_eq!(among(&steps, 0.0, 108.0), [40]);
        steps[40] = 7.0;
        assert!(among(&steps, 0.0, 106.0).is_empty());
        // In ten thousand steps nobody sees nine.
        let mut many = vec![1.0; 10_000];
        many[40] = 9.0;
        assert!(among(&many, 0.0, 10_008.0).is_empty());
        many[40] = 90.0;
        assert_eq!(among(&many, 0.0, 10_089.0), [40]);
        assert!(among(&[], 0.0, 0.0).is_empty());
    }

    #[test]
    fn what_comes_in_bursts_has_no_holes() {
        let steps: Vec<f64> = (0..600)
            .map(|i| if i % 10 == 9 { 1.0 } else { 0.0 })
            .collect();
        assert!(among(&steps, 0.0, 60.0).is_empty());
    }
}
