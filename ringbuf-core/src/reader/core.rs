//! What every reader does, in bytes: attach, poll, sleep, notice the producer's death, leave.

use std::time::Instant;

use super::idle::Idle;
use super::membership::{Membership, Whereabouts};
use crate::cast;
use crate::error::{AttachError, Damage, ReadError};
use crate::files::{self, Opened, Place};
use crate::heap::HeapRing;
use crate::layout::Geometry;
use crate::memory::Memory;
use crate::options::{Delivery, ReaderOptions};
use crate::platform::{self, ForkToken};
use crate::producer::{Home, ProducerCore};
use crate::protocol::{self, Fault, Follower, Ledger, News, Run, state::Phase};
use crate::schema::Schema;
use crate::sequence;
use crate::slots;
use crate::sync::Arc;

/// A lossy reader copies at most this many bytes at once: what stays in the first caches.
const BUFFER: usize = 64 * 1024;
/// Attempts at a record that is overwritten again and again before the caller hears what was missed, and at
/// a ring that is replaced again and again.
const ATTEMPTS: usize = 16;

/// Something that happened to the producer, reported where it happened in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The producer is gone without closing the ring. Another may continue it: wait on.
    ProducerDied,
    /// Another producer continues the ring.
    Restarted {
        /// Which producer this is, counted from 1.
        epoch: u64,
        /// The first sequence it publishes; `None` if so many producers came and went meanwhile that the
        /// ring has forgotten.
        first_sequence: Option<u64>,
    },
}

/// What waiting for a limited time brought.
#[derive(Debug)]
pub enum Next<B> {
    /// Something new.
    Batch(B),
    /// Nothing within that time.
    TimedOut,
    /// The producer closed the ring, and everything was read.
    Closed,
}

/// Records in hand, and what happened before them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handout {
    pub(super) run: Run,
    pub(super) missed: u64,
    pub(super) event: Option<Event>,
}

#[derive(Debug)]
pub(crate) struct ReaderCore {
    follower: Follower,
    delivery: Delivery,
    /// Copies for a lossy reader; words, so that records lie aligned.
    buffer: Vec<u64>,
    membership: Membership,
    schema: Schema,
    geometry: Geometry,
    fork: ForkToken,
    idle: Idle,
    /// Missed since the last batch that was delivered.
    missed: u64,
    /// The producer's death was reported, and no other has come since.
    producer_died: bool,
}

impl ReaderCore {
    pub(crate) fn attach(
        reference: &str,
        options: &ReaderOptions,
        expected: Option<&Schema>,
    ) -> Result<ReaderCore, AttachError> {
        ReaderCore::attach_at(&Place::resolve(reference)?, options, expected)
    }

    fn attach_at(
        place: &Place,
        options: &ReaderOptions,
        expected: Option<&Schema>,
    ) -> Result<ReaderCore, AttachError> {
        let mut attempts = 1;
        loop {
            let opened = files::open(place, false)?;
            let id = opened.data_id;
            let attached = ReaderCore::attach_opened(opened, options, expected);
            // What looks like damage may be a ring that was replaced between its two files.
            let moved = attached.is_err() && platform::path_id(&place.data).ok() != Some(id);
            if !moved || attempts == ATTEMPTS {
                return attached;
            }
            attempts += 1;
        }
    }

    fn attach_opened(
        opened: Opened,
        options: &ReaderOptions,
        expected: Option<&Schema>,
    ) -> Result<ReaderCore, AttachError> {
        let name = opened.place.name.clone();
        check_schema(&name, &opened.schema, expected)?;
        check_delivery(&name, u64::from(opened.header.allow), options.delivery)?;
        let membership = Membership::of(&opened, options.delivery)?;
        let memory = Arc::new(opened.map(membership.registrar(), false)?);
        memory.prefault();
        ReaderCore::join(&name, memory, opened.schema, membership, options)
    }

    /// A reader of a ring whose producer is at hand.
    pub(crate) fn of(
        producer: &ProducerCore,
        options: &ReaderOptions,
    ) -> Result<ReaderCore, AttachError> {
        match producer.home() {
            Home::Heap(ring) => ReaderCore::of_heap(ring, options),
            Home::Files(ownership) => {
                ReaderCore::attach_at(&ownership.place, options, Some(&producer.schema))
            }
        }
    }

    fn of_heap(ring: &Arc<HeapRing>, options: &ReaderOptions) -> Result<ReaderCore, AttachError> {
        let name = "(heap)";
        check_delivery(name, u64::from(ring.allow.code()), options.delivery)?;
        let membership = Membership::heap(ring)?;
        let memory = Arc::clone(&ring.memory);
        ReaderCore::join(name, memory, ring.schema.clone(), membership, options)
    }

    fn join(
        ring: &str,
        memory: Arc<Memory>,
        schema: Schema,
        membership: Membership,
        options: &ReaderOptions,
    ) -> Result<ReaderCore, AttachError> {
        let slot = membership.slot();
        // Whoever had the slot before may have died in it.
        protocol::leave(&memory, slot);
        let words = &memory.control().slots.0[slot];
        let name = options.name.clone().unwrap_or_else(program_name);
        slots::introduce(words, &name, platform::realtime_ns());
        let joined = match options.delivery {
            Delivery::Lossy => Follower::join_lossy(Arc::clone(&memory), slot, options.start),
            Delivery::Lossless => Follower::join_lossless(Arc::clone(&memory), slot, options.start),
        };
        let follower = joined.map_err(|fault| {
            protocol::leave(&memory, slot);
            AttachError::Damaged {
                name: ring.to_owned(),
                problem: Damage::from(fault),
            }
        })?;
        slots::announce(words, options.delivery);
        let geometry = *memory.geometry();
        Ok(ReaderCore {
            buffer: buffer(&geometry, options.delivery),
            follower,
            delivery: options.delivery,
            idle: Idle::new(options.wait, membership.is_observer()),
            membership,
            schema,
            geometry,
            fork: platform::fork_token(),
            missed: 0,
            producer_died: false,
        })
    }

    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    pub(crate) fn ledger(&self) -> Ledger {
        *self.follower.ledger()
    }

    pub(crate) fn lag(&self) -> u64 {
        self.follower.lag()
    }

    pub(crate) fn is_observer(&self) -> bool {
        self.membership.is_observer()
    }

    /// One look: what is new, nothing yet ([`Next::TimedOut`]), or nothing any more.
    #[inline]
    pub(super) fn poll(&mut self) -> Result<Next<Handout>, ReadError> {
        if self.fork.is_child() {
            return Err(ReadError::Forked);
        }
        for _ in 0..ATTEMPTS {
            let missed_before = self.follower.ledger().missed;
            let news = match self.delivery {
                Delivery::Lossy => self
                    .follower
                    .poll_copy(cast::words_as_bytes(&mut self.buffer)),
                Delivery::Lossless => self
                    .follower
                    .poll_in_place(sequence::in_place_batch(self.geometry.capacity)),
            }
            .map_err(damaged)?;
            self.missed += self.follower.ledger().missed - missed_before;
            match news {
                News::Records(run) => return Ok(self.hand_out(run, None)),
                News::Overrun => {}
                // Missed without anything to follow it yet: said at once, for it may be the last word.
                News::Nothing if self.missed > 0 => {
                    return Ok(self.hand_out(self.nothing(), None));
                }
                News::Nothing => return Ok(Next::TimedOut),
                News::Restarted { epoch, first } => {
                    self.producer_died = false;
                    let event = Event::Restarted {
                        epoch,
                        first_sequence: first,
                    };
                    return Ok(self.hand_out(self.nothing(), Some(event)));
                }
                // What was missed last is told before the end is.
                News::Ended(_) if self.missed > 0 => {
                    return Ok(self.hand_out(self.nothing(), None));
                }
                News::Ended(Phase::Removed) => return Err(self.removed()),
                News::Ended(_) => return Ok(Next::Closed),
            }
        }
        // The producer laps this reader faster than it can copy one record: say what was missed.
        Ok(self.hand_out(self.nothing(), None))
    }

    #[inline]
    fn hand_out(&mut self, run: Run, event: Option<Event>) -> Next<Handout> {
        self.idle.found();
        Next::Batch(Handout {
            run,
            missed: std::mem::take(&mut self.missed),
            event,
        })
    }

    fn nothing(&self) -> Run {
        Run {
            first: self.follower.ledger().cursor,
            count: 0,
            offset: 0,
        }
    }

    /// What is new, waiting for it until `deadline`.
    #[inline]
    pub(super) fn next(&mut self, deadline: Option<Instant>) -> Result<Next<Handout>, ReadError> {
        loop {
            match self.poll()? {
                Next::TimedOut => {}
                news => return Ok(news),
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(Next::TimedOut);
            }
            if self
                .idle
                .wait(&self.follower, left)
                .map_err(ReadError::Wait)?
                && let Some(event) = self.look_around()?
            {
                return Ok(self.hand_out(self.nothing(), Some(event)));
            }
        }
    }

    /// After a sleep in which nothing came: does the producer live, is the ring still there?
    #[cold]
    fn look_around(&mut self) -> Result<Option<Event>, ReadError> {
        if self.membership.producer_lives() {
            return Ok(None);
        }
        // It may have closed the ring, or published its last records, before it let go of its lock.
        if self.follower.has_news() {
            return Ok(None);
        }
        match self.membership.whereabouts() {
            Whereabouts::Gone => return Err(ReadError::Removed),
            Whereabouts::Another => return Err(ReadError::Replaced),
            Whereabouts::Here => {}
        }
        if std::mem::replace(&mut self.producer_died, true) {
            return Ok(None);
        }
        Ok(Some(Event::ProducerDied))
    }

    fn removed(&self) -> ReadError {
        match self.membership.whereabouts() {
            Whereabouts::Another => ReadError::Replaced,
            _ => ReadError::Removed,
        }
    }

    /// The bytes of a handout: in the ring for a lossless reader, in the buffer for a lossy one.
    #[inline]
    pub(super) fn bytes(&self, run: &Run) -> &[u8] {
        if run.count == 0 {
            return &[];
        }
        match self.delivery {
            // The parent may have released these cells since it forked.
            Delivery::Lossless if self.fork.is_child() => &[],
            Delivery::Lossless => self.follower.held().bytes(),
            Delivery::Lossy => {
                let len = run.count as usize * self.geometry.stride;
                &cast::words_as_bytes_ref(&self.buffer)[run.offset..run.offset + len]
            }
        }
    }

    /// Gives records read in place back; for a lossy reader there is nothing to give back.
    #[inline]
    pub(super) fn release(&mut self) {
        if !self.fork.is_child() {
            self.follower.release();
        }
    }

    /// Copies the newest record into `record`, wherever this reader is, and returns its sequence.
    pub(super) fn latest(&self, record: &mut [u8]) -> Result<Option<u64>, ReadError> {
        if self.fork.is_child() {
            return Err(ReadError::Forked);
        }
        Ok(protocol::latest(self.follower.memory(), record))
    }
}

impl Drop for ReaderCore {
    fn drop(&mut self) {
        // A forked child's copy must not touch what is its parent's.
        if !self.fork.is_child() {
            self.follower.leave();
        }
    }
}

fn damaged(fault: Fault) -> ReadError {
    ReadError::Damaged(Damage::from(fault))
}

fn buffer(geometry: &Geometry, delivery: Delivery) -> Vec<u64> {
    if delivery == Delivery::Lossless {
        return Vec::new();
    }
    let records = (BUFFER / geometry.stride)
        .max(1)
        .min(geometry.capacity as usize);
    vec![0; (records * geometry.stride).div_ceil(8)]
}

fn check_schema(ring: &str, found: &Schema, expected: Option<&Schema>) -> Result<(), AttachError> {
    match expected {
        Some(expected) if !expected.describes(found) => Err(AttachError::SchemaMismatch {
            name: ring.to_owned(),
            found: found.to_string(),
            expected: expected.to_string(),
        }),
        _ => Ok(()),
    }
}

fn check_delivery(ring: &str, allow: u64, wanted: Delivery) -> Result<(), AttachError> {
    let allowed = Delivery::from_code(allow).unwrap_or_default();
    if wanted > allowed {
        return Err(AttachError::NotAllowed {
            name: ring.to_owned(),
            wanted: wanted.name(),
            allowed: allowed.name(),
        });
    }
    Ok(())
}

fn program_name() -> String {
    std::env::current_exe()
        .ok()
        .and_then(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .unwrap_or_else(|| "reader".to_owned())
}
