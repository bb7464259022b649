//! W2, W3 and W7: as many records as possible, nothing lost.

use anyhow::Result;
use benches::clock::now_ns;
use benches::record::Check;

use super::{Outcome, Stage, rounds, since};
use crate::peer::{Peer, Receiver, Sender};
use crate::spec::Fault;

/// Records for each call of [`Sender::send`]. A peer that publishes one by one gets 4 KiB too: a call of this
/// benchmark must cost none more than others.
fn at_once<P: Peer>(bytes: usize) -> usize {
    let batch = if P::FACTS.batch == 0 {
        4096
    } else {
        P::FACTS.batch
    };
    (batch / bytes).max(1)
}

/// The producer.
pub fn produce<P: Peer, const W: usize>(stage: &Stage) -> Result<Outcome> {
    let senders: Result<Vec<_>> = stage.there.iter().map(P::sender::<W>).collect();
    let mut senders = senders?;
    let control = &stage.control;
    let readers = stage.work.readers();
    control.await_ready(readers)?;
    let batch = at_once::<P>(W * 8) as u64;
    let mut next = 0;
    let mut missed = 0;
    let (records, seconds) = rounds(stage.time, batch, u64::MAX, |records, counts| {
        let missed_before = control.missed(readers);
        let end = next + records;
        let faulty = stage.fault.filter(|_| counts);
        let faulty_at = next + records / batch / 2 * batch;
        control.begin(records);
        let begin = now_ns();
        while next < end {
            let count = batch.min(end - next) as usize;
            for sender in &mut senders {
                match faulty {
                    Some(fault) if next == faulty_at => spoil(sender, fault, next, count)?,
                    _ => sender.send(next, count)?,
                }
            }
            next += count as u64;
        }
        let took = control.await_done(readers)?.saturating_sub(begin);
        if counts {
            missed = control.missed(readers) - missed_before;
        }
        Ok(took)
    })?;
    control.begin(0);
    Ok(Outcome {
        records,
        seconds,
        missed,
        ..Outcome::default()
    })
}

/// Sends a batch with a fault in it.
fn spoil<const W: usize>(
    sender: &mut impl Sender<W>,
    fault: Fault,
    first: u64,
    count: usize,
) -> Result<()> {
    match fault {
        Fault::Wrong => sender.send(first + (1 << 40), count),
        Fault::Lost if count == 1 => Ok(()),
        Fault::Lost => sender.send(first + 1, count - 1),
        Fault::Duplicate => {
            sender.send(first, 1)?;
            sender.send(first, count)
        }
    }
}

/// A consumer.
pub fn consume<P: Peer, const W: usize>(stage: &Stage, reader: usize) -> Result<()> {
    let link = stage.link_of(reader);
    let mut receiver = P::receiver::<W>(link)?;
    stage.control.ready();
    let mut check = Check::default();
    let mut round = 0;
    while let Some(records) = stage.control.next_round(&mut round)? {
        let end = check.next() + records;
        while check.next() < end {
            let had = check.next();
            receiver.receive(&mut check)?;
            check.verdict(end)?;
            if check.next() == had {
                link.waiting.idle();
            }
        }
        stage.control.miss(reader, check.missed());
        stage.control.done(reader, round);
    }
    Ok(())
}

/// Nanoseconds that sending takes the producer, with nobody to wait for.
pub fn time_sending<P: Peer, const W: usize>(
    stage: &Stage,
    mut send: impl FnMut(u64, usize) -> Result<()>,
) -> Result<(u64, f64)> {
    let batch = at_once::<P>(W * 8);
    let mut next = 0;
    rounds(stage.time, batch as u64, u64::MAX, |records, _| {
        let end = next + records;
        let begin = now_ns();
        while next < end {
            send(next, batch)?;
            next += batch as u64;
        }
        Ok(since(begin))
    })
}
