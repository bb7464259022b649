//! What a ring of the run is made of, and what is asked of the processes on it.

use std::time::Duration;

use ringbuf_core::{CreateOptions, Delivery, FrameRetain, Preset, WhenFull};
use serde::{Deserialize, Serialize};

use crate::support::Numbers;

/// Records of so many bytes, in words of 8, 1, 2, 4, 8 and 8.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Kind {
    B8,
    B13,
    B14,
    B20,
    B64,
    B1024,
}

/// Does something with the type of a [`Kind`].
macro_rules! with_item {
    ($kind:expr, $item:ident => $body:expr) => {{
        use $crate::setting::Kind;
        match $kind {
            Kind::B8 => {
                type $item = [u64; 1];
                $body
            }
            Kind::B13 => {
                type $item = [u8; 13];
                $body
            }
            Kind::B14 => {
                type $item = [u16; 7];
                $body
            }
            Kind::B20 => {
                type $item = [u32; 5];
                $body
            }
            Kind::B64 => {
                type $item = [u64; 8];
                $body
            }
            Kind::B1024 => {
                type $item = [u64; 128];
                $body
            }
        }
    }};
}
pub(crate) use with_item;

/// A delivery; a bounded one in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hold {
    Lossy,
    Bounded(u64),
    Lossless,
}

impl Hold {
    pub fn delivery(self) -> Delivery {
        match self {
            Hold::Lossy => Delivery::Lossy,
            Hold::Bounded(most) => Delivery::Bounded(Duration::from_millis(most)),
            Hold::Lossless => Delivery::Lossless,
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Setting {
    pub capacity: u64,
    pub record: Kind,
    pub stamp: bool,
    pub latency: bool,
    pub drop: bool,
    pub allow: Hold,
    /// Frames instead of records.
    pub frames: Option<Frames>,
}

/// What is different on a ring of frames.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Frames {
    /// Bytes for them.
    pub arena: u64,
    /// They are written where they lie, and all readers are lossless.
    pub in_place: bool,
}

impl Setting {
    pub fn draw(numbers: &mut Numbers) -> Setting {
        let setting = Setting {
            capacity: *pick(numbers, &[1, 3, 16, 16, 100, 1000, 1000, 4000]),
            record: *pick(
                numbers,
                &[
                    Kind::B8,
                    Kind::B13,
                    Kind::B14,
                    Kind::B20,
                    Kind::B64,
                    Kind::B64,
                    Kind::B1024,
                ],
            ),
            stamp: chance(numbers, 2),
            latency: chance(numbers, 2),
            drop: chance(numbers, 4),
            allow: *pick(
                numbers,
                &[
                    Hold::Lossy,
                    Hold::Bounded(20),
                    Hold::Bounded(20),
                    Hold::Lossless,
                    Hold::Lossless,
                    Hold::Lossless,
                    Hold::Lossless,
                ],
            ),
            frames: None,
        };
        match chance(numbers, 3) {
            true => setting.of_frames(numbers),
            false => setting,
        }
    }

    fn of_frames(mut self, numbers: &mut Numbers) -> Setting {
        let arena = *pick(numbers, &[64, 256, 1024, 4096, 4096, 65_536, 1 << 18]);
        // Who is stopped until it was lapped must be before long.
        self.capacity = self.capacity.min(100);
        let in_place = chance(numbers, 4);
        if in_place {
            self.allow = Hold::Lossless;
        }
        self.frames = Some(Frames { arena, in_place });
        self
    }

    pub fn is_in_place(&self) -> bool {
        self.frames.is_some_and(|frames| frames.in_place)
    }

    /// What a ring of frames keeps.
    pub fn retain(&self, frames: &Frames) -> FrameRetain {
        FrameRetain::bytes(frames.arena).at_most(self.capacity)
    }

    /// Whether such readers may attach.
    pub fn lets_in(&self, hold: Hold) -> bool {
        match self.is_in_place() {
            true => hold == Hold::Lossless,
            false => hold.delivery() <= self.allow.delivery(),
        }
    }

    pub fn options(&self, replace: bool) -> CreateOptions {
        let preset = match self.latency {
            true => Preset::Latency,
            false => Preset::Throughput,
        };
        let when_full = match self.drop {
            true => WhenFull::Drop,
            false => WhenFull::Wait,
        };
        let options = CreateOptions::default();
        let options = match self.is_in_place() {
            true => options.in_place(true),
            false => options.allow(self.allow.delivery()),
        };
        options
            .preset(preset)
            .when_full(when_full)
            .stamp(self.stamp)
            // Observers are another user.
            .mode(0o644)
            .replace(replace)
    }
}

pub fn pick<'a, T>(numbers: &mut Numbers, from: &'a [T]) -> &'a T {
    &from[numbers.below(from.len() as u64) as usize]
}

/// Once in `every` times.
pub fn chance(numbers: &mut Numbers, every: u64) -> bool {
    numbers.below(every) == 0
}
