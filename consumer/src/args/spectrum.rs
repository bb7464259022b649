//! `analyzer spectrum`, as it is typed.

use clap::Args;

use super::{Common, Plotting, values};
use crate::analysis::spectrum::{DEFAULT_PEAKS, DEFAULT_WINDOW, Options};

/// Fewer have too few frequencies for peaks between noise.
const MIN_WINDOW: usize = 16;
/// More would be megabytes for every field.
const MAX_WINDOW: usize = 1 << 20;
/// More is what --psd is for.
const MAX_PEAKS: usize = 1000;

pub const HELP: &str = "\
The density is Welch's: the mean of the spectra of segments of --window records that overlap by
half, each without its mean, under a Hann window; one-sided, in squared units per hertz. Longer
segments tell frequencies apart that are nearer to each other, shorter ones are less noisy.

Peaks are what stands out of the noise on both sides, the most powerful first. The amplitude is that
of a sine with the power of the peak; a share is the part of all power. What goes less than three
times into a segment is not told from a trend.

The rate is that of the records' time field, else of their publication. A segment with a gap in it
(records were missed, the producer was restarted, the clock jumped, a value is not finite) is left
out, and the report says how many were; used is the part of the records that is in the density.
Where times are so uneven that lines are blurred, the report says from which frequency on.

With --json, \"sampling\" tells of rate_hz and how even it was, and \"fields\" holds for each field
rate_hz, resolution_hz, window, segments, dropped_segments, used, rms, and peaks with frequency_hz,
amplitude, psd, over_noise_db and share.

Examples:
  producer csv data/xio-fusion/sensor_data.csv --ring imu --rate 0
  analyzer spectrum imu
  analyzer spectrum imu --field 'Accel*' --window 256 --peaks 3
  analyzer spectrum imu --rate 100 --json                             as if no time were uneven
  analyzer spectrum imu --field 'Gyroscope X*' --psd --json           the whole density
  analyzer spectrum imu --plot spectrum.svg
  producer synth --ring wave --rate 1000 --channel 'x=sine:1,50+sine:0.2,120' --duration 20s &
  analyzer spectrum wave --every 5s                                   each period by itself";

#[derive(Debug, Args)]
pub struct Spectrum {
    #[command(flatten)]
    pub common: Common,

    #[command(flatten)]
    pub plotting: Plotting,

    /// Records of a segment
    #[arg(long, value_name = "N", default_value_t = DEFAULT_WINDOW, value_parser = window)]
    pub window: usize,

    /// Records a second, for those whose times say nothing of it [default: by their time field, or
    /// their publication]
    #[arg(long, value_name = "HZ", value_parser = values::positive)]
    pub rate: Option<f64>,

    /// Frequencies to report of each field, at most
    #[arg(long, value_name = "N", default_value_t = DEFAULT_PEAKS, value_parser = peaks)]
    pub peaks: usize,

    /// Also give the whole density of each field: "psd", from 0 Hz in steps of resolution_hz
    #[arg(long, requires = "json")]
    pub psd: bool,
}

impl Spectrum {
    /// What is asked of the analysis.
    pub fn options(&self) -> Options {
        Options {
            window: self.window,
            rate_hz: self.rate,
            peaks: self.peaks,
            density: self.psd,
        }
    }
}

fn window(text: &str) -> Result<usize, String> {
    match values::count(text).map(usize::try_from) {
        Ok(Ok(window)) if (MIN_WINDOW..=MAX_WINDOW).contains(&window) => Ok(window),
        _ => Err(format!(
            "found {text:?}, expected {MIN_WINDOW} to {MAX_WINDOW} records"
        )),
    }
}

fn peaks(text: &str) -> Result<usize, String> {
    match values::count(text).map(usize::try_from) {
        Ok(Ok(peaks)) if peaks <= MAX_PEAKS => Ok(peaks),
        _ => Err(format!(
            "found {text:?}, expected 1 to {MAX_PEAKS} frequencies"
        )),
    }
}
