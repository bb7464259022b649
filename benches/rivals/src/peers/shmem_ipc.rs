//! shmem-ipc: one to one, in place, over a memfd; two event descriptors wake who sleeps.
//!
//! Polled, it is used below its signalling layer, as its documentation offers.

use std::fs::File;
use std::os::fd::{AsRawFd, FromRawFd};

use anyhow::{Context, Result, ensure};
use benches::record::{Check, fill};
use shmem_ipc::sharedring;

use crate::link::{Link, Waiting};
use crate::peer::{Between, Can, Facts, Peer, Receiver, Sender};

/// `BATCH`: 4 KiB per call, otherwise one record.
pub struct ShmemIpc<const BATCH: bool>;

pub struct To<const W: usize, const BATCH: bool> {
    sender: sharedring::Sender<Words<W>>,
    waiting: Waiting,
}

pub struct From<const W: usize> {
    receiver: sharedring::Receiver<Words<W>>,
    at_once: usize,
    waiting: Waiting,
}

/// The crate wants plain words; a record is `W` of them.
type Words<const W: usize> = [u64; W];

/// A descriptor that processes started later inherit.
fn inherited(file: &File) -> Result<i32> {
    // SAFETY: duplicates an open descriptor.
    let fd = unsafe { libc::dup(file.as_raw_fd()) };
    ensure!(fd >= 0, std::io::Error::last_os_error());
    Ok(fd)
}

/// The descriptor that `prepare` made and this process inherited.
fn file(fd: &str) -> Result<File> {
    let fd = fd.parse().context("the number of a descriptor")?;
    // SAFETY: opened for this role; each role opens its own copy below and leaves this one alone.
    let inherited = std::mem::ManuallyDrop::new(unsafe { File::from_raw_fd(fd) });
    Ok(inherited.try_clone()?)
}

fn files(link: &Link) -> Result<[File; 3]> {
    let numbers = std::fs::read_to_string(link.path())?;
    let mut files = numbers.split_whitespace().map(file);
    let mut next = || files.next().context("three descriptors")?;
    Ok([next()?, next()?, next()?])
}

impl<const BATCH: bool> Peer for ShmemIpc<BATCH> {
    const FACTS: Facts = Facts {
        name: if BATCH {
            "shmem-ipc-batch"
        } else {
            "shmem-ipc"
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
    type Sender<const W: usize> = To<W, BATCH>;
    type Receiver<const W: usize> = From<W>;

    fn prepare<const W: usize>(link: &Link) -> Result<()> {
        let maker = sharedring::Sender::<u64>::new(link.capacity::<W>() * W)?;
        let descriptors = [
            inherited(maker.memfd().as_file())?,
            inherited(maker.empty_signal())?,
            inherited(maker.full_signal())?,
        ];
        std::fs::write(link.path(), descriptors.map(|fd| fd.to_string()).join(" "))?;
        Ok(())
    }

    fn sender<const W: usize>(link: &Link) -> Result<Self::Sender<W>> {
        let [memory, empty, full] = files(link)?;
        let capacity = link.capacity::<W>();
        Ok(To {
            sender: sharedring::Sender::open(capacity, memory, empty, full)?,
            waiting: link.waiting,
        })
    }

    fn receiver<const W: usize>(link: &Link) -> Result<Self::Receiver<W>> {
        let [memory, empty, full] = files(link)?;
        let capacity = link.capacity::<W>();
        Ok(From {
            receiver: sharedring::Receiver::open(capacity, memory, empty, full)?,
            at_once: link.at_once::<W>(),
            waiting: link.waiting,
        })
    }
}

impl<const W: usize, const BATCH: bool> To<W, BATCH> {
    /// Writes up to `count` records as one publication: how many.
    #[inline(always)]
    fn write(&mut self, first: u64, count: usize) -> Result<usize> {
        let mut written = 0;
        let put = |at: *mut Words<W>, room: usize| {
            written = count.min(room);
            // SAFETY: the one sender of this ring may write so many records there; any bytes are valid words.
            let records = unsafe { std::slice::from_raw_parts_mut(at, written) };
            fill(records, first);
            written
        };
        if self.waiting == Waiting::Block {
            self.sender.send_raw(put)?;
        } else {
            self.sender.sender_mut().send(put).map_err(failed)?;
        }
        Ok(written)
    }
}

impl<const W: usize, const BATCH: bool> Sender<W> for To<W, BATCH> {
    #[inline(always)]
    fn send(&mut self, first: u64, count: usize) -> Result<()> {
        let mut sent = 0;
        while sent < count {
            let most = if BATCH { count - sent } else { 1 };
            let written = self.write(first + sent as u64, most)?;
            if written == 0 && self.waiting == Waiting::Block {
                self.sender.block_until_writable()?;
            } else if written == 0 {
                self.waiting.idle();
            }
            sent += written;
        }
        Ok(())
    }
}

impl<const W: usize> Receiver<W> for From<W> {
    #[inline(always)]
    fn receive(&mut self, check: &mut Check<W>) -> Result<()> {
        let take = |at: *const Words<W>, ready: usize| {
            let taken = ready.min(self.at_once);
            // SAFETY: the sender wrote so many records there and leaves them alone until this returns.
            check.take(unsafe { std::slice::from_raw_parts(at, taken) });
            taken
        };
        if self.waiting == Waiting::Block {
            self.receiver.block_until_readable()?;
            self.receiver.receive_raw(take)?;
        } else {
            self.receiver.receiver_mut().recv(take).map_err(failed)?;
        }
        Ok(())
    }
}

fn failed(error: shmem_ipc::ringbuf::Error) -> anyhow::Error {
    anyhow::anyhow!("the ring: {error}")
}
