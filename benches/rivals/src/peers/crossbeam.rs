//! crossbeam-channel: a bounded channel between threads.
//!
//! Records beyond 1 KiB go in boxes that come back through a second channel, so that nobody allocates.

use anyhow::{Context, Result};
use benches::record::{Check, fill, make};
use crossbeam_channel::{Receiver as Rx, Sender as Tx, TrySendError, bounded};

use crate::link::{Link, Waiting};
use crate::peer::{Between, Can, Facts, Peer, Receiver, Sender};

pub struct Crossbeam;

/// Words of a record that is moved itself.
const MOVED: usize = 128;

pub struct To<const W: usize> {
    plain: Tx<[u64; W]>,
    boxed: Tx<Box<[u64; W]>>,
    empty: Rx<Box<[u64; W]>>,
    waiting: Waiting,
}

pub struct From<const W: usize> {
    plain: Rx<[u64; W]>,
    boxed: Rx<Box<[u64; W]>>,
    empty: Tx<Box<[u64; W]>>,
    waiting: Waiting,
}

impl Peer for Crossbeam {
    const FACTS: Facts = Facts {
        name: "crossbeam",
        between: Between::Threads,
        batch: 0,
        readers: 1,
        can: &[Can::PingPong, Can::Stream, Can::FanOutBlock, Can::Wake],
    };
    type Sender<const W: usize> = To<W>;
    type Receiver<const W: usize> = From<W>;

    fn prepare<const W: usize>(link: &Link) -> Result<()> {
        let capacity = link.capacity::<W>();
        let (plain, plain_rx) = bounded(if W <= MOVED { capacity } else { 1 });
        let (boxed, boxed_rx) = bounded(if W <= MOVED { 1 } else { capacity });
        let (empty_tx, empty) = bounded(capacity);
        if W > MOVED {
            for _ in 0..capacity {
                let memory = vec![0; W].into_boxed_slice();
                let record = memory.try_into().ok().context("a box of that size")?;
                empty_tx.send(record)?;
            }
        }
        link.leave(To::<W> {
            plain,
            boxed,
            empty,
            waiting: link.waiting,
        });
        link.leave(From::<W> {
            plain: plain_rx,
            boxed: boxed_rx,
            empty: empty_tx,
            waiting: link.waiting,
        });
        Ok(())
    }

    fn sender<const W: usize>(link: &Link) -> Result<To<W>> {
        link.take()
    }

    fn receiver<const W: usize>(link: &Link) -> Result<From<W>> {
        link.take()
    }
}

impl<const W: usize> Sender<W> for To<W> {
    #[inline(always)]
    fn send(&mut self, first: u64, count: usize) -> Result<()> {
        for sequence in first..first + count as u64 {
            if W <= MOVED {
                send(&self.plain, make(sequence), self.waiting)?;
            } else {
                let mut record = receive_now(&self.empty, self.waiting)?;
                fill(std::slice::from_mut(&mut *record), sequence);
                send(&self.boxed, record, self.waiting)?;
            }
        }
        Ok(())
    }
}

#[inline(always)]
fn send<T>(channel: &Tx<T>, value: T, waiting: Waiting) -> Result<()> {
    if waiting == Waiting::Block {
        return channel.send(value).ok().context("the consumer is gone");
    }
    let mut value = value;
    while let Err(error) = channel.try_send(value) {
        let TrySendError::Full(back) = error else {
            anyhow::bail!("the consumer is gone");
        };
        value = back;
        waiting.idle();
    }
    Ok(())
}

/// Waits for it.
#[inline(always)]
fn receive_now<T>(channel: &Rx<T>, waiting: Waiting) -> Result<T> {
    loop {
        if let Some(value) = receive(channel, waiting)? {
            return Ok(value);
        }
        waiting.idle();
    }
}

#[inline(always)]
fn receive<T>(channel: &Rx<T>, waiting: Waiting) -> Result<Option<T>> {
    if waiting == Waiting::Block {
        return Ok(Some(channel.recv()?));
    }
    Ok(channel.try_recv().ok())
}

impl<const W: usize> Receiver<W> for From<W> {
    #[inline(always)]
    fn receive(&mut self, check: &mut Check<W>) -> Result<()> {
        if W <= MOVED {
            if let Some(record) = receive(&self.plain, self.waiting)? {
                check.take(std::slice::from_ref(&record));
            }
        } else if let Some(record) = receive(&self.boxed, self.waiting)? {
            check.take(std::slice::from_ref(&*record));
            self.empty
                .send(record)
                .ok()
                .context("the producer is gone")?;
        }
        Ok(())
    }
}
