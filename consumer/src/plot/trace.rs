//! A series of any length in bounded memory, for looking at.

use std::ops::Range;

use super::holes;

/// Pieces of a trace, at most: twice as many as a picture is wide would show no more.
const PIECES: usize = 2000;
/// Gaps of a trace, at most; and interruptions of its line when pieces have to become fewer, so that they can.
const GAPS: usize = 500;

/// The values of a series in pieces that are as many as a picture has room for: of each piece the lowest, the highest and the
/// mean. When there are too many pieces every two become one.
///
/// Pieces are made as values arrive; x may also go back. Where no value is for very long, though none is missing, the line is
/// broken, too.
#[derive(Debug, Clone)]
pub struct Trace {
    pieces: Vec<Piece>,
    /// How many values make a piece.
    full: u64,
    /// In order; they do not overlap once there were too many.
    gaps: Vec<Range<f64>>,
    /// Nothing has come since a gap.
    is_behind_gap: bool,
}

#[derive(Debug, Clone, Copy)]
struct Piece {
    /// Where its first and its last value are.
    first: f64,
    last: f64,
    low: f64,
    high: f64,
    mean: f64,
    count: u64,
    /// It is not joined to the one before it.
    is_behind_gap: bool,
}

impl Default for Trace {
    fn default() -> Trace {
        Trace {
            pieces: Vec::new(),
            full: 1,
            gaps: Vec::new(),
            is_behind_gap: false,
        }
    }
}

impl Trace {
    /// The next value, at `x`. A value that is not finite is left out.
    #[inline]
    pub fn push(&mut self, x: f64, y: f64) {
        if !x.is_finite() || !y.is_finite() {
            return;
        }
        let is_behind_gap = std::mem::take(&mut self.is_behind_gap);
        let first = self.pieces.first().map_or(x, |piece| piece.first);
        let is_near = |last: f64| !holes::is_seen(x - last, first, x);
        match self.pieces.last_mut() {
            Some(piece) if !is_behind_gap && piece.count < self.full && is_near(piece.last) => {
                piece.add(x, y);
            }
            last => {
                if let Some(last) = last.filter(|_| is_behind_gap) {
                    let from = last.last;
                    self.missing(from, x);
                }
                let is_behind_gap = is_behind_gap && !self.pieces.is_empty();
                self.pieces.push(Piece::of(x, y, is_behind_gap));
                if self.pieces.len() > PIECES {
                    self.halve();
                }
            }
        }
    }

    /// What comes next is not joined to what came before: records are missing between the two.
    pub fn gap(&mut self) {
        self.is_behind_gap = true;
    }

    /// x, lowest, highest; broken by NaN at gaps.
    pub fn envelope(&self) -> Vec<(f64, f64, f64)> {
        self.broken((f64::NAN, f64::NAN, f64::NAN), |piece| {
            (piece.middle(), piece.low, piece.high)
        })
    }

    /// x, mean; broken by NaN at gaps.
    pub fn means(&self) -> Vec<(f64, f64)> {
        // Rounding may have put the mean of a very narrow piece beside it.
        let mean = |piece: &Piece| piece.mean.clamp(piece.low, piece.high);
        self.broken((f64::NAN, f64::NAN), |piece| (piece.middle(), mean(piece)))
    }

    /// From the last value before each gap to the first behind it, in the order of x; where x went back meanwhile nobody knows
    /// how long a gap was, and it has no length. Gaps that lie close together become one when there are too many.
    pub fn gaps(&self) -> Vec<Range<f64>> {
        let mut gaps = self.gaps.clone();
        let order = |a: &Range<f64>, b: &Range<f64>| {
            let ends = || a.end.total_cmp(&b.end);
            a.start.total_cmp(&b.start).then_with(ends)
        };
        gaps.sort_unstable_by(order);
        gaps
    }

    /// Whether a piece is more than one value: the envelope is not just the line.
    pub fn is_summed_up(&self) -> bool {
        self.full > 1
    }

    fn broken<T: Copy>(&self, gap: T, seen: impl Fn(&Piece) -> T) -> Vec<T> {
        let mut holes = self.holes().into_iter().peekable();
        let mut all = Vec::with_capacity(self.pieces.len() + GAPS);
        for (place, piece) in self.pieces.iter().enumerate() {
            let is_behind_hole = holes.next_if_eq(&place).is_some();
            if piece.is_behind_gap || is_behind_hole {
                all.push(gap);
            }
            all.push(seen(piece));
        }
        all
    }

    /// The pieces behind holes.
    fn holes(&self) -> Vec<usize> {
        let (Some(first), Some(last)) = (self.pieces.first(), self.pieces.last()) else {
            return Vec::new();
        };
        let pairs = self.pieces.windows(2);
        let steps: Vec<f64> = pairs.map(|pair| pair[1].first - pair[0].last).collect();
        let holes = holes::among(&steps, first.first, last.last);
        holes.into_iter().map(|step| step + 1).collect()
    }

    #[cold]
    fn missing(&mut self, from: f64, to: f64) {
        self.gaps.push(from.min(to)..to);
        if self.gaps.len() > GAPS {
            self.gaps = joined(self.gaps());
        }
    }

    /// Every two pieces become one, unless there is a gap between them.
    #[cold]
    fn halve(&mut self) {
        self.heal();
        while self.pieces.len() > PIECES / 2 + GAPS {
            self.full = self.full.saturating_mul(2);
            let mut halved: Vec<Piece> = Vec::with_capacity(PIECES + 1);
            // Set when the last one is made of two.
            let mut is_done = true;
            let mut holes = self.holes().into_iter().peekable();
            for (place, &piece) in self.pieces.iter().enumerate() {
                let is_apart = piece.is_behind_gap | holes.next_if_eq(&place).is_some();
                match halved.last_mut() {
                    Some(last) if !is_done && !is_apart => {
                        last.join(&piece);
                        is_done = true;
                    }
                    _ => {
                        halved.push(piece);
                        is_done = false;
                    }
                }
            }
            self.pieces = halved;
        }
    }

    /// Closes the narrowest interruptions of the line when there are too many.
    fn heal(&mut self) {
        let width = |pair: &[Piece]| (pair[1].first - pair[0].last).abs();
        let pairs = self.pieces.windows(2);
        let mut widths: Vec<f64> = pairs
            .filter(|pair| pair[1].is_behind_gap)
            .map(width)
            .collect();
        if widths.len() <= GAPS {
            return;
        }
        widths.sort_unstable_by(f64::total_cmp);
        let narrow = widths[widths.len() - GAPS / 2];
        let mut before: Option<f64> = None;
        for piece in &mut self.pieces {
            if before.is_some_and(|last| (piece.first - last).abs() <= narrow) {
                piece.is_behind_gap = false;
            }
            before = Some(piece.last);
        }
    }
}

/// At most half as many gaps: those that lie closest together become one.
fn joined(gaps: Vec<Range<f64>>) -> Vec<Range<f64>> {
    let between = |pair: &[Range<f64>]| pair[1].start - pair[0].end;
    let mut widths: Vec<f64> = gaps.windows(2).map(between).collect();
    widths.sort_unstable_by(f64::total_cmp);
    let close = widths.get(gaps.len() / 2).copied().unwrap_or(0.0);
    let mut joined: Vec<Range<f64>> = Vec::with_capacity(GAPS + 1);
    for gap in gaps {
        match joined.last_mut() {
            Some(last) if gap.start - last.end <= close => last.end = last.end.max(gap.end),
            _ => joined.push(gap),
        }
    }
    joined
}

impl Piece {
    fn of(x: f64, y: f64, is_behind_gap: bool) -> Piece {
        Piece {
            first: x,
            last: x,
            low: y,
            high: y,
            mean: y,
            count: 1,
            is_behind_gap,
        }
    }

    #[inline]
    fn add(&mut self, x: f64, y: f64) {
        self.last = x;
        self.low = self.low.min(y);
        self.high = self.high.max(y);
        self.count += 1;
        // Neither a sum of values nor the distance of two need be a number.
        let part = 1.0 / self.count as f64;
        self.mean = self.mean * (1.0 - part) + y * part;
    }

    fn join(&mut self, next: &Piece) {
        let count = self.count + next.count;
        let part = next.count as f64 / count as f64;
        self.last = next.last;
        self.low = self.low.min(next.low);
        self.high = self.high.max(next.high);
        self.mean = self.mean * (1.0 - part) + next.mean * part;
        self.count = count;
    }

    fn middle(&self) -> f64 {
        self.first / 2.0 + self.last / 2.0
    }
}

#[cfg(test)]
#[path = "trace_tests.rs"]
mod tests;
