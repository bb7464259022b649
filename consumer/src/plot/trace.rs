//! A series of any length in bounded memory, for looking at.

use std::ops::Range;

/// The values of a series in pieces that are as many as a picture has room for: of each piece the lowest, the highest and the
/// mean. When there are too many pieces every two become one.
#[derive(Debug, Clone, Default)]
pub struct Trace;

impl Trace {
    /// The next value, at `x`. A value that is not finite is left out.
    pub fn push(&mut self, _x: f64, _y: f64) {}

    /// What comes next is not joined to what came before: records are missing between the two.
    pub fn gap(&mut self) {}

    /// x, lowest, highest; broken by NaN at gaps.
    pub fn envelope(&self) -> Vec<(f64, f64, f64)> {
        Vec::new()
    }

    /// x, mean; broken by NaN at gaps.
    pub fn means(&self) -> Vec<(f64, f64)> {
        Vec::new()
    }

    /// From the last value before each gap to the first behind it.
    pub fn gaps(&self) -> Vec<Range<f64>> {
        Vec::new()
    }
}
