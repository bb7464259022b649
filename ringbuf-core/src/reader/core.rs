//! What every reader does, in bytes: attach, poll, sleep, notice the producer's death, leave.

use std::time::{Duration, Instant};

use super::idle::Idle;
use super::membership::{Membership, Whereabouts};
use super::seat::Seat;
use crate::cast;
use crate::error::{AttachError, Damage, ReadError};
use crate::files::{self, Opened, Place};
use crate::heap::HeapRing;
use crate::layout::Geometry;
use crate::memory::Memory;
use crate::options::{Delivery, ReaderOptions, Start, Until, Wait};
use crate::platform::{self, ForkToken};
use crate::producer::{Home, ProducerCore};
use crate::protocol::gate::Kind;
use crate::protocol::{self, Begin, Fault, Follower, Ledger, News, Run, Where, state::Phase};
use crate::schema::Schema;
use crate::sequence;
use crate::slots;
use crate::sync::Arc;
use crate::times;

/// A lossy reader copies at most this many bytes at once: what stays in the first caches.
const BUFFER: usize = 64 * 1024;
/// Frames that one look goes through at most.
const DESCRIPTORS: usize = 128;
/// Attempts at a record that is overwritten again and again before the caller hears what was missed, and at
/// a ring that is replaced again and again.
const ATTEMPTS: usize = 16;

/// Something that happened to the producer, reported where it happened in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The producer is gone without closing the ring. Another may continue it: wait on.
    ProducerDied,
    /// This bounded reader held the producer for as long as it may, and the producer goes on without it. From
    /// here on it reads as a lossy one, until it joins again.
    Demoted,
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
pub(crate) struct Handout {
    pub(crate) run: Run,
    pub(crate) missed: u64,
    pub(crate) event: Option<Event>,
}

#[derive(Debug)]
pub(crate) struct ReaderCore {
    pub(super) follower: Follower,
    pub(super) delivery: Delivery,
    /// A bounded reader that reads as a lossy one by now.
    pub(super) is_demoted: bool,
    until: Option<Until>,
    /// Copies of the records, unless they are read in place; words, so that they lie aligned.
    pub(super) buffer: Vec<u64>,
    /// Bytes of it for a mirrored record, where others are read in place.
    mirrored: usize,
    /// The most records of one batch in place.
    pub(super) in_place: u64,
    /// When the records copied were published, on a ring with such times.
    pub(super) stamps: Vec<u64>,
    /// Wall time minus the clock of those times, nanoseconds.
    pub(super) clock_offset_ns: Option<i64>,
    /// Newest epoch when the end in time was last looked for in all that is kept.
    searched_epoch: Option<u64>,
    /// It has read as far as it was asked to, and holds nobody any more.
    has_ended: bool,
    begins_late: bool,
    is_unverified: bool,
    /// What [`ReaderCore::newest`] takes is all there is to a record.
    pub(super) takes_newest: bool,
    pub(super) seat: Arc<Seat>,
    schema: Schema,
    pub(super) geometry: Geometry,
    pub(super) fork: ForkToken,
    pub(super) idle: Idle,
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
        let expected = expected.map_or(Expected::Any, Expected::Schema);
        ReaderCore::attach_at(&Place::resolve(reference)?, options, expected)
    }

    /// As [`ReaderCore::attach`], to a ring of frames with these descriptors.
    pub(crate) fn attach_frames(
        reference: &str,
        options: &ReaderOptions,
        descriptors: &Schema,
    ) -> Result<ReaderCore, AttachError> {
        let expected = Expected::Frames(descriptors);
        ReaderCore::attach_at(&Place::resolve(reference)?, options, expected)
    }

    fn attach_at(
        place: &Place,
        options: &ReaderOptions,
        expected: Expected<'_>,
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
        expected: Expected<'_>,
    ) -> Result<ReaderCore, AttachError> {
        let name = opened.place.name.clone();
        opened.check_writers()?;
        let geometry = &opened.header.geometry;
        expected.check(&name, &opened.schema, geometry)?;
        check_delivery(&name, opened.header.allow, geometry, options.delivery)?;
        let membership = Membership::of(&opened, options.delivery)?;
        let memory = Arc::new(opened.map(membership.registrar(), false)?);
        let is_unverified = !files::is_verified(&memory, opened.header.boot_id);
        if is_unverified && !options.unverified {
            return Err(AttachError::Unverified {
                name,
                path: opened.place.data,
            });
        }
        memory.prefault();
        let mut reader = ReaderCore::join(&name, memory, opened.schema, membership, options)?;
        reader.is_unverified = is_unverified;
        Ok(reader)
    }

    /// A reader of a ring whose producer is at hand.
    pub(crate) fn of(
        producer: &ProducerCore,
        options: &ReaderOptions,
    ) -> Result<ReaderCore, AttachError> {
        match producer.home() {
            Home::Heap(ring) => ReaderCore::of_heap(ring, options),
            Home::Files(ownership) => {
                let expected = match producer.geometry().arena {
                    0 => Expected::Schema(&producer.schema),
                    _ => Expected::Frames(&producer.schema),
                };
                ReaderCore::attach_at(&ownership.place, options, expected)
            }
        }
    }

    fn of_heap(ring: &Arc<HeapRing>, options: &ReaderOptions) -> Result<ReaderCore, AttachError> {
        let name = "(heap)";
        check_delivery(name, ring.allow, ring.memory.geometry(), options.delivery)?;
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
        let (begin, begins_late) = begin(ring, &memory, options)?;
        let slot = membership.slot();
        // Whoever had the slot before may have died in it.
        protocol::leave(&memory, slot);
        let words = &memory.control().slots.0[slot];
        let name = options.name.clone().unwrap_or_else(program_name);
        slots::introduce(words, &name, options.delivery, platform::realtime_ns());
        let kind = match options.delivery {
            Delivery::Lossy => None,
            Delivery::Bounded(_) => Some(Kind::Bounded),
            Delivery::Lossless => Some(Kind::Lossless),
        };
        let joined = match kind {
            None => Follower::join_lossy(Arc::clone(&memory), slot, begin),
            Some(kind) => Follower::join_holding(Arc::clone(&memory), slot, kind, begin),
        };
        let mut follower = joined.map_err(|fault| {
            protocol::leave(&memory, slot);
            AttachError::Damaged {
                name: ring.to_owned(),
                problem: Damage::from(fault),
            }
        })?;
        slots::announce(words, options.delivery);
        let geometry = *memory.geometry();
        if let Some(Until::Sequence(until)) = options.until {
            follower.set_until(until);
        }
        let copies = copies(&geometry, options.delivery);
        let lag_wanted = lag_wanted(&geometry, options.delivery);
        Ok(ReaderCore {
            buffer: vec![0; (copies * geometry.stride).div_ceil(8)],
            mirrored: copies.min(1) * geometry.stride,
            in_place: sequence::in_place_batch(
                geometry.capacity,
                geometry.stride,
                options.wait != Wait::Spin,
            ),
            stamps: vec![0; if geometry.stamped { copies } else { 0 }],
            clock_offset_ns: clock_offset(&memory, &follower),
            searched_epoch: None,
            has_ended: false,
            missed: follower.ledger().missed,
            follower,
            is_demoted: false,
            until: options.until,
            begins_late,
            is_unverified: false,
            takes_newest: takes_newest(&geometry, options),
            delivery: options.delivery,
            idle: Idle::new(
                options.wait,
                membership.is_observer(),
                lag_wanted,
                geometry.stride as u64,
            ),
            seat: Arc::new(Seat::new(membership, memory)),
            schema,
            geometry,
            fork: platform::fork_token(),
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

    /// How long the oldest record not yet read has been published.
    pub(crate) fn lag_time(&self) -> Option<Duration> {
        times::lag(self.follower.memory(), self.follower.ledger().cursor)
    }

    pub(crate) fn is_observer(&self) -> bool {
        self.seat.membership.is_observer()
    }

    pub(crate) fn is_demoted(&self) -> bool {
        self.is_demoted
    }

    pub(crate) fn begins_late(&self) -> bool {
        self.begins_late
    }

    pub(crate) fn is_unverified(&self) -> bool {
        self.is_unverified
    }

    pub(crate) fn rejoin(&mut self) -> Result<(), ReadError> {
        if self.fork.is_child() {
            return Err(ReadError::Forked);
        }
        if !self.has_ended && std::mem::take(&mut self.is_demoted) {
            let missed_before = self.follower.ledger().missed;
            if let Some(Until::At(_)) = self.until {
                // Only how far was known at the last look; what the gate is stored for may lie beyond.
                self.follower.set_until(u64::MAX);
            }
            self.follower.rejoin().map_err(damaged)?;
            self.missed += self.follower.ledger().missed - missed_before;
        }
        Ok(())
    }

    /// The next record, if it is the newest one of a ring that mirrors that and there is nothing else to tell; `None`: a
    /// look will tell.
    #[inline]
    fn newest(&mut self) -> Option<Handout> {
        if !self.takes_newest || self.fork.is_child() || self.follower.is_holding() {
            return None;
        }
        let record = &mut cast::words_as_bytes(&mut self.buffer)[..self.geometry.stride];
        let is_lossless = self.delivery == Delivery::Lossless;
        let run = self.follower.take_newest(record, is_lossless)?;
        self.idle.found(1, 0);
        Some(Handout {
            run,
            missed: std::mem::take(&mut self.missed),
            event: None,
        })
    }

    /// One look: what is new, nothing yet ([`Next::TimedOut`]), or nothing any more.
    #[inline]
    pub(super) fn poll(&mut self) -> Result<Next<Handout>, ReadError> {
        self.poll_by(ReaderCore::attempt)
    }

    /// As [`ReaderCore::poll`], by attempts of another kind.
    #[inline]
    pub(crate) fn poll_by(
        &mut self,
        mut attempt: impl FnMut(&mut ReaderCore) -> Result<News, Fault>,
    ) -> Result<Next<Handout>, ReadError> {
        if self.fork.is_child() {
            return Err(ReadError::Forked);
        }
        if self.until.is_some() && self.is_at_end() {
            if !std::mem::replace(&mut self.has_ended, true) {
                self.let_go();
            }
            return Ok(match self.missed {
                0 => Next::Closed,
                _ => self.hand_out(self.nothing(), None),
            });
        }
        for _ in 0..ATTEMPTS {
            let missed_before = self.follower.ledger().missed;
            let news = attempt(self).map_err(damaged)?;
            self.missed += self.follower.ledger().missed - missed_before;
            match news {
                News::Records(run) => return Ok(self.hand_out(run, None)),
                // What happened at its end is not told: that is beyond what it reads.
                News::Overrun | News::Skipped if self.has_reached_end() => {
                    return Ok(self.hand_out(self.nothing(), None));
                }
                News::Overrun | News::Skipped => self.reached(),
                // Missed without anything to follow it yet: said at once, for it may be the last word.
                News::Nothing if self.missed > 0 => {
                    return Ok(self.hand_out(self.nothing(), None));
                }
                News::Nothing => return Ok(Next::TimedOut),
                News::TooLong { found, room } => {
                    return Err(ReadError::FrameTooLong { found, room });
                }
                News::Demoted => {
                    self.is_demoted = true;
                    return Ok(self.hand_out(self.nothing(), Some(Event::Demoted)));
                }
                News::Restarted { epoch, first } => {
                    self.producer_died = false;
                    self.clock_offset_ns = clock_offset(self.follower.memory(), &self.follower);
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
    pub(super) fn attempt(&mut self) -> Result<News, Fault> {
        let buffer = cast::words_as_bytes(&mut self.buffer);
        match self.delivery {
            Delivery::Lossless => {
                let mirrored = &mut buffer[..self.mirrored];
                self.follower.poll_in_place(self.in_place, mirrored)
            }
            Delivery::Bounded(_) if !self.is_demoted => {
                self.follower.poll_bounded(buffer, &mut self.stamps)
            }
            Delivery::Lossy | Delivery::Bounded(_) => {
                self.follower.poll_copy(buffer, &mut self.stamps)
            }
        }
    }

    /// Holds nobody any more, but by what is kept.
    fn let_go(&mut self) {
        if !self.follower.keeps() {
            return self.follower.let_go();
        }
        self.release();
        if let Some(keeper) = self.seat.keeper().as_mut() {
            keeper.let_go();
        }
    }

    /// Whether this reader has read as far as it was asked to.
    fn is_at_end(&mut self) -> bool {
        if let Some(Until::At(wall_ns)) = self.until {
            match self.find_end(wall_ns) {
                Ok(end) => {
                    self.follower.set_until(end);
                    self.until = Some(Until::Sequence(end));
                }
                Err(so_far) => {
                    // What comes may not be before that time: look again then.
                    self.follower.set_until(so_far);
                    return false;
                }
            }
        }
        self.has_reached_end()
    }

    fn has_reached_end(&self) -> bool {
        matches!(self.until, Some(Until::Sequence(end)) if self.follower.ledger().cursor >= end)
    }

    /// The first record, from the cursor on, that was published at that time or later; if there is none yet, up to
    /// where that is known.
    fn find_end(&mut self, wall_ns: i64) -> Result<u64, u64> {
        let memory = self.follower.memory();
        let live = memory.live();
        let epoch = protocol::state::load(live).epoch;
        let published = protocol::published(&live.hot);
        let newest = published.checked_sub(1);
        let is_before = newest.and_then(|newest| times::wall_ns(memory, newest)) < Some(wall_ns);
        // Within an epoch times only grow: the newest tells.
        if is_before && self.searched_epoch == Some(epoch) {
            return Err(published);
        }
        self.searched_epoch = Some(epoch);
        let found = times::find(memory, self.follower.ledger().cursor, wall_ns);
        found.map(|found| found.first).ok_or(published)
    }

    #[inline]
    fn hand_out(&mut self, run: Run, event: Option<Event>) -> Next<Handout> {
        self.idle.found(
            run.count,
            self.follower.seen().saturating_sub(run.first + run.count),
        );
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
            at: Where::Buffer(0),
        }
    }

    /// What is new, waiting for it until `deadline`.
    #[inline]
    pub(super) fn next(&mut self, deadline: Option<Instant>) -> Result<Next<Handout>, ReadError> {
        self.next_by(deadline, ReaderCore::attempt)
    }

    /// As [`ReaderCore::next`], by attempts of another kind.
    #[inline]
    pub(crate) fn next_by(
        &mut self,
        deadline: Option<Instant>,
        mut attempt: impl FnMut(&mut ReaderCore) -> Result<News, Fault>,
    ) -> Result<Next<Handout>, ReadError> {
        self.idle.gather(&self.follower);
        loop {
            if let Some(handout) = self.newest() {
                return Ok(Next::Batch(handout));
            }
            match self.poll_by(&mut attempt)? {
                Next::TimedOut => {}
                news => {
                    self.idle.wanted();
                    return Ok(news);
                }
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
        if self.seat.membership.producer_lives(self.follower.memory()) {
            return Ok(None);
        }
        // It may have closed the ring, or published its last records, before it let go of its lock.
        if self.follower.has_news() {
            return Ok(None);
        }
        match self.seat.membership.whereabouts() {
            // Who takes a ring's name away to replace it has its lock until another has the name.
            Whereabouts::Gone
                if self.seat.membership.producer_lives(self.follower.memory())
                    || self.follower.has_news() =>
            {
                return Ok(None);
            }
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
        match self.seat.membership.whereabouts() {
            Whereabouts::Another => ReadError::Replaced,
            _ => ReadError::Removed,
        }
    }

    /// The bytes of a handout, wherever they are.
    #[inline]
    pub(super) fn bytes(&self, run: &Run) -> &[u8] {
        if run.count == 0 {
            return &[];
        }
        match run.at {
            // The parent may have released these cells since it forked.
            Where::Cells if self.fork.is_child() => &[],
            Where::Cells => self.follower.held().bytes(),
            Where::Buffer(offset) => {
                let len = run.count as usize * self.geometry.stride;
                &cast::words_as_bytes_ref(&self.buffer)[offset..offset + len]
            }
        }
    }

    /// When record `index` of a handout was published, nanoseconds since the Unix epoch.
    pub(crate) fn published_ns(&self, run: &Run, index: usize) -> Option<i64> {
        if !self.geometry.stamped || index as u64 >= run.count {
            return None;
        }
        let stamp = match self.delivery {
            Delivery::Lossless => {
                let mut stamp = [0];
                let record = run.first + index as u64;
                self.follower.memory().load_stamps(record, 1, &mut stamp);
                stamp[0]
            }
            Delivery::Lossy | Delivery::Bounded(_) => {
                self.stamps[run.offset() / self.geometry.stride + index]
            }
        };
        // What was published by producers that the ring has forgotten has no time on the wall.
        self.follower.epoch()?;
        Some(self.clock_offset_ns?.saturating_add_unsigned(stamp))
    }

    /// This moment, on the clock of [`published_ns`](Self::published_ns).
    pub(crate) fn now_ns(&self) -> Option<i64> {
        times::this_moment(self.follower.memory())
    }

    /// Gives records read in place back; for a lossy reader there is nothing to give back.
    #[inline]
    pub(crate) fn release(&mut self) {
        if !self.fork.is_child() {
            self.follower.release();
            self.reached();
        }
    }

    /// Lets the gate come after, where somebody else moves it.
    #[inline]
    pub(super) fn reached(&self) {
        if self.follower.keeps() {
            self.seat.reached(self.follower.ledger().cursor);
        }
    }

    /// Copies the newest record into `record`, wherever this reader is, and returns its sequence.
    pub(super) fn latest(&self, record: &mut [u8]) -> Result<Option<u64>, ReadError> {
        if self.fork.is_child() {
            return Err(ReadError::Forked);
        }
        // Nothing may be copied there that the producer could be writing.
        if self.geometry.in_place {
            // Nor may anything be given back meanwhile, by whatever thread.
            let _still = self.seat.keeper();
            return Ok(self.follower.latest_held(record));
        }
        Ok(protocol::latest(self.follower.memory(), record))
    }
}

impl Drop for ReaderCore {
    fn drop(&mut self) {
        // A forked child's copy must not touch what is its parent's.
        if !self.fork.is_child() {
            self.release();
        }
    }
}

fn damaged(fault: Fault) -> ReadError {
    ReadError::Damaged(Damage::from(fault))
}

fn takes_newest(geometry: &Geometry, options: &ReaderOptions) -> bool {
    let is_bounded = matches!(options.delivery, Delivery::Bounded(_));
    geometry.mirror && !geometry.stamped && !is_bounded && options.until.is_none()
}

/// How far behind a stream is read best, if each record is not wanted as soon as possible.
fn lag_wanted(geometry: &Geometry, delivery: Delivery) -> u64 {
    if geometry.mirror {
        return 0;
    }
    sequence::lag_wanted(
        geometry.capacity,
        geometry.stride,
        delivery == Delivery::Lossless,
    )
}

/// Records that one look copies; descriptors always; none but the mirrored one where they are read in place.
fn copies(geometry: &Geometry, delivery: Delivery) -> usize {
    let capacity = geometry.capacity as usize;
    if geometry.arena > 0 {
        return capacity.min(DESCRIPTORS);
    }
    if delivery == Delivery::Lossless {
        return usize::from(geometry.mirror);
    }
    (BUFFER / geometry.stride).max(1).min(capacity)
}

fn clock_offset(memory: &Memory, follower: &Follower) -> Option<i64> {
    times::offset(memory.live(), follower.epoch()?)
}

/// Where the options say to begin, as the indices tell.
fn begin(
    ring: &str,
    memory: &Memory,
    options: &ReaderOptions,
) -> Result<(Begin, bool), AttachError> {
    let by_time = matches!(options.start, Start::LastFor(_) | Start::At(_))
        || matches!(options.until, Some(Until::At(_)));
    if by_time && !memory.geometry().stamped {
        return Err(AttachError::NoTimes {
            name: ring.to_owned(),
        });
    }
    let begin = match options.start {
        Start::Now => Begin::Now,
        Start::Oldest => Begin::Oldest,
        Start::Last(count) => Begin::Last(count),
        Start::Sequence(found) => {
            let published = protocol::published(&memory.live().hot);
            if found > published {
                return Err(AttachError::NotYet {
                    name: ring.to_owned(),
                    found,
                    published,
                });
            }
            Begin::At(found)
        }
        Start::LastFor(time) => times::before_newest(memory, time)
            .map_or(Begin::Oldest, |wall_ns| times::from(memory, wall_ns).0),
        Start::At(wall_ns) => {
            let found = times::from(memory, wall_ns);
            // Nothing that late is there; what comes next is late enough unless that time is still to come.
            return match times::ahead(memory, wall_ns) {
                Some(ahead) if found.0 == Begin::Now => Err(AttachError::TimeNotYet {
                    name: ring.to_owned(),
                    ahead,
                }),
                _ => Ok(found),
            };
        }
    };
    Ok((begin, false))
}

/// What a reader wants to find in a ring.
#[derive(Clone, Copy)]
enum Expected<'a> {
    Any,
    Schema(&'a Schema),
    /// Frames, with descriptors of this schema.
    Frames(&'a Schema),
}

impl Expected<'_> {
    fn check(self, ring: &str, found: &Schema, geometry: &Geometry) -> Result<(), AttachError> {
        match self {
            Expected::Frames(_) if geometry.arena == 0 => Err(AttachError::NotFrames {
                name: ring.to_owned(),
            }),
            Expected::Schema(expected) | Expected::Frames(expected)
                if !expected.describes(found) =>
            {
                Err(AttachError::SchemaMismatch {
                    name: ring.to_owned(),
                    found: found.to_string(),
                    expected: expected.to_string(),
                })
            }
            Expected::Any | Expected::Schema(_) | Expected::Frames(_) => Ok(()),
        }
    }
}

fn check_delivery(
    ring: &str,
    allowed: Delivery,
    geometry: &Geometry,
    wanted: Delivery,
) -> Result<(), AttachError> {
    if geometry.in_place && wanted != Delivery::Lossless {
        return Err(AttachError::InPlace {
            name: ring.to_owned(),
            wanted,
        });
    }
    if wanted > allowed {
        return Err(AttachError::NotAllowed {
            name: ring.to_owned(),
            wanted,
            allowed,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{CreateOptions, Preset};
    use crate::producer::{Patience, ProducerCore};
    use crate::schema::{Element, Field};

    /// So large that a lossy reader holds back, too.
    const CAPACITY: u64 = 4096;

    fn ring(preset: Preset) -> ProducerCore {
        let schema = Schema::packed([Field::new("value", Element::U64)]).unwrap();
        let options = CreateOptions::default().preset(preset);
        ProducerCore::heap(schema, Geometry::new(CAPACITY, 8, false), &options).unwrap()
    }

    fn publish(producer: &mut ProducerCore, records: usize) {
        let bytes = vec![0; 8 * records];
        let published = producer.publish(&bytes, Patience::ForEver).unwrap();
        assert_eq!(published, records);
    }

    fn found(next: Next<Handout>) -> u64 {
        match next {
            Next::Batch(handout) => handout.run.count,
            Next::TimedOut => 0,
            Next::Closed => panic!("closed"),
        }
    }

    /// Whoever only looks, and whoever wants each record as soon as it is there, is never held back for others.
    #[test]
    fn a_reader_holds_back_only_where_it_waits_in_a_stream() {
        for options in [ReaderOptions::lossy(), ReaderOptions::lossless()] {
            let mut producer = ring(Preset::Throughput);
            let mut reader = ReaderCore::of(&producer, &options).unwrap();
            publish(&mut producer, 3);
            assert_eq!(found(reader.poll().unwrap()), 3);
            reader.release();
            assert!(reader.idle.gathers_since.is_none(), "it only looked");
            publish(&mut producer, 3);
            assert_eq!(found(reader.next(None).unwrap()), 3);
            assert!(reader.idle.gathers_since.is_some(), "a stream");
            // Still as if it had waited for none: `poll` never does.
            reader.release();
            assert_eq!(found(reader.poll().unwrap()), 0);
            assert!(reader.idle.gathers_since.is_some());
            // Once, and not again until something has come.
            assert_eq!(found(reader.next(Some(Instant::now())).unwrap()), 0);
            assert!(reader.idle.gathers_since.is_none());
            publish(&mut producer, 1);
            assert_eq!(found(reader.next(None).unwrap()), 1);
            assert!(reader.idle.gathers_since.is_none(), "a single record");
            reader.release();
        }
    }

    #[test]
    fn a_ring_for_single_records_holds_nobody_back() {
        for options in [ReaderOptions::lossy(), ReaderOptions::lossless()] {
            let mut producer = ring(Preset::Latency);
            let mut reader = ReaderCore::of(&producer, &options).unwrap();
            for count in [3, 1, 2] {
                publish(&mut producer, count);
                assert_eq!(found(reader.next(None).unwrap()), count as u64);
                assert!(reader.idle.gathers_since.is_none());
                reader.release();
            }
        }
    }

    /// What it takes out of the mirror is all it tells: whoever has more to be told takes an attempt.
    #[test]
    fn only_who_has_nothing_else_to_be_told_takes_the_newest_record() {
        let mut producer = ring(Preset::Latency);
        let bounded = ReaderOptions::bounded(Duration::from_secs(1));
        for (options, takes) in [
            (ReaderOptions::lossy(), true),
            (ReaderOptions::lossless(), true),
            (
                ReaderOptions::lossless().until(Until::Sequence(1000)),
                false,
            ),
            (bounded, false),
        ] {
            let mut reader = ReaderCore::of(&producer, &options).unwrap();
            publish(&mut producer, 1);
            let taken = reader.newest();
            assert_eq!(taken.is_some(), takes, "{options:?}");
            // In hand: the next one comes by an attempt, which gives it back.
            publish(&mut producer, 1);
            let is_held = reader.follower.is_holding();
            assert_eq!(is_held, takes && options.delivery == Delivery::Lossless);
            assert_eq!(reader.newest().is_some(), takes && !is_held);
        }
    }
}
