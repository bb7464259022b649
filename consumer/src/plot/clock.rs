//! Numbers of an axis that is a time on the wall: round hours, days and months in UTC.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::axis::Reach;
use super::ticks::{Tick, Ticks};

const SECOND: i128 = 1_000_000_000;
const MINUTE: i128 = 60 * SECOND;
const HOUR: i128 = 60 * MINUTE;
const DAY: i128 = 24 * HOUR;

/// Steps between a second and a day, all of which divide the day.
const STEPS: [i128; 16] = [
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
];
/// More than a day.
const DAYS: [i128; 4] = [2, 5, 10, 15];
const MONTHS: [i32; 3] = [1, 3, 6];

/// Round times on an axis in seconds after `origin`, with room for so many; `None` if there are none so far away.
pub fn of(reach: &Reach, origin: Timestamp, room: f64) -> Option<Ticks> {
    let origin = origin.as_nanosecond();
    let nanoseconds = |seconds: f64| -> Option<i128> {
        let ns = (seconds * 1e9).round();
        (ns.abs() < 1e27).then(|| origin + ns as i128)
    };
    let (low, high) = (nanoseconds(reach.low)?, nanoseconds(reach.high)?);
    utc(low)?;
    utc(high)?;
    let room = room.clamp(2.0, 20.0);
    let least = ((high - low) as f64 / room) as i128;
    let (times, how) = round_times(low, high, least.max(1))?;
    let mut ticks = Ticks::default();
    let mut before = String::new();
    for ns in times {
        let (Some(place), Some(time)) = (reach.place((ns - origin) as f64 / 1e9), utc(ns)) else {
            continue;
        };
        let day = time.strftime(how.below).to_string();
        let is_new = day != before;
        ticks.major.push(Tick {
            place,
            text: time.strftime(&how.text).to_string(),
            below: if is_new { day.clone() } else { String::new() },
        });
        before = day;
    }
    Some(ticks)
}

/// How a time is written, and what in a second line, where that changes.
struct How {
    text: String,
    below: &'static str,
}

fn round_times(low: i128, high: i128, least: i128) -> Option<(Vec<i128>, How)> {
    let how = |text: &str, below| How {
        text: text.to_owned(),
        below,
    };
    if let Some(step) = within_a_day(least) {
        let text = match step {
            MINUTE.. => "%H:%M".to_owned(),
            SECOND.. => "%H:%M:%S".to_owned(),
            _ => format!("%H:%M:%S%.{}f", decimals(step)),
        };
        return Some((multiples(low, high, step), how(&text, "%Y-%m-%d")));
    }
    if least <= 15 * DAY {
        let days = std::iter::once(1).chain(DAYS);
        let step = days.into_iter().find(|days| days * DAY >= least)?;
        return Some((days_of_months(low, high, step)?, how("%b %-d", "%Y")));
    }
    let month = 31 * DAY;
    if least <= 6 * month {
        let step = MONTHS
            .into_iter()
            .find(|&months| i128::from(months) * month >= least)?;
        return Some((months(low, high, step)?, how("%b", "%Y")));
    }
    let years = (least as f64 / (366 * DAY) as f64).ceil();
    let decade = 10f64.powf(years.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|step| step * decade);
    let step = step.into_iter().find(|&step| step >= years)?;
    Some((months(low, high, step as i32 * 12)?, how("%Y", "")))
}

/// The shortest round step that is not shorter than that.
fn within_a_day(least: i128) -> Option<i128> {
    let below_a_second =
        (0..9).flat_map(|exponent| [1, 2, 5].map(|step| step * 10i128.pow(exponent)));
    let steps = below_a_second.chain(STEPS).chain([12 * HOUR]);
    let mut steps = steps.skip_while(|&step| step < least);
    steps.next()
}

/// Digits behind the point of a second that tell such steps apart.
fn decimals(step: i128) -> u32 {
    (0..9)
        .find(|&digits| step % 10i128.pow(9 - digits) == 0)
        .unwrap_or(9)
}

fn multiples(low: i128, high: i128, step: i128) -> Vec<i128> {
    let first = -(-low).div_euclid(step) * step;
    let all = std::iter::successors(Some(first), |ns| Some(ns + step));
    all.take_while(|&ns| ns <= high).take(100).collect()
}

/// Every so many days of each month from its first on, none of them near its end: that would be too close to the next.
fn days_of_months(low: i128, high: i128, step: i128) -> Option<Vec<i128>> {
    if step == 1 {
        return Some(multiples(low, high, DAY));
    }
    let mut times = Vec::new();
    for first in months(low - 31 * DAY, high, 1)? {
        let day = (0..=27 / step).map(|i| first + i * step * DAY);
        times.extend(day.filter(|ns| (low..=high).contains(ns)));
    }
    Some(times)
}

/// Every so many months, counted from the year 0.
fn months(low: i128, high: i128, step: i32) -> Option<Vec<i128>> {
    let date = utc(low)?.date();
    let number = i32::from(date.year()) * 12 + i32::from(date.month()) - 1;
    let first = number.div_euclid(step);
    let all = (first..)
        .take(200)
        .map_while(|i| beginning(i.checked_mul(step)?));
    let all = all.take_while(|&ns| ns <= high);
    Some(all.filter(|&ns| ns >= low).collect())
}

/// When the month of this number begins.
fn beginning(month: i32) -> Option<i128> {
    let year = i16::try_from(month.div_euclid(12)).ok()?;
    let date = Date::new(year, month.rem_euclid(12) as i8 + 1, 1).ok()?;
    let midnight = date.to_zoned(TimeZone::UTC).ok()?;
    Some(midnight.timestamp().as_nanosecond())
}

fn utc(ns: i128) -> Option<Zoned> {
    let moment = Timestamp::from_nanosecond(ns).ok()?;
    Some(moment.to_zoned(TimeZone::UTC))
}

#[cfg(test)]
mod tests {
    use super::super::axis::Extent;
    use super::super::{Axis, Scale};
    use super::*;
    use proptest::prelude::*;

    fn reach(seconds: f64, origin: Timestamp) -> Reach {
        let mut extent = Extent::of(&Axis {
            label: String::new(),
            scale: Scale::Clock(origin),
        });
        extent.include_all([0.0, seconds]);
        extent.reach(0.0..0.0)
    }

    /// A time, and the day behind a `|` where there is one.
    fn texts(origin: &str, seconds: f64) -> String {
        let origin = origin.parse().unwrap();
        let ticks = of(&reach(seconds, origin), origin, 6.0).unwrap();
        let text = |tick: &Tick| match tick.below.as_str() {
            "" => tick.text.clone(),
            below => format!("{}|{below}", tick.text),
        };
        ticks.major.iter().map(text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_day_is_said_once() {
        let found = texts("2026-11-21T22:10:00Z", 3.0 * 3600.0);
        let expected = "22:30|2026-11-21 23:00 23:30 00:00|2026-11-22 00:30 01:00";
        assert_eq!(found, expected);
        let found = texts("2026-11-21T22:10:00.1Z", 0.5);
        let expected =
            "22:10:00.1|2026-11-21 22:10:00.2 22:10:00.3 22:10:00.4 22:10:00.5 22:10:00.6";
        assert_eq!(found, expected);
        assert_eq!(
            texts("2026-11-21T22:10:07Z", 60.0),
            "22:10:10|2026-11-21 22:10:20 22:10:30 22:10:40 22:10:50 22:11:00"
        );
    }

    #[test]
    fn longer_spans_have_days_months_and_years() {
        let day = 86_400.0;
        assert_eq!(
            texts("2013-12-30T12:00:00Z", 5.0 * day),
            "Dec 31|2013 Jan 1|2014 Jan 2 Jan 3 Jan 4"
        );
        assert_eq!(
            texts("2013-12-02T21:15:00Z", 78.0 * day),
            "Dec 16|2013 Jan 1|2014 Jan 16 Feb 1 Feb 16"
        );
        assert_eq!(
            texts("2013-07-04T00:00:00Z", 328.0 * day),
            "Oct|2013 Jan|2014 Apr"
        );
        let decades = texts("1970-01-01T00:00:00Z", 100.0 * 366.0 * day);
        assert_eq!(decades, "1980 2000 2020 2040 2060");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_clock_has_numbers_in_order(second in -377_705_023_201i64..=253_402_207_200, exponent in -12.0..14.0, room in 0.0..30.0) {
            let origin = Timestamp::from_second(second).unwrap();
            let reach = reach(10f64.powf(exponent), origin);
            if let Some(ticks) = of(&reach, origin, room) {
                prop_assert!(ticks.major.len() <= 100);
                for pair in ticks.major.windows(2) {
                    prop_assert!(pair[0].place < pair[1].place);
                    let is_new = pair[0].text != pair[1].text || !pair[1].below.is_empty();
                    prop_assert!(is_new, "{pair:?}");
                }
            }
        }
    }
}
