//! The ring of this project, written in place.

use anyhow::Result;
use benches::record::fill;
use ringbuf_core::{CreateOptions, Delivery, Producer};

use super::ours::{Batch, Reads, Single, attach, create};
use crate::link::Link;
use crate::peer::{Can, Facts, Peer, Sender};

/// `claim_in_place`, `records_mut`, `commit`. `BATCH`: 4 KiB per claim, otherwise one record.
pub struct InPlace<const BATCH: bool>;

pub struct To<const W: usize, const BATCH: bool> {
    producer: Producer<[u64; W]>,
}

impl<const BATCH: bool> Peer for InPlace<BATCH> {
    const FACTS: Facts = if BATCH {
        Facts {
            name: "ours-in-place",
            ..Batch::FACTS
        }
    } else {
        Facts {
            name: "ours-in-place-single",
            can: &[Can::Stream],
            ..Single::FACTS
        }
    };
    type Sender<const W: usize> = To<W, BATCH>;
    type Receiver<const W: usize> = Reads<W>;

    fn sender<const W: usize>(link: &Link) -> Result<To<W, BATCH>> {
        let producer = create(link, CreateOptions::default().in_place(true))?;
        Ok(To { producer })
    }

    fn receiver<const W: usize>(link: &Link) -> Result<Reads<W>> {
        attach(link, Delivery::Lossless)
    }
}

impl<const W: usize, const BATCH: bool> Sender<W> for To<W, BATCH> {
    #[inline(always)]
    fn send(&mut self, first: u64, count: usize) -> Result<()> {
        let mut sent = 0;
        while sent < count {
            let most = if BATCH { count - sent } else { 1 };
            let mut claim = self.producer.claim_in_place(most)?;
            fill(claim.records_mut(), first + sent as u64);
            sent += claim.len();
            claim.commit();
        }
        Ok(())
    }
}
