//! Values, each judged by itself.

use std::ops::Range;

use serde::Serialize;

use crate::analysis::robust::Robust;

/// Why a value is an anomaly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Why {
    Band,
    Level,
    Jump,
}

/// Judges every value by itself.
pub enum Values {
    Band { center: f64, band: f64 },
    Robust { robust: Box<Robust>, threshold: f64 },
}

impl Values {
    /// The score, why it is a finding if it is one, and with which part of a window it was compared; `None` for what
    /// cannot be judged.
    #[inline]
    pub fn judge(&mut self, value: f64) -> Option<(f64, Option<Why>, Option<f64>)> {
        match self {
            Values::Band { .. } if value.is_nan() => None,
            Values::Band { center, band } => {
                let distance = (value - *center).abs();
                let outside = distance > *band;
                Some((distance / *band, outside.then_some(Why::Band), None))
            }
            Values::Robust { robust, threshold } => {
                let score = robust.score(value)?;
                let (larger, why) = if score.jump > score.level {
                    (score.jump, Why::Jump)
                } else {
                    (score.level, Why::Level)
                };
                let why = (larger > *threshold).then_some(why);
                Some((larger, why, Some(score.window)))
            }
        }
    }

    /// From where to where a level is usual.
    pub fn usual(&self) -> Option<Range<f64>> {
        match self {
            Values::Band { .. } => None,
            Values::Robust { robust, threshold } => robust.usual(*threshold),
        }
    }
}
