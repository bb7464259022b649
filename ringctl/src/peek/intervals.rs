//! The time from one record to the next one that was read.

use super::Seen;

/// From one record to a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) ns: u64,
    /// More than one, if some between them were missed.
    pub(crate) records: u64,
}

/// Finds them.
#[derive(Debug, Default)]
pub(crate) struct Intervals {
    last: Option<(u64, i64)>,
}

impl Intervals {
    /// The one that ends here, unless something has come between.
    pub(crate) fn to(&mut self, seen: &Seen) -> Option<Interval> {
        let here = seen.at_ns.map(|at_ns| (seen.sequence, at_ns));
        let last = std::mem::replace(&mut self.last, here);
        let ((before, began), (sequence, ended)) = (last?, here?);
        Some(Interval {
            // No time goes back; what a damaged ring says of it is worth nothing.
            ns: u64::try_from(ended.saturating_sub(began)).unwrap_or(0),
            records: sequence
                .checked_sub(before)
                .filter(|&records| records > 0)?,
        })
    }

    /// What comes next does not follow what came before.
    pub(crate) fn broken(&mut self) {
        self.last = None;
    }
}

/// Records a second over these; `None` if they last no time.
pub(crate) fn rate<'a>(intervals: impl Iterator<Item = &'a Interval>) -> Option<f64> {
    let (mut ns, mut records) = (0u64, 0u64);
    for interval in intervals {
        ns = ns.saturating_add(interval.ns);
        records = records.saturating_add(interval.records);
    }
    (ns > 0).then(|| records as f64 * 1e9 / ns as f64)
}
