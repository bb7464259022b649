//! Made-up signals, written as a sum: `gaussian:50,10`, `sine:3,0.5+gaussian:0,0.1+dropout:0.01`.
//!
//! Every channel has a random generator of its own, so that a channel's values depend on the seed,
//! its place among the channels and nothing else.

use std::f64::consts::TAU;

use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Normal};
use rand_pcg::Pcg64Mcg;

/// A channel as it is written on the command line: `NAME=TERM+TERM…`.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelSpec {
    pub(crate) name: String,
    pub(crate) terms: Vec<Term>,
    /// The probability that a record has no value, which is NaN then.
    pub(crate) dropout: f64,
}

/// One addend of a signal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Term {
    Gaussian(Normal<f64>),
    Sine {
        amplitude: f64,
        hertz: f64,
        offset: f64,
    },
    Steps {
        seconds: f64,
        levels: Vec<f64>,
    },
}

impl ChannelSpec {
    /// Parses `NAME=TERM+TERM…`.
    pub fn parse(text: &str) -> Result<ChannelSpec, String> {
        let (name, signal) = text
            .rsplit_once('=')
            .ok_or("expected NAME=SIGNAL, for example value=gaussian:50,10".to_owned())?;
        if name.trim().is_empty() {
            return Err("the channel's name is empty".to_owned());
        }
        let mut spec = ChannelSpec {
            name: name.to_owned(),
            terms: Vec::new(),
            dropout: 0.0,
        };
        for term in split_terms(signal) {
            spec.add(term)?;
        }
        if spec.terms.is_empty() {
            return Err(format!(
                "{signal:?} has only drop-outs, expected a signal as well"
            ));
        }
        Ok(spec)
    }

    /// The channels of a run that names none.
    pub(crate) fn defaults() -> Vec<ChannelSpec> {
        let gaussian = |mean, std| Normal::new(mean, std).map(Term::Gaussian).into_iter();
        let sine = Term::Sine {
            amplitude: 10.0,
            hertz: 1.0,
            offset: 0.0,
        };
        let steps = Term::Steps {
            seconds: 5.0,
            levels: vec![20.0, 30.0, 25.0],
        };
        let channel = |name: &str, terms, dropout| ChannelSpec {
            name: name.to_owned(),
            terms,
            dropout,
        };
        vec![
            channel("value", gaussian(50.0, 10.0).collect(), 0.0),
            channel(
                "wave",
                std::iter::once(sine).chain(gaussian(0.0, 0.5)).collect(),
                0.0,
            ),
            channel("level", vec![steps], 0.0),
            channel("flaky", gaussian(20.0, 2.0).collect(), 0.01),
        ]
    }

    fn add(&mut self, term: &str) -> Result<(), String> {
        let (kind, numbers) = term.split_once(':').unwrap_or((term, ""));
        let numbers = numbers_of(term, numbers)?;
        self.terms.push(match (kind, numbers.as_slice()) {
            ("gaussian", &[mean, std]) if std >= 0.0 => Term::Gaussian(
                Normal::new(mean, std).map_err(|error| format!("{term:?}: {error}"))?,
            ),
            ("sine", &[amplitude, hertz]) => Term::Sine {
                amplitude,
                hertz,
                offset: 0.0,
            },
            ("sine", &[amplitude, hertz, offset]) => Term::Sine {
                amplitude,
                hertz,
                offset,
            },
            ("steps", &[seconds, ref levels @ ..]) if seconds > 0.0 && !levels.is_empty() => {
                Term::Steps {
                    seconds,
                    levels: levels.to_vec(),
                }
            }
            ("dropout", &[probability]) if (0.0..=1.0).contains(&probability) => {
                self.dropout = probability;
                return Ok(());
            }
            _ => {
                return Err(format!(
                    "found {term:?}, expected gaussian:MEAN,STD, sine:AMPLITUDE,HZ[,OFFSET], \
                     steps:SECONDS,LEVEL,LEVEL… or dropout:PROBABILITY"
                ));
            }
        });
        Ok(())
    }
}

/// Cuts at every `+` that begins a word, which the one in `1e+3` does not.
fn split_terms(signal: &str) -> Vec<&str> {
    let mut terms = Vec::new();
    let mut start = 0;
    for (at, _) in signal.match_indices('+') {
        if signal[at + 1..].starts_with(|next: char| next.is_ascii_alphabetic()) {
            terms.push(&signal[start..at]);
            start = at + 1;
        }
    }
    terms.push(&signal[start..]);
    terms
}

fn numbers_of(term: &str, numbers: &str) -> Result<Vec<f64>, String> {
    numbers
        .split(',')
        .filter(|_| !numbers.is_empty())
        .map(|number| match number.trim().parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => Err(format!("{term:?}: found {number:?}, expected a number")),
        })
        .collect()
}

/// A channel at work.
#[derive(Debug)]
pub struct Channel {
    terms: Vec<Term>,
    dropout: f64,
    rng: Pcg64Mcg,
}

impl Channel {
    /// The channel `index` of a run with this seed.
    pub fn new(spec: &ChannelSpec, seed: u64, index: usize) -> Channel {
        // An odd constant keeps the seeds of neighbouring channels and neighbouring runs apart.
        let own = (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Channel {
            terms: spec.terms.clone(),
            dropout: spec.dropout,
            rng: Pcg64Mcg::seed_from_u64(seed.wrapping_add(own)),
        }
    }

    /// Writes the values of the records from number `first` on, `rate` of them a second, into every
    /// `stride`th place of `out`.
    pub fn write(&mut self, first: u64, rate: f64, out: &mut [u8], offset: usize, stride: usize) {
        for (i, record) in out.chunks_exact_mut(stride).enumerate() {
            let seconds = (first + i as u64) as f64 / rate;
            let value = self.next(seconds);
            record[offset..offset + 8].copy_from_slice(&value.to_le_bytes());
        }
    }

    fn next(&mut self, seconds: f64) -> f64 {
        let mut value = 0.0;
        for term in &self.terms {
            value += match term {
                Term::Gaussian(normal) => normal.sample(&mut self.rng),
                Term::Sine {
                    amplitude,
                    hertz,
                    offset,
                } => {
                    // Cut to one turn first: the sine of a large angle is slow and less exact.
                    let turn = (seconds * hertz).fract();
                    amplitude * (turn * TAU).sin() + offset
                }
                Term::Steps {
                    seconds: hold,
                    levels,
                } => {
                    let step = (seconds / hold) as u64 % levels.len() as u64;
                    levels[step as usize]
                }
            };
        }
        // Drawn only where drop-outs are wanted: elsewhere it would halve the speed.
        if self.dropout > 0.0 && self.rng.random_bool(self.dropout) {
            return f64::NAN;
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(spec: &str, rate: f64, count: usize) -> Vec<f64> {
        let spec = ChannelSpec::parse(spec).expect("parses");
        let mut channel = Channel::new(&spec, 1, 0);
        let mut bytes = vec![0; count * 8];
        channel.write(0, rate, &mut bytes, 0, 8);
        bytes
            .as_chunks()
            .0
            .iter()
            .map(|chunk| f64::from_le_bytes(*chunk))
            .collect()
    }

    #[test]
    fn gaussian_has_its_mean_and_spread() {
        let values = values("v=gaussian:50,10", 100.0, 100_000);
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
        // Five standard errors each.
        assert!((mean - 50.0).abs() < 0.16, "{mean}");
        assert!((variance.sqrt() - 10.0).abs() < 0.12, "{variance}");
    }

    #[test]
    fn sine_and_steps_follow_the_clock_of_the_samples() {
        let sine = values("v=sine:2,1,5", 4.0, 5);
        for (found, expected) in sine.iter().zip([5.0, 7.0, 5.0, 3.0, 5.0]) {
            assert!((found - expected).abs() < 1e-12, "{sine:?}");
        }
        assert_eq!(
            values("v=steps:0.5,1,-2", 4.0, 6),
            [1.0, 1.0, -2.0, -2.0, 1.0, 1.0]
        );
    }

    #[test]
    fn drop_outs_are_nan_as_often_as_asked() {
        let dropped = values("v=sine:1,1+dropout:0.1", 100.0, 100_000)
            .iter()
            .filter(|value| value.is_nan())
            .count();
        assert!((9_500..10_500).contains(&dropped), "{dropped}");
        assert!(
            values("v=sine:1,1+dropout:1", 100.0, 10)
                .iter()
                .all(|v| v.is_nan())
        );
    }

    #[test]
    fn specs_parse_or_say_what_was_expected() {
        let spec =
            ChannelSpec::parse("a=b (V)=gaussian:1e+2,1+sine:1e-1,2+dropout:.5").expect("parses");
        assert_eq!(
            (spec.name.as_str(), spec.terms.len(), spec.dropout),
            ("a=b (V)", 2, 0.5)
        );
        for junk in [
            "",
            "v",
            "v=",
            "=gaussian:1,2",
            "v=gaussian",
            "v=gaussian:1",
            "v=gaussian:1,-2",
            "v=gaussian:nan,1",
            "v=gaussian:1,2,3",
            "v=sine:1",
            "v=steps:0,1",
            "v=steps:1",
            "v=dropout:0.5",
            "v=sine:1,1+dropout:2",
            "v=noise:1",
            "v=sine:1,1+",
            "v=gaussian:a,b",
        ] {
            assert!(ChannelSpec::parse(junk).is_err(), "{junk}");
        }
    }

    #[test]
    fn the_default_channels_can_be_written_too() {
        let written = [
            "value=gaussian:50,10",
            "wave=sine:10,1+gaussian:0,0.5",
            "level=steps:5,20,30,25",
            "flaky=gaussian:20,2+dropout:0.01",
        ];
        let parsed: Vec<_> = written
            .iter()
            .map(|text| ChannelSpec::parse(text).expect("parses"))
            .collect();
        assert_eq!(parsed, ChannelSpec::defaults());
    }
}
