//! Publishing frames in every way there is.

use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::Duration;

use ringbuf_core::{FrameClaim, FrameProducer, PublishError, TryPublishError};

use crate::content::{Item, Mark, describe, fill, length};
use crate::fault::{Verdict, ensure, fails};
use crate::producing::CLOSE;
use crate::publishing::{Manner, Publisher};
use crate::ring::Ring;
use crate::setting::chance;
use crate::support::HANGS;
use crate::support::process::say;

/// The most frames published one after the other.
const AT_ONCE: u64 = 50;

impl<T: Item> Publisher<T> {
    pub fn publish_frames(&mut self) -> Verdict {
        // About as many bytes at once as of records.
        let most = (2 * self.capacity)
            .min(AT_ONCE)
            .min(1 + (1 << 20) / self.arena);
        for _ in 0..self.some(most) {
            match self.numbers.below(5) {
                0 => self.publish_frame()?,
                1 => self.try_frame()?,
                2 => self.publish_frame_until()?,
                _ => self.claim_a_frame()?,
            }
        }
        Ok(())
    }

    /// The mark of the next frame, whose bytes lie in `self.bytes`.
    fn make_frame(&mut self) -> Mark {
        let mark = self.key.mark(self.epoch, self.noted.committed);
        self.bytes.resize(length(mark, self.arena) as usize, 0);
        fill(&mut self.bytes, mark);
        self.intend(1);
        mark
    }

    fn frames(&mut self) -> (&mut FrameProducer, &[u8]) {
        match &mut self.ring {
            Ring::Frames(producer) => (producer, &self.bytes),
            _ => unreachable!("only frames"),
        }
    }

    pub fn publish_frame(&mut self) -> Verdict {
        let mark = self.make_frame();
        let next = self.noted.committed;
        let refused = self.ring.refused();
        let (producer, bytes) = self.frames();
        let sequence = producer.publish_with(bytes, describe(mark, bytes.len() as u64));
        let sequence = sequence.map_err(fails("publish_with"))?;
        ensure(sequence == next, || {
            format!("publish_with gave sequence {sequence}, expected {next}")
        })?;
        let published = u64::from(self.ring.refused() == refused);
        self.account("publish_with", 1, published, Manner::Patient)
    }

    fn try_frame(&mut self) -> Verdict {
        let mark = self.make_frame();
        let waits = chance(&mut self.numbers, 2);
        let (producer, bytes) = self.frames();
        let info = describe(mark, bytes.len() as u64);
        let done = match waits {
            true => producer.publish_timeout(bytes, info, Duration::from_millis(1)),
            false => producer.try_publish(bytes, info),
        };
        let published = match done {
            Ok(_) => 1,
            Err(TryPublishError::Full { .. }) => 0,
            Err(error) => return Err(format!("try_publish: {error}")),
        };
        self.account("try_publish", 1, published, Manner::Limited)
    }

    fn publish_frame_until(&mut self) -> Verdict {
        let mark = self.make_frame();
        let stop = || CLOSE.load(Ordering::Relaxed);
        let (producer, bytes) = self.frames();
        let info = describe(mark, bytes.len() as u64);
        let done = producer.publish_until(bytes, info, &stop);
        let done = done.map_err(fails("publish_until"))?;
        let manner = match self.drops {
            true => Manner::Patient,
            false => Manner::Limited,
        };
        self.account("publish_until", 1, u64::from(done.is_some()), manner)
    }

    /// Writes what must never be read, and over it the frame, which may be shorter than the claim; or gives it up.
    fn claim_a_frame(&mut self) -> Verdict {
        let mark = self.make_frame();
        let (len, next) = (self.bytes.len(), self.noted.committed);
        let (in_place, drops) = (self.in_place, self.drops);
        let never = self.key.abandoned(self.epoch, next);
        let more = self.numbers.below(self.arena - len as u64 + 1) as usize;
        let claimed = len + more * usize::from(chance(&mut self.numbers, 3));
        let (keeps, dawdles) = (!chance(&mut self.numbers, 6), chance(&mut self.numbers, 30));
        let nap = Duration::from_micros(self.numbers.below(2000));
        let half = self.numbers.below(len as u64 + 1) as usize;
        let (producer, bytes) = self.frames();
        let published = match producer.claim(claimed) {
            Ok(mut claim) => {
                let (found, room) = (claim.sequence(), claim.len());
                ensure((found, room) == (next, claimed), || {
                    format!("claim gave sequence {found}, expected {next}, for {room} of {claimed}")
                })?;
                abandon(&mut claim, never, in_place)?;
                if dawdles {
                    sleep(nap);
                }
                match in_place {
                    true => {
                        claim.bytes_mut().map_err(fails("bytes_mut"))?[..len].copy_from_slice(bytes)
                    }
                    false => {
                        claim.write(half, &bytes[half..]);
                        claim.write(0, &bytes[..half]);
                    }
                }
                claim.truncate(len);
                match keeps {
                    true => {
                        _ = claim
                            .commit_with(describe(mark, len as u64))
                            .map_err(fails("commit_with"))?
                    }
                    false => claim.abort(),
                }
                // What it gave up itself is neither published nor refused.
                let published = u64::from(keeps);
                return self.account("claim", published, published, Manner::Limited);
            }
            Err(PublishError::Full { .. }) if drops => 0,
            Err(error) => return Err(format!("claim: {error}")),
        };
        self.account("claim", 1, published, Manner::Patient)
    }

    /// Claims and writes much, and waits for its death.
    pub fn stay_in_a_claimed_frame(&mut self) -> Verdict {
        let len = match chance(&mut self.numbers, 2) {
            true => self.arena,
            false => self.numbers.below(self.arena + 1),
        };
        let never = self.key.abandoned(self.epoch, self.noted.committed);
        let (in_place, drops) = (self.in_place, self.drops);
        match self.frames().0.claim(len as usize) {
            Ok(mut claim) => {
                abandon(&mut claim, never, in_place)?;
                say("claimed");
                sleep(2 * HANGS);
                Err("it was to die in its claim".to_owned())
            }
            Err(PublishError::Full { .. }) if drops => self.account("claim", 1, 0, Manner::Patient),
            Err(error) => Err(format!("claim: {error}")),
        }
    }
}

/// Writes all of a claim as what must never be read.
fn abandon(claim: &mut FrameClaim<'_>, mark: Mark, in_place: bool) -> Verdict {
    if in_place {
        fill(claim.bytes_mut().map_err(fails("bytes_mut"))?, mark);
        return Ok(());
    }
    let mut bytes = vec![0; claim.len()];
    fill(&mut bytes, mark);
    claim.write(0, &bytes);
    Ok(())
}
