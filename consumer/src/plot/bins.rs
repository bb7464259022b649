//! Bins of one width that get wider as it is needed.

/// Far more than are drawn, so that bins can be put together as it looks best.
const BINS: usize = 2048;
/// Bin i holds the values from `(first + i) * width` to the next multiple.
#[derive(Debug, Clone)]
pub struct Bins {
    width: f64,
    /// A whole number.
    first: f64,
    counts: Vec<u64>,
}

/// From, to, how many.
pub type Bar = (f64, f64, u64);

impl Bins {
    /// Bins for these, which all have room.
    pub fn of(values: &[f64]) -> Bins {
        if values.is_empty() {
            return Bins {
                width: 1.0,
                first: 0.0,
                counts: vec![0; BINS],
            };
        }
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let size = low.abs().max(high.abs()).max(f64::MIN_POSITIVE);
        // Neighbouring numbers of this size are this far apart; half of the length is always a number.
        let least = (size * f64::EPSILON * 4.0).max((high / 2.0 - low / 2.0) / BINS as f64);
        let exponent = least.max(f64::MIN_POSITIVE).log2().floor() as i32;
        let width = 2f64.powi(exponent.clamp(-1022, 1000));
        let mut bins = Bins {
            width,
            first: (low / width).floor(),
            counts: vec![0; BINS],
        };
        values.iter().for_each(|&value| bins.add_anywhere(value));
        bins
    }

    /// Whether there was a bin for it.
    #[inline]
    pub fn add(&mut self, value: f64) -> bool {
        let place = (value / self.width).floor() - self.first;
        let is_inside = (0.0..BINS as f64).contains(&place);
        if is_inside {
            self.counts[place as usize] += 1;
        }
        is_inside
    }

    pub fn add_anywhere(&mut self, value: f64) {
        if !self.add(value) {
            self.make_room(value);
            let place = self.place(value);
            self.counts[place] += 1;
        }
    }

    /// How far a value lies from the middle, in halves: the whole need not be a number.
    pub fn distance(&self, value: f64) -> f64 {
        let middle = (self.first + BINS as f64 / 2.0) * self.width;
        (value / 2.0 - middle / 2.0).abs()
    }

    /// The bin of a value, or the one at the end on that side.
    pub fn place(&self, value: f64) -> usize {
        let place = (value / self.width).floor() - self.first;
        place.clamp(0.0, (BINS - 1) as f64) as usize
    }

    /// Wider bins, or others, so that this value has one. An eighth stays free on either side: not every new extreme is
    /// to move them all.
    #[cold]
    fn make_room(&mut self, value: f64) {
        let occupied = |count: &u64| *count > 0;
        let lowest = self.counts.iter().position(occupied).unwrap_or(0);
        let highest = self.counts.iter().rposition(occupied).unwrap_or(0);
        let (mut width, mut doubled) = (self.width, 1.0);
        let (low, high) = loop {
            let number = (value / width).floor();
            let low = ((self.first + lowest as f64) / doubled).floor().min(number);
            let high = ((self.first + highest as f64) / doubled)
                .floor()
                .max(number);
            if high - low < BINS as f64 * 0.75 {
                break (low, high);
            }
            (width, doubled) = (width * 2.0, doubled * 2.0);
        };
        let first = low - ((BINS as f64 - (high - low)) / 2.0).floor();
        let mut counts = vec![0; BINS];
        for (place, count) in self.counts.iter().enumerate() {
            if *count > 0 {
                let number = ((self.first + place as f64) / doubled).floor();
                counts[(number - first) as usize] += count;
            }
        }
        (self.width, self.first, self.counts) = (width, first, counts);
    }

    /// At most about so many bars, from one bin to another.
    pub fn bars(&self, from: usize, to: usize, most: usize) -> Vec<Bar> {
        let occupied: Vec<usize> = (from..=to)
            .filter(|&place| self.counts[place] > 0)
            .collect();
        let (Some(&lowest), Some(&highest)) = (occupied.first(), occupied.last()) else {
            return Vec::new();
        };
        let edge = |place: usize| (self.first + place as f64) * self.width;
        if occupied.len() <= most {
            // Few different values, as of a switch or a counter: each stands for itself.
            let apart = occupied.windows(2).map(|pair| pair[1] - pair[0]).min();
            let half = (apart.unwrap_or(1) as f64 * 0.35).max(0.5) * self.width;
            let bar = |&place: &usize| {
                let middle = edge(place) + self.width / 2.0;
                (middle - half, middle + half, self.counts[place])
            };
            return occupied.iter().map(bar).collect();
        }
        let together = (highest - lowest + 1).div_ceil(most);
        let begins = (lowest..=highest).step_by(together);
        let bar = |begin: usize| {
            let end = (begin + together).min(BINS);
            let inside = &self.counts[begin..end.min(to + 1)];
            (edge(begin), edge(begin + together), inside.iter().sum())
        };
        begins.map(bar).collect()
    }
}
