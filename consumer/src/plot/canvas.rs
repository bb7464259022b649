//! What is drawn on: shapes and text in pixels, as an SVG document in memory.

use std::io;

use plotters::prelude::{
    Color, DrawingBackend, FontDesc, FontFamily, FontStyle, FontTransform, RGBAColor, SVGBackend,
    TextStyle,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use ringbuf_console::text::is_harmless;

/// Coordinates are whole numbers there; this many of them make a pixel.
pub const FINE: f64 = 4.0;
/// The backend makes text so much smaller than it is told.
const SHRINKS: f64 = 1.24;

/// A colour with its opacity.
pub type Ink = RGBAColor;

/// A place, in pixels from the upper left corner.
pub type Spot = (f64, f64);

/// Where a text stands, seen from the spot it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Begins there.
    Right,
    Middle,
    /// Ends there.
    Left,
    /// Reads upwards, with its middle there.
    Up,
}

/// How text looks.
#[derive(Debug, Clone, Copy)]
pub struct Type {
    pub pixels: f64,
    pub is_bold: bool,
    pub ink: Ink,
}

/// A document to be filled.
pub struct Canvas<'a> {
    backend: SVGBackend<'a>,
    /// The first thing that went wrong: it is told at the end.
    result: io::Result<()>,
}

/// The document that `draw` draws, so many pixels wide and high.
pub fn document(width: f64, height: f64, draw: impl FnOnce(&mut Canvas<'_>)) -> io::Result<String> {
    let size = (fine(width).unsigned_abs(), fine(height).unsigned_abs());
    let mut text = String::new();
    fill(&mut text, size, draw)?;
    // The coordinates stay what they are; the picture is shown in pixels.
    let fine = format!("width=\"{}\" height=\"{}\"", size.0, size.1);
    let shown = format!(
        "width=\"{}\" height=\"{}\" stroke-linejoin=\"round\"",
        f64::from(size.0) / FINE,
        f64::from(size.1) / FINE
    );
    Ok(text.replacen(&fine, &shown, 1))
}

fn fill(text: &mut String, size: (u32, u32), draw: impl FnOnce(&mut Canvas<'_>)) -> io::Result<()> {
    let mut canvas = Canvas {
        backend: SVGBackend::with_string(text, size),
        result: Ok(()),
    };
    draw(&mut canvas);
    canvas.note(|backend| backend.present());
    canvas.result
}

impl Canvas<'_> {
    pub fn fill(&mut self, from: Spot, to: Spot, ink: Ink) {
        // A corner of its own for each, whichever way round they were given.
        let (x, y) = (
            (from.0.min(to.0), from.0.max(to.0)),
            (from.1.min(to.1), from.1.max(to.1)),
        );
        let (from, to) = (at((x.0, y.0)), at((x.1, y.1)));
        self.note(|backend| backend.draw_rect(from, to, &ink.filled(), true));
    }

    pub fn line(&mut self, from: Spot, to: Spot, ink: Ink, pixels: f64) {
        self.note(|backend| backend.draw_line(at(from), at(to), &ink.stroke_width(stroke(pixels))));
    }

    pub fn path(&mut self, spots: &[Spot], ink: Ink, pixels: f64) {
        let spots = spots.iter().copied().map(at);
        self.note(|backend| backend.draw_path(spots, &ink.stroke_width(stroke(pixels))));
    }

    pub fn area(&mut self, spots: &[Spot], ink: Ink) {
        let spots = spots.iter().copied().map(at);
        self.note(|backend| backend.fill_polygon(spots, &ink.filled()));
    }

    pub fn dot(&mut self, middle: Spot, pixels: f64, ink: Ink) {
        let radius = fine(pixels).unsigned_abs();
        self.note(|backend| backend.draw_circle(at(middle), radius, &ink.filled(), true));
    }

    /// Text of others: what is not to be seen, or not allowed in a document, becomes a box.
    pub fn text(&mut self, text: &str, spot: Spot, side: Side, look: Type) {
        let text = shown(text);
        let weight = match look.is_bold {
            true => FontStyle::Bold,
            false => FontStyle::Normal,
        };
        let font = FontDesc::new(FontFamily::SansSerif, look.pixels * FINE * SHRINKS, weight);
        let (font, along) = match side {
            Side::Right => (font, HPos::Left),
            Side::Middle => (font, HPos::Center),
            Side::Left => (font, HPos::Right),
            Side::Up => (font.transform(FontTransform::Rotate270), HPos::Center),
        };
        let style = TextStyle::from(font)
            .pos(Pos::new(along, VPos::Center))
            .color(&look.ink);
        self.note(|backend| backend.draw_text(&text, &style, at(spot)));
    }

    fn note<E>(&mut self, draw: impl FnOnce(&mut SVGBackend<'_>) -> Result<(), E>)
    where
        E: std::error::Error,
    {
        if self.result.is_ok() {
            self.result =
                draw(&mut self.backend).map_err(|error| io::Error::other(error.to_string()));
        }
    }
}

/// How wide a text is, about: fonts differ, so rather too wide than too narrow.
pub fn width(text: &str, pixels: f64) -> f64 {
    let wide = |c: char| match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' | '(' | ')' | '['
        | ']' => 0.4,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.95,
        'A'..='Z' | '−' | '+' | '=' | '×' => 0.75,
        '\0'..='\u{10ff}' | '\u{2000}'..='\u{206f}' => 0.62,
        _ => 1.0,
    };
    text.chars().map(wide).sum::<f64>() * pixels
}

/// As much of a text as there is room for.
pub fn fitted(text: &str, pixels: f64, room: f64) -> String {
    if width(text, pixels) <= room {
        return text.to_owned();
    }
    let mut fitted = String::new();
    let mut used = width("…", pixels);
    for c in text.chars() {
        used += width(c.encode_utf8(&mut [0; 4]), pixels);
        if used > room {
            break;
        }
        fitted.push(c);
    }
    fitted + "…"
}

/// Text with nothing in it that turns, hides or ends the rest.
fn shown(text: &str) -> String {
    let is_character = |c: char| is_harmless(c) && !matches!(c, '\u{fffe}' | '\u{ffff}');
    let shown = |c: char| match c {
        '\t' | '\n' | '\r' => ' ',
        c if is_character(c) => c,
        _ => char::REPLACEMENT_CHARACTER,
    };
    text.chars().map(shown).collect()
}

fn at(spot: Spot) -> (i32, i32) {
    (fine(spot.0), fine(spot.1))
}

/// What is no number is 0: what cannot be seen does no harm.
fn fine(pixels: f64) -> i32 {
    (pixels * FINE).round().clamp(-1e6, 1e6) as i32
}

fn stroke(pixels: f64) -> u32 {
    fine(pixels).unsigned_abs().max(1)
}
