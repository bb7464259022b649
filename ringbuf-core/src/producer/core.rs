//! What every producer does, in bytes: claim, wait for room, evict the dead, close.

use std::time::Duration;

use crossbeam_utils::Backoff;

use crate::error::{CreateError, PublishError, TryPublishError};
use crate::files::{self, Ownership, Wanted, locks};
use crate::heap::HeapRing;
use crate::layout::{Geometry, SLOTS};
use crate::memory::Memory;
use crate::options::{CreateOptions, Preset, Retain};
use crate::platform::{self, ForkToken};
use crate::protocol::{self, Full, Writer};
use crate::schema::Schema;
use crate::sequence;
use crate::slots;
use crate::sync::{Arc, Ordering};

/// How long a blocked producer sleeps before it looks whether the reader in the way still lives.
const PATIENCE: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(crate) struct ProducerCore {
    writer: Writer,
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
    pub(crate) fn create(
        reference: &str,
        schema: Schema,
        retain: Retain,
        options: &CreateOptions,
    ) -> Result<ProducerCore, CreateError> {
        let wanted = Wanted {
            schema: &schema,
            geometry: geometry(&schema, retain, options)?,
            allow: options.allow.code(),
            mode: options.mode,
            replace: options.replace,
        };
        let (writer, ownership) = files::create(reference, &wanted)?;
        let home = Home::Files(Box::new(ownership));
        Ok(ProducerCore::new(writer, home, schema))
    }

    pub(crate) fn heap(
        schema: Schema,
        retain: Retain,
        options: &CreateOptions,
    ) -> Result<ProducerCore, CreateError> {
        let geometry = geometry(&schema, retain, options)?;
        let memory = Memory::heap(geometry).ok_or(CreateError::Capacity {
            capacity: geometry.capacity,
            record_size: geometry.stride,
        })?;
        let memory = Arc::new(memory);
        let ring = HeapRing::new(Arc::clone(&memory), schema.clone(), options.allow);
        let now = u64::try_from(platform::realtime_ns()).unwrap_or(0);
        let writer = Writer::open(memory, now);
        Ok(ProducerCore::new(
            writer,
            Home::Heap(Arc::new(ring)),
            schema,
        ))
    }

    fn new(writer: Writer, home: Home, schema: Schema) -> ProducerCore {
        ProducerCore {
            writer,
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

    /// Claims `count` records, or names the reader in the way.
    #[inline]
    pub(crate) fn try_claim(&mut self, count: usize) -> Result<u64, TryPublishError> {
        self.check_claim(count)?;
        match self.writer.try_claim(count as u64) {
            Ok(first) => Ok(first),
            Err(full) => self.try_past_the_dead(count as u64, full),
        }
    }

    /// Who only tries never waits, and would be refused for ever by readers that were killed.
    #[cold]
    fn try_past_the_dead(&mut self, count: u64, mut full: Full) -> Result<u64, TryPublishError> {
        // Each turn frees another slot.
        for _ in 0..SLOTS {
            if !self.evict_if_dead(full.gate.slot) {
                break;
            }
            match self.writer.try_claim(count) {
                Ok(first) => return Ok(first),
                Err(still) => full = still,
            }
        }
        Err(self.full(full))
    }

    #[cold]
    fn full(&self, full: Full) -> TryPublishError {
        let writer = &self.writer;
        TryPublishError::Full {
            reader: slots::name(&writer.memory().control().slots.0[full.gate.slot]),
            lag: writer.published().saturating_sub(full.gate.cursor),
        }
    }

    /// Claims `count` records, waiting for room. `None` when `stop` says so first.
    #[inline]
    pub(crate) fn claim(
        &mut self,
        count: usize,
        stop: Stop<'_>,
    ) -> Result<Option<u64>, PublishError> {
        self.check_claim(count)?;
        match self.writer.try_claim(count as u64) {
            Ok(first) => Ok(Some(first)),
            Err(full) => self.wait_and_claim(count as u64, full, stop),
        }
    }

    #[inline]
    fn check_claim(&self, count: usize) -> Result<(), PublishError> {
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

    #[cold]
    fn wait_and_claim(
        &mut self,
        count: u64,
        mut full: Full,
        stop: Stop<'_>,
    ) -> Result<Option<u64>, PublishError> {
        // Readers that sleep must hear of what was published before they can make room.
        self.writer.notify();
        let backoff = Backoff::new();
        loop {
            if stop.is_some_and(|stop| stop()) {
                return Ok(None);
            }
            if !backoff.is_completed() {
                backoff.snooze();
            } else {
                let blocking = full;
                self.writer
                    .wait_for_room(count, PATIENCE)
                    .map_err(PublishError::Wait)?;
                match self.writer.try_claim(count) {
                    Ok(first) => return Ok(Some(first)),
                    Err(still) => full = still,
                }
                if full.gate == blocking.gate {
                    self.evict_if_dead(full.gate.slot);
                }
            }
            match self.writer.try_claim(count) {
                Ok(first) => return Ok(Some(first)),
                Err(still) => full = still,
            }
        }
    }

    /// Frees the slot of a reader whose lock the kernel has released; false if it lives.
    fn evict_if_dead(&self, slot: usize) -> bool {
        let Home::Files(ownership) = &self.home else {
            return false;
        };
        // Holding the lock keeps a new owner out while the gate is turned off.
        let lock = platform::try_lock_brief(&ownership.registrar.file, locks::slot(slot));
        if lock.is_ok() {
            protocol::leave(self.writer.memory(), slot);
        }
        lock.is_ok()
    }

    #[inline]
    pub(crate) fn write(&mut self, sequence: u64, records: &[u8]) {
        self.writer.write(sequence, records);
    }

    #[inline]
    pub(crate) fn commit(&mut self, count: usize) {
        self.writer.commit(count as u64);
    }

    #[inline]
    pub(crate) fn notify(&self) {
        self.writer.notify();
    }

    /// Publishes whole records, in pieces that leave lossy readers their place, and smaller ones where
    /// there is less room. Returns how many; fewer than given only if `stop` said so.
    #[inline]
    pub(crate) fn publish(
        &mut self,
        mut records: &[u8],
        stop: Stop<'_>,
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
        let patience = (capacity / 2).max(64) as usize;
        let (mut done, mut told) = (0, 0);
        while !records.is_empty() {
            let wanted = step.min(records.len() / stride);
            let (first, count) = match self.writer.try_claim(wanted as u64) {
                Ok(first) => (first, wanted),
                Err(full) => {
                    let room = self.room(full).min(wanted);
                    match self.claim(room.max(1), stop)? {
                        Some(first) => (first, room.max(1)),
                        None => break,
                    }
                }
            };
            let (piece, rest) = records.split_at(count * stride);
            self.write(first, piece);
            self.commit(count);
            done += count;
            records = rest;
            if done - told > patience {
                self.notify();
                told = done;
            }
        }
        self.notify();
        Ok(done)
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
        }
    }
}

impl Drop for ProducerCore {
    fn drop(&mut self) {
        self.close();
    }
}

/// Asked while a producer is blocked: give up?
pub(crate) type Stop<'a> = Option<&'a dyn Fn() -> bool>;

fn geometry(
    schema: &Schema,
    retain: Retain,
    options: &CreateOptions,
) -> Result<Geometry, CreateError> {
    let (capacity, record_size) = (retain.count(), schema.size());
    let bytes =
        u128::from(capacity.checked_next_power_of_two().unwrap_or(u64::MAX)) * record_size as u128;
    if capacity == 0 || bytes > u128::from(files::DATA_MAX) {
        return Err(CreateError::Capacity {
            capacity,
            record_size,
        });
    }
    let mirror = options.preset == Preset::Latency;
    Ok(Geometry::new(
        capacity,
        record_size,
        schema.word_size(),
        mirror,
    ))
}
