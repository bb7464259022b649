//! Where an axis has its numbers: at round ones, and no more than there is room for.

use super::axis::Reach;

/// The numbers of an axis.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ticks {
    pub major: Vec<Tick>,
    /// Places without a number.
    pub minor: Vec<f64>,
    /// What has to be known to read the numbers, to be put behind the name of the axis.
    pub suffix: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// From 0 to 1 along the axis.
    pub place: f64,
    pub text: String,
    /// A second line: the day, where it is another than that of the tick before.
    pub below: String,
}

/// The larger a value the fewer digits behind the point it needs; beyond so many it is told from where to count.
const DIGITS: f64 = 6.0;

/// Round numbers on an axis with room for so many.
pub fn of(reach: &Reach, room: f64) -> Ticks {
    // Fewer than three say too little, whatever the room.
    let room = room.clamp(3.0, 20.0);
    if reach.is_log && reach.high / reach.low > 3.0 {
        decades(reach, room)
    } else {
        linear(reach, room)
    }
}

fn linear(reach: &Reach, room: f64) -> Ticks {
    let step = step(reach.high / 2.0 - reach.low / 2.0, room);
    let first = (reach.low / step).ceil();
    let last = (reach.high / step).floor().min(first + 50.0);
    let count = (last - first).max(0.0) as u32 + 1;
    let values: Vec<f64> = (0..count).map(|i| (first + f64::from(i)) * step).collect();
    let size = values
        .iter()
        .fold(0.0f64, |size, value| size.max(value.abs()));
    let origin = match (size / step).log10() > DIGITS {
        true => round_origin(first * step, step),
        false => 0.0,
    };
    let numbers: Vec<f64> = values.iter().map(|value| value - origin).collect();
    let size = numbers
        .iter()
        .fold(0.0f64, |size, value| size.max(value.abs()));
    // There may be room for 0 alone.
    let thousands = thousands(if size > 0.0 { size } else { step });
    let unit = 10f64.powi(thousands);
    let decimals = decimals(step / unit);
    let major = values.iter().zip(&numbers).filter_map(|(&value, number)| {
        Some(Tick {
            place: reach.place(value)?,
            text: minus(&format!("{:.decimals$}", number / unit)),
            below: String::new(),
        })
    });
    let mut suffix = String::new();
    if thousands != 0 {
        suffix = format!(" ×{}", power(thousands));
    }
    if origin != 0.0 {
        let far = origin.abs() >= 1e15 || step < 1e-6;
        let origin = match far {
            true => format!("{origin:e}"),
            false => format!("{origin:.*}", self::decimals(step * 100.0)),
        };
        let origin = match origin.contains('.') {
            true => origin.trim_end_matches('0').trim_end_matches('.'),
            false => &origin,
        };
        suffix = match origin.strip_prefix('-') {
            Some(added) => format!(" + {added}{suffix}"),
            None => format!(" − {origin}{suffix}"),
        };
    }
    Ticks {
        major: major.collect(),
        minor: Vec::new(),
        suffix,
    }
}

/// A number near a value with fewer digits than it takes to tell multiples of the step apart.
fn round_origin(value: f64, step: f64) -> f64 {
    let round = 10f64.powi((step * 100.0).log10().ceil() as i32);
    let origin = (value / round).round() * round;
    if origin.is_finite() { origin } else { value }
}

/// The roundest step that has no more than so many of it in twice `half`.
fn step(half: f64, room: f64) -> f64 {
    let least = half / room * 2.0;
    let decade = 10f64.powi(least.log10().floor() as i32);
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * decade);
    // Rounding may put the decade one too low.
    let found = steps.into_iter().find(|&step| step >= least * 0.999_999);
    found.unwrap_or(least)
}

/// Which power of a thousand numbers are best read in.
fn thousands(size: f64) -> i32 {
    if size == 0.0 || (1e-3..1e5).contains(&size) {
        return 0;
    }
    // Beyond these a power has no f64 of its own.
    let thousands = (size.log10() / 3.0 + 1e-9).floor().clamp(-102.0, 102.0);
    thousands as i32 * 3
}

/// Digits behind the point that tell multiples of a step apart.
fn decimals(step: f64) -> usize {
    (-(step.log10() + 1e-9).floor()).clamp(0.0, 15.0) as usize
}

fn decades(reach: &Reach, room: f64) -> Ticks {
    let (low, high) = (reach.low.log10(), reach.high.log10());
    let (first, last) = (low.ceil() as i32, high.floor() as i32);
    let every = (f64::from(last - first + 1) / room).ceil().max(1.0) as i32;
    let tick = |value: f64, text: String| {
        Some(Tick {
            place: reach.place(value)?,
            text,
            below: String::new(),
        })
    };
    // One way of writing for all numbers of an axis.
    let is_plain = first >= -3 && last <= 5;
    let mut ticks = Ticks::default();
    for decade in first - 1..=last {
        let one = 10f64.powi(decade);
        if decade >= first {
            match decade.rem_euclid(every) {
                0 => ticks.major.extend(tick(one, written(1, decade, is_plain))),
                _ => ticks.minor.extend(reach.place(one)),
            }
        }
        if every == 1 {
            let between = (2..10).map(|times| f64::from(times) * one);
            ticks
                .minor
                .extend(between.filter_map(|value| reach.place(value)));
        }
    }
    // One or two decades: numbers between them, too.
    if f64::from(last - first) < 2.0 && every == 1 {
        for decade in first - 1..=last {
            for times in [2, 5] {
                let value = f64::from(times) * 10f64.powi(decade);
                let text = written(times, decade, is_plain);
                ticks.major.extend(tick(value, text));
            }
        }
        ticks.major.sort_by(|a, b| a.place.total_cmp(&b.place));
    }
    ticks
}

/// So many times a power of ten.
fn written(times: i32, decade: i32, is_plain: bool) -> String {
    match times {
        _ if is_plain => {
            let decimals = decade.min(0).unsigned_abs() as usize;
            format!("{:.decimals$}", f64::from(times) * 10f64.powi(decade))
        }
        1 => power(decade),
        _ => format!("{times}×{}", power(decade)),
    }
}

fn power(exponent: i32) -> String {
    let raised = |c| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit @ '0'..='9' => {
            char::from_u32('⁰' as u32 + (digit as u32 - '0' as u32)).unwrap_or(digit)
        }
        other => other,
    };
    let exponent: String = exponent.to_string().chars().map(raised).collect();
    format!("10{exponent}")
}

/// With a minus that is as wide as a plus, and none in front of nothing.
fn minus(number: &str) -> String {
    match number.strip_prefix('-') {
        Some(digits) if digits.chars().all(|c| matches!(c, '0' | '.')) => digits.to_owned(),
        Some(digits) => format!("−{digits}"),
        None => number.to_owned(),
    }
}

#[cfg(test)]
#[path = "ticks_tests.rs"]
mod tests;
