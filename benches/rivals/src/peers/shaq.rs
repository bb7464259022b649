//! shaq: queues in shared memory, one to one and one to many, both lossless.
//!
//! Written in place through its reservations; `BATCH` reserves for a batch at once, as its example does.

use std::fs::{File, OpenOptions};
use std::num::NonZeroUsize;
use std::time::Duration;

use anyhow::{Context, Result};
use benches::record::{Check, fill_uninit, make};
use shaq::broadcast::{self, BroadcastConfig};
use shaq::spsc;

use crate::link::{Link, Waiting, retry};
use crate::peer::{Between, Can, Facts, Peer, Receiver, Sender};

/// Its waits need an end.
const TIMEOUT: Duration = Duration::from_secs(5);

fn open(link: &Link, create: bool) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(create);
    options.open(link.path())
}

/// What one read takes at most, also of records that came one by one: its documentation prefers that. Its own example reads
/// 1024 records of 512 B at once.
fn at_once<const W: usize>(link: &Link) -> NonZeroUsize {
    NonZeroUsize::new(link.at_once::<W>()).expect("at least one")
}

/// `shaq::spsc`.
pub struct Spsc<const BATCH: bool>;

pub struct SpscTo<const W: usize, const BATCH: bool> {
    producer: spsc::Producer<[u64; W]>,
    waiting: Waiting,
}

pub struct SpscFrom<const W: usize> {
    consumer: spsc::Consumer<[u64; W]>,
    at_once: NonZeroUsize,
    waiting: Waiting,
}

impl<const BATCH: bool> Peer for Spsc<BATCH> {
    const FACTS: Facts = Facts {
        name: if BATCH {
            "shaq-spsc-batch"
        } else {
            "shaq-spsc"
        },
        between: Between::Processes,
        batch: if BATCH { 4096 } else { 0 },
        readers: 1,
        can: if BATCH {
            &[Can::Stream, Can::FanOutYield, Can::FanOutBlock]
        } else {
            &[Can::PingPong, Can::Stream, Can::Wake, Can::Frames]
        },
    };
    type Sender<const W: usize> = SpscTo<W, BATCH>;
    type Receiver<const W: usize> = SpscFrom<W>;

    fn sender<const W: usize>(link: &Link) -> Result<Self::Sender<W>> {
        let file = open(link, true)?;
        let size = spsc::minimum_file_size::<[u64; W]>(link.capacity::<W>());
        // SAFETY: a new file, made by this role alone; every role uses the same type of plain words.
        let producer = unsafe { spsc::Producer::create(&file, size) }?;
        Ok(SpscTo {
            producer,
            waiting: link.waiting,
        })
    }

    fn receiver<const W: usize>(link: &Link) -> Result<Self::Receiver<W>> {
        let join = || {
            let file = open(link, false)?;
            // SAFETY: the only consumer of this file; every role uses the same type of plain words.
            unsafe { spsc::Consumer::join(&file) }.context("joining")
        };
        Ok(SpscFrom {
            consumer: retry(join)?,
            at_once: at_once::<W>(link),
            waiting: link.waiting,
        })
    }
}

impl<const W: usize, const BATCH: bool> SpscTo<W, BATCH> {
    /// Writes up to `count` records as one publication: how many.
    #[inline(always)]
    fn write(&mut self, first: u64, count: usize) -> usize {
        let mut batch = self.producer.write_batch();
        for i in 0..count {
            // SAFETY: what is reserved is filled before the batch is dropped.
            let Some(cell) = (unsafe { batch.try_as_mut() }) else {
                return i;
            };
            fill_uninit(std::slice::from_mut(cell), first + i as u64);
        }
        count
    }
}

impl<const W: usize, const BATCH: bool> Sender<W> for SpscTo<W, BATCH> {
    #[inline(always)]
    fn send(&mut self, first: u64, count: usize) -> Result<()> {
        let mut sent = 0;
        while sent < count {
            let next = first + sent as u64;
            let written = if BATCH {
                self.write(next, count - sent)
            } else if W <= 128 {
                // A batch publishes even if it found no room; this does not.
                usize::from(self.producer.try_write(make(next)).is_ok())
            } else {
                self.write(next, 1)
            };
            if written == 0 {
                self.waiting.idle();
            }
            sent += written;
        }
        Ok(())
    }
}

impl<const W: usize> Receiver<W> for SpscFrom<W> {
    #[inline(always)]
    fn receive(&mut self, check: &mut Check<W>) -> Result<()> {
        let max = self.at_once;
        let batch = if self.waiting == Waiting::Block {
            Some(self.consumer.reserve_read_batch_timeout(max, TIMEOUT)?)
        } else {
            self.consumer.try_reserve_read_batch(max)
        };
        if let Some(batch) = batch {
            let (front, back) = batch.as_slices();
            check.take(front);
            check.take(back);
        }
        Ok(())
    }
}

/// `shaq::broadcast`.
pub struct Broadcast<const BATCH: bool>;

pub struct BroadcastTo<const W: usize, const BATCH: bool> {
    producer: broadcast::Producer<[u64; W]>,
    waiting: Waiting,
}

pub struct BroadcastFrom<const W: usize> {
    consumer: broadcast::Consumer<[u64; W]>,
    at_once: NonZeroUsize,
    waiting: Waiting,
}

impl<const BATCH: bool> Peer for Broadcast<BATCH> {
    const FACTS: Facts = Facts {
        name: if BATCH {
            "shaq-bcast-batch"
        } else {
            "shaq-bcast"
        },
        between: Between::Processes,
        batch: if BATCH { 4096 } else { 0 },
        readers: usize::MAX,
        can: if BATCH {
            &[Can::Stream, Can::FanOutYield, Can::FanOutBlock]
        } else {
            &[
                Can::PingPong,
                Can::Stream,
                Can::Alone,
                Can::Wake,
                Can::Frames,
            ]
        },
    };
    type Sender<const W: usize> = BroadcastTo<W, BATCH>;
    type Receiver<const W: usize> = BroadcastFrom<W>;

    fn sender<const W: usize>(link: &Link) -> Result<Self::Sender<W>> {
        let config = BroadcastConfig {
            capacity: link.capacity::<W>(),
            producer_slots: 1,
            consumer_slots: link.readers.max(1),
        };
        let file = open(link, true)?;
        // SAFETY: a new file, made by this role alone; every role uses the same type of plain words.
        let producer = unsafe { broadcast::Producer::create(&file, config) }?;
        Ok(BroadcastTo {
            producer,
            waiting: link.waiting,
        })
    }

    fn receiver<const W: usize>(link: &Link) -> Result<Self::Receiver<W>> {
        let join = || {
            let file = open(link, false)?;
            // SAFETY: every role uses the same type of plain words, and the file keeps its size.
            unsafe { broadcast::Consumer::join(&file) }.context("joining")
        };
        Ok(BroadcastFrom {
            consumer: retry(join)?,
            at_once: at_once::<W>(link),
            waiting: link.waiting,
        })
    }
}

impl<const W: usize, const BATCH: bool> Sender<W> for BroadcastTo<W, BATCH> {
    #[inline(always)]
    fn send(&mut self, first: u64, count: usize) -> Result<()> {
        if !BATCH {
            for sequence in first..first + count as u64 {
                let mut cell = loop {
                    // SAFETY: it is filled before it is published.
                    if let Some(cell) = unsafe { self.producer.try_reserve_write() } {
                        break cell;
                    }
                    self.waiting.idle();
                };
                fill_uninit(std::slice::from_mut(cell.as_mut()), sequence);
                cell.publish();
            }
            return Ok(());
        }
        let wanted = NonZeroUsize::new(count).context("an empty batch")?;
        let mut batch = loop {
            // SAFETY: all are filled before they are published.
            if let Some(batch) = unsafe { self.producer.try_reserve_write_batch(wanted) } {
                break batch;
            }
            self.waiting.idle();
        };
        for i in 0..count {
            // SAFETY: it lies within the batch.
            let cell = unsafe { batch.as_mut(i) };
            fill_uninit(std::slice::from_mut(cell), first + i as u64);
        }
        batch.publish();
        Ok(())
    }
}

impl<const W: usize> Receiver<W> for BroadcastFrom<W> {
    #[inline(always)]
    fn receive(&mut self, check: &mut Check<W>) -> Result<()> {
        let max = self.at_once;
        let batch = if self.waiting == Waiting::Block {
            Some(self.consumer.reserve_read_batch_timeout(max, TIMEOUT)?)
        } else {
            self.consumer.try_reserve_read_batch(max)
        };
        if let Some(batch) = batch {
            let (front, back) = batch.as_slices();
            check.take(front);
            check.take(back);
        }
        Ok(())
    }
}
