//! One look of a reader of frames, and everything that it brings.

use std::time::Duration;

use ringbuf_core::{Element, FrameHeader, FrameReader, Next};

use super::reader::{Reader, Seen};
use super::ring::Ring;
use super::run::Run;
use super::{How, Part};
use crate::ops::Kind;
use crate::run::{Outcome, text};
use crate::same;

/// Frames that one look goes through at most, and bytes of theirs that it copies.
const FRAMES: u64 = 128;
const COPIED: u64 = 64 * 1024;

impl Run {
    /// One look, and an attempt to publish while what it brought is in hand.
    pub fn look(&mut self, at: usize, may_wait: bool, publish: Option<Part>) -> Outcome {
        let Some(mut reader) = self.readers[at].take() else {
            return Ok(());
        };
        self.looks(&mut reader, at, may_wait, publish)?;
        self.readers[at] = Some(reader);
        Ok(())
    }

    pub fn drain(&mut self, at: usize) -> Outcome {
        let Some(mut reader) = self.readers[at].take() else {
            return Ok(());
        };
        while self.looks(&mut reader, at, false, None)? {}
        same!("all of it", reader.cursor(), self.ring.published());
        self.readers[at] = Some(reader);
        Ok(())
    }

    /// Whether there was anything.
    fn looks(
        &mut self,
        reader: &mut FrameReader,
        at: usize,
        may_wait: bool,
        publish: Option<Part>,
    ) -> Result<bool, String> {
        let model = self.models[at].as_mut().ok_or("no model")?;
        let seen = model.look(&self.ring);
        let next = match may_wait {
            true => reader.next_timeout(Duration::ZERO).map_err(text)?,
            false => {
                let batch = reader.poll().map_err(text)?;
                batch.map_or(Next::TimedOut, Next::Batch)
            }
        };
        let batch = match (next, &seen) {
            (Next::Batch(batch), _) => batch,
            (Next::TimedOut, Seen::Nothing) | (Next::Closed, Seen::Closed) => return Ok(false),
            // `poll` does not tell the end from nothing new.
            (Next::TimedOut, Seen::Closed) if !may_wait => return Ok(false),
            (found, _) => return Err(format!("{found:?}, expected {seen:?}")),
        };
        same!("missed", batch.missed(), std::mem::take(&mut model.untold));
        let mut next = model.ledger.cursor;
        match seen {
            Seen::Event(event) => same!("event", batch.event(), Some(event)),
            Seen::Missed => same!("only missed", (batch.event(), batch.len()), (None, 0)),
            Seen::Frames(first, end) => {
                same!("event", batch.event(), None);
                same!("first", batch.first_sequence(), first);
                let mut bytes = 0;
                for frame in batch.frames() {
                    let header = frame.header();
                    next = is_next(&mut self.ring, model, next..end, header, frame.bytes())?;
                    bytes += frame.len() as u64;
                }
                let most = match model.kind {
                    Kind::Lossless => self.ring.arena / 4,
                    _ => COPIED,
                };
                same!("in bounds", batch.len() == 1 || bytes <= most, true);
                // In place it depends on where the cells wrap, and on what was skipped before.
                let is_all = (next..end).all(|it| !model.wants(&self.ring, it));
                let must = model.kind != Kind::Lossless && end - first < FRAMES;
                same!("all of them", is_all || !must, true);
            }
            other => return Err(format!("{batch:?}, expected {other:?}")),
        }
        // Where exactly the gate stands meanwhile depends on how far it has looked.
        let is_known = match model.kind {
            Kind::Lossy => true,
            Kind::Lossless => model.only.is_none(),
            Kind::Brief | Kind::Patient => false,
        };
        if let Some(part) = publish.filter(|_| is_known) {
            let before: Vec<Vec<u8>> = batch.frames().map(|it| it.bytes().to_vec()).collect();
            self.publish(How::Try, part)?;
            self.check_ring()?;
            let now = batch.frames().map(|frame| frame.bytes());
            same!(
                "stays in hand",
                now.eq(before.iter().map(Vec::as_slice)),
                true
            );
            self.count("published meanwhile");
        }
        let read = batch.len() as u64;
        drop(batch);
        self.accounts(reader, at, next, read)?;
        Ok(true)
    }

    /// One frame into a buffer, or something to tell; where it would wait, nothing.
    pub fn look_into(&mut self, at: usize) -> Outcome {
        let (Some(reader), Some(model)) = (&mut self.readers[at], &mut self.models[at]) else {
            return Ok(());
        };
        if !self.ring.is_closed && !model.has_some(&self.ring) {
            return Ok(());
        }
        let seen = model.look(&self.ring);
        let mut buffer = vec![0xEE; 100];
        let found = reader.next_into(&mut buffer).map_err(text)?;
        let Some(copy) = found else {
            same!("the end", seen, Seen::Closed);
            return Ok(());
        };
        same!("missed", copy.missed, std::mem::take(&mut model.untold));
        let mut next = model.ledger.cursor;
        let read = u64::from(copy.header.is_some());
        match (seen, copy.header) {
            (Seen::Event(event), None) => same!("event", copy.event, Some(event)),
            (Seen::Missed, None) => {}
            (Seen::Frames(_, end), Some(header)) => {
                next = is_next(&mut self.ring, model, next..end, &header, &buffer)?;
            }
            (seen, found) => return Err(format!("{found:?}, expected {seen:?}")),
        }
        let reader = self.readers[at].take().ok_or("nobody")?;
        self.accounts(&reader, at, next, read)?;
        self.readers[at] = Some(reader);
        self.count("into a buffer");
        Ok(())
    }

    /// Behind the last frame read it may have skipped some more, up to the next one that it wants.
    fn accounts(&mut self, reader: &FrameReader, at: usize, next: u64, read: u64) -> Outcome {
        let model = self.models[at].as_mut().ok_or("no model")?;
        let cursor = reader.cursor();
        let is_skipped = |sequence| !model.wants(&self.ring, sequence);
        let is_possible = cursor >= next && (next..cursor).all(is_skipped);
        same!("where it goes on", is_possible, true);
        model.goes_to(cursor, read);
        let is_new = read > 0;
        self.count(if is_new { "frames" } else { "events" });
        Ok(())
    }
}

/// That this is the next frame that it wants, and where the one behind it would be.
fn is_next(
    ring: &mut Ring,
    model: &Reader,
    rest: std::ops::Range<u64>,
    header: &FrameHeader,
    bytes: &[u8],
) -> Result<u64, String> {
    let wanted = rest.clone().find(|&sequence| model.wants(ring, sequence));
    same!("sequence", Some(header.sequence()), wanted);
    let is_stamped = ring.setup.stamped;
    let made = &mut ring.made[header.sequence() as usize];
    same!("its bytes", bytes == made.content(), true);
    let found = (header.tag(), header.len() as u64);
    same!("its header", found, (made.tag(), made.len));
    let element = made.shape().map(|_| Element::F32);
    same!("its element", header.element(), element);
    let shape = made.shape();
    same!(
        "its shape",
        header.shape(),
        shape.as_ref().map_or(&[][..], |it| it)
    );
    same!("has a time", header.published_ns().is_some(), is_stamped);
    let time = made.time.or(header.published_ns());
    same!("its time", header.published_ns(), time);
    made.time = time;
    Ok(header.sequence() + 1)
}
