//! What a peer is to the workloads, and the list of all.

use anyhow::Result;
use benches::record::Check;

use crate::link::Link;
use crate::peers::*;

/// The end that writes.
pub trait Sender<const W: usize> {
    /// Sends the records of `count` sequences from `first` on, waiting for room. A batching peer publishes them
    /// together, another one by one.
    fn send(&mut self, first: u64, count: usize) -> Result<()>;
}

/// The end that reads.
pub trait Receiver<const W: usize> {
    /// Hands what has come to `check`, and says what was missed if that may be. Waits as the link says, or comes back with nothing.
    fn receive(&mut self, check: &mut Check<W>) -> Result<()>;
}

/// Where the ends are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Between {
    Processes,
    Threads,
}

/// What one can ask of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Can {
    /// W1, W2: one consumer, polled.
    PingPong,
    Stream,
    /// W3 with consumers that yield, and with consumers that sleep.
    FanOutYield,
    FanOutBlock,
    /// W4: publish with nobody there.
    Alone,
    /// W5: wake a sleeper.
    Wake,
    /// W6: publish while others are attached that do not read.
    Crowd,
    /// W7: payloads of any size, each a publication, to one consumer; or to one that never holds the producer and may
    /// miss some.
    Frames,
    FramesLossy,
}

/// The facts that the tables show.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    pub name: &'static str,
    pub between: Between,
    /// Bytes that one publication holds; a record at least.
    pub batch: usize,
    /// Consumers of one channel at most; for more, the workload makes as many channels.
    pub readers: usize,
    pub can: &'static [Can],
}

/// A transport and one way to use it.
pub trait Peer: 'static {
    const FACTS: Facts;
    type Sender<const W: usize>: Sender<W>;
    type Receiver<const W: usize>: Receiver<W>;

    /// Makes what must be there before any role starts.
    fn prepare<const W: usize>(_: &Link) -> Result<()> {
        Ok(())
    }

    /// Opens the end that writes, once.
    fn sender<const W: usize>(link: &Link) -> Result<Self::Sender<W>>;

    /// Opens an end that reads, waiting for the other side to come up.
    fn receiver<const W: usize>(link: &Link) -> Result<Self::Receiver<W>>;
}

/// Something to do with a peer that is chosen by name.
pub trait Visitor {
    type Out;
    fn visit<P: Peer>(&mut self) -> Self::Out;
}

macro_rules! peers {
    ($($(#[$condition:meta])* $peer:ty),* $(,)?) => {
        /// All peers, ours first.
        pub fn all() -> Vec<Facts> {
            vec![$($(#[$condition])* <$peer>::FACTS),*]
        }

        /// Does it with the peer of that name, `None` if there is none.
        pub fn visit<V: Visitor>(name: &str, visitor: &mut V) -> Option<V::Out> {
            $(
                $(#[$condition])*
                if name == <$peer>::FACTS.name {
                    return Some(visitor.visit::<$peer>());
                }
            )*
            None
        }
    };
}

peers![
    ours::Batch,
    ours::Single,
    ours::Claimed,
    ours_in_place::InPlace<true>,
    ours_in_place::InPlace<false>,
    ours::LatencyLossless,
    ours::LatencyLossy,
    ours_frames::InPlace,
    ours_frames::Claimed<false>,
    ours_frames::Claimed<true>,
    shaq::Spsc<true>,
    shaq::Spsc<false>,
    shaq::Broadcast<true>,
    shaq::Broadcast<false>,
    shmem_ipc::ShmemIpc<true>,
    shmem_ipc::ShmemIpc<false>,
    iceoryx::Iceoryx2,
    iceoryx_slices::Slices,
    disruptor::Disruptor<true>,
    disruptor::Disruptor<false>,
    rtrb::Rtrb<true, false>,
    rtrb::Rtrb<false, false>,
    rtrb::Rtrb<false, true>,
    crossbeam::Crossbeam,
    #[cfg(feature = "zmq")]
    zeromq::ZeroMq,
    #[cfg(feature = "aeron")]
    aeron::Aeron,
    kernel::Pipe,
    kernel::UnixStream,
    futex::Futex,
];
