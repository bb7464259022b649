//! Frames of a source, published to a ring of frames.

use std::{io, time::Duration};

use anyhow::{Context, bail};
use ringbuf_core::FrameInfo;

use crate::{
    config::{FrameFrom, FrameOptions, RingConfig},
    frame_ring::FrameRing,
    frames::{FrameSource, ImageFiles, Lines, Next, Outline, Raw, TestCard},
    inlet::Inlet,
    pace::Schedule,
    supply::{Due, FrameTally, Held, Kind, Sent, Supply},
};

/// Frames and their ring.
pub(crate) struct Frames {
    source: Box<dyn FrameSource>,
    ring: FrameRing,
    tag: u64,
    /// What was announced and has not been given its time.
    next: Next,
    due: Option<(Outline, u64)>,
    /// The frame that is due next, unless it is made in the ring.
    bytes: Vec<u8>,
    published_bytes: u64,
}

impl Frames {
    /// Opens the source and creates the ring, with room for frames like the first.
    pub(crate) fn open(options: &FrameOptions, ring: &RingConfig) -> anyhow::Result<Frames> {
        let mut source = source(&options.from)?;
        let next = source.next()?;
        let each = match next {
            Next::Frame(outline) => Some(outline.len),
            Next::Waiting | Next::End => None,
        };
        let largest = source.largest().or(each);
        let retain = FrameRing::retain(ring, options.arena, largest);
        // Before the ring is made: --replace would have taken what is kept for nothing.
        check_room(source.as_ref(), each.unwrap_or(0), retain.arena())?;
        let ring = FrameRing::create(ring, retain, options.in_place)?;
        source.limit(usize::try_from(ring.arena()).unwrap_or(usize::MAX));
        Ok(Frames {
            source,
            ring,
            tag: options.tag,
            next,
            due: None,
            bytes: Vec::new(),
            published_bytes: 0,
        })
    }

    /// The next frame, if there is one; made, unless that is done in the ring.
    fn prepare(&mut self) -> anyhow::Result<Next> {
        let next = match std::mem::replace(&mut self.next, Next::Waiting) {
            Next::Waiting => self.source.next()?,
            announced => announced,
        };
        if let Next::Frame(outline) = next {
            check_room(self.source.as_ref(), outline.len, self.ring.arena())?;
            if !self.ring.is_in_place() {
                self.bytes.resize(outline.len, 0);
                self.source.fill(&mut self.bytes)?;
            }
        }
        Ok(next)
    }

    fn info(&self, outline: Outline) -> FrameInfo {
        let info = outline.image.map_or(FrameInfo::default(), |image| {
            FrameInfo::array(image.element, &image.shape)
        });
        info.tagged(self.tag)
    }
}

/// That the frame announced last fits into an arena of so many bytes.
fn check_room(source: &dyn FrameSource, len: usize, arena: u64) -> anyhow::Result<()> {
    if len as u64 > arena {
        let name = source.name();
        bail!(
            "{name} has {len} bytes, and the ring has room for frames of {arena}: give it more with --arena and, for a \
             ring that is there already, --replace"
        );
    }
    Ok(())
}

fn source(from: &FrameFrom) -> anyhow::Result<Box<dyn FrameSource>> {
    Ok(match from {
        FrameFrom::Images { path, repeat } => Box::new(ImageFiles::new(path, *repeat)?),
        FrameFrom::Raw { path, each, repeat } => Box::new(Raw::open(path, *each, *repeat)?),
        FrameFrom::TestCard(size) => Box::new(TestCard::new(*size)?),
        FrameFrom::Lines => {
            let inlet = Inlet::new(io::stdin()).context("cannot read beside the other work")?;
            Box::new(Lines::new(inlet))
        }
    })
}

impl Supply for Frames {
    fn kind(&self) -> Kind {
        Kind::Frames
    }

    fn next_due(&mut self, schedule: &mut Schedule, most: u64, _now: u64) -> anyhow::Result<Due> {
        if let Some((_, due)) = self.due {
            return Ok(Due::At(due));
        }
        if most == 0 {
            return Ok(Due::Never);
        }
        Ok(match self.prepare()? {
            Next::Frame(outline) => {
                let due = schedule.due(&[]);
                self.due = Some((outline, due));
                Due::At(due)
            }
            Next::Waiting => Due::Unknown,
            Next::End => Due::Never,
        })
    }

    fn publish_due(&mut self, now: u64, end: u64, stop: &dyn Fn() -> bool) -> anyhow::Result<Sent> {
        let Some((outline, _)) = self.due.take_if(|(_, due)| *due <= now && *due < end) else {
            return Ok(Sent::default());
        };
        let info = self.info(outline);
        let published = match self.ring.is_in_place() {
            true => {
                let source = self.source.as_mut();
                self.ring.publish_in_place(outline, info, source, stop)?
            }
            false => self.ring.publish(&self.bytes, info, stop)?,
        };
        if published {
            self.published_bytes += outline.len as u64;
        }
        Ok(Sent {
            made: 1,
            published: u64::from(published),
        })
    }

    fn refused(&self) -> u64 {
        self.ring.refused()
    }

    fn kept(&self) -> Option<Duration> {
        self.ring.kept()
    }

    fn held(&self, published: u64) -> Option<Held> {
        self.ring.held(published, self.published_bytes)
    }

    fn readers(&self) -> u64 {
        self.ring.readers()
    }

    fn frames(&self) -> Option<FrameTally> {
        Some(FrameTally {
            bytes: self.published_bytes,
            too_long: self.source.too_long(),
        })
    }

    fn close(self: Box<Self>) {
        self.ring.close();
    }
}
