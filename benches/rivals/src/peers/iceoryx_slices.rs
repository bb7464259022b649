//! iceoryx2 with slices: publish and subscribe, a sample of any length for each frame, loaned and written in place.
//!
//! Lossless as its fixed samples are: no overflow, and the publisher retries until there is room.

use std::mem::MaybeUninit;

use anyhow::{Context, Result, ensure};
use benches::record::{Check, fill_uninit};
use iceoryx2::port::publisher::Publisher;
use iceoryx2::port::subscriber::Subscriber;
use iceoryx2::prelude::*;
use iceoryx2::service::port_factory::publish_subscribe::PortFactory;

use super::iceoryx::{Node, name, node};
use crate::link::Link;
use crate::peer::{Between, Can, Facts, Peer, Receiver, Sender};

/// Samples that lie in no queue: the loaned one, and the borrowed one.
const IN_HANDS: usize = 2;

pub struct Slices;

pub struct To {
    publisher: Publisher<ipc::Service, [u64], ()>,
    _node: Node,
}

pub struct From {
    subscriber: Subscriber<ipc::Service, [u64], ()>,
    _node: Node,
}

impl Peer for Slices {
    const FACTS: Facts = Facts {
        name: "iceoryx2-slice",
        between: Between::Processes,
        batch: 0,
        readers: usize::MAX,
        can: &[Can::Frames],
    };
    type Sender<const W: usize> = To;
    type Receiver<const W: usize> = From;

    fn sender<const W: usize>(link: &Link) -> Result<To> {
        let node = node()?;
        let publisher = service::<W>(&node, link)?
            .publisher_builder()
            .max_loaned_samples(1)
            .initial_max_slice_len(W)
            .allocation_strategy(AllocationStrategy::Static)
            .backpressure_strategy(BackpressureStrategy::RetryUntilDelivered)
            .create()?;
        Ok(To {
            publisher,
            _node: node,
        })
    }

    fn receiver<const W: usize>(link: &Link) -> Result<From> {
        let node = node()?;
        let subscriber = service::<W>(&node, link)?.subscriber_builder().create()?;
        Ok(From {
            subscriber,
            _node: node,
        })
    }
}

fn service<const W: usize>(
    node: &Node,
    link: &Link,
) -> Result<PortFactory<ipc::Service, [u64], ()>> {
    node.service_builder(&name(link)?)
        .publish_subscribe::<[u64]>()
        .max_publishers(1)
        .max_subscribers(link.readers)
        .max_nodes(link.readers + 2)
        .history_size(0)
        .subscriber_max_buffer_size(link.capacity::<W>().saturating_sub(IN_HANDS).max(1))
        .subscriber_max_borrowed_samples(1)
        .enable_safe_overflow(false)
        .open_or_create()
        .context("the service")
}

impl<const W: usize> Sender<W> for To {
    #[inline(always)]
    fn send(&mut self, first: u64, count: usize) -> Result<()> {
        for sequence in first..first + count as u64 {
            let mut sample = self.publisher.loan_slice_uninit(W)?;
            fill_words::<W>(sample.payload_mut(), sequence)?;
            // SAFETY: it was just filled.
            unsafe { sample.assume_init() }.send()?;
        }
        Ok(())
    }
}

/// Fills the words of one frame.
#[inline(always)]
fn fill_words<const W: usize>(words: &mut [MaybeUninit<u64>], sequence: u64) -> Result<()> {
    let (frame, []) = words.as_chunks_mut::<W>() else {
        anyhow::bail!("a loan of another length");
    };
    for frame in frame {
        let frame = std::ptr::from_mut(frame).cast::<MaybeUninit<[u64; W]>>();
        // SAFETY: the same words, borrowed as long; an array of words that hold nothing yet is one that holds nothing.
        fill_uninit(std::slice::from_mut(unsafe { &mut *frame }), sequence);
    }
    Ok(())
}

impl<const W: usize> Receiver<W> for From {
    #[inline(always)]
    fn receive(&mut self, check: &mut Check<W>) -> Result<()> {
        while let Some(sample) = self.subscriber.receive()? {
            let (frame, rest) = sample.payload().as_chunks::<W>();
            ensure!(
                frame.len() == 1 && rest.is_empty(),
                "a frame of another length"
            );
            check.take(frame);
        }
        Ok(())
    }
}
