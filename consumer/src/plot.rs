//! What can be seen of an analysis: panels one below the other, drawn by [`svg`] into one file.
//!
//! An analysis says what there is to see in its own figures, and knows nothing of colours, places and files.

mod axis;
mod bins;
mod canvas;
mod clock;
mod cut;
mod frame;
pub mod histogram;
mod holes;
mod layers;
mod layout;
mod legend;
mod numbers;
mod placed;
mod style;
mod svg;
mod thin;
mod ticks;
pub mod trace;

use std::ops::Range;

use jiff::Timestamp;

pub use self::cut::{PANELS, not_drawn};
pub use self::svg::{check, document, write};

/// All of a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    pub title: String,
    pub panels: Vec<Panel>,
}

/// Two axes, and what is drawn between them.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    pub title: String,
    /// Figures that are worth reading beside the picture, a line each.
    pub notes: Vec<String>,
    pub x: Axis,
    pub y: Axis,
    /// Drawn one over the other in this order.
    pub layers: Vec<Layer>,
    /// Along x, where records are missing: grey, behind all the rest.
    pub gaps: Vec<Range<f64>>,
    /// Stands to the right of the one before it, and is narrower.
    pub is_beside: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// With its unit, as in `accel[0] (g)`.
    pub label: String,
    pub scale: Scale,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Scale {
    Linear,
    /// What is not above 0 has no place on it.
    Log,
    /// Seconds after a moment on the wall, in UTC.
    Clock(Timestamp),
}

/// What is drawn. Where a value is not finite there is nothing, and a line is broken.
#[derive(Debug, Clone, PartialEq)]
pub enum Layer {
    /// Points joined by a line.
    Line(Label, Vec<(f64, f64)>),
    /// From the lowest to the highest of many values: x, low, high.
    Envelope(Label, Vec<(f64, f64, f64)>),
    /// Single points that have to be seen.
    Marks(Label, Vec<(f64, f64)>),
    /// From, to, height: a histogram.
    Bars(Label, Vec<(f64, f64, f64)>),
    /// A value of y, across.
    Level(Label, f64),
    /// A span of y, across.
    Band(Label, Range<f64>),
    /// A value of x, upright, with its label beside it.
    Upright(Label, f64),
    /// Spans of x, shaded: something that was going on meanwhile.
    Spans(Label, Vec<Range<f64>>),
}

/// What a layer is called in the legend; not at all if empty.
pub type Label = String;
