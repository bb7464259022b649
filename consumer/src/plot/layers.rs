//! What lies between the axes, layer by layer.

use std::collections::HashSet;
use std::ops::Range;

use super::canvas::{Canvas, Ink, Spot};
use super::frame::Frame;
use super::thin::{evenly, merged, reduced};
use super::{Layer, Panel, style};

/// Lengths of dashes and of the room between them, by the number of a level.
const DASHES: [(f64, f64); 3] = [(6.0, 4.0), (2.0, 3.0), (12.0, 4.0)];

const COARSE: usize = 100;
/// So many bars have room to be wider than they are.
const FEW_BARS: usize = 20;

/// Draws all of a panel that lies in its frame.
pub fn draw(canvas: &mut Canvas<'_>, frame: &Frame, panel: &Panel) {
    let mut numbers = Numbers::default();
    for layer in &panel.layers {
        let number = numbers.of(layer);
        match layer {
            Layer::Line(_, points) => line(canvas, frame, points, style::series(number)),
            Layer::Envelope(_, pieces) => envelope(canvas, frame, pieces, style::area(number)),
            Layer::Marks(_, points) => marks(canvas, frame, points),
            Layer::Bars(_, bars) => self::bars(canvas, frame, bars, style::series(number)),
            Layer::Level(_, level) => {
                if let Some(part) = frame.y.place(*level) {
                    let y = frame.up(part);
                    match frame.columns {
                        // There is so much to be drawn that dashes are too many.
                        ..COARSE => {
                            let (from, to) = ((frame.left, y), (frame.right, y));
                            canvas.line(from, to, style::guide(), style::LINE);
                        }
                        _ => dashed(canvas, frame.left, frame.right, y, number),
                    }
                }
            }
            Layer::Band(_, band) => self::band(canvas, frame, band),
            Layer::Upright(_, at) => {
                if let Some(part) = frame.x.place(*at) {
                    let x = frame.across(part);
                    canvas.line(
                        (x, frame.top),
                        (x, frame.bottom),
                        style::guide(),
                        style::LINE,
                    );
                }
            }
            Layer::Spans(_, spans) => shaded(canvas, frame, spans, style::span()),
        }
    }
}

/// Grey, where nothing is known.
pub fn gaps(canvas: &mut Canvas<'_>, frame: &Frame, gaps: &[Range<f64>]) {
    shaded(canvas, frame, gaps, style::missing());
}

/// A dashed line across.
pub fn dashed(canvas: &mut Canvas<'_>, left: f64, right: f64, y: f64, number: usize) {
    let (dash, room) = DASHES[number % DASHES.len()];
    let mut from = left;
    while from < right {
        let to = (from + dash).min(right);
        canvas.line((from, y), (to, y), style::guide(), style::LINE);
        from += dash + room;
    }
}

/// Counts layers of the same looks, so that each gets its own.
#[derive(Default)]
pub struct Numbers {
    series: usize,
    levels: usize,
}

impl Numbers {
    /// An envelope has the colour of the line, or the bars, that come after it.
    pub fn of(&mut self, layer: &Layer) -> usize {
        let (number, next) = match layer {
            Layer::Line(..) | Layer::Bars(..) => (self.series, &mut self.series),
            Layer::Level(..) => (self.levels, &mut self.levels),
            _ => return self.series,
        };
        *next += 1;
        number
    }
}

fn line(canvas: &mut Canvas<'_>, frame: &Frame, points: &[(f64, f64)], ink: Ink) {
    let column = frame.width() / frame.columns as f64;
    let spots = points.iter().map(|&(x, y)| frame.spot(x, y));
    let (paths, alone) = reduced(spots, column, frame.columns);
    for path in &paths {
        canvas.path(path, ink, style::LINE);
    }
    for spot in alone {
        canvas.dot(spot, style::ALONE, ink);
    }
}

fn envelope(canvas: &mut Canvas<'_>, frame: &Frame, pieces: &[(f64, f64, f64)], ink: Ink) {
    let column = frame.width() / frame.columns as f64;
    let mut areas: Vec<Vec<(Spot, f64)>> = Vec::new();
    let mut is_joined = false;
    for &(x, low, high) in pieces {
        let places = (
            frame.x.place(x),
            frame.y.clamped(low),
            frame.y.clamped(high),
        );
        let (Some(across), Some(low), Some(high)) = places else {
            is_joined = false;
            continue;
        };
        let (spot, top) = ((frame.across(across), frame.up(low)), frame.up(high));
        match areas
            .last_mut()
            .filter(|_| is_joined)
            .and_then(|area| area.last_mut())
        {
            Some((last, last_top)) if (spot.0 - last.0).abs() < column => {
                last.1 = last.1.max(spot.1);
                *last_top = last_top.min(top);
            }
            Some((last, _)) if spot.0 >= last.0 => {
                if let Some(area) = areas.last_mut() {
                    area.push((spot, top));
                }
            }
            _ => areas.push(vec![(spot, top)]),
        }
        is_joined = true;
    }
    for area in evenly(areas, frame.columns) {
        let area = evenly(area, 2 * frame.columns);
        match area.as_slice() {
            [(spot, top)] => canvas.line(*spot, (spot.0, *top), ink, style::LINE),
            several => {
                let forth = several.iter().map(|(spot, _)| *spot);
                let back = several.iter().rev().map(|(spot, top)| (spot.0, *top));
                let around: Vec<Spot> = forth.chain(back).collect();
                canvas.area(&around, ink);
                // So that a single high or low value is seen, too.
                canvas.path(&around, ink, style::THIN);
            }
        }
    }
}

fn marks(canvas: &mut Canvas<'_>, frame: &Frame, points: &[(f64, f64)]) {
    let mut taken = HashSet::new();
    let spots = points.iter().filter_map(|&(x, y)| frame.spot(x, y));
    // Those that would cover each other are one.
    let cell = |part: f64| (part / style::DOT).round() as i64;
    let apart = spots.filter(|spot| taken.insert((cell(spot.0), cell(spot.1))));
    for spot in evenly(apart.collect(), frame.columns) {
        canvas.dot(spot, style::DOT, style::mark());
    }
}

fn bars(canvas: &mut Canvas<'_>, frame: &Frame, bars: &[(f64, f64, f64)], ink: Ink) {
    let column = frame.width() / frame.columns as f64;
    let ground = frame
        .y
        .clamped(0.0)
        .map_or(frame.bottom, |part| frame.up(part));
    // Among a few, one that has hardly any width would be taken for nothing, or for a line.
    let least = if bars.len() <= FEW_BARS {
        style::LEAST_BAR
    } else {
        style::THIN
    };
    // Left, right and top, in pixels.
    let mut drawn: Vec<(f64, f64, f64)> = Vec::new();
    for &(from, to, height) in bars {
        let (Some((left, right)), Some(top)) =
            (frame.between(from, to, least), frame.y.place(height))
        else {
            continue;
        };
        let top = frame.up(top);
        match drawn.last_mut() {
            Some(last) if (right - last.0).abs() < column => {
                *last = (last.0.min(left), last.1.max(right), last.2.min(top));
            }
            _ => drawn.push((left, right, top)),
        }
    }
    for (left, right, top) in evenly(drawn, frame.columns) {
        let apart = if right - left > 4.0 { 0.5 } else { 0.0 };
        canvas.fill((left + apart, ground), (right - apart, top), ink);
    }
}

fn band(canvas: &mut Canvas<'_>, frame: &Frame, band: &Range<f64>) {
    let (low, high) = (band.start.min(band.end), band.start.max(band.end));
    if let (Some(low), Some(high)) = (frame.y.clamped(low), frame.y.clamped(high)) {
        let (low, high) = (frame.up(low), frame.up(high));
        canvas.fill((frame.left, high), (frame.right, low), style::band());
    }
}

fn shaded(canvas: &mut Canvas<'_>, frame: &Frame, spans: &[Range<f64>], ink: Ink) {
    let pixels = spans
        .iter()
        .filter_map(|span| frame.between(span.start, span.end, style::LINE));
    for (left, right) in evenly(merged(pixels.collect()), frame.columns) {
        canvas.fill((left, frame.top), (right, frame.bottom), ink);
    }
}
