//! What happens in a setting, and when: drawn from the seed before it begins, so that nothing depends on how
//! fast the machine is.

use std::time::Duration;

use crate::kinds::ReaderKind;
use crate::setting::{Setting, chance, pick};
use crate::support::Numbers;

/// Places for readers.
pub const SEATS: usize = 6;

/// What becomes of the ring between two producers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Between {
    Continued,
    Removed,
    Replaced,
}

/// How a producer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Killed,
    /// With a claim that it has begun to write.
    KilledInClaim,
    Closed,
}

#[derive(Clone, Debug)]
pub enum Action {
    /// If the seat is free.
    Seat(usize, ReaderKind),
    /// And nobody comes until the producer has got past it, or whoever comes next takes its place.
    KillReader(usize, bool),
    /// For so long; a bounded reader until the producer has gone past it.
    StopReader(usize, Duration),
    /// And after a while another begins.
    EndProducer {
        end: End,
        between: Between,
        pause: Duration,
        seed: u64,
        untyped: bool,
    },
    StopProducer(Duration),
    /// Is refused, as long as one lives.
    SecondProducer,
    /// Is refused, as long as a producer lives.
    Remove,
}

#[derive(Debug)]
pub struct Plan {
    pub number: u64,
    pub setting: Setting,
    /// Seed of the first producer.
    pub seed: u64,
    /// What to do, and how long after what was done before.
    pub steps: Vec<(Duration, Action)>,
}

impl Plan {
    pub fn draw(seed: u64, number: u64) -> Plan {
        let mut numbers = Numbers::new(seed ^ number.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        let setting = Setting::draw(&mut numbers);
        let seed = numbers.next();
        let length = Duration::from_millis(3000 + numbers.below(3000));
        let seats = 0..SEATS;
        let mut steps: Vec<(Duration, Action)> = seats
            .map(|seat| {
                let kind = ReaderKind::draw(&mut numbers, &setting);
                (milliseconds(&mut numbers, 40), Action::Seat(seat, kind))
            })
            .collect();
        let mut time = Duration::ZERO;
        while time < length {
            let pause = milliseconds(&mut numbers, 80);
            time += pause;
            steps.push((pause, action(&mut numbers, &setting)));
        }
        Plan {
            number,
            setting,
            seed,
            steps,
        }
    }
}

fn action(numbers: &mut Numbers, setting: &Setting) -> Action {
    let seat = numbers.below(SEATS as u64) as usize;
    match numbers.below(100) {
        0..40 => Action::Seat(seat, ReaderKind::draw(numbers, setting)),
        40..57 => Action::KillReader(seat, chance(numbers, 2)),
        57..72 => Action::StopReader(seat, milliseconds(numbers, 300)),
        72..90 => Action::EndProducer {
            end: *pick(numbers, &[End::Killed, End::KilledInClaim, End::Closed]),
            between: *pick(
                numbers,
                &[
                    Between::Continued,
                    Between::Continued,
                    Between::Continued,
                    Between::Continued,
                    Between::Removed,
                    Between::Replaced,
                ],
            ),
            // Readers learn of a death in this time, or of the next producer first.
            pause: match numbers.below(4) {
                0..2 => Duration::ZERO,
                2 => milliseconds(numbers, 100),
                _ => milliseconds(numbers, 800),
            },
            seed: numbers.next(),
            untyped: chance(numbers, 3),
        },
        90..95 => Action::StopProducer(milliseconds(numbers, 300)),
        95..98 => Action::SecondProducer,
        _ => Action::Remove,
    }
}

fn milliseconds(numbers: &mut Numbers, below: u64) -> Duration {
    Duration::from_millis(numbers.below(below))
}
