//! Latencies to look at: how they are distributed, how rare the long ones are, and when they were.

use jiff::Timestamp;

use super::ages::Ages;
use crate::plot::trace::Trace;
use crate::plot::{Axis, Layer, Panel, Scale};
use crate::table::time;

/// Bars in a decade.
const BARS: f64 = 20.0;
/// Points of the curve of quantiles in a decade of what is beyond.
const POINTS: f64 = 50.0;

/// What has to be kept while it goes on.
#[derive(Debug, Default)]
pub struct Drawing {
    /// When the first one was published, nanoseconds since the Unix epoch.
    origin: Option<i64>,
    trace: Trace,
}

impl Drawing {
    /// One that was published then and was so old.
    pub fn add(&mut self, published: i64, age: u64) {
        let origin = *self.origin.get_or_insert(published);
        let x = published.saturating_sub(origin) as f64 / 1e9;
        self.trace.push(x, seconds(age));
    }

    /// Others are missing here.
    pub fn gap(&mut self) {
        self.trace.gap();
    }

    pub fn panels(&self, ages: &Ages) -> Vec<Panel> {
        if ages.count() == 0 {
            return Vec::new();
        }
        let unit = Unit::of(ages);
        vec![
            distribution(ages, &unit),
            rarity(ages, &unit),
            self.course(&unit),
        ]
    }

    fn course(&self, unit: &Unit) -> Panel {
        let scale = unit.per_second;
        let envelope = self.trace.envelope().into_iter();
        let envelope = envelope.map(|(x, low, high)| (x, low * scale, high * scale));
        let means = self.trace.means().into_iter();
        let means = means.map(|(x, mean)| (x, mean * scale));
        let origin = self
            .origin
            .and_then(|ns| Timestamp::from_nanosecond(ns.into()).ok());
        let (label, time) = match origin {
            Some(origin) => ("published at (UTC)", Scale::Clock(origin)),
            None => ("published at (s)", Scale::Linear),
        };
        Panel {
            title: "latency over time".to_owned(),
            notes: Vec::new(),
            x: Axis {
                label: label.to_owned(),
                scale: time,
            },
            y: unit.axis(),
            layers: vec![
                Layer::Envelope("shortest to longest".to_owned(), envelope.collect()),
                Layer::Line("mean".to_owned(), means.collect()),
            ],
            gaps: self.trace.gaps(),
            is_beside: false,
        }
    }
}

fn distribution(ages: &Ages, unit: &Unit) -> Panel {
    let place = |age: u64| (seconds(age).log10() * BARS).floor() as i32;
    let edge = |place: i32| 10f64.powf(f64::from(place) / BARS) * unit.per_second;
    let mut bars: Vec<(i32, u64)> = Vec::new();
    for (age, count) in ages.counts() {
        match bars.last_mut() {
            Some((last, counted)) if *last == place(age) => *counted += count,
            _ => bars.push((place(age), count)),
        }
    }
    let percent = |count: u64| count as f64 / ages.count() as f64 * 100.0;
    let bar = |(place, count)| (edge(place), edge(place + 1), percent(count));
    let bars = bars.into_iter().map(bar).collect();
    let mut layers = vec![Layer::Bars(String::new(), bars)];
    for (name, q) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)] {
        let at = ages.quantile(q).map(|age| seconds(age) * unit.per_second);
        layers.extend(at.map(|at| Layer::Upright(name.to_owned(), at)));
    }
    Panel {
        title: "latency from publication to being looked at".to_owned(),
        notes: notes(ages),
        x: unit.axis(),
        y: Axis {
            label: "share (%)".to_owned(),
            scale: Scale::Linear,
        },
        layers,
        gaps: Vec::new(),
        is_beside: false,
    }
}

/// The curve of quantiles as it is usual for latencies: every nine of them as wide as the one before.
fn rarity(ages: &Ages, unit: &Unit) -> Panel {
    let most = ages.count() as f64;
    let last = (most.log10() * POINTS).ceil() as i32;
    let points = (0..=last).filter_map(|point| {
        let one_in = 10f64.powf(f64::from(point) / POINTS).min(most);
        let age = ages.quantile(1.0 - 1.0 / one_in)?;
        Some((one_in, seconds(age) * unit.per_second))
    });
    let mut layers = vec![Layer::Line(String::new(), points.collect())];
    let named = [("p90", 10.0), ("p99", 100.0), ("p99.9", 1000.0)];
    let there = named.into_iter().filter(|&(_, one_in)| one_in <= most);
    layers.extend(there.map(|(name, one_in)| Layer::Upright(name.to_owned(), one_in)));
    Panel {
        title: "how rare long ones are".to_owned(),
        notes: Vec::new(),
        x: Axis {
            label: "one in so many takes longer".to_owned(),
            scale: Scale::Log,
        },
        y: unit.axis(),
        layers,
        gaps: Vec::new(),
        is_beside: true,
    }
}

fn notes(ages: &Ages) -> Vec<String> {
    let figures = ages.figures();
    let named = [
        ("mean", figures.mean_us),
        ("p50", figures.p50_us),
        ("p99", figures.p99_us),
        ("p99.9", figures.p99_9_us),
        ("max", figures.max_us),
    ];
    let named = named.iter().filter_map(|(name, us)| Some((name, (*us)?)));
    let named: Vec<String> = named
        .map(|(name, us)| format!("{name} {}", time(us / 1e6)))
        .collect();
    let mut notes = vec![format!("{} looked at: {}", figures.count, named.join(", "))];
    if figures.before_attach > 0 {
        let left_out = figures.before_attach;
        notes.push(format!("{left_out} published before attaching: left out"));
    }
    notes
}

/// Nothing is no place on a logarithmic axis.
fn seconds(age: u64) -> f64 {
    age.max(1) as f64 / 1e9
}

/// The unit that suits most of them.
struct Unit {
    name: &'static str,
    per_second: f64,
}

impl Unit {
    fn of(ages: &Ages) -> Unit {
        let (name, per_second) = match ages.quantile(0.5).unwrap_or(0) {
            0..1_000 => ("ns", 1e9),
            1_000..1_000_000 => ("µs", 1e6),
            1_000_000..1_000_000_000 => ("ms", 1e3),
            _ => ("s", 1.0),
        };
        Unit { name, per_second }
    }

    fn axis(&self) -> Axis {
        Axis {
            label: format!("latency ({})", self.name),
            scale: Scale::Log,
        }
    }
}
