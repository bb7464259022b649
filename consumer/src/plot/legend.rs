//! Above a panel, never over its data: what its layers are called, and what its uprights say.

use super::canvas::{Canvas, Side, fitted, width};
use super::frame::Frame;
use super::layers::{self, Numbers};
use super::{Layer, Panel, style};

/// A swatch, and the room behind it.
const SWATCH: f64 = 20.0;
const ROW: f64 = 16.0;
/// Rows of the legend, and of what uprights say.
const ROWS: usize = 3;
const LABEL_ROW: f64 = 13.0;

/// What a legend has to say.
pub struct Legend<'a> {
    rows: Vec<Vec<Entry<'a>>>,
}

struct Entry<'a> {
    text: String,
    /// From the left.
    at: f64,
    what: What<'a>,
}

#[derive(Clone, Copy)]
enum What<'a> {
    Layer(&'a Layer, usize),
    Missing,
    /// There were more.
    Rest,
}

impl<'a> Legend<'a> {
    /// What there is to say of a panel in lines so wide.
    pub fn of(panel: &'a Panel, room: f64) -> Legend<'a> {
        let mut entries: Vec<(&str, What<'a>)> = Vec::new();
        let mut numbers = Numbers::default();
        for layer in &panel.layers {
            let number = numbers.of(layer);
            let is_new =
                |label: &str| !label.is_empty() && entries.iter().all(|(known, _)| *known != label);
            if let Some(label) = named(layer).filter(|label| is_new(label)) {
                entries.push((label, What::Layer(layer, number)));
            }
        }
        if !panel.gaps.is_empty() {
            entries.push(("missing", What::Missing));
        }
        let mut rows: Vec<Vec<Entry<'a>>> = Vec::new();
        let mut at = room;
        let count = entries.len();
        for (index, (label, what)) in entries.into_iter().enumerate() {
            let text = fitted(label, style::note().pixels, room - SWATCH);
            let wide = SWATCH + width(&text, style::note().pixels) + 14.0;
            if at + wide > room + 14.0 {
                if rows.len() == ROWS {
                    let text = format!("and {} more", count - index);
                    let what = What::Rest;
                    rows.extend([vec![Entry {
                        text,
                        at: 0.0,
                        what,
                    }]]);
                    break;
                }
                rows.push(Vec::new());
                at = 0.0;
            }
            if let Some(row) = rows.last_mut() {
                row.push(Entry { text, at, what });
            }
            at += wide;
        }
        Legend { rows }
    }

    pub fn height(&self) -> f64 {
        self.rows.len() as f64 * ROW
    }

    /// With its upper left corner there.
    pub fn draw(&self, canvas: &mut Canvas<'_>, left: f64, top: f64) {
        for (number, row) in self.rows.iter().enumerate() {
            let y = top + (number as f64 + 0.5) * ROW;
            for entry in row {
                let x = left + entry.at;
                let beside = match entry.what {
                    What::Rest => 0.0,
                    _ => SWATCH,
                };
                swatch(canvas, entry.what, x, y);
                canvas.text(&entry.text, (x + beside, y), Side::Right, style::note());
            }
        }
    }
}

/// What a legend calls it.
fn named(layer: &Layer) -> Option<&str> {
    match layer {
        Layer::Line(label, _)
        | Layer::Envelope(label, _)
        | Layer::Marks(label, _)
        | Layer::Bars(label, _)
        | Layer::Level(label, _)
        | Layer::Band(label, _)
        | Layer::Spans(label, _) => Some(label),
        Layer::Upright(..) => None,
    }
}

fn swatch(canvas: &mut Canvas<'_>, what: What<'_>, x: f64, y: f64) {
    let (from, to) = ((x, y - 4.5), (x + SWATCH - 6.0, y + 4.5));
    match what {
        What::Missing => canvas.fill(from, to, style::missing()),
        What::Rest => {}
        What::Layer(layer, number) => match layer {
            Layer::Line(..) => canvas.line(
                (from.0, y),
                (to.0, y),
                style::series(number),
                2.0 * style::LINE,
            ),
            Layer::Envelope(..) => canvas.fill(from, to, style::area(number)),
            Layer::Marks(..) => canvas.dot((x + 7.0, y), style::DOT, style::mark()),
            Layer::Bars(..) => canvas.fill(from, to, style::series(number)),
            Layer::Level(..) => layers::dashed(canvas, from.0, to.0, y, number),
            Layer::Band(..) => canvas.fill(from, to, style::band()),
            Layer::Spans(..) => canvas.fill(from, to, style::span()),
            Layer::Upright(..) => {}
        },
    }
}

/// What uprights say, each where it stands, in as few rows as they do not touch in.
pub struct Labels {
    /// Row, left end, text, and where the upright is; all in parts of the frame's width or pixels from its left.
    texts: Vec<(usize, f64, String, f64)>,
    rows: usize,
}

impl Labels {
    /// Of a frame so wide.
    pub fn of(panel: &Panel, frame: &Frame) -> Labels {
        let mut uprights: Vec<(f64, &str)> = Vec::new();
        for layer in &panel.layers {
            if let Layer::Upright(label, at) = layer
                && let Some(part) = frame.x.place(*at).filter(|_| !label.is_empty())
            {
                uprights.push((part * frame.width(), label));
            }
        }
        uprights.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut ends = Vec::new();
        let mut texts = Vec::new();
        for (at, label) in uprights {
            let text = fitted(label, style::note().pixels, frame.width() / 2.0);
            let wide = width(&text, style::note().pixels);
            let left = (at - wide / 2.0).clamp(0.0, (frame.width() - wide).max(0.0));
            let row = ends
                .iter()
                .position(|end| *end + 6.0 <= left)
                .unwrap_or(ends.len());
            // Those for which there is no room stand there without a word.
            if row == ROWS {
                continue;
            }
            if row == ends.len() {
                ends.push(0.0);
            }
            ends[row] = left + wide;
            texts.push((row, left, text, at));
        }
        Labels {
            texts,
            rows: ends.len(),
        }
    }

    pub fn height(&self) -> f64 {
        self.rows as f64 * LABEL_ROW
    }

    /// On top of the frame.
    pub fn draw(&self, canvas: &mut Canvas<'_>, frame: &Frame) {
        for (row, left, text, at) in &self.texts {
            let y = frame.top - (*row as f64 + 0.5) * LABEL_ROW - 1.0;
            let x = frame.left + at;
            let is_free = |other: &&(usize, f64, String, f64)| {
                let end = other.1 + width(&other.2, style::note().pixels);
                other.0 < *row && other.1 - 2.0 < *at && *at < end + 2.0
            };
            if !self.texts.iter().any(|other| is_free(&other)) {
                canvas.line(
                    (x, frame.top),
                    (x, y + LABEL_ROW / 2.0),
                    style::guide(),
                    style::THIN,
                );
            }
            canvas.text(text, (frame.left + left, y), Side::Right, style::note());
        }
    }
}
