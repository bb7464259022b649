//! What a producer does, and what it should.

use std::time::Duration;

use ringbuf_core::{Producer, PublishError, TryPublishError};

use crate::handles::AnyProducer;
use crate::model::{Blocked, Model};
use crate::ops::{Kind, Op};
use crate::run::{Outcome, Run, text};
use crate::same;
use crate::value::{self, Row};

impl Run {
    /// A claim that might wait is left out: there is none that only tries.
    pub fn publishes(&mut self, op: &Op) -> Outcome {
        let Some(mut producer) = self.producer.take() else {
            return Ok(());
        };
        let done = match (&mut producer, op) {
            (AnyProducer::Typed(producer), Op::Claim { .. }) => self.claims(producer, op),
            (AnyProducer::Typed(producer), Op::TryPublish | Op::PublishTimeout) => {
                let row = self.rows(1)[0];
                let done = match op {
                    Op::TryPublish => producer.try_publish(&row),
                    _ => producer.publish_timeout(&row, Duration::ZERO),
                };
                let expected = self.model.publish(row);
                self.count(if expected.is_ok() {
                    "published"
                } else {
                    "blocked"
                });
                tried(done, expected)
            }
            (AnyProducer::Untyped(_), Op::Claim { .. }) => Ok(()),
            (producer, op) => self.publishes_all(producer, op),
        };
        self.producer = Some(producer);
        done
    }

    /// New records.
    fn rows(&mut self, count: usize) -> Vec<Row> {
        let first = self.numbers + 1;
        self.numbers += count as u32;
        (first..=self.numbers).map(value::row).collect()
    }

    fn publishes_all(&mut self, producer: &mut AnyProducer, op: &Op) -> Outcome {
        let (count, may_wait) = match *op {
            Op::Publish => (1, true),
            Op::Slice(count) => (count, true),
            Op::SliceTimeout(count) => (count, false),
            _ => (1, false),
        };
        // What might wait is only tried: a call that hangs cannot be shrunk.
        let may_wait = may_wait && self.cannot_wait();
        let rows = self.rows(count);
        let published = self.model.publish_all(&rows);
        let left = count as u64 - published;
        self.count(if left == 0 {
            "published"
        } else {
            "published in part"
        });
        let drops = self.case.setup.drops;
        // Who says how long is told what is left, and counts it.
        let has_limit = !may_wait && matches!(producer, AnyProducer::Typed(_));
        if drops && !has_limit {
            self.model.ring_mut().refused += left;
        }
        let next = self.model.ring().published;
        match producer {
            AnyProducer::Typed(producer) => match op {
                Op::Publish if may_wait => {
                    let sequence = producer.publish(&rows[0]).map_err(text)?;
                    same!("sequence", sequence, next - published);
                }
                Op::Slice(_) if may_wait => {
                    let found = producer.publish_slice(&rows).map_err(text)?;
                    same!("next sequence", found, next);
                }
                _ => {
                    let done = producer.publish_slice_timeout(&rows, Duration::ZERO);
                    same!("published", done.map_err(text)? as u64, published);
                }
            },
            AnyProducer::Untyped(producer) => {
                let bytes = value::bytes(&rows);
                let done = match may_wait {
                    true => producer.publish_bytes(&bytes),
                    false => producer.publish_bytes_until(&bytes, &|| true),
                };
                same!("published", done.map_err(text)? as u64, published);
            }
        }
        Ok(())
    }

    /// Whether a call that may wait is sure not to, whatever the model believes: the ring drops what finds no room, or
    /// nobody is there to wait for.
    fn cannot_wait(&self) -> bool {
        self.case.setup.drops || self.model.registered().all(|it| it.kind == Kind::Lossy)
    }

    fn claims(&mut self, producer: &mut Producer<Row>, op: &Op) -> Outcome {
        let Op::Claim {
            count,
            from,
            write,
            commit,
        } = *op
        else {
            return Ok(());
        };
        let capacity = self.case.setup.capacity;
        if count == 0 || count as u64 > capacity {
            let is_refused = matches!(
                producer.claim(count),
                Err(PublishError::Claim { found, capacity: most }) if (found, most) == (count, capacity)
            );
            same!("a claim of so many: refused", is_refused, true);
            return Ok(());
        }
        if !self.cannot_wait() {
            self.count("left out");
            return Ok(());
        }
        let rows = self.rows(write);
        let first = self.model.ring().published;
        let expected = self.model.claim(count as u64);
        let mut claim = match (producer.claim(count), expected) {
            (Ok(claim), Ok(())) => claim,
            (Err(PublishError::Full { reader, lag }), Err(blocked)) => {
                self.model.ring_mut().refused += count as u64;
                return names(&blocked, &reader, lag);
            }
            (found, expected) => return Err(format!("{found:?}, expected {expected:?}")),
        };
        same!("claimed from", claim.first_sequence(), first);
        same!("claimed", claim.len(), count);
        if self.case.setup.in_place {
            let (before, behind) = claim.slices_mut().map_err(text)?;
            same!("lent", before.len() + behind.len(), count);
            let places = before.iter_mut().chain(behind).skip(from);
            places.zip(&rows).for_each(|(place, row)| *place = *row);
            self.count("written in place");
        } else {
            claim.write_slice(from, &rows);
        }
        for (sequence, &row) in (first + from as u64..).zip(&rows) {
            self.model.ring_mut().write(sequence, row);
        }
        // Only what is looked at without the producer can be compared with a claim in hand.
        self.check_readers()?;
        self.count(if commit == Some(count) {
            "committed"
        } else {
            "given up"
        });
        match commit {
            None => claim.abort(),
            Some(all) if all == count => same!("first", claim.commit(), first),
            Some(some) => same!("first", claim.commit_first(some), first),
        }
        self.model.ring_mut().commit(commit.unwrap_or(0) as u64);
        Ok(())
    }
}

fn tried(found: Result<u64, TryPublishError>, expected: Result<u64, Blocked>) -> Outcome {
    match (found, expected) {
        (Ok(found), Ok(expected)) => same!("sequence", found, expected),
        (Err(TryPublishError::Full { reader, lag }), Err(blocked)) => {
            return names(&blocked, &reader, lag);
        }
        (found, expected) => return Err(format!("{found:?}, expected {expected:?}")),
    }
    Ok(())
}

/// The error names one of those furthest behind.
fn names(blocked: &Blocked, reader: &str, lag: u64) -> Outcome {
    same!("lag of who is in the way", lag, blocked.lag);
    match blocked.names.iter().any(|name| name == reader) {
        true => Ok(()),
        false => Err(format!("{reader} is in the way, expected {blocked:?}")),
    }
}

impl Model {
    /// Whether it is certain that there are times.
    pub fn has_times(&self, ring: usize) -> bool {
        let ring = &self.rings[ring];
        let is_known = ring.kept.iter().all(|kept| ring.remembers(kept.epoch));
        ring.setup.stamped && !ring.kept.is_empty() && is_known
    }
}
