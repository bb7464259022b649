//! W1: one record there and one back, over two channels, both sides spinning.

use anyhow::Result;
use benches::clock::now_ns;
use benches::record::Check;

use super::{Outcome, Stage, Times, rounds, since};
use crate::peer::{Peer, Receiver, Sender};

/// Round trips that are kept.
const MOST: u64 = 1_000_000;

/// The cycle counter: a look at the clock costs as much as half a cache line's way.
#[inline(always)]
fn cycles() -> u64 {
    // SAFETY: every x86-64 has it.
    unsafe { std::arch::x86_64::_rdtsc() }
}

/// The side that begins.
pub fn produce<P: Peer, const W: usize>(stage: &Stage) -> Result<Outcome> {
    let mut sender = P::sender::<W>(&stage.there[0])?;
    let mut receiver = P::receiver::<W>(&stage.back)?;
    let control = &stage.control;
    control.await_ready(1)?;
    let mut check = Check::default();
    let mut trips = Vec::with_capacity(MOST as usize);
    let mut times = None;
    let (records, seconds) = rounds(stage.time, 1, MOST, |records, counts| {
        let end = check.next() + records;
        trips.clear();
        control.begin(records);
        let begin = now_ns();
        let first = cycles();
        let mut last = first;
        while check.next() < end {
            let next = check.next();
            sender.send(next, 1)?;
            while check.next() == next {
                receiver.receive(&mut check)?;
            }
            check.verdict(next + 1)?;
            let now = cycles();
            trips.push(now - last);
            last = now;
        }
        let took = since(begin);
        if counts {
            let cycle_ns = took as f64 / (last - first) as f64;
            times = Some(Times::of(&trips, cycle_ns / 2.0)?);
        }
        control.await_done(1)?;
        Ok(took)
    })?;
    control.begin(0);
    Ok(Outcome {
        records,
        seconds,
        times,
        ..Outcome::default()
    })
}

/// The side that answers.
pub fn consume<P: Peer, const W: usize>(stage: &Stage) -> Result<()> {
    let mut receiver = P::receiver::<W>(&stage.there[0])?;
    let mut sender = P::sender::<W>(&stage.back)?;
    stage.control.ready();
    let mut check = Check::default();
    let mut round = 0;
    while let Some(records) = stage.control.next_round(&mut round)? {
        let end = check.next() + records;
        while check.next() < end {
            let next = check.next();
            while check.next() == next {
                receiver.receive(&mut check)?;
            }
            check.verdict(next + 1)?;
            sender.send(next, 1)?;
        }
        stage.control.done(0, round);
    }
    Ok(())
}
