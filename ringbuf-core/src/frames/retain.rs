//! How much a ring of frames keeps.

use crate::error::CreateError;
use crate::files::DATA_MAX;
use crate::layout::{FRAME_ALIGN, Geometry};

/// Bytes of the arena for each frame that can be kept, unless something else is said: descriptors take an eighth of that.
const BYTES_A_FRAME: u64 = 512;
/// Frames that can be kept in the smallest arena, unless something else is said.
const FRAMES_LEAST: u64 = 64;

/// How much a ring of frames keeps: the newest frames, as many as fit into an arena of bytes, and no more than so many.
///
/// In the arena a frame takes its bytes, rounded up to 64; what is left in front of the arena's end is passed over by a
/// frame that does not fit there.
///
/// ```
/// use ringbuf_core::FrameRetain;
///
/// let video = FrameRetain::frames(30, 1920 * 1080 * 3);
/// assert_eq!((video.count(), video.arena()), (30, 30 * 1920 * 1080 * 3));
/// let log = FrameRetain::bytes(1 << 20).at_most(10_000);
/// assert_eq!((log.count(), log.arena()), (10_000, 1 << 20));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameRetain {
    frames: u64,
    arena: u64,
}

impl FrameRetain {
    /// As many frames as fit into so many bytes, and a frame for each 512 of them at most. A frame may be as long as all
    /// that.
    pub fn bytes(bytes: u64) -> FrameRetain {
        let arena = round_up(bytes);
        FrameRetain {
            frames: (arena / BYTES_A_FRAME).max(FRAMES_LEAST),
            arena,
        }
    }

    /// The newest `count` frames of so many bytes each. Of smaller ones no more, and of larger ones as many as fit. Of
    /// frames that differ in length one fewer at times: what is passed over at the arena's end is lost to them.
    pub fn frames(count: u64, bytes_each: u64) -> FrameRetain {
        FrameRetain {
            frames: count,
            arena: round_up(bytes_each).max(FRAME_ALIGN).saturating_mul(count),
        }
    }

    /// The same with no more frames than that, honoured exactly.
    pub fn at_most(self, frames: u64) -> FrameRetain {
        FrameRetain { frames, ..self }
    }

    /// The most frames kept.
    pub fn count(self) -> u64 {
        self.frames
    }

    /// Bytes of the arena: as long as a frame may be.
    pub fn arena(self) -> u64 {
        self.arena
    }

    pub(super) fn geometry(self) -> Result<Geometry, CreateError> {
        let is_possible = |number: u64| (1..=DATA_MAX / FRAME_ALIGN).contains(&number);
        if !is_possible(self.frames) || !is_possible(self.arena.div_ceil(FRAME_ALIGN)) {
            return Err(CreateError::Frames {
                frames: self.frames,
                arena: self.arena,
            });
        }
        Ok(Geometry::frames(self.frames, self.arena))
    }
}

fn round_up(bytes: u64) -> u64 {
    bytes
        .checked_next_multiple_of(FRAME_ALIGN)
        .unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_is_too_large_for_an_error() {
        for retain in [
            FrameRetain::bytes(0),
            FrameRetain::bytes(u64::MAX),
            FrameRetain::frames(0, 1),
            FrameRetain::frames(u64::MAX, u64::MAX),
            FrameRetain::bytes(64).at_most(0),
            FrameRetain::bytes(64).at_most(u64::MAX),
        ] {
            assert!(retain.geometry().is_err(), "{retain:?}");
        }
        let least = FrameRetain::frames(1, 0);
        assert_eq!((least.count(), least.arena()), (1, FRAME_ALIGN));
        assert!(least.geometry().is_ok());
    }
}
