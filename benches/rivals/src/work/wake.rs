//! W5: a reader that sleeps is given one record, again and again; how long until it has it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use benches::clock::now_ns;
use benches::record::Check;

use super::{Outcome, Stage, Times};
use crate::peer::{Peer, Receiver, Sender};

/// Records that nobody looks at.
const WARM_UP: u64 = 100;

fn ages(stage: &Stage) -> PathBuf {
    stage.there[0].path().with_extension("ages")
}

/// The producer: it spins between the records, so that it is not what wakes up late.
pub fn produce<P: Peer, const W: usize>(stage: &Stage, period: Duration) -> Result<Outcome> {
    let mut sender = P::sender::<W>(&stage.there[0])?;
    let control = &stage.control;
    control.await_ready(1)?;
    let records = WARM_UP + (stage.time.as_nanos() / period.as_nanos()) as u64;
    control.begin(records);
    let begin = now_ns();
    for sequence in 0..records {
        // Counted from when the reader had the last one, so that it is asleep again.
        let due = now_ns() + period.as_nanos() as u64;
        while now_ns() < due {
            std::hint::spin_loop();
        }
        control.stamp(sequence);
        sender.send(sequence, 1)?;
        control.await_has(sequence + 1)?;
    }
    let ended = control.await_done(1)?;
    control.begin(0);
    let bytes = std::fs::read(ages(stage))?;
    let (words, _) = bytes.as_chunks::<8>();
    let ages: Vec<u64> = words.iter().map(|&word| u64::from_le_bytes(word)).collect();
    Ok(Outcome {
        records,
        seconds: ended.saturating_sub(begin) as f64 / 1e9,
        times: Some(Times::of(&ages[WARM_UP as usize..], 1.0)?),
        ..Outcome::default()
    })
}

/// The reader.
pub fn consume<P: Peer, const W: usize>(stage: &Stage) -> Result<()> {
    let mut receiver = P::receiver::<W>(&stage.there[0])?;
    let control = &stage.control;
    control.ready();
    let mut check = Check::default();
    let mut round = 0;
    while let Some(records) = control.next_round(&mut round)? {
        let mut found = Vec::with_capacity(records as usize);
        let end = check.next() + records;
        while check.next() < end {
            let next = check.next();
            receiver.receive(&mut check)?;
            if check.next() == next {
                continue;
            }
            found.push(control.age_ns(next));
            check.verdict(next + 1)?;
            control.has(check.next());
        }
        let bytes: Vec<u8> = found.iter().flat_map(|age| age.to_le_bytes()).collect();
        std::fs::write(ages(stage), bytes)?;
        control.done(0, round);
    }
    Ok(())
}
