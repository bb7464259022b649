//! The ring of this project.

use anyhow::{Context, Result};
use benches::record::{Check, fill, make};
use ringbuf_core::{
    CreateOptions, Delivery, Preset, Producer, Reader, ReaderOptions, Retain, Wait,
};

use crate::link::{Link, Waiting, retry};
use crate::peer::{Between, Can, Facts, Peer, Receiver, Sender};

pub fn create<const W: usize>(link: &Link, options: CreateOptions) -> Result<Producer<[u64; W]>> {
    let retain = Retain::records(link.capacity::<W>() as u64);
    let path = link.path().display().to_string();
    Ok(Producer::create_with(&path, retain, &options)?)
}

/// How a reader of this link attaches.
pub fn options(link: &Link, delivery: Delivery) -> ReaderOptions {
    let options = match delivery {
        Delivery::Lossless => ReaderOptions::lossless(),
        _ => ReaderOptions::lossy(),
    };
    options.from_oldest().wait(match link.waiting {
        Waiting::Spin => Wait::Spin,
        Waiting::Yield => Wait::Yield,
        Waiting::Block => Wait::Sleep,
    })
}

pub fn attach<const W: usize>(link: &Link, delivery: Delivery) -> Result<Reads<W>> {
    let path = link.path().display().to_string();
    let reader = retry(|| Reader::attach(&path, options(link, delivery)))?;
    Ok(Reads { reader })
}

/// A reader.
pub struct Reads<const W: usize> {
    reader: Reader<[u64; W]>,
}

impl<const W: usize> Receiver<W> for Reads<W> {
    #[inline(always)]
    fn receive(&mut self, check: &mut Check<W>) -> Result<()> {
        let batch = self.reader.next()?.context("the ring was closed")?;
        check.take(batch.records());
        Ok(())
    }
}

/// `publish_slice`: made elsewhere, copied into the ring.
pub struct Batch;

pub struct ToSlice<const W: usize> {
    producer: Producer<[u64; W]>,
    records: Vec<[u64; W]>,
}

impl Peer for Batch {
    const FACTS: Facts = Facts {
        name: "ours-batch",
        between: Between::Processes,
        batch: 4096,
        readers: usize::MAX,
        can: &[Can::Stream, Can::FanOutYield, Can::FanOutBlock],
    };
    type Sender<const W: usize> = ToSlice<W>;
    type Receiver<const W: usize> = Reads<W>;

    fn sender<const W: usize>(link: &Link) -> Result<ToSlice<W>> {
        let producer = create(link, CreateOptions::default())?;
        let records = vec![[0; W]; (Self::FACTS.batch / (W * 8)).max(1)];
        Ok(ToSlice { producer, records })
    }

    fn receiver<const W: usize>(link: &Link) -> Result<Reads<W>> {
        attach(link, Delivery::Lossless)
    }
}

impl<const W: usize> Sender<W> for ToSlice<W> {
    #[inline(always)]
    fn send(&mut self, first: u64, count: usize) -> Result<()> {
        let records = &mut self.records[..count];
        fill(records, first);
        self.producer.publish_slice(records)?;
        Ok(())
    }
}

/// `publish`, one record at a time.
pub struct ToOne<const W: usize> {
    producer: Producer<[u64; W]>,
    record: Vec<[u64; W]>,
}

impl<const W: usize> ToOne<W> {
    fn new(link: &Link, options: CreateOptions) -> Result<ToOne<W>> {
        Ok(ToOne {
            producer: create(link, options)?,
            record: vec![[0; W]],
        })
    }
}

impl<const W: usize> Sender<W> for ToOne<W> {
    #[inline(always)]
    fn send(&mut self, first: u64, count: usize) -> Result<()> {
        for sequence in first..first + count as u64 {
            if W <= 8 {
                self.producer.publish(&make(sequence))?;
            } else {
                fill(&mut self.record, sequence);
                self.producer.publish(&self.record[0])?;
            }
        }
        Ok(())
    }
}

/// One by one on a ring as it is by default.
pub struct Single;

impl Peer for Single {
    const FACTS: Facts = Facts {
        name: "ours-single",
        between: Between::Processes,
        batch: 0,
        readers: usize::MAX,
        can: &[
            Can::PingPong,
            Can::Stream,
            Can::Alone,
            Can::Wake,
            Can::Crowd,
        ],
    };
    type Sender<const W: usize> = ToOne<W>;
    type Receiver<const W: usize> = Reads<W>;

    fn sender<const W: usize>(link: &Link) -> Result<ToOne<W>> {
        ToOne::new(link, CreateOptions::default())
    }

    fn receiver<const W: usize>(link: &Link) -> Result<Reads<W>> {
        let delivery = if link.idle_readers {
            Delivery::Lossy
        } else {
            Delivery::Lossless
        };
        attach(link, delivery)
    }
}

/// One by one on a ring made for latency, read by somebody who loses nothing.
pub struct LatencyLossless;

impl Peer for LatencyLossless {
    const FACTS: Facts = Facts {
        name: "ours-latency-lossless",
        can: &[Can::PingPong, Can::Stream, Can::Alone, Can::Wake],
        ..Single::FACTS
    };
    type Sender<const W: usize> = ToOne<W>;
    type Receiver<const W: usize> = Reads<W>;

    fn sender<const W: usize>(link: &Link) -> Result<ToOne<W>> {
        ToOne::new(link, CreateOptions::default().preset(Preset::Latency))
    }

    fn receiver<const W: usize>(link: &Link) -> Result<Reads<W>> {
        attach(link, Delivery::Lossless)
    }
}

/// The same, read by somebody who never holds the producer. It counts only if it missed nothing, which with one
/// record under way it cannot.
pub struct LatencyLossy;

impl Peer for LatencyLossy {
    const FACTS: Facts = Facts {
        name: "ours-latency-lossy",
        can: &[Can::PingPong, Can::Wake, Can::Crowd],
        ..Single::FACTS
    };
    type Sender<const W: usize> = ToOne<W>;
    type Receiver<const W: usize> = Reads<W>;

    fn sender<const W: usize>(link: &Link) -> Result<ToOne<W>> {
        let options = CreateOptions::default().preset(Preset::Latency);
        ToOne::new(link, options.allow(Delivery::Lossy))
    }

    fn receiver<const W: usize>(link: &Link) -> Result<Reads<W>> {
        attach(link, Delivery::Lossy)
    }
}

/// `claim`, `write` for each record, `commit`.
pub struct Claimed;

pub struct ToClaim<const W: usize> {
    producer: Producer<[u64; W]>,
    record: Vec<[u64; W]>,
}

impl Peer for Claimed {
    const FACTS: Facts = Facts {
        name: "ours-claim",
        can: &[Can::Stream],
        ..Batch::FACTS
    };
    type Sender<const W: usize> = ToClaim<W>;
    type Receiver<const W: usize> = Reads<W>;

    fn sender<const W: usize>(link: &Link) -> Result<ToClaim<W>> {
        Ok(ToClaim {
            producer: create(link, CreateOptions::default())?,
            record: vec![[0; W]],
        })
    }

    fn receiver<const W: usize>(link: &Link) -> Result<Reads<W>> {
        attach(link, Delivery::Lossless)
    }
}

impl<const W: usize> Sender<W> for ToClaim<W> {
    #[inline(always)]
    fn send(&mut self, first: u64, count: usize) -> Result<()> {
        let mut claim = self.producer.claim(count)?;
        for i in 0..count {
            if W <= 8 {
                claim.write(i, &make(first + i as u64));
            } else {
                fill(&mut self.record, first + i as u64);
                claim.write(i, &self.record[0]);
            }
        }
        claim.commit();
        Ok(())
    }
}
