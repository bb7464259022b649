use super::*;
use proptest::prelude::*;

const WINDOW: usize = 2048;
const BLOCK: usize = WINDOW / BLOCKS;

/// Normally distributed values, nearly: sums of even ones, the same every time.
fn noise(seed: u64) -> impl Iterator<Item = f64> {
    let mut state = seed;
    let mut even = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    std::iter::from_fn(move || Some((0..12).map(|_| even()).sum::<f64>() - 6.0))
}

fn changes() -> Changes {
    Changes::over(WINDOW, 6.0)
}

/// What is found in these values, the first of which is record 0.
fn found(values: impl IntoIterator<Item = f64>) -> Vec<Change> {
    let mut changes = changes();
    assert_eq!(changes.go_to(0), None);
    values
        .into_iter()
        .filter_map(|value| changes.push(value))
        .collect()
}

fn is_near(found: u64, expected: u64) -> bool {
    found.abs_diff(expected) <= 4
}

#[test]
fn a_new_level_is_found_once_and_where_it_begins() {
    for begins in [1_000, 1_024, 5_003, 5_055] {
        let values = noise(1).zip(0..20_000u64);
        let values = values.map(|(value, i)| value + if i < begins { 20.0 } else { 23.0 });
        let found = found(values);
        assert_eq!(found.len(), 1, "{found:?}");
        let change = found[0];
        assert!(is_near(change.sequence, begins), "{change:?}");
        assert!(change.known_at < begins + 4 * BLOCK as u64, "{change:?}");
        assert_eq!((change.of, change.missing), (Of::Level, 0));
        assert!((change.before.level - 20.0).abs() < 0.2, "{change:?}");
        assert!((change.after.level - 23.0).abs() < 0.4, "{change:?}");
        let blocks = (begins / BLOCK as u64).min(BLOCKS as u64) as f64;
        let window = (blocks + 3.0) / 35.0;
        assert!((change.window - window).abs() < 1.5 / 35.0, "{change:?}");
    }
}

#[test]
fn a_new_spread_is_found_once_and_where_it_begins() {
    for (before, after) in [(1.0, 4.0), (4.0, 1.0)] {
        let values = noise(2).zip(0..20_000u64);
        let found = found(values.map(|(value, i)| value * if i < 7_000 { before } else { after }));
        assert_eq!(found.len(), 1, "{found:?}");
        let change = found[0];
        assert_eq!(change.of, Of::Spread);
        assert!(change.sequence.abs_diff(7_000) < 20, "{change:?}");
        assert!(
            (change.before.spread / before - 1.0).abs() < 0.1,
            "{change:?}"
        );
        assert!(
            (change.after.spread / after - 1.0).abs() < 0.3,
            "{change:?}"
        );
    }
}

#[test]
fn noise_is_no_change() {
    assert_eq!(found(noise(3).take(200_000)), []);
}

#[test]
fn what_does_not_last_is_no_change() {
    let values = noise(4).zip(0..50_000u64);
    // A fifth of every thousand values far away, never in two blocks in a row.
    let values = values.map(|(value, i)| value + if i % 1_000 < 60 { 50.0 } else { 0.0 });
    assert_eq!(found(values), []);
}

#[test]
fn up_and_down_is_no_change() {
    let block = BLOCK as u64;
    let values = noise(13).zip(0..10_000u64);
    let values = values.map(|(value, i)| match i / block {
        50 | 52 => value + 5.0,
        51 | 53 => value - 5.0,
        _ => value,
    });
    assert_eq!(found(values), []);
}

#[test]
fn going_up_and_down_becomes_usual() {
    let block = BLOCK as u64;
    let values = noise(14).zip(0..10_000u64);
    let values = values.map(|(value, i)| match i / block {
        ..50 => value,
        90.. => value + 5.0,
        even if even % 2 == 0 => value + 5.0,
        _ => value - 5.0,
    });
    assert_eq!(found(values), []);
}

#[test]
fn values_that_are_not_finite_are_holes() {
    let bad = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    let values = noise(15).zip(0..10_000u64);
    let values = values.map(|(value, i)| match i % 3 {
        0 => bad[i as usize / 3 % 3],
        _ if i < 5_001 => value,
        _ => value + 9.0,
    });
    let found = found(values);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].sequence, found[0].missing), (5_002, 1));
}

#[test]
fn what_returns_has_changed_twice() {
    let values = noise(5).zip(0..20_000u64);
    let values = values.map(|(value, i)| {
        value
            + if (5_000..9_000).contains(&i) {
                5.0
            } else {
                0.0
            }
    });
    let begins: Vec<u64> = found(values).iter().map(|change| change.sequence).collect();
    assert_eq!(begins.len(), 2, "{begins:?}");
    assert!(
        is_near(begins[0], 5_000) && is_near(begins[1], 9_000),
        "{begins:?}"
    );
}

#[test]
fn a_signal_that_never_moved_changes_when_it_moves() {
    let step = (0..5_000).map(|i| f64::from(i >= 2_222));
    let found = found(step);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].sequence, found[0].before.level), (2_222, 0.0));
    // In deviations of the median of 64 values that were rounded to whole numbers.
    assert!((found[0].score - 22.1).abs() < 0.1, "{found:?}");
}

#[test]
fn a_signal_of_few_values_is_usual() {
    // Rounded so coarsely that more than half of a block may be equal, or less than half.
    let values = noise(6).map(|value| (value * 0.9).round());
    assert_eq!(found(values.take(200_000)), []);
}

#[test]
fn a_change_behind_a_gap_may_have_been_earlier() {
    let mut changes = changes();
    changes.go_to(0);
    let mut noise = noise(7);
    for value in noise.by_ref().take(5_000) {
        assert_eq!(changes.push(value), None);
    }
    assert_eq!(changes.go_to(5_500), None);
    let found: Vec<Change> = noise
        .take(5_000)
        .filter_map(|value| changes.push(value + 5.0))
        .collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].sequence, found[0].missing), (5_500, 500));
    let window = found[0].window;
    assert!((0.5..0.9).contains(&window), "{window}");
}

#[test]
fn behind_a_long_gap_nothing_is_known() {
    let mut changes = changes();
    changes.go_to(0);
    noise(8).take(5_000).for_each(|value| {
        changes.push(value);
    });
    changes.go_to(5_000 + WINDOW as u64);
    let found: Vec<Change> = noise(9)
        .take(5_000)
        .filter_map(|value| changes.push(value + 5.0))
        .collect();
    assert_eq!(found, []);
}

#[test]
fn blocks_that_are_mostly_missing_are_not_judged() {
    let mut changes = changes();
    changes.go_to(0);
    for (i, value) in noise(10).take(50_000).enumerate() {
        let is_there = i % 10 < 4;
        changes.push(if is_there { value } else { f64::NAN });
    }
    assert_eq!(changes.take_judged(), 0);
}

#[test]
fn a_change_tells_of_the_restart_it_came_with() {
    for (restart, missed, is_told) in [(5_000, 0, true), (5_000, 300, true), (4_000, 0, false)] {
        let mut changes = changes();
        changes.go_to(0);
        let mut found = Vec::new();
        for (i, value) in noise(11).take(10_000).enumerate() {
            let i = i as u64;
            if i == restart {
                changes.interrupted();
            }
            if (restart..restart + missed).contains(&i) {
                continue;
            }
            found.extend(changes.go_to(i));
            found.extend(changes.push(if i < 5_000 { value } else { value - 9.0 }));
        }
        assert_eq!(found.len(), 1);
        let begins = restart.max(5_000) + missed;
        let told = (found[0].sequence, found[0].missing, found[0].restarted);
        assert_eq!(told, (begins, missed, is_told));
    }
}

/// Records that come, or are missed, and a few values of a kind.
fn stretches() -> impl Strategy<Value = Vec<(bool, u64, f64, f64)>> {
    let stretch = (any::<bool>(), 1..900u64, -20.0..20.0, 0.0..3.0);
    prop::collection::vec(stretch, 1..20)
}

proptest! {
    #[test]
    fn records_that_are_missed_are_records_without_a_value(first in any::<u32>(), all in stretches()) {
        let (mut passed, mut empty) = (Changes::over(512, 6.0), Changes::over(512, 6.0));
        let mut next = u64::from(first);
        passed.go_to(next);
        empty.go_to(next);
        let (mut found, mut expected) = (Vec::new(), Vec::new());
        for (i, &(is_missed, records, level, spread)) in all.iter().enumerate() {
            next += records;
            if is_missed {
                found.extend(passed.go_to(next));
                expected.extend((0..records).filter_map(|_| empty.push(f64::NAN)));
            } else {
                for value in noise(i as u64).take(records as usize) {
                    found.extend(passed.push(level + spread * value));
                    expected.extend(empty.push(level + spread * value));
                }
                expected.extend(empty.go_to(next));
            }
        }
        // With which record it is known differs: none comes in a gap.
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn nothing_from_outside_can_panic(
        first in any::<u64>(),
        values in prop::collection::vec((any::<f64>(), 1..50usize, any::<u64>()), 0..40),
    ) {
        let mut changes = Changes::over(64, 1e-9);
        changes.go_to(first);
        for (value, times, missed) in values {
            for i in 0..times {
                let value = if i % 2 == 0 { value } else { -value };
                if let Some(change) = changes.push(value) {
                    prop_assert!(change.score.is_finite());
                }
            }
            changes.go_to(first.saturating_add(missed));
            changes.interrupted();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn where_reading_begins_changes_nothing_later(first in 0..5_000u64) {
        let value = |i: u64| noise(i).next().unwrap_or(0.0) + if i < 12_000 { 0.0 } else { 4.0 };
        let from = |first: u64| {
            let mut changes = changes();
            changes.go_to(first);
            (first..15_000).filter_map(|i| changes.push(value(i))).collect::<Vec<_>>()
        };
        prop_assert_eq!(from(first), from(0));
    }
}
