//! rtrb: one to one between threads.

use anyhow::Result;
use benches::record::{Check, fill_uninit, make};
use rtrb::{Consumer, Producer, RingBuffer};

use crate::link::{Link, Waiting};
use crate::peer::{Between, Can, Facts, Peer, Receiver, Sender};

/// `BATCH`: chunks of 4 KiB written in place, otherwise `push`. Read in chunks, in place, or with `POP` one by one: which
/// is faster depends on the record.
pub struct Rtrb<const BATCH: bool, const POP: bool>;

pub struct To<const W: usize, const BATCH: bool> {
    producer: Producer<[u64; W]>,
    waiting: Waiting,
}

pub struct From<const W: usize, const POP: bool> {
    consumer: Consumer<[u64; W]>,
    at_once: usize,
}

impl<const BATCH: bool, const POP: bool> Peer for Rtrb<BATCH, POP> {
    const FACTS: Facts = Facts {
        name: match (BATCH, POP) {
            (true, _) => "rtrb-chunk",
            (false, false) => "rtrb",
            (false, true) => "rtrb-pop",
        },
        between: Between::Threads,
        batch: if BATCH { 4096 } else { 0 },
        readers: 1,
        can: match (BATCH, POP) {
            (true, _) => &[Can::Stream, Can::FanOutYield],
            (false, false) => &[Can::PingPong, Can::Stream],
            (false, true) => &[Can::Stream],
        },
    };
    type Sender<const W: usize> = To<W, BATCH>;
    type Receiver<const W: usize> = From<W, POP>;

    fn prepare<const W: usize>(link: &Link) -> Result<()> {
        let (producer, consumer) = RingBuffer::<[u64; W]>::new(link.capacity::<W>());
        link.leave(To::<W, BATCH> {
            producer,
            waiting: link.waiting,
        });
        link.leave(From::<W, POP> {
            consumer,
            at_once: link.at_once::<W>(),
        });
        Ok(())
    }

    fn sender<const W: usize>(link: &Link) -> Result<Self::Sender<W>> {
        link.take()
    }

    fn receiver<const W: usize>(link: &Link) -> Result<Self::Receiver<W>> {
        link.take()
    }
}

impl<const W: usize, const BATCH: bool> Sender<W> for To<W, BATCH> {
    #[inline(always)]
    fn send(&mut self, first: u64, count: usize) -> Result<()> {
        if BATCH {
            let mut chunk = loop {
                if let Ok(chunk) = self.producer.write_chunk_uninit(count) {
                    break chunk;
                }
                self.waiting.idle();
            };
            let (front, back) = chunk.as_mut_slices();
            fill_uninit(front, first);
            fill_uninit(back, first + front.len() as u64);
            // SAFETY: both parts are filled.
            unsafe { chunk.commit_all() };
            return Ok(());
        }
        for sequence in first..first + count as u64 {
            let mut record = make(sequence);
            while let Err(rtrb::PushError::Full(back)) = self.producer.push(record) {
                record = back;
                self.waiting.idle();
            }
        }
        Ok(())
    }
}

impl<const W: usize, const POP: bool> Receiver<W> for From<W, POP> {
    #[inline(always)]
    fn receive(&mut self, check: &mut Check<W>) -> Result<()> {
        if POP {
            if let Ok(record) = self.consumer.pop() {
                check.take(std::slice::from_ref(&record));
            }
            return Ok(());
        }
        let ready = self.consumer.slots().min(self.at_once);
        let chunk = self.consumer.read_chunk(ready)?;
        let (front, back) = chunk.as_slices();
        check.take(front);
        check.take(back);
        chunk.commit_all();
        Ok(())
    }
}
