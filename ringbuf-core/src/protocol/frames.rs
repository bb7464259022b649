//! Frames: payloads of any length in an arena, described by the records of the ring.
//!
//! ```text
//!  descriptors  ──┬────┬────┬────┬────┬────┬──        a ring of records, as everywhere else
//!                 │ t  │    │    │    │next│
//!                 └─┬──┴─┬──┴─┬──┴─┬──┴────┘
//!  arena        ─┬──▼──┬─▼┬───▼────▼───┬───────       bytes; a payload never wraps
//!                │  t  │  │            │ free …
//! ```
//!
//! A descriptor says where its payload begins, counted in bytes since the beginning of the ring, and how long it is. So
//! payloads are overwritten in the order of their sequences, and *one* word can say what is overwritten of both: the
//! producer claims further than it is going to write. **A claim for a payload that overwrites what frames up to t have in
//! the arena goes to t + 1 + C at least**, and `oldest = claimed - C` is t + 1: what lies below may be overwritten, be it
//! a cell or bytes of the arena. Nothing else in the protocol knows of the arena.
//!
//! - *Who copies*: if a load of frame i's payload returned a word of a later frame's, then `[P2]` of that claim synchronizes
//!   with `[R4]` behind the copy through that word, and `[R5]` sees `claimed` ≥ i + 1 + C: the copy is thrown away and the frame
//!   counted as missed. Where the copy was to be taken from was validated before in the same way, so it is the right
//!   place.
//! - *Who holds a gate*: a claim to t + 1 + C needs every gate at t + 1 or further on. So the bytes of a frame at or behind
//!   a gate are not written, as its cell is not.
//! - *Who joins* begins at `limit - C` or later, and no claim is made beyond the limit without a look at the gates.
//! - *Who continues a ring* takes `claimed` over, and so what its predecessor may have begun to overwrite.
//!
//! `claimed <= published + C` holds as for records: what is overwritten was published, t < published.

use super::follower::{Fault, Follower, News, Run, Where, whole_from};
use super::gate::{self, Kind};
use super::writer::Writer;
use crate::layout::{DESCRIPTOR_BYTES, FRAME_ALIGN};
use crate::memory::{InPlace, InPlaceMut, Memory};
use crate::sequence;
use crate::sync::{Ordering, fence};

/// The bytes of one payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where it begins, counted in bytes since the beginning of the ring: its place is what is left modulo the arena.
    pub start: u64,
    pub len: u64,
}

impl Span {
    /// What a descriptor says; nothing of it is checked.
    pub fn of(descriptor: &[u8]) -> Span {
        let words = descriptor.as_chunks::<8>().0;
        Span {
            start: u64::from_le_bytes(words[0]),
            len: u64::from_le_bytes(words[1]),
        }
    }

    /// The first two words of its descriptor.
    pub fn words(self) -> [[u8; 8]; 2] {
        [self.start.to_le_bytes(), self.len.to_le_bytes()]
    }

    /// Where the next one may begin.
    fn end(self) -> u64 {
        (self.start + self.len).next_multiple_of(FRAME_ALIGN)
    }

    /// Its place in an arena; `None` if no frame lies like this.
    pub fn place(self, arena: u64) -> Option<usize> {
        let in_range = self.start < sequence::BYTES && self.len <= arena;
        let at = self.start % arena;
        let is_whole = in_range && self.start.is_multiple_of(FRAME_ALIGN) && at + self.len <= arena;
        is_whole.then_some(at as usize)
    }
}

/// Where the producer's next payload goes.
#[derive(Debug)]
pub struct Arena {
    len: u64,
    position: u64,
    /// Where that is in the arena, its end perhaps: to divide is half of what a small frame costs.
    place: u64,
}

/// What is claimed for a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want {
    pub span: Span,
    /// Its place in the arena.
    pub at: usize,
    /// Sequences to claim: that of the frame itself, and as many as say what its payload overwrites.
    pub count: u64,
}

impl Arena {
    /// Where the ring's newest frame ends; at the beginning of the arena if nothing is kept. `None` if the newest frame
    /// lies where none can, or so far that a producer going on from there could come to the bound.
    pub fn of(memory: &Memory, (published, claimed): (u64, u64)) -> Option<Arena> {
        let len = memory.geometry().arena;
        let oldest = sequence::oldest(claimed, memory.geometry().capacity);
        let newest = published.checked_sub(1);
        let position = match newest.filter(|&newest| newest >= oldest) {
            Some(newest) => {
                let mut descriptor = [0; DESCRIPTOR_BYTES];
                memory.load(newest, &mut descriptor);
                let span = Span::of(&descriptor);
                span.place(len)?;
                Some(span.end()).filter(|&end| end < sequence::BYTES / 2)?
            }
            None => 0,
        };
        let place = position % len;
        Some(Arena {
            len,
            position,
            place,
        })
    }

    /// Bytes from the oldest payload that is kept to the newest, with what lies between them.
    pub fn kept(&self, writer: &Writer) -> u64 {
        kept(writer.memory(), writer.oldest()..writer.published())
    }

    /// What a frame of so many bytes takes; `None` if it is longer than the arena.
    #[inline]
    pub fn want(&self, writer: &Writer, len: u64) -> Option<Want> {
        if len > self.len {
            return None;
        }
        let left = self.len - self.place;
        let (gap, place) = if len > left {
            (left, 0)
        } else {
            (0, self.place)
        };
        let start = self.position + gap;
        let span = Span { start, len };
        let first_kept = self.first_behind(writer, span.end());
        Some(Want {
            span,
            at: place as usize,
            count: self.count(writer, first_kept),
        })
    }

    /// Sequences that a claim would take which leaves room for an eighth of the arena more, and an eighth of the ring: so
    /// far ahead a producer grants itself room that has to look at the gates. Of the frames that are kept it takes only
    /// those that lie wholly within that eighth.
    #[cold]
    pub fn ahead(&self, writer: &Writer, want: Want) -> u64 {
        let end = want.span.end() + self.len / 8;
        let cut = self.first_behind(writer, end);
        // Where it begins lies in front of the boundary: that it ends there, too, only the next one can tell.
        let first_kept = match cut.checked_sub(1) {
            Some(last) if self.reaches_beyond(writer, last, end) => last,
            _ => cut,
        };
        let step = sequence::step(writer.memory().geometry().capacity);
        self.count(writer, first_kept).max(want.count).max(step)
    }

    /// The frame of this claim is published, or a shorter one.
    #[inline]
    pub fn commit(&mut self, want: Want) {
        self.position = want.span.end();
        self.place = want.at as u64 + (self.position - want.span.start);
    }

    /// The first frame that a payload up to `end` leaves whole.
    #[inline]
    fn first_behind(&self, writer: &Writer, end: u64) -> u64 {
        let boundary = end.saturating_sub(self.len);
        let memory = writer.memory();
        let mut first = writer.oldest();
        // Payloads lie in the order of their sequences.
        while first < writer.published() && memory.load_start(first) < boundary {
            first += 1;
        }
        first
    }

    /// Whether a payload up to `end` would overwrite only a part of this frame.
    fn reaches_beyond(&self, writer: &Writer, frame: u64, end: u64) -> bool {
        let next = frame + 1;
        let its_end = if next < writer.published() {
            writer.memory().load_start(next)
        } else {
            self.position
        };
        its_end > end.saturating_sub(self.len)
    }

    fn count(&self, writer: &Writer, first_kept: u64) -> u64 {
        let capacity = writer.memory().geometry().capacity;
        let next = writer.published();
        (first_kept + capacity).saturating_sub(next).max(1)
    }
}

impl Writer {
    /// Before the claim of what a frame takes: whether the gates have to be looked at, and how much is granted then.
    #[inline]
    pub fn prepare_frame(&mut self, arena: &Arena, want: Want) -> bool {
        if self.is_granted(want.count) {
            return false;
        }
        let ahead = arena.ahead(self, want);
        self.set_step(ahead);
        true
    }

    /// Writes bytes of the payload claimed, from `offset` on.
    #[inline]
    pub fn write_payload(&self, want: Want, offset: usize, bytes: &[u8]) {
        // [P3]
        self.memory().store_payload(want.at + offset, bytes);
    }

    /// Lends the payload claimed where it lies. `None` in a ring that is not written in place, and for what was not
    /// claimed.
    #[allow(unsafe_code)]
    #[inline]
    pub fn payload_in_place(&mut self, want: Want) -> Option<InPlaceMut<'_>> {
        if !self.may_lend(self.published(), want.count) {
            return None;
        }
        let memory = self.memory();
        // SAFETY: this is the ring's producer and borrowed until the bytes are given back, so nothing is committed and
        // nothing else written; `may_lend` has seen that all that the claim overwrites is the producer's alone, and the
        // claim's count covers these bytes.
        Some(unsafe { memory.payload_mut(want.at, want.span.len as usize) })
    }
}

/// What a reader does with the frames it finds.
pub trait Basket {
    /// A new attempt begins: nothing is in it.
    fn clear(&mut self);

    /// How many frames it looks at in one attempt at most.
    fn most(&self) -> usize {
        usize::MAX
    }

    /// The longest frame that there is room for when nothing is in it.
    fn longest(&self) -> u64 {
        u64::MAX
    }

    /// Whether this frame is wanted, and there is room for it. The descriptor and the span are checked.
    fn choose(&mut self, sequence: u64, descriptor: &[u8], span: Span) -> Choice;

    /// Where the payload of the frame just taken is copied to: as many bytes.
    fn room(&mut self, span: Span) -> &mut [u8];

    /// Throws away what was taken in front of this sequence, and says how many are left.
    fn keep_from(&mut self, sequence: u64) -> u64;
}

/// What a [`Basket`] does with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    Take,
    /// It is not wanted: its payload is not looked at.
    Skip,
    /// It is left for the next attempt. If nothing is in the basket, it is [too long](Basket::longest) for it.
    Full,
}

impl Follower {
    /// One attempt to copy what is new: descriptors into `descriptors`, and the payloads that the basket takes to where it
    /// says. `stamps` as in [`Follower::poll_copy`].
    pub fn poll_frames(
        &mut self,
        descriptors: &mut [u8],
        stamps: &mut [u64],
        basket: &mut impl Basket,
    ) -> Result<News, Fault> {
        // The bytes of frames are overwritten long before their descriptors are.
        let oldest = whole_from(&self.memory, 0).0;
        let copied = match self.copy_new(descriptors, stamps, oldest)? {
            Ok(copied) => copied,
            Err(news) => return Ok(news),
        };
        let Some(first) = copied.first else {
            return Ok(self.overrun(copied.claimed, copied.end));
        };
        let descriptors = &descriptors[copied.offset..];
        let copy = Memory::load_payload;
        let run = self.fill(first, copied.count, descriptors, basket, copy)?;
        if run.is_empty() {
            return Ok(too_long(descriptors, basket));
        }
        let (whole, claimed) = whole_from(&self.memory, first);
        if whole >= run.end {
            return Ok(self.overrun(claimed, copied.end));
        }
        let taken = basket.keep_from(whole);
        let count = run.end - whole;
        self.account(whole, count, count - taken);
        if taken == 0 {
            return Ok(News::Skipped);
        }
        Ok(News::Records(Run {
            first: whole,
            count,
            at: Where::Buffer(copied.offset + (whole - first) as usize * DESCRIPTOR_BYTES),
        }))
    }

    /// One attempt of a bounded reader: as [`Follower::poll_frames`], but what is copied is whole, or the reader is told
    /// that it was demoted.
    pub fn poll_frames_bounded(
        &mut self,
        descriptors: &mut [u8],
        stamps: &mut [u64],
        basket: &mut impl Basket,
    ) -> Result<News, Fault> {
        let cursor = self.ledger.cursor;
        let copied = match self.copy_new(descriptors, stamps, 0)? {
            Ok(copied) => copied,
            Err(news) => return Ok(news),
        };
        if copied.first != Some(cursor) {
            return self.demoted(copied.published);
        }
        let copy = Memory::load_held_payload;
        let run = self.fill(cursor, copied.count, descriptors, basket, copy)?;
        if run.is_empty() {
            return Ok(too_long(descriptors, basket));
        }
        if !gate::advance(&self.slot().gate, cursor, run.end) {
            return Ok(News::Demoted);
        }
        self.notify_producer();
        let taken = basket.keep_from(cursor);
        let count = run.end - cursor;
        self.account(cursor, count, count - taken);
        if taken == 0 {
            return Ok(News::Skipped);
        }
        Ok(News::Records(Run {
            first: cursor,
            count,
            at: Where::Buffer(0),
        }))
    }

    /// One attempt to hand out what is new where it lies. What was handed out before is released first.
    pub fn poll_frames_in_place(
        &mut self,
        descriptors: &mut [u8],
        basket: &mut impl Basket,
    ) -> Result<News, Fault> {
        let most = (descriptors.len() / DESCRIPTOR_BYTES) as u64;
        let run = match self.poll_in_place(most, &mut [])? {
            News::Records(run) => run,
            news => return Ok(news),
        };
        let descriptors = &mut descriptors[..run.count as usize * DESCRIPTOR_BYTES];
        self.memory.load_held(run.first, descriptors);
        // Nothing is held until it is clear how much.
        self.held = 0;
        let run = self.fill(run.first, run.count, descriptors, basket, |_, _, _| {})?;
        if run.is_empty() {
            return Ok(too_long(descriptors, basket));
        }
        let taken = basket.keep_from(run.start);
        self.held = run.end - run.start;
        self.unwanted = self.held - taken;
        if taken == 0 {
            self.release();
            return Ok(News::Skipped);
        }
        Ok(News::Records(Run {
            first: run.start,
            count: self.held,
            at: Where::Cells,
        }))
    }

    /// Goes through the frames described until the basket is full, one at least unless that is too long, and copies those that it takes.
    fn fill(
        &self,
        first: u64,
        count: u64,
        descriptors: &[u8],
        basket: &mut impl Basket,
        copy: impl Fn(&Memory, usize, &mut [u8]),
    ) -> Result<std::ops::Range<u64>, Fault> {
        let memory = &*self.memory;
        basket.clear();
        let described = descriptors.chunks_exact(DESCRIPTOR_BYTES);
        for (sequence, descriptor) in (first..first + count).zip(described) {
            let span = Span::of(descriptor);
            let at = span
                .place(memory.geometry().arena)
                .ok_or(Fault::FrameOutside {
                    sequence,
                    start: span.start,
                    len: span.len,
                })?;
            match basket.choose(sequence, descriptor, span) {
                Choice::Take => copy(memory, at, basket.room(span)),
                Choice::Skip => {}
                Choice::Full => return Ok(first..sequence),
            }
        }
        Ok(first..first + count)
    }

    /// The payload of a frame handed out by the last [`Follower::poll_frames_in_place`], where it lies; `None` for a span
    /// that no frame has.
    #[allow(unsafe_code)]
    pub fn held_payload(&self, span: Span) -> Option<InPlace<'_>> {
        let at = span.place(self.memory.geometry().arena)?;
        // SAFETY: the caller has the span from a descriptor of the frames held. The gate stands at the first of them until
        // `release`, which needs `&mut self` and so ends this borrow; they were seen published (acquire). No claim that
        // overwrites bytes of theirs passes the gate.
        Some(unsafe { self.memory.payload(at, span.len as usize) })
    }

    /// Copies the newest frame if this reader, which is lossless, holds it; returns its sequence.
    pub fn latest_held_frame(&self, descriptor: &mut [u8], payload: &mut Vec<u8>) -> Option<u64> {
        let newest = self.latest_held(descriptor)?;
        let span = Span::of(descriptor);
        let at = span.place(self.memory.geometry().arena)?;
        payload.resize(span.len as usize, 0);
        self.memory.load_held_payload(at, payload);
        Some(newest)
    }

    /// Why a bounded reader does not have the record at its gate.
    fn demoted(&self, published: u64) -> Result<News, Fault> {
        let cursor = self.ledger.cursor;
        // [D4] pairs with the fence [L2] of the claim that passed this gate: who has seen that claim [R5] sees the
        // demotion [D2] in front of it.
        fence(Ordering::Acquire);
        // [D3] as in `poll_bounded`.
        match self.slot().gate.load(Ordering::Relaxed) {
            word if word == Kind::Bounded.gate(cursor) => {
                Err(Fault::Overtaken { cursor, published })
            }
            _ => Ok(News::Demoted),
        }
    }
}

/// Why nothing is in the basket: the first of these frames is longer than it has room for.
#[cold]
fn too_long(descriptors: &[u8], basket: &impl Basket) -> News {
    News::TooLong {
        found: Span::of(descriptors).len,
        room: basket.longest(),
    }
}

/// Bytes of the arena from the first payload of these frames to the last, with what lies between them. While the producer
/// runs it may be a little off.
pub fn kept(memory: &Memory, frames: std::ops::Range<u64>) -> u64 {
    if frames.is_empty() {
        return 0;
    }
    let mut newest = [0; DESCRIPTOR_BYTES];
    memory.load(frames.end - 1, &mut newest);
    let Span { start, len } = Span::of(&newest);
    let begin = memory.load_start(frames.start);
    let bytes = start.saturating_add(len).saturating_sub(begin);
    bytes.min(memory.geometry().arena)
}

/// Copies the newest frame without being a reader at any place, and returns its sequence.
pub fn latest(memory: &Memory, descriptor: &mut [u8], payload: &mut Vec<u8>) -> Option<u64> {
    const ATTEMPTS: usize = 64;
    for _ in 0..ATTEMPTS {
        let newest = super::latest(memory, descriptor)?;
        let span = Span::of(descriptor);
        let at = span.place(memory.geometry().arena)?;
        payload.resize(span.len as usize, 0);
        memory.load_payload(at, payload);
        if whole_from(memory, newest).0 == newest {
            return Some(newest);
        }
    }
    None
}

#[cfg(all(test, not(loom)))]
mod tests;
