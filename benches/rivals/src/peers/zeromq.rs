//! ZeroMQ: PUSH and PULL over its `ipc://` transport, one message for each record.

use anyhow::Result;
use benches::cores;
use benches::record::{Check, fill};
use zmq::{Context, DONTWAIT, PULL, PUSH, Socket, SocketType};

use crate::link::{Link, Waiting};
use crate::peer::{Between, Can, Facts, Peer, Receiver, Sender};

pub struct ZeroMq;

pub struct To<const W: usize> {
    socket: Socket,
    record: Vec<[u64; W]>,
    waiting: Waiting,
}

pub struct From<const W: usize> {
    socket: Socket,
    record: Vec<[u64; W]>,
    flags: i32,
}

impl Peer for ZeroMq {
    const FACTS: Facts = Facts {
        name: "zeromq",
        between: Between::Processes,
        batch: 0,
        readers: 1,
        can: &[Can::PingPong, Can::Stream, Can::FanOutBlock, Can::Wake],
    };
    type Sender<const W: usize> = To<W>;
    type Receiver<const W: usize> = From<W>;

    fn sender<const W: usize>(link: &Link) -> Result<To<W>> {
        let socket = socket(PUSH)?;
        socket.set_sndhwm(high_water::<W>(link))?;
        socket.bind(&endpoint(link))?;
        Ok(To {
            socket,
            record: vec![[0; W]],
            waiting: link.waiting,
        })
    }

    fn receiver<const W: usize>(link: &Link) -> Result<From<W>> {
        let socket = socket(PULL)?;
        socket.set_rcvhwm(high_water::<W>(link))?;
        socket.connect(&endpoint(link))?;
        let wait = link.waiting == Waiting::Block;
        Ok(From {
            socket,
            record: vec![[0; W]],
            flags: if wait { 0 } else { DONTWAIT },
        })
    }
}

/// Its threads, which start with it, run where there is time for them, not where this role is pinned.
fn socket(kind: SocketType) -> zmq::Result<Socket> {
    cores::on_either(|| Context::new().socket(kind))
}

fn endpoint(link: &Link) -> String {
    format!("ipc://{}", link.path().display())
}

/// It queues on both sides: half a ring each.
fn high_water<const W: usize>(link: &Link) -> i32 {
    (link.capacity::<W>() / 2).max(1) as i32
}

fn bytes<const W: usize>(records: &mut [[u64; W]]) -> &mut [u8] {
    // SAFETY: plain words, looked at as bytes.
    unsafe { std::slice::from_raw_parts_mut(records.as_mut_ptr().cast(), size_of_val(records)) }
}

impl<const W: usize> Sender<W> for To<W> {
    #[inline(always)]
    fn send(&mut self, first: u64, count: usize) -> Result<()> {
        for sequence in first..first + count as u64 {
            fill(&mut self.record, sequence);
            let flags = if self.waiting == Waiting::Block {
                0
            } else {
                DONTWAIT
            };
            while let Err(error) = self.socket.send(&*bytes(&mut self.record), flags) {
                anyhow::ensure!(error == zmq::Error::EAGAIN, error);
                self.waiting.idle();
            }
        }
        Ok(())
    }
}

impl<const W: usize> Receiver<W> for From<W> {
    #[inline(always)]
    fn receive(&mut self, check: &mut Check<W>) -> Result<()> {
        match self.socket.recv_into(bytes(&mut self.record), self.flags) {
            Ok(length) => {
                anyhow::ensure!(length == W * 8, "a message of {length} bytes");
                check.take(&self.record);
                Ok(())
            }
            Err(zmq::Error::EAGAIN) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
