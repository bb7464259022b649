//! How unlike the values before it a value is.
//!
//! Two questions are asked of every value, each answered against a window of the N values before
//! it, by medians, which a few bad values cannot move:
//!
//! * **level**: how far is it from what is usual? `|x − median| / (1.4826 · MAD)`
//! * **jump**: how far is it from where the signal just was? The same score, of its distance from
//!   the nearer one of the two values before it.
//!
//! The jump finds what is sudden in signals that wander widely, the level finds what is slow or
//! stays. The *nearer of two* keeps the return from a single wrong value from being a jump.
//!
//! 1.4826 = 1 / Φ⁻¹(3/4) makes the median absolute deviation (MAD) of normally distributed values
//! their standard deviation (Rousseeuw and Croux, J. Am. Stat. Assoc. 88, 1993). Where more than
//! half of the values are equal the MAD is 0; then the root of the mean square stands in, taken
//! with the value in question, so that a signal that never moved has a score for moving: √(N + 1).
//!
//! A value joins the window after it is scored, whatever its score: a level that stays becomes
//! the usual one after half a window. Records that were missed push old values out of the window
//! as they would have done had they come, and no jump is measured across them. Values that are
//! not finite are not scored and leave no trace.

use std::ops::Range;

use super::window::Window;

/// Values before the first score: with fewer the spread is a guess.
pub const WARM_UP: usize = 64;

/// The standard deviation of normally distributed values for a MAD of 1.
pub const MAD_TO_DEVIATION: f64 = 1.4826;

/// Scores the values of one field.
#[derive(Debug)]
pub struct Robust {
    levels: Window,
    jumps: Window,
    /// The two values before, the last one first.
    before: [Option<f64>; 2],
}

/// How unlike the ones before it a value is, in robust standard deviations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    pub level: f64,
    pub jump: f64,
    /// With which part of a window it was compared.
    pub window: f64,
}

impl Robust {
    /// Compares with the `window` values before.
    pub fn over(window: usize) -> Robust {
        Robust {
            levels: Window::new(window),
            jumps: Window::new(window),
            before: [None; 2],
        }
    }

    /// Scores a value and remembers it; `None` while there is too little to compare it with.
    pub fn score(&mut self, value: f64) -> Option<Score> {
        if !value.is_finite() {
            return None;
        }
        let jump = self.jump_to(value);
        let window = self.levels.fullness();
        let score = score(&self.levels, value).map(|level| Score {
            level,
            jump: jump
                .and_then(|jump| score(&self.jumps, jump))
                .unwrap_or(0.0),
            window,
        });
        self.levels.push(value);
        if let Some(jump) = jump {
            self.jumps.push(jump);
        }
        self.before = [Some(value), self.before[0]];
        score
    }

    /// Forgets what `missed` records would have pushed out.
    pub fn lost(&mut self, missed: u64) {
        let missed = usize::try_from(missed).unwrap_or(usize::MAX);
        self.levels.forget(missed);
        self.jumps.forget(missed);
        self.interrupted();
    }

    /// What came before the last `values` is not usual any more.
    pub fn keep_last(&mut self, values: usize) {
        for window in [&mut self.levels, &mut self.jumps] {
            window.forget(window.len().saturating_sub(values));
        }
    }

    /// From where to where the level is no finding; `None` while nothing is.
    pub fn usual(&self, threshold: f64) -> Option<Range<f64>> {
        if self.levels.len() < WARM_UP {
            return None;
        }
        let median = self.levels.median()?;
        let width = threshold * MAD_TO_DEVIATION * self.levels.half_width(median)?;
        Some(median - width..median + width)
    }

    /// What comes next need not follow what came before.
    pub fn interrupted(&mut self) {
        self.before = [None; 2];
    }

    fn jump_to(&self, value: f64) -> Option<f64> {
        let distance = |before: f64| (value - before).clamp(f64::MIN, f64::MAX);
        let from_last = distance(self.before[0]?);
        let from_other = self.before[1].map_or(from_last, distance);
        let nearer = from_other.abs() < from_last.abs();
        Some(if nearer { from_other } else { from_last })
    }
}

fn score(window: &Window, value: f64) -> Option<f64> {
    if window.len() < WARM_UP {
        return None;
    }
    let median = window.median()?;
    let distance = (value - median).abs();
    if distance == 0.0 {
        return Some(0.0);
    }
    let mad = window.half_width(median)?;
    let deviation = if mad > 0.0 {
        MAD_TO_DEVIATION * mad
    } else {
        let n = (window.len() + 1) as f64;
        ((window.squares(median) + distance * distance) / n).sqrt()
    };
    // Of values near the ends of what an f64 can hold nothing can be said.
    Some(distance / deviation).filter(|score| score.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Even noise between -1 and 1, the same every time.
    fn noise(n: usize) -> impl Iterator<Item = f64> {
        let mut state = 42u64;
        (0..n).map(move |_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        })
    }

    fn warm(window: usize) -> Robust {
        let mut robust = Robust::over(window);
        noise(window).for_each(|value| {
            robust.score(value);
        });
        robust
    }

    #[test]
    fn it_says_nothing_before_it_knows_something() {
        let mut robust = Robust::over(1_000);
        let scored: Vec<bool> = noise(100)
            .map(|value| robust.score(value).is_some())
            .collect();
        assert_eq!(scored.iter().filter(|&&scored| !scored).count(), WARM_UP);
        assert!(scored[WARM_UP..].iter().all(|&scored| scored));
    }

    #[test]
    fn the_level_is_in_standard_deviations() {
        // The MAD of even values between -1 and 1 is 1/2.
        let level = warm(4_000).score(7.413).unwrap().level;
        assert!((level - 10.0).abs() < 0.5, "{level}");
    }

    #[test]
    fn a_single_wrong_value_is_one_finding() {
        let mut robust = warm(500);
        assert!(robust.score(30.0).unwrap().jump > 10.0);
        let back = robust.score(0.0).unwrap();
        assert!(back.jump < 3.0 && back.level < 3.0, "{back:?}");
    }

    #[test]
    fn a_level_that_stays_becomes_usual() {
        let mut robust = warm(500);
        let levels = noise(500).map(|value| robust.score(value + 20.0).unwrap().level);
        let unusual = levels.filter(|&level| level > 6.0).count();
        assert!((200..300).contains(&unusual), "{unusual}");
    }

    #[test]
    fn a_step_in_a_wandering_signal_is_a_jump() {
        let mut robust = Robust::over(500);
        let mut at = 0.0;
        for step in noise(500) {
            at += step;
            robust.score(at);
        }
        assert!(robust.score(at + 8.0).unwrap().jump > 6.0);
        assert!(robust.score(at + 8.5).unwrap().jump < 3.0);
    }

    #[test]
    fn a_signal_that_never_moved_has_a_score_for_moving() {
        let mut robust = Robust::over(1_024);
        for _ in 0..1_024 {
            robust.score(20.0);
        }
        assert_eq!(
            robust.score(20.0),
            Some(Score {
                level: 0.0,
                jump: 0.0,
                window: 1.0
            })
        );
        let level = robust.score(20.5).unwrap().level;
        assert!((level - 1025f64.sqrt()).abs() < 1e-9, "{level}");
    }

    #[test]
    fn missed_records_push_old_values_out() {
        let mut robust = warm(500);
        robust.lost(100);
        assert_eq!(robust.score(0.0).unwrap().jump, 0.0);
        let mut robust = warm(500);
        robust.lost(500 - WARM_UP as u64 + 1);
        assert_eq!(robust.score(0.0), None);
        assert!(robust.score(0.0).is_some());
        robust.lost(u64::MAX);
        assert_eq!(robust.score(0.0), None);
    }

    #[test]
    fn how_much_it_is_compared_with_is_said() {
        let mut robust = warm(500);
        assert_eq!(robust.score(0.0).unwrap().window, 1.0);
        robust.lost(100);
        assert_eq!(robust.score(0.0).unwrap().window, 0.8);
        robust.keep_last(100);
        assert_eq!(robust.score(0.0).unwrap().window, 0.2);
    }

    #[test]
    fn the_usual_range_is_where_levels_are_no_findings() {
        let mut robust = warm(500);
        let usual = robust.usual(6.0).unwrap();
        for (value, is_usual) in [
            (usual.start + 0.01, true),
            (usual.start - 0.01, false),
            (usual.end - 0.01, true),
            (usual.end + 0.01, false),
        ] {
            let mut robust = warm(500);
            assert_eq!(robust.score(value).unwrap().level <= 6.0, is_usual);
        }
        robust.lost(u64::MAX);
        assert_eq!(robust.usual(6.0), None);
    }

    #[test]
    fn what_is_not_finite_leaves_no_trace() {
        let mut robust = warm(500);
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(robust.score(value), None);
        }
        assert_eq!(robust.score(0.1), warm(500).score(0.1));
        for _ in 0..600 {
            robust.score(f64::MAX);
            robust.score(f64::MIN);
        }
    }
}
