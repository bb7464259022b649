//! The readers' side.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use ringbuf_core::{FrameReader, ReaderOptions};

use super::{Fault, Got, Kind, Part};

/// How long a bounded reader may hold the producer. Longer than a turn of the scheduler, so that it is demoted now and then
/// and not all the time.
const BOUND: Duration = Duration::from_millis(10);

/// One batch in so many a lossy reader takes at the last moment: when what it has not read is about to be overwritten, which
/// is when copies tear.
const LATE: u64 = 8;
/// It looks so often whether it is late enough, and lets others run in between. At the end of the run nobody overwrites
/// anything any more.
const LOOKS: u32 = 200;

/// Plays a reader: says what it got.
///
/// # Errors
///
/// That is not what was published, or its account does not add up.
pub fn play(role: &str) -> Result<()> {
    let part: Part = serde_json::from_str(role).context("the part of a reader")?;
    let got = follow(&part).with_context(|| format!("the {} reader", part.kind.name()))?;
    println!("{}", serde_json::to_string(&got)?);
    Ok(())
}

fn options(kind: Kind) -> ReaderOptions {
    match kind {
        Kind::Lossless => ReaderOptions::lossless(),
        Kind::Bounded => ReaderOptions::bounded(BOUND),
        Kind::Lossy => ReaderOptions::lossy(),
    }
    .from_oldest()
}

fn follow(part: &Part) -> Result<Got> {
    let path = part.path.display().to_string();
    let mut reader = FrameReader::attach(&path, options(part.kind))?;
    let fault_at = part.frames / 2;
    let mut got = Got::default();
    for batches in 0_u64.. {
        if part.kind == Kind::Lossy && batches.is_multiple_of(LATE) {
            part.dawdle(&reader);
        }
        if reader.is_demoted() {
            got.demoted += 1;
            reader.rejoin()?;
        }
        let Some(batch) = reader.next()? else { break };
        got.missed += batch.missed();
        for frame in batch.frames() {
            let sequence = got.read + got.missed;
            if part.does(Fault::Skipped, Kind::Lossless) && frame.sequence() == fault_at {
                continue;
            }
            ensure!(
                frame.sequence() == sequence,
                "frame {} came, expected {sequence}: one was lost and not counted, or came twice",
                frame.sequence()
            );
            part.content.check(sequence, frame.tag(), frame.bytes())?;
            got.read += 1;
            got.bytes += frame.bytes().len() as u64;
        }
    }
    if part.does(Fault::Miscounted, Kind::Lossy) {
        got.missed += 1;
    }
    ensure!(
        got.read + got.missed == part.frames,
        "{} frames read and {} missed, expected {} together",
        got.read,
        got.missed,
        part.frames
    );
    ensure!(
        part.kind != Kind::Lossless || got.missed == 0,
        "missed {} frames",
        got.missed
    );
    let ledger = reader.ledger();
    ensure!(
        (ledger.read, ledger.missed) == (got.read, got.missed),
        "{} frames read and {} missed, but the reader itself says {} and {}",
        got.read,
        got.missed,
        ledger.read,
        ledger.missed
    );
    Ok(got)
}

impl Part {
    /// Waits until the frame that comes next is about to be overwritten.
    fn dawdle(&self, reader: &FrameReader) {
        let room = self.memory - self.content.most() as u64;
        for _ in 0..LOOKS {
            let unread = reader.cursor()..reader.cursor() + reader.lag();
            let bytes = |sequence| self.content.len(sequence) as u64;
            if unread.map(bytes).sum::<u64>() >= room {
                return;
            }
            std::thread::yield_now();
        }
    }

    /// Whether it is this one that does this wrong.
    fn does(&self, fault: Fault, kind: Kind) -> bool {
        self.fault == Some(fault) && self.kind == kind
    }
}
