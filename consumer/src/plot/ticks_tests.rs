use super::super::axis::Extent;
use super::super::{Axis, Scale};
use super::*;
use proptest::prelude::*;

fn reach(low: f64, high: f64, scale: Scale) -> Reach {
    let label = String::new();
    let mut extent = Extent::of(&Axis { label, scale });
    extent.include_all([low, high]);
    extent.reach(0.0..0.0)
}

fn texts(low: f64, high: f64, scale: Scale) -> (Vec<String>, String) {
    let ticks = of(&reach(low, high, scale), 6.0);
    let texts = ticks.major.into_iter().map(|tick| tick.text);
    (texts.collect(), ticks.suffix)
}

#[track_caller]
fn linear_is(low: f64, high: f64, expected: &str, suffix: &str) {
    let (texts, found) = texts(low, high, Scale::Linear);
    assert_eq!(
        (texts.join(" ").as_str(), found.as_str()),
        (expected, suffix)
    );
}

#[test]
fn numbers_are_round() {
    linear_is(0.0, 1.0, "0.0 0.2 0.4 0.6 0.8 1.0", "");
    linear_is(-1.3, 1.2, "−1.0 −0.5 0.0 0.5 1.0", "");
    linear_is(0.0, 60.0, "0 10 20 30 40 50 60", "");
    linear_is(0.0, 40_000.0, "0 10000 20000 30000 40000", "");
    linear_is(0.0, 2.4e6, "0.0 0.5 1.0 1.5 2.0", " ×10⁶");
    linear_is(0.0, 5e-4, "0 100 200 300 400 500", " ×10⁻⁶");
}

#[test]
fn what_all_numbers_share_is_said_once() {
    linear_is(1e6, 1e6 + 0.4, "0.0 0.1 0.2 0.3 0.4", " − 1000000");
    linear_is(-1e6 - 0.4, -1e6, "−0.4 −0.3 −0.2 −0.1 0.0", " + 1000000");
    linear_is(
        1e6,
        1e6 + 3e-4,
        "0 50 100 150 200 250 300",
        " − 1000000 ×10⁻⁶",
    );
    linear_is(
        101_320.0,
        101_330.0,
        "101.320 101.322 101.324 101.326 101.328 101.330",
        " ×10³",
    );
}

#[test]
fn differences_near_the_smallest_number_have_numbers_too() {
    let low = 3.6593421319499716e-299;
    let (texts, _) = texts(low, low * (1.0 + 1e-8), Scale::Linear);
    assert!(
        texts
            .iter()
            .all(|text| text.parse::<f64>().is_ok_and(f64::is_finite)),
        "{texts:?}"
    );
}

#[test]
fn decades_have_their_numbers() {
    let log = |low, high| texts(low, high, Scale::Log).0.join(" ");
    assert_eq!(log(0.5, 2_000.0), "1 10 100 1000");
    assert_eq!(log(1e-3, 1e5), "0.01 1 100 10000");
    // One way of writing for all of an axis.
    assert_eq!(log(1e-6, 1.0), "10⁻⁶ 10⁻⁴ 10⁻² 10⁰");
    assert_eq!(log(150.0, 2e7), "10³ 10⁴ 10⁵ 10⁶ 10⁷");
    assert_eq!(
        log(1.5e-5, 3e-3),
        "2×10⁻⁵ 5×10⁻⁵ 10⁻⁴ 2×10⁻⁴ 5×10⁻⁴ 10⁻³ 2×10⁻³"
    );
    assert_eq!(log(3.0, 300.0), "5 10 20 50 100 200");
    assert_eq!(log(10.0, 12.0), "10.0 10.5 11.0 11.5 12.0");
    let ticks = of(&reach(1.0, 1e4, Scale::Log), 6.0);
    assert_eq!(ticks.minor.len(), 4 * 8);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_axis_has_numbers_that_can_be_told_apart(
        low in any::<f64>(), high in any::<f64>(), near in any::<bool>(), part in -17.0..0.0, is_log in any::<bool>(), room in 0.0..30.0
    ) {
        let high = if near { low * (1.0 + 10f64.powf(part)) } else { high };
        let scale = if is_log { Scale::Log } else { Scale::Linear };
        let reach = reach(low, high, scale);
        prop_assert!(reach.low.is_finite() && reach.high.is_finite() && reach.low < reach.high, "{reach:?}");
        let ticks = of(&reach, room);
        prop_assert!((1..=60).contains(&ticks.major.len()), "{reach:?} {ticks:?}");
        for pair in ticks.major.windows(2) {
            prop_assert!(pair[0].place < pair[1].place, "{reach:?} {ticks:?}");
            prop_assert!(pair[0].text != pair[1].text, "{reach:?} {ticks:?}");
        }
        for tick in &ticks.major {
            prop_assert!((0.0..=1.0).contains(&tick.place));
            prop_assert!(tick.text.chars().count() <= 14, "{ticks:?}");
        }
        prop_assert!(ticks.suffix.chars().count() <= 40, "{ticks:?}");
    }
}
