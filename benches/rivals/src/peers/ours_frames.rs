//! The frames of this project: payloads of any size, one contiguous slice each.

use anyhow::{Context, Result, ensure};
use benches::record::{Check, as_bytes, fill};
use ringbuf_core::{CreateOptions, Delivery, FrameProducer, FrameReader, FrameRetain};

use super::ours::{Single, options};
use crate::link::{Link, retry};
use crate::peer::{Can, Facts, Peer, Receiver, Sender};

fn create<const W: usize>(link: &Link, in_place: bool) -> Result<FrameProducer> {
    let retain = FrameRetain::frames(link.capacity::<W>() as u64, W as u64 * 8);
    let options = CreateOptions::default().in_place(in_place);
    let path = link.path().display().to_string();
    Ok(FrameProducer::create_with(&path, retain, &options)?)
}

fn attach(link: &Link, delivery: Delivery) -> Result<Reads> {
    let path = link.path().display().to_string();
    let reader = retry(|| FrameReader::attach(&path, options(link, delivery)))?;
    Ok(Reads { reader })
}

/// A reader: lossless, it checks frames where they lie; lossy, the copies it gets.
pub struct Reads {
    reader: FrameReader,
}

impl<const W: usize> Receiver<W> for Reads {
    #[inline(always)]
    fn receive(&mut self, check: &mut Check<W>) -> Result<()> {
        let batch = self.reader.next()?.context("the ring was closed")?;
        check.miss(batch.missed());
        for frame in batch.frames() {
            let (frame, rest) = frame.values::<u64>()?.as_chunks::<W>();
            ensure!(
                frame.len() == 1 && rest.is_empty(),
                "a frame of another length"
            );
            check.take(frame);
        }
        Ok(())
    }
}

/// `claim`, `values_mut`, `commit` on a ring created `in_place`.
pub struct InPlace;

pub struct ToPlace {
    producer: FrameProducer,
}

impl Peer for InPlace {
    const FACTS: Facts = Facts {
        name: "ours-frames-in-place",
        can: &[Can::Frames],
        ..Single::FACTS
    };
    type Sender<const W: usize> = ToPlace;
    type Receiver<const W: usize> = Reads;

    fn sender<const W: usize>(link: &Link) -> Result<ToPlace> {
        let producer = create::<W>(link, true)?;
        Ok(ToPlace { producer })
    }

    fn receiver<const W: usize>(link: &Link) -> Result<Reads> {
        attach(link, Delivery::Lossless)
    }
}

impl<const W: usize> Sender<W> for ToPlace {
    #[inline(always)]
    fn send(&mut self, first: u64, count: usize) -> Result<()> {
        for sequence in first..first + count as u64 {
            let mut claim = self.producer.claim(W * 8)?;
            fill(claim.values_mut::<u64>()?.as_chunks_mut::<W>().0, sequence);
            claim.commit();
        }
        Ok(())
    }
}

/// `claim`, `write`, `commit`: made elsewhere, copied into the ring. `LOSSY`: read by somebody who never holds the producer.
pub struct Claimed<const LOSSY: bool>;

pub struct ToClaim<const W: usize> {
    producer: FrameProducer,
    frame: Vec<u64>,
}

impl<const LOSSY: bool> Peer for Claimed<LOSSY> {
    const FACTS: Facts = if LOSSY {
        Facts {
            name: "ours-frames-lossy",
            can: &[Can::FramesLossy],
            ..Single::FACTS
        }
    } else {
        Facts {
            name: "ours-frames-claim",
            ..InPlace::FACTS
        }
    };
    type Sender<const W: usize> = ToClaim<W>;
    type Receiver<const W: usize> = Reads;

    fn sender<const W: usize>(link: &Link) -> Result<ToClaim<W>> {
        Ok(ToClaim {
            producer: create::<W>(link, false)?,
            frame: vec![0; W],
        })
    }

    fn receiver<const W: usize>(link: &Link) -> Result<Reads> {
        attach(
            link,
            if LOSSY {
                Delivery::Lossy
            } else {
                Delivery::Lossless
            },
        )
    }
}

impl<const W: usize> Sender<W> for ToClaim<W> {
    #[inline(always)]
    fn send(&mut self, first: u64, count: usize) -> Result<()> {
        let (frame, _) = self.frame.as_chunks_mut::<W>();
        for sequence in first..first + count as u64 {
            fill(frame, sequence);
            let mut claim = self.producer.claim(W * 8)?;
            claim.write(0, as_bytes(frame));
            claim.commit();
        }
        Ok(())
    }
}
