//! A spectrum to look at.

use super::pace::Sampling;
use super::report::{self, FieldReport};
use crate::plot::{Axis, Layer, Panel, Scale};

/// The density of a field over frequency, with its peaks. Both axes are logarithmic: what is slow and what is fast are
/// seen alike, and noise is a line whatever its colour.
pub fn panel(field: &FieldReport<'_>, sampling: &Sampling) -> Panel {
    let mut layers = Vec::new();
    if let Some(resolution) = field.resolution_hz {
        let place = |bin: usize| bin as f64 * resolution;
        // The mean was taken away, and half the rate has no other side.
        let between = 1..field.density.len().saturating_sub(1);
        let line = between.map(|bin| (place(bin), field.density[bin]));
        layers.push(Layer::Line(String::new(), line.collect()));
        let tops = field.peaks.iter().map(|peak| (peak.frequency_hz, peak.psd));
        layers.push(Layer::Marks(String::new(), tops.collect()));
        for peak in &field.peaks {
            layers.push(Layer::Upright(
                report::hertz(peak.frequency_hz),
                peak.frequency_hz,
            ));
        }
    }
    let mut notes = vec![field.coverage()];
    match field.rms {
        Some(0.0) => notes.push("the values did not change".to_owned()),
        Some(rms) => notes.push(format!("rms {}", field.with_unit(rms))),
        None => notes.push("no segment without a gap, and with finite values only".to_owned()),
    }
    for peak in &field.peaks {
        notes.push(format!(
            "{}: amplitude {}, {:.0} dB over the noise",
            report::hertz(peak.frequency_hz),
            field.with_unit(peak.amplitude),
            peak.over_noise_db
        ));
    }
    notes.extend(report::warning(sampling));
    let axis = |label: String| Axis {
        label,
        scale: Scale::Log,
    };
    Panel {
        title: field.name.to_owned(),
        notes,
        x: axis("frequency (Hz)".to_owned()),
        y: axis(format!("density ({})", field.unit_of_density())),
        layers,
        gaps: Vec::new(),
        is_beside: false,
    }
}
