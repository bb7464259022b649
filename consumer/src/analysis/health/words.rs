//! What was found, in words.

use std::fmt;

use super::finding::State;
use super::what::What;
use crate::table::figure;

/// A time in the unit in which it reads well.
pub struct Seconds(pub f64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (size, sign) = (self.0.abs(), if self.0 < 0.0 { "-" } else { "" });
        let units = [
            (172_800.0, 86_400.0, "days"),
            (7200.0, 3600.0, "h"),
            (120.0, 60.0, "min"),
            (1.0, 1.0, "s"),
            (1e-3, 1e-3, "ms"),
            (1e-6, 1e-6, "µs"),
        ];
        let fit = units.iter().find(|(from, ..)| size >= *from);
        let &(_, unit, name) = fit.unwrap_or(&(0.0, 1e-9, "ns"));
        write!(f, "{sign}{} {name}", short(size / unit))
    }
}

/// Four digits and no zeros at the end.
fn short(number: f64) -> String {
    let decimals = match number {
        number if number < 10.0 => 3,
        number if number < 100.0 => 2,
        number if number < 1000.0 => 1,
        _ => 0,
    };
    let text = format!("{number:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

fn counted(records: u64) -> String {
    match records {
        1 => "1 record".to_owned(),
        _ => format!("{records} records"),
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use State::{Begin, End};
        match self {
            What::Stuck {
                state,
                value,
                records,
                for_s,
            } => {
                let so_far = if *state == Begin { " so far" } else { "" };
                let verb = if *state == Begin {
                    "stuck"
                } else {
                    "was stuck"
                };
                write!(f, "{verb} at {}: {}", figure(*value), counted(*records))?;
                if let Some(seconds) = for_s {
                    write!(f, ", {}", Seconds(*seconds))?;
                }
                f.write_str(so_far)
            }
            What::Nan { state: Begin, .. } => f.write_str("not a number, or infinite"),
            What::Nan {
                records,
                last_sequence,
                ..
            } => write!(
                f,
                "numbers again: {} had none, the last one {last_sequence}",
                counted(*records)
            ),
            What::Saturated {
                state: Begin,
                value,
                ..
            } => write!(f, "saturated at {}", figure(*value)),
            What::Saturated {
                value,
                records,
                last_sequence,
                ..
            } => write!(
                f,
                "no longer saturated at {}: {}, the last one {last_sequence}",
                figure(*value),
                counted(*records)
            ),
            What::Hole {
                step_s, usual_s, ..
            } => write!(
                f,
                "hole: {} to this record, usually {}; none was missed",
                Seconds(*step_s),
                Seconds(*usual_s)
            ),
            What::OutOfOrder {
                back_s, records, ..
            } => write!(
                f,
                "out of order: {} up to {} behind",
                counted(*records),
                Seconds(*back_s)
            ),
            What::ClockStep {
                step_s,
                published_s,
                ..
            } => {
                let to = if *step_s < 0.0 { "back" } else { "ahead" };
                write!(
                    f,
                    "clock step: {to} by {}, and stays",
                    Seconds(step_s.abs())
                )?;
                match published_s {
                    Some(published) => {
                        write!(f, "; it was published {} later", Seconds(*published))
                    }
                    None => Ok(()),
                }
            }
            What::DuplicateTime { state: Begin, .. } => {
                f.write_str("the same time as the record before")
            }
            What::DuplicateTime {
                records,
                last_sequence,
                ..
            } => write!(
                f,
                "times differ again: {} had that of the one before, the last one {last_sequence}",
                counted(*records)
            ),
            What::MissingTime { state: Begin, .. } => f.write_str("has no time"),
            What::MissingTime {
                records,
                last_sequence,
                ..
            } => write!(
                f,
                "times again: {} had none, the last one {last_sequence}",
                counted(*records)
            ),
            What::RateDrift {
                state,
                rate_hz,
                usual_hz,
            } => {
                let what = if *state == End {
                    "rate as usual again"
                } else {
                    "rate drift"
                };
                let percent = (rate_hz / usual_hz - 1.0) * 100.0;
                let (rate, usual) = (short(*rate_hz), short(*usual_hz));
                write!(
                    f,
                    "{what}: {rate} a second, usually {usual} ({percent:+.1} %)"
                )
            }
            What::ClockDrift { state, speed } => {
                let what = if *state == End {
                    "clock in step again"
                } else {
                    "clock drift"
                };
                write!(f, "{what}: {speed:.3} s pass for 1 s of publication")
            }
            What::Silence {
                state,
                silent_s,
                producer,
            } => {
                let time = Seconds(*silent_s);
                match (state, *producer) {
                    (Begin, "died") => write!(f, "silence: nothing for {time}, the producer died"),
                    (Begin, _) => write!(f, "silence: nothing for {time}"),
                    (_, "closed") => {
                        write!(f, "closed after silence: nothing came for {time}")
                    }
                    (_, "died") => {
                        write!(
                            f,
                            "silence is over: nothing came for {time}, the producer had died"
                        )
                    }
                    _ => write!(f, "silence is over: nothing came for {time}"),
                }
            }
            What::Died { state: End } => f.write_str("another producer carries on"),
            What::Died { .. } => f.write_str("the producer died"),
        }?;
        match self.untold() {
            0 => Ok(()),
            untold => write!(f, " (and {untold} more since the last one told)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_well() {
        let read = |seconds| Seconds(seconds).to_string();
        assert_eq!(read(626_400.0), "7.25 days");
        assert_eq!(read(-3300.0), "-55 min");
        assert_eq!(read(300.0), "5 min");
        assert_eq!(read(100.0), "100 s");
        assert_eq!(read(0.010_08), "10.08 ms");
        assert_eq!(read(0.0), "0 ns");
        assert_eq!(read(2.5e-7), "250 ns");
        assert_eq!(read(1e6), "11.57 days");
    }
}
