//! What every producer does, in bytes: claim, wait for room, evict the dead, close.

use std::time::Duration;

use super::room::{AWAKE, Patience, Stall};
use crate::error::{CreateError, FormatError, PublishError};
use crate::files::{self, Access, Ownership, Wanted, locks};
use crate::heap::HeapRing;
use crate::layout::{Geometry, SLOTS};
use crate::memory::Memory;
use crate::options::{CreateOptions, Delivery, Preset, Retain, WhenFull};
use crate::platform::{self, ForkToken};
use crate::protocol::wake::Barrier;
use crate::protocol::{self, Full, Writer};
use crate::schema::Schema;
use crate::sequence;
use crate::sync::{Arc, Ordering};
use crate::times;

#[derive(Debug)]
pub(crate) struct ProducerCore {
    pub(crate) writer: Writer,
    pub(super) allow: Delivery,
    pub(super) when_full: WhenFull,
    is_stamped: bool,
    pub(super) stall: Stall,
    /// How long it stays awake when it is blocked.
    pub(super) awake: Duration,
    fork: ForkToken,
    is_open: bool,
    pub(crate) schema: Schema,
    /// Dropped last: it ends with the right to publish.
    home: Home,
}

/// Where the ring lies, and what makes us its only producer.
#[derive(Debug)]
pub(crate) enum Home {
    Heap(Arc<HeapRing>),
    Files(Box<Ownership>),
}

impl ProducerCore {
    /// Creates a ring with this geometry, apart from what the options say of it, or continues it.
    pub(crate) fn create(
        reference: &str,
        schema: Schema,
        geometry: Geometry,
        options: &CreateOptions,
    ) -> Result<ProducerCore, CreateError> {
        let wanted = Wanted {
            schema: &schema,
            geometry: with_options(geometry, options)?,
            allow: options.allow,
            when_full: options.when_full,
            barrier: barrier(),
            access: Access::of(options)?,
            replace: options.replace,
        };
        let (writer, ownership) = files::create(reference, &wanted)?;
        let home = Home::Files(Box::new(ownership));
        Ok(ProducerCore::new(writer, home, schema, options))
    }

    pub(crate) fn heap(
        schema: Schema,
        geometry: Geometry,
        options: &CreateOptions,
    ) -> Result<ProducerCore, CreateError> {
        let geometry = with_options(geometry, options)?;
        let memory = Memory::heap(geometry).ok_or(match geometry.arena {
            0 => CreateError::Capacity {
                capacity: geometry.capacity,
                record_size: geometry.stride,
            },
            arena => CreateError::Frames {
                frames: geometry.capacity,
                arena,
            },
        })?;
        let memory = Arc::new(memory);
        let ring = HeapRing::new(Arc::clone(&memory), schema.clone(), options.allow);
        let waits = options.allow.waits();
        let writer = Writer::open(memory, waits, barrier(), times::now());
        let home = Home::Heap(Arc::new(ring));
        Ok(ProducerCore::new(writer, home, schema, options))
    }

    fn new(writer: Writer, home: Home, schema: Schema, options: &CreateOptions) -> ProducerCore {
        ProducerCore {
            is_stamped: writer.memory().geometry().stamped,
            writer,
            allow: options.allow,
            when_full: options.when_full,
            stall: Stall::new(),
            awake: AWAKE,
            fork: platform::fork_token(),
            is_open: true,
            schema,
            home,
        }
    }

    pub(crate) fn home(&self) -> &Home {
        &self.home
    }

    pub(crate) fn name(&self) -> &str {
        match &self.home {
            Home::Heap(_) => "(heap)",
            Home::Files(ownership) => &ownership.place.name,
        }
    }

    #[inline]
    pub(crate) fn geometry(&self) -> &Geometry {
        self.writer.memory().geometry()
    }

    pub(crate) fn published(&self) -> u64 {
        self.writer.published()
    }

    /// Readers that are registered and live.
    pub(crate) fn registered_readers(&self) -> usize {
        let control = self.writer.memory().control();
        (0..SLOTS)
            .filter(|&slot| {
                let is_taken = control.slots.0[slot].delivery.load(Ordering::Relaxed) != 0;
                is_taken && self.is_alive(slot)
            })
            .count()
    }

    fn is_alive(&self, slot: usize) -> bool {
        match &self.home {
            Home::Heap(_) => true,
            Home::Files(ownership) => {
                platform::is_locked(&ownership.registrar.file, locks::slot(slot)).unwrap_or(true)
            }
        }
    }

    #[inline]
    pub(crate) fn check_fork(&self) -> Result<(), PublishError> {
        if self.fork.is_child() {
            return Err(PublishError::Forked);
        }
        Ok(())
    }

    /// Claims `count` records, or gives up with the reader in the way, as far as the patience goes.
    #[inline]
    pub(crate) fn claim(
        &mut self,
        count: usize,
        patience: Patience<'_>,
    ) -> Result<Result<u64, Full>, PublishError> {
        self.check_claim(count)?;
        match self.claim_at_once(count) {
            Ok(first) => Ok(Ok(first)),
            Err(full) => self.wait_and_claim(count as u64, full, patience),
        }
    }

    /// Claims `count` records that [`ProducerCore::check_claim`] has let pass, if there is room for them.
    #[inline]
    pub(super) fn claim_at_once(&mut self, count: usize) -> Result<u64, Full> {
        let first = self.writer.try_claim(count as u64)?;
        self.stall.end();
        Ok(first)
    }

    #[inline]
    pub(super) fn check_claim(&self, count: usize) -> Result<(), PublishError> {
        self.check_fork()?;
        let capacity = self.geometry().capacity;
        if count == 0 || count as u64 > capacity {
            return Err(PublishError::Claim {
                found: count,
                capacity,
            });
        }
        Ok(())
    }

    /// Publishes one record if nothing has to be looked at or waited for; `None`: it must be claimed.
    // As in `Writer`.
    #[inline(always)]
    pub(crate) fn publish_at_once(&mut self, record: &[u8]) -> Option<u64> {
        if self.fork.is_child() {
            return None;
        }
        self.writer.publish_at_once(record, protocol::notify)
    }

    #[inline]
    pub(crate) fn write(&mut self, sequence: u64, records: &[u8]) {
        self.writer.write(sequence, records);
    }

    #[inline]
    pub(crate) fn commit(&mut self, count: usize) {
        if self.is_stamped {
            self.stamp(count);
        }
        self.writer.commit(count as u64);
    }

    /// Apart, so that publishing without times stays small enough to be inlined.
    #[inline(never)]
    fn stamp(&self, count: usize) {
        self.writer.stamp(count as u64, platform::monotonic_ns());
    }

    #[inline]
    pub(crate) fn notify(&self) {
        self.writer.notify();
    }

    /// Publishes whole records, in pieces that leave lossy readers their place, and smaller ones where
    /// there is less room. Returns how many; fewer than given only if the patience was over.
    #[inline]
    pub(crate) fn publish(
        &mut self,
        mut records: &[u8],
        patience: Patience<'_>,
    ) -> Result<usize, PublishError> {
        self.check_fork()?;
        let Geometry {
            stride, capacity, ..
        } = *self.geometry();
        if !records.len().is_multiple_of(stride) {
            return Err(PublishError::Bytes {
                found: records.len(),
                record_size: stride,
            });
        }
        let step = usize::try_from(sequence::step(capacity)).unwrap_or(usize::MAX);
        // Sleepers must hear of a long slice before it has gone once around.
        let untold = (capacity / 2).max(64) as usize;
        let (mut done, mut told) = (0, 0);
        while !records.is_empty() {
            let wanted = step.min(records.len() / stride);
            let (first, count) = match self.writer.try_claim(wanted as u64) {
                Ok(first) => {
                    self.stall.end();
                    (first, wanted)
                }
                Err(full) => {
                    let room = self.room(full).clamp(1, wanted);
                    match self.claim(room, patience)? {
                        Ok(first) => (first, room),
                        Err(_) => {
                            self.give_up(records.len() / stride, patience);
                            break;
                        }
                    }
                }
            };
            let (piece, rest) = records.split_at(count * stride);
            self.write(first, piece);
            self.commit(count);
            done += count;
            records = rest;
            if done - told > untold {
                self.notify();
                told = done;
            }
        }
        self.notify();
        Ok(done)
    }

    /// Counts what is not published, if that is what the ring is made for.
    #[cold]
    pub(crate) fn give_up(&self, count: usize, patience: Patience<'_>) {
        if self.when_full == WhenFull::Drop && !patience.has_limit() {
            self.refuse(count);
        }
    }

    /// Records that fit before the reader in the way is a full ring behind.
    #[cold]
    fn room(&self, full: Full) -> usize {
        let writer = &self.writer;
        let end = full.gate.cursor.saturating_add(self.geometry().capacity);
        usize::try_from(end.saturating_sub(writer.published())).unwrap_or(usize::MAX)
    }

    /// Closes the ring: readers drain it and end.
    pub(crate) fn close(&mut self) {
        // A forked child's copy must not touch what is its parent's.
        if std::mem::take(&mut self.is_open) && !self.fork.is_child() {
            self.writer.close();
            if let Home::Files(ownership) = &self.home
                && platform::is_on_disk(ownership.registrar.file.file())
            {
                // If this fails the ring stays what it is while the system runs, and is not believed after that.
                let _ = files::sync(self.writer.memory());
            }
        }
    }

    #[cold]
    pub(crate) fn not_in_place(&self) -> PublishError {
        PublishError::NotInPlace {
            name: self.name().to_owned(),
        }
    }

    /// What is said of a ring of frames whose newest lies nowhere.
    #[cold]
    pub(crate) fn damaged_arena(&self) -> CreateError {
        let path = match &self.home {
            Home::Heap(_) => self.name().into(),
            Home::Files(ownership) => ownership.place.data.clone(),
        };
        CreateError::Format {
            path,
            problem: FormatError::Frame,
        }
    }

    /// The time between the oldest and the newest record kept, once the ring has gone around.
    pub(crate) fn kept(&self) -> Option<Duration> {
        if self.published() <= self.geometry().capacity {
            return None;
        }
        times::kept(self.writer.memory())
    }
}

impl Drop for ProducerCore {
    fn drop(&mut self) {
        self.close();
    }
}

/// Nearly every publication finds nobody asleep: who sleeps pays for the barrier, where the system can do that.
fn barrier() -> Barrier {
    match platform::prepare_for_barriers() {
        true => Barrier::Sleepers,
        false => Barrier::Producer,
    }
}

fn with_options(geometry: Geometry, options: &CreateOptions) -> Result<Geometry, CreateError> {
    if options.in_place && options.allow != Delivery::Lossless {
        return Err(CreateError::InPlace {
            allow: options.allow,
        });
    }
    let mirror = options.preset == Preset::Latency && geometry.arena == 0;
    Ok(geometry
        .mirrored(mirror)
        .stamped(options.stamp)
        .in_place(options.in_place))
}

/// The geometry of a ring of records.
pub(super) fn geometry(schema: &Schema, retain: Retain) -> Result<Geometry, CreateError> {
    let (capacity, record_size) = (retain.count(), schema.size());
    let bytes =
        u128::from(capacity.checked_next_power_of_two().unwrap_or(u64::MAX)) * record_size as u128;
    if capacity == 0 || bytes > u128::from(files::DATA_MAX) {
        return Err(CreateError::Capacity {
            capacity,
            record_size,
        });
    }
    Ok(Geometry::new(capacity, record_size, false))
}
