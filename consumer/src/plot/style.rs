//! Colours and sizes. The colours are those of Okabe and Ito (2008), which people who see colours differently can tell apart.

use plotters::style::{Color, RGBColor};

use super::canvas::{Ink, Type};

const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xB2);
const ORANGE: RGBColor = RGBColor(0xE6, 0x9F, 0x00);
const GREEN: RGBColor = RGBColor(0x00, 0x9E, 0x73);
const SKY: RGBColor = RGBColor(0x56, 0xB4, 0xE9);
const PURPLE: RGBColor = RGBColor(0xCC, 0x79, 0xA7);
const VERMILLION: RGBColor = RGBColor(0xD5, 0x5E, 0x00);
const BLACK: RGBColor = RGBColor(0x22, 0x22, 0x22);
const GREY: RGBColor = RGBColor(0x66, 0x66, 0x66);
const LIGHT: RGBColor = RGBColor(0xBB, 0xBB, 0xBB);
const FAINT: RGBColor = RGBColor(0xEE, 0xEE, 0xEE);
const MISSING: RGBColor = RGBColor(0xD4, 0xD4, 0xD4);

/// The line, the area or the bars of this number in a panel.
pub fn series(number: usize) -> Ink {
    let all = [BLUE, ORANGE, GREEN, PURPLE, SKY];
    all[number % all.len()].to_rgba()
}

/// The same, to be drawn under its line.
pub fn area(number: usize) -> Ink {
    series(number).mix(0.28)
}

pub fn paper() -> Ink {
    RGBColor(0xFF, 0xFF, 0xFF).to_rgba()
}

pub fn mark() -> Ink {
    VERMILLION.to_rgba()
}

pub fn band() -> Ink {
    GREEN.mix(0.14)
}

pub fn span() -> Ink {
    ORANGE.mix(0.25)
}

pub fn missing() -> Ink {
    MISSING.to_rgba()
}

/// Values and moments that were given or found: across and upright.
pub fn guide() -> Ink {
    BLACK.mix(0.75)
}

pub fn grid() -> Ink {
    FAINT.to_rgba()
}

pub fn frame() -> Ink {
    LIGHT.to_rgba()
}

pub const LINE: f64 = 1.0;
pub const THIN: f64 = 0.75;
/// The width of a bar that stands for one value.
pub const LEAST_BAR: f64 = 5.0;
/// A mark, and a point of a line that is joined to nothing.
pub const DOT: f64 = 2.5;
pub const ALONE: f64 = 1.5;

/// The name of the whole.
pub fn heading() -> Type {
    letters(17.0, true, BLACK)
}

/// The name of a panel.
pub fn title() -> Type {
    letters(13.0, true, BLACK)
}

/// What is written above a panel.
pub fn note() -> Type {
    letters(11.0, false, GREY)
}

pub fn axis_name() -> Type {
    letters(11.5, false, BLACK)
}

pub fn number() -> Type {
    letters(10.5, false, GREY)
}

fn letters(pixels: f64, is_bold: bool, colour: RGBColor) -> Type {
    Type {
        pixels,
        is_bold,
        ink: colour.to_rgba(),
    }
}
