//! What a reader of frames does beside one of records.

use super::core::ReaderCore;
use crate::cast;
use crate::error::ReadError;
use crate::layout::DESCRIPTOR_BYTES;
use crate::options::Delivery;
use crate::protocol::frames::Span;
use crate::protocol::{self, Fault, News};
use crate::sequence;
use crate::times;

impl ReaderCore {
    /// One attempt, as this reader reads.
    pub(crate) fn attempt_frames(
        &mut self,
        basket: &mut impl protocol::frames::Basket,
    ) -> Result<News, Fault> {
        let buffer = cast::words_as_bytes(&mut self.buffer);
        let len = basket
            .most()
            .saturating_mul(DESCRIPTOR_BYTES)
            .min(buffer.len());
        let buffer = &mut buffer[..len];
        match self.delivery {
            Delivery::Lossless => {
                let most = self.in_place as usize * DESCRIPTOR_BYTES;
                let descriptors = &mut buffer[..most.min(len)];
                self.follower.poll_frames_in_place(descriptors, basket)
            }
            Delivery::Bounded(_) if !self.is_demoted => {
                self.follower
                    .poll_frames_bounded(buffer, &mut self.stamps, basket)
            }
            Delivery::Lossy | Delivery::Bounded(_) => {
                self.follower.poll_frames(buffer, &mut self.stamps, basket)
            }
        }
    }

    /// Bytes of frames that a lossless reader holds in one batch, or one frame.
    pub(crate) fn frame_bytes_in_place(&self, in_turns: bool) -> usize {
        sequence::in_place_bytes(self.geometry.arena, in_turns) as usize
    }

    /// Whether it reads frames where they lie.
    pub(crate) fn is_in_place(&self) -> bool {
        self.delivery == Delivery::Lossless
    }

    /// Frames of so many bytes have come.
    pub(crate) fn sized(&mut self, bytes: usize) {
        let stride = bytes.max(1);
        let fit = self.geometry.arena / stride as u64;
        let is_lossless = self.delivery == Delivery::Lossless;
        let lag = sequence::lag_wanted(fit.min(self.geometry.capacity), stride, is_lossless);
        self.idle.sized(lag, stride as u64);
    }

    /// The payload of a frame in hand, where it lies.
    pub(crate) fn held_payload(&self, span: Span) -> &[u8] {
        // The parent may have released it since it forked.
        if self.fork.is_child() || !self.follower.is_holding() {
            return &[];
        }
        self.follower
            .held_payload(span)
            .map_or(&[], |payload| payload.bytes())
    }

    /// Copies the newest frame, wherever this reader is, and returns its sequence and its descriptor.
    pub(crate) fn latest_frame(
        &self,
        payload: &mut Vec<u8>,
    ) -> Result<Option<(u64, [u8; DESCRIPTOR_BYTES])>, ReadError> {
        if self.fork.is_child() {
            return Err(ReadError::Forked);
        }
        let mut descriptor = [0; DESCRIPTOR_BYTES];
        let sequence = match self.geometry.in_place {
            // Nothing may be copied there that the producer could be writing, nor be given back meanwhile.
            true => {
                let _still = self.seat.keeper();
                self.follower.latest_held_frame(&mut descriptor, payload)
            }
            false => protocol::frames::latest(self.follower.memory(), &mut descriptor, payload),
        };
        Ok(sequence.map(|sequence| (sequence, descriptor)))
    }

    /// When a frame was published, if it is kept.
    pub(crate) fn wall_ns(&self, sequence: u64) -> Option<i64> {
        times::wall_ns(self.follower.memory(), sequence)
    }
}
