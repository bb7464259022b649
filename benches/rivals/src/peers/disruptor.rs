//! disruptor: one to many between threads, written in place.

use anyhow::{Result, bail};
use benches::record::{Check, fill};
use disruptor::{
    BusySpin, EventPoller, MultiConsumerBarrier, Polling, Producer, SingleConsumerBarrier,
    SingleProducer, SingleProducerBarrier, build_single_producer,
};

use crate::link::{Link, Waiting};
use crate::peer::{Between, Can, Facts, Peer, Receiver, Sender};

/// `BATCH`: `batch_publish` of 4 KiB, otherwise `publish`.
pub struct Disruptor<const BATCH: bool>;

/// It is faster for one consumer than for some, by its type.
enum Ends<const W: usize> {
    One(SingleProducer<[u64; W], SingleConsumerBarrier>),
    Many(SingleProducer<[u64; W], MultiConsumerBarrier>),
}

pub struct To<const W: usize, const BATCH: bool> {
    producer: Ends<W>,
    waiting: Waiting,
}

pub struct From<const W: usize> {
    poller: EventPoller<[u64; W], SingleProducerBarrier>,
}

impl<const BATCH: bool> Peer for Disruptor<BATCH> {
    const FACTS: Facts = Facts {
        name: if BATCH {
            "disruptor-batch"
        } else {
            "disruptor"
        },
        between: Between::Threads,
        batch: if BATCH { 4096 } else { 0 },
        readers: usize::MAX,
        can: if BATCH {
            &[Can::Stream, Can::FanOutYield]
        } else {
            &[Can::PingPong, Can::Stream]
        },
    };
    type Sender<const W: usize> = To<W, BATCH>;
    type Receiver<const W: usize> = From<W>;

    fn prepare<const W: usize>(link: &Link) -> Result<()> {
        let builder = build_single_producer(link.capacity::<W>(), || [0; W], BusySpin);
        let leave = |poller| link.leave(From { poller });
        let (poller, builder) = builder.new_event_poller();
        leave(poller);
        if link.readers == 1 {
            link.leave(Ends::One(builder.build()));
            return Ok(());
        }
        let (poller, mut builder) = builder.new_event_poller();
        leave(poller);
        for _ in 2..link.readers {
            let (poller, next) = builder.new_event_poller();
            leave(poller);
            builder = next;
        }
        link.leave(Ends::Many(builder.build()));
        Ok(())
    }

    fn sender<const W: usize>(link: &Link) -> Result<Self::Sender<W>> {
        Ok(To {
            producer: link.take()?,
            waiting: link.waiting,
        })
    }

    fn receiver<const W: usize>(link: &Link) -> Result<From<W>> {
        link.take()
    }
}

#[inline(always)]
fn publish<const W: usize, const BATCH: bool>(
    producer: &mut impl Producer<[u64; W]>,
    first: u64,
    count: usize,
    waiting: Waiting,
) {
    if BATCH {
        loop {
            let published = producer.try_batch_publish(count, |cells| {
                for (cell, sequence) in cells.zip(first..) {
                    fill(std::slice::from_mut(cell), sequence);
                }
            });
            if published.is_ok() {
                return;
            }
            waiting.idle();
        }
    }
    for sequence in first..first + count as u64 {
        let write = |cell: &mut [u64; W]| fill(std::slice::from_mut(cell), sequence);
        while producer.try_publish(write).is_err() {
            waiting.idle();
        }
    }
}

impl<const W: usize, const BATCH: bool> Sender<W> for To<W, BATCH> {
    #[inline(always)]
    fn send(&mut self, first: u64, count: usize) -> Result<()> {
        match &mut self.producer {
            Ends::One(producer) => publish::<W, BATCH>(producer, first, count, self.waiting),
            Ends::Many(producer) => publish::<W, BATCH>(producer, first, count, self.waiting),
        }
        Ok(())
    }
}

impl<const W: usize> Receiver<W> for From<W> {
    #[inline(always)]
    fn receive(&mut self, check: &mut Check<W>) -> Result<()> {
        match self.poller.poll() {
            Ok(mut events) => {
                for record in &mut events {
                    check.take(std::slice::from_ref(record));
                }
            }
            Err(Polling::NoEvents) => {}
            Err(Polling::Shutdown) => bail!("the producer is gone"),
        }
        Ok(())
    }
}
