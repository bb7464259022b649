//! A figure on paper: rows of panels, one below the other, each with its axes.

use super::canvas::{Canvas, Side, fitted};
use super::placed::{HEIGHT, Measured, Placed};
use super::{Figure, Panel, style};

/// All sizes in pixels.
pub const WIDTH: f64 = 1000.0;
const MARGIN: f64 = 18.0;
const HEADING: f64 = 36.0;
/// Between a row and the next.
const APART: f64 = 18.0;
/// Between two panels of a row.
const GUTTER: f64 = 26.0;
/// Of the width, for the one that stands beside another.
const BESIDE: f64 = 0.36;

/// A figure with everything in its place.
pub struct Layout<'a> {
    figure: &'a Figure,
    placed: Vec<Placed<'a>>,
    pub height: f64,
}

impl<'a> Layout<'a> {
    /// Of panels that were [cut](super::cut::cut), with lines and areas thinned out to so many columns.
    pub fn of(figure: &'a Figure, columns: usize) -> Layout<'a> {
        let rows: Vec<Vec<Measured<'a>>> = rows(&figure.panels)
            .into_iter()
            .map(|row| row.iter().map(Measured::of).collect())
            .collect();
        // Frames that stand one below the other begin at the same place.
        let widest = [0, 1].map(|column| {
            let widths = rows.iter().filter_map(|row| row.get(column));
            widths.map(Measured::beside).fold(0.0, f64::max)
        });
        let heading = match figure.title.is_empty() {
            true => 0.0,
            false => HEADING,
        };
        let mut top = MARGIN + heading;
        let mut placed: Vec<Placed<'a>> = Vec::new();
        for row in rows {
            let begins = placed.len();
            let places = places(row.len()).into_iter().zip(widest);
            for (measured, ((left, right), widest)) in row.into_iter().zip(places) {
                // However long its numbers are, there has to be something beside them.
                let frame = (left + widest).min(f64::midpoint(left, right));
                placed.push(measured.place((left, frame, right), top, columns));
            }
            top = align(&mut placed[begins..]) + APART;
        }
        Layout {
            figure,
            placed,
            height: (top - APART + MARGIN).max(2.0 * MARGIN),
        }
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>) {
        canvas.fill((0.0, 0.0), (WIDTH, self.height), style::paper());
        if !self.figure.title.is_empty() {
            let look = style::heading();
            let title = fitted(&self.figure.title, look.pixels, WIDTH - 2.0 * MARGIN);
            let spot = (MARGIN, MARGIN + HEADING / 3.0);
            canvas.text(&title, spot, Side::Right, look);
        }
        for placed in &self.placed {
            placed.draw(canvas);
        }
    }
}

/// One panel each, or two where the second one stands beside the first.
fn rows(panels: &[Panel]) -> Vec<&[Panel]> {
    let mut rows = Vec::new();
    let mut rest = panels;
    while let [_, next @ ..] = rest {
        let len = match next {
            [second, ..] if second.is_beside => 2,
            _ => 1,
        };
        let (row, others) = rest.split_at(len);
        rows.push(row);
        rest = others;
    }
    rows
}

/// From where to where the panels of a row reach.
fn places(len: usize) -> [(f64, f64); 2] {
    let (left, right) = (MARGIN, WIDTH - MARGIN);
    let beside = right - (right - left) * BESIDE;
    match len {
        1 => [(left, right), (right, right)],
        _ => [(left, beside - GUTTER), (beside, right)],
    }
}

/// Puts the frames of a row at the same height, and says where the row ends.
fn align(row: &mut [Placed<'_>]) -> f64 {
    let top = row
        .iter()
        .map(|placed| placed.frame.top)
        .fold(0.0, f64::max);
    for placed in row.iter_mut() {
        (placed.frame.top, placed.frame.bottom) = (top, top + HEIGHT);
    }
    let foot = row.iter().map(Placed::foot).fold(0.0, f64::max);
    top + HEIGHT + foot
}
