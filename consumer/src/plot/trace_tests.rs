use super::*;
use proptest::prelude::*;

/// What is put into a trace: a value, or a gap.
#[derive(Debug, Clone, Copy)]
enum Put {
    Value(f64, f64),
    Gap,
}

fn traced(puts: &[Put]) -> Trace {
    let mut trace = Trace::default();
    for put in puts {
        match *put {
            Put::Value(x, y) => trace.push(x, y),
            Put::Gap => trace.gap(),
        }
    }
    trace
}

type Pairs = Vec<(f64, f64)>;

/// The values that count, each with the one before it if there is a gap between the two.
fn reference(puts: &[Put]) -> (Pairs, Pairs) {
    let (mut values, mut gaps): (Pairs, Pairs) = Default::default();
    let mut is_behind_gap = false;
    for put in puts {
        match *put {
            Put::Gap => is_behind_gap = true,
            Put::Value(x, y) if x.is_finite() && y.is_finite() => {
                if let (true, Some(last)) = (is_behind_gap, values.last()) {
                    gaps.push((last.0, x));
                }
                is_behind_gap = false;
                values.push((x, y));
            }
            Put::Value(..) => {}
        }
    }
    (values, gaps)
}

/// A value an hour for a year, with holes of a week, and one that is too short to be seen.
#[test]
fn a_line_does_not_cross_a_hole() {
    let mut trace = Trace::default();
    for hour in 0..8_760u32 {
        let is_in_hole = (1_003..1_171).contains(&hour)
            || (5_001..5_169).contains(&hour)
            || (7_000..7_010).contains(&hour);
        if !is_in_hole {
            trace.push(f64::from(hour), f64::from(hour % 24));
        }
    }
    assert!(trace.is_summed_up());
    let means = trace.means();
    let breaks: Vec<(f64, f64)> = (1..means.len() - 1)
        .filter(|&i| means[i].0.is_nan())
        .map(|i| (means[i - 1].0, means[i + 1].0))
        .collect();
    assert_eq!(breaks.len(), 2, "{breaks:?}");
    for ((before, behind), (from, to)) in breaks
        .into_iter()
        .zip([(1_002.0, 1_171.0), (5_000.0, 5_169.0)])
    {
        assert!((from - 8.0..=from).contains(&before), "{before}");
        assert!((to..=to + 8.0).contains(&behind), "{behind}");
    }
    assert!(trace.gaps().is_empty(), "nothing was missed");
}

fn extremes(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    })
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => -1e3..1e3,
        1 => any::<f64>(),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::MAX, f64::MIN, 5e-324, 0.0]),
    ]
}

/// Up to so many values, forwards or anywhere, with more or fewer gaps between them.
fn series(most: usize) -> impl Strategy<Value = Vec<Put>> {
    let steps = prop::collection::vec((number(), 0.0..1.0, 0.001..2.0), 0..most);
    (steps, 0.0..0.6, any::<bool>()).prop_map(|(steps, gaps, is_forwards)| {
        let mut at = 0.0;
        let mut puts = Vec::new();
        for (y, chance, step) in steps {
            at = if is_forwards { at + step } else { step * 1e3 };
            if chance < gaps {
                puts.push(Put::Gap);
            }
            puts.push(Put::Value(at, y));
        }
        puts
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_short_series_is_kept_as_it_is(puts in series(400)) {
        let (trace, (values, gaps)) = (traced(&puts), reference(&puts));
        let means: Vec<_> = trace.means().into_iter().filter(|(x, _)| !x.is_nan()).collect();
        prop_assert_eq!(&means, &values);
        let envelope = trace.envelope().into_iter().filter(|(x, ..)| !x.is_nan());
        let flat: Vec<_> = values.iter().map(|&(x, y)| (x, y, y)).collect();
        prop_assert_eq!(envelope.collect::<Vec<_>>(), flat);
        let breaks = trace.means().iter().filter(|(x, _)| x.is_nan()).count();
        // Some of the random steps are long enough for holes.
        prop_assert!((gaps.len()..=gaps.len() + holes::MOST).contains(&breaks), "{breaks}");
        let mut expected: Vec<_> = gaps.iter().map(|&(from, to)| from.min(to)..to).collect();
        expected.sort_by(|a, b| a.start.total_cmp(&b.start).then(a.end.total_cmp(&b.end)));
        prop_assert_eq!(trace.gaps(), expected);
        prop_assert!(!trace.is_summed_up());
    }

    #[test]
    fn a_long_series_keeps_its_extremes_and_its_size(puts in series(12_000)) {
        let (trace, (values, gaps)) = (traced(&puts), reference(&puts));
        let envelope: Vec<_> = trace.envelope().into_iter().filter(|(x, ..)| !x.is_nan()).collect();
        prop_assert!(trace.envelope().len() <= 2 * PIECES && trace.pieces.len() <= PIECES);
        prop_assert!(envelope.len() >= values.len().min(PIECES / 4));
        prop_assert_eq!(extremes(values.iter().map(|value| value.1)).0, extremes(envelope.iter().map(|piece| piece.1)).0);
        prop_assert_eq!(extremes(values.iter().map(|value| value.1)).1, extremes(envelope.iter().map(|piece| piece.2)).1);
        let breaks = trace.means().iter().filter(|(x, _)| x.is_nan()).count();
        prop_assert!(breaks <= gaps.len() + holes::MOST);
        for (mean, piece) in trace.means().iter().filter(|(x, _)| !x.is_nan()).zip(&envelope) {
            prop_assert_eq!(mean.0, piece.0);
            prop_assert!(piece.1 <= mean.1 && mean.1 <= piece.2, "{mean:?} {piece:?}");
        }
        // What was missing is shown as missing, whatever else is.
        let shown = trace.gaps();
        prop_assert!(shown.len() <= GAPS);
        for (from, to) in gaps {
            let is_in = |gap: &Range<f64>| gap.start <= from.min(to) && to <= gap.end;
            prop_assert!(shown.iter().any(is_in), "{from}..{to}");
        }
    }

    #[test]
    fn pieces_are_the_values_they_are_made_of(values in prop::collection::vec(-1e3..1e3, 1..9_000)) {
        let values: Vec<f64> = values;
        let mut trace = Trace::default();
        values.iter().enumerate().for_each(|(x, &y)| trace.push(x as f64, y));
        let size = trace.full as usize;
        let means = trace.means();
        prop_assert_eq!(means.len(), values.len().div_ceil(size));
        for ((piece, mean), values) in trace.envelope().iter().zip(&means).zip(values.chunks(size)) {
            let (low, high) = extremes(values.iter().copied());
            prop_assert_eq!((piece.1, piece.2), (low, high));
            let expected = values.iter().sum::<f64>() / values.len() as f64;
            prop_assert!((mean.1 - expected).abs() < 1e-9);
        }
    }
}

#[test]
fn of_too_many_gaps_those_close_together_become_one() {
    let mut trace = Trace::default();
    // Twice a thousand short gaps, and a long time without one between them.
    for x in (0..1_000).chain(100_000..101_000) {
        trace.gap();
        trace.push(f64::from(x), 1.0);
    }
    let gaps = trace.gaps();
    assert!(gaps.len() <= GAPS);
    let is_wide = |gap: &&Range<f64>| gap.end - gap.start > 2_000.0;
    assert_eq!(
        gaps.iter().filter(is_wide).count(),
        1,
        "only the one between the two"
    );
    assert_eq!((gaps[0].start, gaps[gaps.len() - 1].end), (0.0, 100_999.0));
    // The line is still broken there.
    let means = trace.means();
    let breaks = means.windows(3).filter(|three| three[1].0.is_nan());
    let is_there = |three: &[(f64, f64)]| three[0].0 < 1_000.0 && three[2].0 > 99_000.0;
    assert!(breaks.into_iter().any(is_there));
}

#[test]
fn nothing_is_missing_in_front_of_the_first_value_or_behind_the_last() {
    let mut trace = Trace::default();
    trace.gap();
    trace.push(1.0, 1.0);
    trace.gap();
    trace.gap();
    assert_eq!(
        (trace.gaps(), trace.means()),
        (Vec::new(), vec![(1.0, 1.0)])
    );
    trace.push(5.0, 2.0);
    assert_eq!(trace.gaps(), [1.0..5.0]);
    // A clock that was set back says nothing of how long it took.
    trace.gap();
    trace.push(-10.0, 2.0);
    assert_eq!(trace.gaps(), [-10.0..-10.0, 1.0..5.0]);
}

#[test]
fn pieces_do_not_reach_across_a_gap() {
    let mut trace = Trace::default();
    for x in 0..20_001 {
        if x == 5_003 {
            trace.gap();
        }
        trace.push(f64::from(x), if x < 5_003 { 1.0 } else { 2.0 });
    }
    let envelope = trace.envelope();
    let breaks: Vec<usize> = (0..envelope.len())
        .filter(|&i| envelope[i].0.is_nan())
        .collect();
    let [place] = breaks.as_slice() else {
        panic!("one break expected: {breaks:?}");
    };
    assert!(
        envelope[..*place]
            .iter()
            .all(|piece| piece.0 < 5_003.0 && piece.2 == 1.0)
    );
    assert!(
        envelope[place + 1..]
            .iter()
            .all(|piece| piece.0 >= 5_003.0 && piece.1 == 2.0)
    );
    assert_eq!(trace.gaps(), [5_002.0..5_003.0]);
}
