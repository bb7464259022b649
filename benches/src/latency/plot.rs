//! The percentiles as a picture.

use std::path::Path;

use anyhow::Context;
use plotters::coord::Shift;
use plotters::prelude::*;

use super::args::Work;
use super::report::{Measured, Report};

const PANEL: (u32, u32) = (960, 540);
/// Where the percentiles get their names: so many nines.
const NINES: [&str; 7] = [
    "0",
    "90 %",
    "99 %",
    "99.9 %",
    "99.99 %",
    "99.999 %",
    "99.9999 %",
];
/// Told apart without colours, too: the bare machine is thick and black, the others by their place in the legend.
const COLORS: [RGBColor; 5] = [
    RGBColor(0, 0, 0),
    RGBColor(0, 114, 178),
    RGBColor(86, 180, 233),
    RGBColor(213, 94, 0),
    RGBColor(230, 159, 0),
];

/// Draws one panel for each work that was measured.
///
/// # Errors
///
/// The file cannot be written.
pub fn plot(report: &Report, file: &Path) -> anyhow::Result<()> {
    let works: Vec<Work> = [Work::OneWay, Work::Wake]
        .into_iter()
        .filter(|&work| !report.of(work).is_empty())
        .collect();
    let size = (PANEL.0, PANEL.1 * works.len() as u32);
    let drawing = || format!("drawing {}", file.display());
    let area = SVGBackend::new(file, size).into_drawing_area();
    area.fill(&WHITE).with_context(drawing)?;
    for (panel, work) in area.split_evenly((works.len(), 1)).iter().zip(works) {
        draw(report, work, panel).with_context(drawing)?;
    }
    area.present().with_context(drawing)
}

type Panel<'a> = DrawingArea<SVGBackend<'a>, Shift>;

fn draw(report: &Report, work: Work, panel: &Panel<'_>) -> anyhow::Result<()> {
    let measured = report.of(work);
    let lines: Vec<Vec<(f64, f64)>> = measured.iter().map(|one| line(one)).collect();
    let points = || lines.iter().flatten();
    let right = points().map(|point| point.0).fold(1.0, f64::max);
    let low = points().map(|point| point.1).fold(f64::MAX, f64::min);
    let high = points().map(|point| point.1).fold(0.0, f64::max);
    let mut chart = ChartBuilder::on(panel)
        .caption(title(report, work, measured[0]), ("sans-serif", 20))
        .margin(16)
        .margin_right(40)
        .x_label_area_size(48)
        .y_label_area_size(84)
        .build_cartesian_2d(0.0..right, (low / 1.3..high * 1.3).log_scale())?;
    chart
        .configure_mesh()
        .x_labels(NINES.len() + 1)
        .x_label_formatter(&|nines| percentile(*nines))
        .y_label_formatter(&|ns| time(*ns))
        .x_desc("percentile of all records")
        .y_desc("time of a record")
        .axis_desc_style(("sans-serif", 16))
        .label_style(("sans-serif", 14))
        .draw()?;
    for (i, (one, line)) in measured.iter().zip(&lines).enumerate() {
        let style = COLORS[i % COLORS.len()].stroke_width(if i == 0 { 3 } else { 2 });
        chart
            .draw_series(LineSeries::new(line.iter().copied(), style))?
            .label(one.case.to_string())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 24, y)], style));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .legend_area_size(30)
        .margin(12)
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.4))
        .label_font(("sans-serif", 15))
        .draw()?;
    Ok(())
}

fn title(report: &Report, work: Work, bare: &Measured) -> String {
    let what = match work {
        Work::OneWay => "One way between two processes that look all the time".to_owned(),
        Work::Wake => format!("Wake-up of a sleeping reader, every {:?}", bare.case.gap),
    };
    format!("{what}, {} B, {}", bare.case.bytes, report.cores())
}

/// The times over the number of nines, up to what so many times can tell.
fn line(measured: &Measured) -> Vec<(f64, f64)> {
    const STEPS_PER_NINE: u32 = 50;
    let most = (measured.count() as f64).log10();
    (0..)
        .map(|step| f64::from(step) / f64::from(STEPS_PER_NINE))
        .take_while(|nines| *nines <= most)
        .map(|nines| (nines, measured.ns(1.0 - 10f64.powf(-nines))))
        .collect()
}

fn percentile(nines: f64) -> String {
    let whole = nines.round();
    if (nines - whole).abs() > 0.01 {
        return String::new();
    }
    NINES
        .get(whole as usize)
        .map_or_else(String::new, |name| (*name).to_owned())
}

fn time(ns: f64) -> String {
    match ns {
        ..1e3 => format!("{ns:.0} ns"),
        1e3..1e6 => format!("{} µs", ns / 1e3),
        _ => format!("{} ms", ns / 1e6),
    }
}
