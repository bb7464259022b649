//! A panel on paper: its head, its frame with what lies in it, and the numbers and names of its axes.

use super::axis::Reach;
use super::canvas::{Canvas, Side, Spot, Type, fitted, width};
use super::frame::{Frame, extents, has_bars};
use super::layout::WIDTH;
use super::legend::{Labels, Legend};
use super::numbers::{fitting, numbers};
use super::ticks::Ticks;
use super::{Axis, Panel, layers, style};

/// All sizes in pixels; this is that of the frame.
pub const HEIGHT: f64 = 210.0;
const TITLE: f64 = 20.0;
const NOTE: f64 = 14.0;
/// Lines of notes, at most.
const NOTES: usize = 6;
/// The name of an axis.
const NAME: f64 = 17.0;
/// The numbers of one.
const NUMBERS: f64 = 16.0;

/// A panel with its place.
pub struct Placed<'a> {
    panel: &'a Panel,
    left: f64,
    top: f64,
    /// To be moved by who puts panels side by side.
    pub frame: Frame,
    x: Ticks,
    y: Ticks,
    notes: Vec<String>,
    legend: Legend<'a>,
    labels: Labels,
    is_empty: bool,
}

/// A panel of which is known what its numbers are.
pub struct Measured<'a> {
    panel: &'a Panel,
    x: Reach,
    y: Reach,
    y_ticks: Ticks,
    /// There is nothing between the axes.
    is_empty: bool,
}

impl<'a> Measured<'a> {
    pub fn of(panel: &'a Panel) -> Measured<'a> {
        let (x, y) = extents(panel);
        let is_empty = x.is_empty() || y.is_empty();
        let below = if has_bars(panel) { 0.0 } else { 0.05 };
        let (x, y) = (x.reach(0.01..0.01), y.reach(below..0.05));
        let y_ticks = numbers(&panel.y, &y, HEIGHT / 31.0);
        Measured {
            panel,
            x,
            y,
            y_ticks,
            is_empty,
        }
    }

    /// Room for what stands to the left of the frame.
    pub fn beside(&self) -> f64 {
        let texts = self.y_ticks.major.iter().map(|tick| &tick.text);
        let widths = texts.map(|text| width(text, style::number().pixels));
        NAME + widths.fold(0.0, f64::max) + 10.0
    }

    /// From the left to the right end, with the frame beginning between them.
    pub fn place(
        self,
        (left, begins, right): (f64, f64, f64),
        top: f64,
        columns: usize,
    ) -> Placed<'a> {
        let panel = self.panel;
        let mut frame = Frame {
            left: begins,
            top,
            right,
            bottom: top + HEIGHT,
            x: self.x,
            y: self.y,
            columns,
        };
        let notes = note_lines(&panel.notes, frame.width());
        let legend = Legend::of(panel, frame.width());
        let labels = Labels::of(panel, &frame);
        let head = TITLE + notes.len() as f64 * NOTE + legend.height() + labels.height();
        frame.top = top + head + 4.0;
        frame.bottom = frame.top + HEIGHT;
        Placed {
            panel,
            left,
            top,
            x: fitting(&panel.x, &frame.x, frame.width()),
            y: self.y_ticks,
            frame,
            notes,
            legend,
            labels,
            is_empty: self.is_empty,
        }
    }
}

impl Placed<'_> {
    /// Below the frame.
    pub fn foot(&self) -> f64 {
        let has_days = self.x.major.iter().any(|tick| !tick.below.is_empty());
        NUMBERS + NAME + if has_days { NOTE } else { 0.0 }
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>) {
        let frame = &self.frame;
        layers::gaps(canvas, frame, &self.panel.gaps);
        self.draw_grid(canvas);
        layers::draw(canvas, frame, self.panel);
        let (left, top, right, bottom) = (frame.left, frame.top, frame.right, frame.bottom);
        let around = [
            (left, top),
            (right, top),
            (right, bottom),
            (left, bottom),
            (left, top),
        ];
        canvas.path(&around, style::frame(), style::LINE);
        if self.is_empty {
            let middle = (frame.left + frame.width() / 2.0, frame.top + HEIGHT / 2.0);
            canvas.text("nothing to show", middle, Side::Middle, style::note());
        }
        self.draw_numbers(canvas);
        self.draw_head(canvas);
    }

    fn draw_grid(&self, canvas: &mut Canvas<'_>) {
        let frame = &self.frame;
        let ink = style::grid();
        for tick in &self.x.major {
            let x = frame.across(tick.place);
            canvas.line((x, frame.top), (x, frame.bottom), ink, style::THIN);
        }
        for tick in &self.y.major {
            let y = frame.up(tick.place);
            canvas.line((frame.left, y), (frame.right, y), ink, style::THIN);
        }
    }

    fn draw_numbers(&self, canvas: &mut Canvas<'_>) {
        let frame = &self.frame;
        let ink = style::frame();
        let (long, short) = (4.0, 2.5);
        for &place in &self.x.minor {
            let x = frame.across(place);
            canvas.line(
                (x, frame.bottom),
                (x, frame.bottom + short),
                ink,
                style::THIN,
            );
        }
        for &place in &self.y.minor {
            let y = frame.up(place);
            canvas.line((frame.left - short, y), (frame.left, y), ink, style::THIN);
        }
        for tick in &self.x.major {
            let (x, y) = (frame.across(tick.place), frame.bottom);
            canvas.line((x, y), (x, y + long), ink, style::LINE);
            for (text, below) in [(&tick.text, 11.5), (&tick.below, 24.5)] {
                // The last one would end beyond the paper.
                let half = width(text, style::number().pixels) / 2.0;
                let x = x.min(WIDTH - 2.0 - half);
                if !text.is_empty() {
                    canvas.text(text, (x, y + below), Side::Middle, style::number());
                }
            }
        }
        for tick in &self.y.major {
            let y = frame.up(tick.place);
            canvas.line((frame.left - long, y), (frame.left, y), ink, style::LINE);
            canvas.text(
                &tick.text,
                (frame.left - 7.0, y),
                Side::Left,
                style::number(),
            );
        }
        let name = style::axis_name();
        let below = (
            f64::midpoint(frame.left, frame.right),
            frame.bottom + self.foot() - NAME / 2.0,
        );
        self.draw_name(
            canvas,
            &self.panel.x,
            &self.x,
            frame.width(),
            (below, Side::Middle),
            name,
        );
        let beside = (self.left + 7.0, f64::midpoint(frame.top, frame.bottom));
        self.draw_name(
            canvas,
            &self.panel.y,
            &self.y,
            frame.height() + 40.0,
            (beside, Side::Up),
            name,
        );
    }

    fn draw_name(
        &self,
        canvas: &mut Canvas<'_>,
        axis: &Axis,
        ticks: &Ticks,
        room: f64,
        (spot, side): (Spot, Side),
        look: Type,
    ) {
        let room = room - width(&ticks.suffix, look.pixels);
        let name = fitted(&axis.label, look.pixels, room) + &ticks.suffix;
        canvas.text(&name, spot, side, look);
    }

    fn draw_head(&self, canvas: &mut Canvas<'_>) {
        let frame = &self.frame;
        self.labels.draw(canvas, frame);
        let above = self.labels.height() + self.legend.height() + 4.0;
        self.legend.draw(canvas, frame.left, frame.top - above);
        let look = style::title();
        let title = fitted(&self.panel.title, look.pixels, frame.width());
        canvas.text(
            &title,
            (frame.left, self.top + TITLE / 2.0),
            Side::Right,
            look,
        );
        for (number, note) in self.notes.iter().enumerate() {
            let y = self.top + TITLE + (number as f64 + 0.5) * NOTE;
            canvas.text(note, (frame.left, y), Side::Right, style::note());
        }
    }
}

/// Notes one behind the other, in as many lines as it takes, up to a few.
fn note_lines(notes: &[String], room: f64) -> Vec<String> {
    let pixels = style::note().pixels;
    let mut lines: Vec<String> = Vec::new();
    for note in notes {
        let note = fitted(note, pixels, room);
        if let Some(line) = lines.last_mut() {
            let joined = format!("{line}  ·  {note}");
            if width(&joined, pixels) <= room {
                *line = joined;
                continue;
            }
        }
        if lines.len() == NOTES {
            break;
        }
        lines.push(note);
    }
    lines
}
