use super::*;
use proptest::prelude::*;

fn of(values: &[f64]) -> Histogram {
    let mut histogram = Histogram::default();
    values.iter().for_each(|&value| histogram.add(value));
    histogram
}

fn ends(values: &[f64]) -> (f64, f64) {
    let finite = values.iter().copied().filter(|value| value.is_finite());
    finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    })
}

/// Every bar counts the values between its ends, and they all the values.
fn check(values: &[f64]) -> Result<Vec<Bar>, TestCaseError> {
    let (low, high) = ends(values);
    let bars = of(values).bars(low, high);
    for &(from, to, count) in &bars {
        let inside = values
            .iter()
            .filter(|value| (from..to).contains(value))
            .count() as u64;
        prop_assert_eq!(inside, count, "{}..{}", from, to);
    }
    let finite = values.iter().filter(|value| value.is_finite()).count() as u64;
    prop_assert_eq!(bars.iter().map(|bar| bar.2).sum::<u64>(), finite);
    prop_assert!(bars.len() <= 61 && bars.windows(2).all(|pair| pair[0].1 <= pair[1].0));
    Ok(bars)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bars_count_what_lies_between_their_ends(
        values in prop::collection::vec(-1e3..1e3, 0..9_000),
        stretch in prop::sample::select(vec![1e-12, 1.0, 1e9]),
        offset in prop::sample::select(vec![0.0, 1e3, -1e9]),
        growing in any::<bool>(),
    ) {
        let values = values.iter().enumerate().map(|(i, value): (usize, &f64)| {
            let grown = if growing { value * i as f64 } else { *value };
            grown * stretch + offset
        });
        check(&values.collect::<Vec<f64>>())?;
    }

    #[test]
    fn any_numbers_are_survived(values in prop::collection::vec(any::<f64>(), 0..6_000)) {
        let (low, high) = ends(&values);
        let histogram = of(&values);
        let bars = histogram.bars(low, high);
        let finite = values.iter().filter(|value| value.is_finite()).count() as u64;
        prop_assert_eq!(bars.iter().map(|bar| bar.2).sum::<u64>(), finite);
        histogram.bars(high, low);
        histogram.bars(f64::NAN, f64::INFINITY);
    }
}

#[test]
fn few_different_values_have_a_bar_each() {
    let values: Vec<f64> = (0..10_000).map(|i| f64::from(i * 7919 % 5)).collect();
    let bars = check(&values).unwrap();
    assert_eq!(bars.len(), 5);
    assert!(bars.iter().all(|bar| bar.2 == 2_000));
    let middles = bars.iter().map(|bar| (bar.0 + bar.1) / 2.0);
    for (number, middle) in middles.enumerate() {
        assert!((middle - number as f64).abs() < 0.01, "{middle}");
    }
    assert_eq!(check(&[5.0]).unwrap().len(), 1);
    assert_eq!(check(&[]).unwrap().len(), 0);
}

#[test]
fn bins_stay_narrow_enough() {
    // A far value in the end, then none: what is in the middle is still told apart.
    let mut values: Vec<f64> = (0..20_000).map(|i| f64::from(i * 7919 % 20_000)).collect();
    values.push(40_000.0);
    let bars = of(&values).bars(0.0, 19_999.0);
    assert!((40..=61).contains(&bars.len()), "{}", bars.len());
    assert_eq!(bars.iter().map(|bar| bar.2).sum::<u64>(), 20_000);
}

#[test]
fn a_few_values_far_away_make_no_bin_wider() {
    let near = |i: u32| f64::from(i % 1_000 * 7919 % 1_000);
    // Among the first values, and much later; so many that they cannot all be remembered.
    let values = (0..1_000_000).map(|i| {
        if i % 1_500 == 700 {
            near(i) * 1e6 + 1e9
        } else {
            near(i)
        }
    });
    let values: Vec<f64> = values.collect();
    let histogram = of(&values);
    let bars = histogram.bars(0.0, 999.0);
    assert!((40..=61).contains(&bars.len()), "{}", bars.len());
    let far = values.iter().filter(|&&value| value >= 1e9).count() as u64;
    assert!(far > FAR as u64);
    assert_eq!(bars.iter().map(|bar| bar.2).sum::<u64>(), 1_000_000 - far);
    let Values::Binned(binned) = &histogram.values else {
        panic!("expected bins");
    };
    assert_eq!(binned.far.len() as u64 + binned.forgotten, far);
}

#[test]
fn values_that_move_on_take_the_bins_along() {
    let values: Vec<f64> = (0..100_000).map(f64::from).collect();
    let bars = check(&values).unwrap();
    assert!((30..=61).contains(&bars.len()), "{}", bars.len());
    let Values::Binned(binned) = of(&values).values else {
        panic!("expected bins");
    };
    assert_eq!(binned.forgotten, 0);
}
