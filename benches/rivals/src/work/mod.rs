//! The workloads: what the producer does and what the consumers do.

pub mod crowd;
pub mod ping_pong;
pub mod stream;
pub mod wake;

use std::time::Duration;

use anyhow::Result;
use benches::clock::now_ns;
use serde::{Deserialize, Serialize};

use crate::control::Control;
use crate::link::Link;
use crate::peer::Peer;
use crate::spec::{Fault, Work};

/// What the roles of a measurement know.
#[derive(Debug)]
pub struct Stage {
    pub work: Work,
    pub control: Control,
    /// From the producer to its consumers: one channel, or one for each where a peer has one consumer only.
    pub there: Vec<Link>,
    /// Back, for the ping-pong.
    pub back: Link,
    /// How long to measure.
    pub time: Duration,
    pub fault: Option<Fault>,
}

impl Stage {
    /// The channel of this consumer.
    pub fn link_of(&self, reader: usize) -> &Link {
        &self.there[reader.min(self.there.len() - 1)]
    }
}

/// Percentiles of single times, nanoseconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Times {
    pub p50: f64,
    pub p99: f64,
    pub p999: f64,
    pub mean: f64,
}

impl Times {
    /// Of times in some unit.
    pub fn of(times: &[u64], unit_ns: f64) -> Result<Times> {
        let mut histogram = hdrhistogram::Histogram::<u64>::new(4)?;
        for &time in times {
            histogram.record(time)?;
        }
        let at = |quantile| histogram.value_at_quantile(quantile) as f64 * unit_ns;
        Ok(Times {
            p50: at(0.5),
            p99: at(0.99),
            p999: at(0.999),
            mean: histogram.mean() * unit_ns,
        })
    }
}

/// What came out.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Records that every consumer received, and checked, but for those it missed.
    pub records: u64,
    /// Records that a lossy consumer missed.
    #[serde(skip_serializing_if = "is_none", default)]
    pub missed: u64,
    pub seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub times: Option<Times>,
    /// The same from the bare futex just before, for wake-ups.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bare: Option<Times>,
}

/// Not worth to be kept.
fn is_none(missed: &u64) -> bool {
    *missed == 0
}

/// Runs rounds of `go`, each with more records, until one takes a quarter of the time: by then everybody is warm, and it is
/// known how many fill the time;
/// then the one that counts, of `most` at most, and a short last one, in which whatever came too often or too late would be noticed.
/// `go` gets the number of records and whether this is the round that counts, and returns nanoseconds.
fn rounds(
    time: Duration,
    step: u64,
    most: u64,
    mut go: impl FnMut(u64, bool) -> Result<u64>,
) -> Result<(u64, f64)> {
    let time = time.as_nanos() as f64;
    let mut records = step * 4;
    let took = loop {
        let took = go(records, false)? as f64;
        if took > time / 4.0 || records >= most {
            break took;
        }
        records = (records * 3).min(most);
    };
    let records = ((records as f64 * time / took) as u64).next_multiple_of(step);
    let records = records.min(most);
    let took = go(records, true)?;
    go(step, false)?;
    Ok((records, took as f64 / 1e9))
}

/// W4, and the producer's side of W6: what publishing costs when nobody takes anything.
pub fn publish_alone<P: Peer, const W: usize>(stage: &Stage) -> Result<Outcome> {
    let mut sender = P::sender::<W>(&stage.there[0])?;
    stage
        .control
        .await_ready(usize::from(stage.work.readers() > 0))?;
    let (records, seconds) = stream::time_sending::<P, W>(stage, |first, count| {
        crate::peer::Sender::send(&mut sender, first, count)
    })?;
    stage.control.begin(0);
    Ok(Outcome {
        records,
        seconds,
        ..Outcome::default()
    })
}

/// Nanoseconds since.
fn since(begin: u64) -> u64 {
    now_ns().saturating_sub(begin)
}
