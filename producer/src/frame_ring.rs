//! The ring of frames this process publishes to: everything that touches the library's producer of frames.

use std::time::Duration;

use ringbuf_core::{FrameInfo, FrameProducer, FrameRetain, inspect};

use crate::{
    config::RingConfig,
    frames::{FrameSource, Outline},
    keep::Keep,
    stream::{advice, options},
    supply::Held,
};

/// An open ring of frames with this process as its producer.
#[derive(Debug)]
pub(crate) struct FrameRing {
    producer: FrameProducer,
    name: String,
    in_place: bool,
    /// What producers before this one had refused.
    refused_before: u64,
}

/// How much to keep, as far as the command line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    /// Frames.
    pub(crate) count: Option<u64>,
    /// Bytes.
    pub(crate) arena: Option<u64>,
    /// Bytes of a frame like the first, if there is one yet.
    pub(crate) each: Option<u64>,
}

impl FrameRing {
    /// What the ring is to keep: as the options say, else as the one that is there does, else what is good for frames of
    /// so many bytes.
    pub(crate) fn retain(
        config: &RingConfig,
        arena: Option<u64>,
        each: Option<usize>,
    ) -> FrameRetain {
        let count = match config.keep {
            Keep::AsFound => None,
            Keep::Records(count) => Some(count),
            Keep::Lasting(promise) => Some(promise.retain().count()),
        };
        let room = Room {
            count,
            arena,
            each: each.map(|each| each as u64),
        };
        found(config, room).unwrap_or_else(|| room.retain())
    }

    /// Creates the ring, or continues one that is the same.
    pub(crate) fn create(
        config: &RingConfig,
        retain: FrameRetain,
        in_place: bool,
    ) -> anyhow::Result<FrameRing> {
        let options = options(config).in_place(in_place);
        let producer =
            FrameProducer::create_with(&config.name, retain, &options).map_err(advice)?;
        Ok(FrameRing {
            refused_before: producer.refused(),
            name: config.name.clone(),
            in_place,
            producer,
        })
    }

    /// Publishes a frame, waiting for readers if that is what the ring does; `false` if `stop` said so, or if there was
    /// no room for it.
    pub(crate) fn publish(
        &mut self,
        bytes: &[u8],
        info: FrameInfo,
        stop: &dyn Fn() -> bool,
    ) -> anyhow::Result<bool> {
        Ok(self.producer.publish_until(bytes, info, stop)?.is_some())
    }

    /// The same for a frame that is made where it lies.
    pub(crate) fn publish_in_place(
        &mut self,
        outline: Outline,
        info: FrameInfo,
        source: &mut dyn FrameSource,
        stop: &dyn Fn() -> bool,
    ) -> anyhow::Result<bool> {
        let Some(mut claim) = self.producer.claim_until(outline.len, stop)? else {
            return Ok(false);
        };
        source.fill(claim.bytes_mut()?)?;
        claim.commit_with(info)?;
        Ok(true)
    }

    /// Whether frames are made where they lie.
    pub(crate) fn is_in_place(&self) -> bool {
        self.in_place
    }

    /// Bytes the ring keeps, and of the longest frame.
    pub(crate) fn arena(&self) -> u64 {
        self.producer.arena()
    }

    /// Frames of this run that found no room and were dropped.
    pub(crate) fn refused(&self) -> u64 {
        self.producer.refused().saturating_sub(self.refused_before)
    }

    /// The time between the oldest and the newest frame kept, if it can be known.
    pub(crate) fn kept(&self) -> Option<Duration> {
        self.producer.kept()
    }

    /// What is kept, once so many frames of so many bytes have filled the ring.
    pub(crate) fn held(&self, published: u64, bytes: u64) -> Option<Held> {
        let is_filled = published > self.producer.capacity() || bytes > self.producer.arena();
        let time = self.kept().filter(|_| is_filled)?;
        let frames = inspect::info(&self.name).ok()?.frames?;
        let count = frames.kept_frames;
        Some(Held { count, time })
    }

    /// How many readers have registered.
    pub(crate) fn readers(&self) -> u64 {
        self.producer.registered_readers() as u64
    }

    /// Closes the ring: readers read what is left and end.
    pub(crate) fn close(self) {
        self.producer.close();
    }
}

/// What the ring of this name keeps already, where nothing is said. A ring that is to be replaced says nothing about
/// the new one.
fn found(config: &RingConfig, room: Room) -> Option<FrameRetain> {
    if config.replace || room.count.is_some() || room.arena.is_some() {
        return None;
    }
    let info = inspect::info(&config.name).ok()?;
    let arena = info.frames?.arena_bytes;
    Some(FrameRetain::bytes(arena).at_most(info.capacity))
}

impl Room {
    const LEAST: u64 = 16 << 20;
    /// What nobody asked for is not more than this, unless fewer than four frames would fit.
    const MOST: u64 = 256 << 20;
    /// Frames to keep where nothing else is said.
    const FRAMES: u64 = 64;
    /// Bytes of a frame nobody has seen.
    const UNSEEN: u64 = 256;

    /// How much to keep.
    pub(crate) fn retain(self) -> FrameRetain {
        match (self.count, self.arena, self.each) {
            (None, Some(arena), _) => FrameRetain::bytes(arena),
            (Some(count), Some(arena), _) => FrameRetain::bytes(arena).at_most(count),
            (Some(count), None, Some(each)) => FrameRetain::frames(count, each),
            (Some(count), None, None) => {
                let bytes = count.saturating_mul(Room::UNSEEN);
                FrameRetain::bytes(bytes.max(Room::LEAST)).at_most(count)
            }
            (None, None, each) => {
                let each = each.unwrap_or(0);
                let wanted = each.saturating_mul(Room::FRAMES);
                let most = each.saturating_mul(4).max(Room::MOST);
                let retain = FrameRetain::bytes(wanted.min(most).max(Room::LEAST));
                // A descriptor for each that is a quarter as large as the first: more would be memory for nothing.
                let count = retain.arena() / each.div_ceil(4).max(1);
                retain.at_most(count.clamp(Room::FRAMES, retain.count()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// Frames and bytes to keep.
    fn retain(count: Option<u64>, arena: Option<u64>, each: Option<u64>) -> (u64, u64) {
        let retain = Room { count, arena, each }.retain();
        (retain.count(), retain.arena())
    }

    #[test]
    fn what_was_asked_for_is_kept() {
        assert_eq!(retain(Some(10), None, Some(1024)), (10, 10 * 1024));
        assert_eq!(retain(Some(10), Some(MIB), Some(1024)), (10, MIB));
        assert_eq!(retain(None, Some(MIB), Some(1024)).1, MIB);
        assert_eq!(retain(Some(10), None, None), (10, 16 * MIB));
        assert_eq!(retain(Some(MIB), None, None), (MIB, 256 * MIB));
    }

    #[test]
    fn nobody_asked_for_more_than_is_good() {
        let arena = |each| retain(None, None, each).1;
        assert_eq!(arena(None), 16 * MIB);
        assert_eq!(arena(Some(100)), 16 * MIB);
        assert_eq!(arena(Some(MIB)), 64 * MIB);
        assert_eq!(retain(None, None, Some(MIB)).0, 256);
        assert_eq!(retain(None, None, Some(100 * MIB)).0, 64);
        let lines = retain(None, None, None).0;
        assert_eq!(retain(None, None, Some(100)).0, lines);
        assert_eq!(arena(Some(6 * MIB)), 256 * MIB);
        assert_eq!(arena(Some(100 * MIB)), 400 * MIB);
        assert!(arena(Some(u64::MAX)) > MIB);
    }
}
