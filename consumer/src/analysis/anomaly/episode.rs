//! Findings that follow one another closely are one episode: what a person wants to hear of once.

/// Puts the findings of one field together.
#[derive(Debug)]
pub struct Episodes {
    /// So many records without a finding end one.
    quiet: u64,
    count: u64,
    open: Option<Episode>,
    /// What the sequence of a record has to exceed for the episode to be over.
    lasts_to: u64,
}

/// From its first finding to its last.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Episode {
    pub first: u64,
    pub last: u64,
    pub findings: u64,
    /// The value with the highest score, and that.
    pub worst: (f64, f64),
}

impl Episodes {
    pub fn apart(quiet: u64) -> Episodes {
        Episodes {
            quiet,
            count: 0,
            open: None,
            lasts_to: u64::MAX,
        }
    }

    /// The number of the last one; the first is number 1.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// A finding; whether an episode begins with it. Ask [`over`](Self::over) before.
    pub fn found(&mut self, sequence: u64, value: f64, score: f64) -> bool {
        self.lasts_to = sequence.saturating_add(self.quiet);
        match &mut self.open {
            Some(open) => {
                open.last = sequence;
                open.findings += 1;
                if score > open.worst.1 {
                    open.worst = (value, score);
                }
                false
            }
            None => {
                self.count += 1;
                self.open = Some(Episode {
                    first: sequence,
                    last: sequence,
                    findings: 1,
                    worst: (value, score),
                });
                true
            }
        }
    }

    /// The episode that is over now that this record is there.
    #[inline]
    pub fn over(&mut self, sequence: u64) -> Option<Episode> {
        if sequence > self.lasts_to {
            self.end()
        } else {
            None
        }
    }

    /// The one that is under way.
    pub fn end(&mut self) -> Option<Episode> {
        self.lasts_to = u64::MAX;
        self.open.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_near_each_other_are_one_episode() {
        let mut episodes = Episodes::apart(10);
        let begins: Vec<bool> = [(5, 1.0), (6, 9.0), (16, 2.0)]
            .into_iter()
            .map(|(at, score)| {
                assert_eq!(episodes.over(at), None);
                episodes.found(at, -score, score)
            })
            .collect();
        assert_eq!(begins, [true, false, false]);
        assert_eq!(episodes.over(26), None);
        let expected = Episode {
            first: 5,
            last: 16,
            findings: 3,
            worst: (-9.0, 9.0),
        };
        assert_eq!(episodes.over(27), Some(expected));
        assert_eq!(episodes.over(u64::MAX), None);
        assert!(episodes.found(100, 0.0, 7.0));
        assert_eq!(episodes.count(), 2);
        assert_eq!(episodes.end().map(|open| open.first), Some(100));
        assert_eq!(episodes.end(), None);
    }
}
