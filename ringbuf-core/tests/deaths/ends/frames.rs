//! Frames.

use std::time::Duration;

use ringbuf_core::{
    Element, Event, FrameBatch, FrameClaim, FrameInfo, FrameProducer, FrameReader, HeldFrames,
    Ledger, Next, ReadError, deaths,
};

use super::{Follow, Hand, Publish, alike, hand_alike};

/// A frame as it is published and as it is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub bytes: Vec<u8>,
    pub tag: u64,
    /// Of numbers of 8 bytes; empty: it is not said what it is.
    pub shape: Vec<usize>,
}

impl Frame {
    fn info(&self) -> FrameInfo {
        let info = match self.shape.as_slice() {
            [] => FrameInfo::default(),
            shape => FrameInfo::array(Element::U64, shape),
        };
        info.tagged(self.tag)
    }

    fn of(frame: &ringbuf_core::Frame<'_>) -> Frame {
        let is_right = frame.element() == (!frame.shape().is_empty()).then_some(Element::U64);
        assert!(is_right, "{:?}", frame.header());
        assert_eq!(frame.len(), frame.header().len());
        Frame {
            bytes: frame.bytes().to_vec(),
            tag: frame.tag(),
            shape: frame.shape().to_vec(),
        }
    }
}

impl Publish<Frame> for FrameProducer {
    fn published(&self) -> u64 {
        self.published()
    }

    fn publish(&mut self, items: &[Frame]) {
        for frame in items {
            self.publish_with(&frame.bytes, frame.info()).unwrap();
        }
    }

    /// Each by a claim of its own, which is for more than it becomes if not all of them are committed.
    fn claim(&mut self, items: &[Frame], commit: usize, is_in_place: bool) {
        let longest = items.iter().max_by_key(|frame| frame.bytes.len()).unwrap();
        if commit == 0 {
            let mut claim = self.claim(longest.bytes.len()).unwrap();
            write(&mut claim, &longest.bytes, is_in_place);
            return claim.abort();
        }
        for frame in &items[..commit] {
            let len = frame.bytes.len();
            let more = match commit < items.len() {
                true => longest.bytes.len(),
                false => len,
            };
            let mut claim = self.claim(more).unwrap();
            write(&mut claim, &frame.bytes, is_in_place);
            claim.truncate(len);
            claim.commit_with(frame.info()).unwrap();
        }
    }

    fn claim_in_one_piece(&mut self, items: &[Frame]) {
        Publish::claim(self, items, items.len(), true);
    }

    fn close(self) {
        self.close();
    }
}

/// Writes these bytes into a claim, in the way of the ring.
fn write(claim: &mut FrameClaim<'_>, bytes: &[u8], is_in_place: bool) {
    if !is_in_place {
        // In parts that end within words.
        let (first, rest) = bytes.split_at(bytes.len() / 3);
        claim.write(0, first);
        return claim.write(first.len(), rest);
    }
    let place = claim.bytes_mut().unwrap();
    for (place, bytes) in place.chunks_mut(8).zip(bytes.chunks(8)) {
        // What is stored there is nothing that dies by itself.
        deaths::step();
        place[..bytes.len()].copy_from_slice(bytes);
    }
    deaths::step();
}

impl Follow for FrameReader {
    type Item = Frame;
    type Batch<'a> = FrameBatch<'a>;

    alike!();

    fn latest(&self) -> Option<(u64, Frame)> {
        let (header, bytes) = self.latest().unwrap()?;
        assert_eq!(bytes.len(), header.len());
        let frame = Frame {
            bytes,
            tag: header.tag(),
            shape: header.shape().to_vec(),
        };
        Some((header.sequence(), frame))
    }
}

impl Hand for FrameBatch<'_> {
    type Item = Frame;

    hand_alike!();

    fn items(&self) -> impl Iterator<Item = (u64, Frame, Option<i64>)> {
        self.frames()
            .map(|frame| (frame.sequence(), Frame::of(&frame), frame.published_ns()))
    }
}

impl Hand for HeldFrames {
    type Item = Frame;

    hand_alike!();

    fn items(&self) -> impl Iterator<Item = (u64, Frame, Option<i64>)> {
        self.frames()
            .map(|frame| (frame.sequence(), Frame::of(&frame), frame.published_ns()))
    }
}
