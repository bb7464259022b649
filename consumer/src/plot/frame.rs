//! The rectangle between the axes.

use super::axis::{Extent, Reach};
use super::canvas::Spot;
use super::{Layer, Panel};

/// A rectangle in pixels, and what its sides stand for.
#[derive(Debug, Clone)]
pub struct Frame {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
    pub x: Reach,
    pub y: Reach,
    /// How many columns lines and areas are thinned out to.
    pub columns: usize,
}

impl Frame {
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    pub fn spot(&self, x: f64, y: f64) -> Option<Spot> {
        Some((self.across(self.x.place(x)?), self.up(self.y.place(y)?)))
    }

    /// In pixels, by the part of the way from left to right.
    pub fn across(&self, part: f64) -> f64 {
        self.left + part * self.width()
    }

    /// In pixels, by the part of the way from the bottom up.
    pub fn up(&self, part: f64) -> f64 {
        self.bottom - part * self.height()
    }

    /// From left to right in pixels, as far as it is in here, and wide enough to be seen.
    pub fn between(&self, from: f64, to: f64, least: f64) -> Option<(f64, f64)> {
        let (from, to) = (self.x.clamped(from)?, self.x.clamped(to)?);
        let (from, to) = (self.across(from.min(to)), self.across(from.max(to)));
        let width = (to - from).max(least).min(self.width());
        // All of it is in here, also at an end.
        let from = f64::midpoint(from, to) - width / 2.0;
        let from = from.min(self.right - width).max(self.left);
        Some((from, from + width))
    }
}

/// What the axes have to have room for: x and y.
pub fn extents(panel: &Panel) -> (Extent, Extent) {
    let (mut x, mut y) = (Extent::of(&panel.x), Extent::of(&panel.y));
    for layer in &panel.layers {
        include(layer, &mut x, &mut y);
    }
    for gap in &panel.gaps {
        x.include_all([gap.start, gap.end]);
    }
    if has_bars(panel) && !y.is_empty() {
        // Bars stand on the ground.
        y.include(0.0);
    }
    (x, y)
}

pub fn has_bars(panel: &Panel) -> bool {
    let mut layers = panel.layers.iter();
    layers.any(|layer| matches!(layer, Layer::Bars(..)))
}

fn include(layer: &Layer, x: &mut Extent, y: &mut Extent) {
    match layer {
        Layer::Line(_, points) | Layer::Marks(_, points) => {
            // Where there is no y there is nothing to see.
            let points = points
                .iter()
                .filter(|(x, y)| x.is_finite() && y.is_finite());
            for point in points {
                x.include(point.0);
                y.include(point.1);
            }
        }
        Layer::Envelope(_, pieces) => {
            // An end that is infinite is beyond the axis, whatever its length.
            let seen = |piece: &&(f64, f64, f64)| {
                piece.0.is_finite() && (piece.1.is_finite() || piece.2.is_finite())
            };
            for piece in pieces.iter().filter(seen) {
                x.include(piece.0);
                y.include_all([piece.1, piece.2]);
            }
        }
        Layer::Bars(_, bars) => {
            for bar in bars.iter().filter(|bar| bar.2.is_finite()) {
                x.include_all([bar.0, bar.1]);
                y.include(bar.2);
            }
        }
        Layer::Level(_, level) => y.include(*level),
        Layer::Band(_, band) => y.include_all([band.start, band.end]),
        Layer::Upright(_, at) => x.include(*at),
        Layer::Spans(_, spans) => {
            x.include_all(spans.iter().flat_map(|span| [span.start, span.end]))
        }
    }
}
