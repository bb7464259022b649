//! What a spectrum says, to people and to programs.

use std::io;

use ringbuf_core::Column;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::Options;
use super::pace::{By, Sampling};
use super::peaks::{self, Peak};
use super::welch::Densities;
use crate::output::Output;
use crate::progress::Summary;
use crate::table::{Table, figure, time};

/// What there is to say of a field.
#[derive(Debug, Serialize)]
pub struct FieldReport<'a> {
    #[serde(skip)]
    pub name: &'a str,
    unit: Option<&'a str>,
    rate_hz: Option<f64>,
    pub resolution_hz: Option<f64>,
    /// Records of each.
    window: usize,
    pub segments: u64,
    pub dropped_segments: u64,
    /// The part of the records that is in any of the segments, of those that were missed too.
    pub used: f64,
    /// How far values are from their mean: the root of the mean square, over all frequencies.
    pub rms: Option<f64>,
    pub peaks: Vec<Peak>,
    #[serde(skip_serializing_if = "Option::is_none")]
    psd: Option<Vec<f64>>,
    /// The same, whether a program asked for it or not.
    #[serde(skip)]
    pub density: Vec<f64>,
}

#[derive(Serialize)]
pub struct Own<'a> {
    sampling: &'a Sampling,
    fields: Fields<'a>,
}

/// A map that keeps the order of the fields.
struct Fields<'a>(&'a [FieldReport<'a>]);

impl<'a> FieldReport<'a> {
    /// Of `wanted` records.
    pub fn of(
        column: &'a Column,
        densities: &Densities,
        sampling: &Sampling,
        wanted: u64,
        options: &Options,
    ) -> FieldReport<'a> {
        let resolution_hz = sampling.rate_hz.map(|rate| rate / options.window as f64);
        let density = sampling.rate_hz.and_then(|rate| densities.mean(rate));
        let density = density.unwrap_or_default();
        let found = resolution_hz.filter(|_| !density.is_empty());
        let peaks =
            |resolution| peaks::find(&density, resolution, densities.segments, options.peaks);
        FieldReport {
            name: column.name(),
            unit: column.unit(),
            rate_hz: sampling.rate_hz,
            resolution_hz,
            window: options.window,
            segments: densities.segments,
            dropped_segments: densities.dropped,
            // Of a period the segments may begin before it.
            used: (densities.used as f64 / wanted.max(1) as f64).min(1.0),
            rms: found.map(|resolution| peaks::power(&density, resolution).sqrt()),
            peaks: found.map(peaks).unwrap_or_default(),
            psd: options.density.then(|| density.clone()),
            density,
        }
    }

    /// With its unit behind it.
    pub fn with_unit(&self, number: f64) -> String {
        match self.unit {
            Some(unit) => format!("{} {unit}", figure(number)),
            None => figure(number),
        }
    }

    /// The unit of the density.
    pub fn unit_of_density(&self) -> String {
        match self.unit {
            Some(unit) if unit.chars().all(char::is_alphabetic) => format!("{unit}²/Hz"),
            Some(unit) => format!("({unit})²/Hz"),
            None => "1/Hz".to_owned(),
        }
    }

    /// How much of what there was is in it, in words.
    pub fn coverage(&self) -> String {
        let segments = match self.segments {
            1 => "1 segment".to_owned(),
            n => format!("{n} segments"),
        };
        let dropped = match self.dropped_segments {
            0 => String::new(),
            n => format!(", {n} dropped"),
        };
        format!(
            "{segments}{dropped}, {:.1} % of the records",
            self.used * 100.0
        )
    }
}

impl<'a> Own<'a> {
    pub fn of(sampling: &'a Sampling, fields: &'a [FieldReport<'a>]) -> Own<'a> {
        Own {
            sampling,
            fields: Fields(fields),
        }
    }
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for field in self.0 {
            map.serialize_entry(field.name, field)?;
        }
        map.end()
    }
}

/// The report for people.
pub fn write(
    summary: &Summary,
    sampling: &Sampling,
    fields: &[FieldReport<'_>],
    options: &Options,
    output: &mut Output,
) -> io::Result<()> {
    output.text(summary)?;
    output.text(pace(sampling, options))?;
    if let Some(warning) = warning(sampling) {
        output.text(warning)?;
        if sampling.by == By::PublicationTime {
            output.text("give --rate if the sensor is more even than its publication")?;
        }
    }
    output.text(table(fields))?;
    if fields.iter().any(|field| field.segments == 0) {
        let window = options.window;
        output.text(format_args!(
            "a segment takes {window} records without a gap, all with finite values: a smaller --window takes fewer"
        ))?;
    }
    output.text("")
}

/// How fast, by what, how evenly; and what that allows to tell apart.
pub fn pace(sampling: &Sampling, options: &Options) -> String {
    let by = match sampling.by {
        By::Option => "as given",
        By::TimeField => "by the time field",
        By::PublicationTime => "by publication times",
    };
    let Some(rate) = sampling.rate_hz else {
        return format!("no rate {by} yet");
    };
    let mut text = format!("{} Hz {by}", figure(rate));
    if let (Some(shortest), Some(longest)) = (sampling.shortest_step_s, sampling.longest_step_s) {
        text += &format!(", steps of {} to {}", time(shortest), time(longest));
    }
    match sampling.gaps {
        0 => {}
        1 => text += ", 1 gap",
        gaps => text += &format!(", {gaps} gaps"),
    }
    let window = options.window;
    let resolution = rate / window as f64;
    text + &format!(
        "\nsegments of {window} records, a frequency every {} Hz, peaks from {} Hz on",
        figure(resolution),
        figure(resolution * peaks::LOWEST as f64)
    )
}

/// What to be careful with.
pub fn warning(sampling: &Sampling) -> Option<String> {
    let (error, blurred) = (sampling.time_error_s?, sampling.blurred_above_hz?);
    let times = match sampling.by {
        By::PublicationTime => "publication times",
        By::TimeField | By::Option => "times",
    };
    Some(format!(
        "uneven: {times} are {} off an even grid, so lines above {} are blurred",
        time(error),
        hertz(blurred)
    ))
}

/// To four digits; of what is slow, how long it takes.
pub fn hertz(hertz: f64) -> String {
    if hertz < 0.01 {
        return format!("every {}", time(1.0 / hertz));
    }
    let decimals = (3.0 - hertz.log10().floor()).clamp(0.0, 5.0) as usize;
    format!("{hertz:.decimals$} Hz")
}

fn table(fields: &[FieldReport<'_>]) -> Table {
    let mut table = Table::new([
        "field",
        "segments",
        "dropped",
        "used",
        "rms",
        "frequency (Hz)",
        "period",
        "amplitude",
        "over noise",
        "share",
        "unit",
    ]);
    for field in fields {
        let first = [
            field.name.to_owned(),
            field.segments.to_string(),
            field.dropped_segments.to_string(),
            format!("{:.1} %", field.used * 100.0),
            figure(field.rms),
        ];
        let unit = field.unit.unwrap_or("").to_owned();
        let none = ["-"; 5].map(str::to_owned);
        let peaks = field.peaks.iter().map(cells);
        for (i, peak) in peaks
            .chain(field.peaks.is_empty().then_some(none))
            .enumerate()
        {
            let [a, b, c, d, e] = match i {
                0 => first.clone(),
                _ => Default::default(),
            };
            let [f, g, h, i, j] = peak;
            table.row([a, b, c, d, e, f, g, h, i, j, unit.clone()]);
        }
    }
    table
}

fn cells(peak: &Peak) -> [String; 5] {
    [
        figure(peak.frequency_hz),
        time(1.0 / peak.frequency_hz),
        figure(peak.amplitude),
        format!("{:.0} dB", peak.over_noise_db),
        format!("{:.1} %", peak.share * 100.0),
    ]
}
