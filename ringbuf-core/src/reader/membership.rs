//! What makes a process a reader of a ring: a slot and the lock on it, or nothing for an observer.

use std::io::ErrorKind;
use std::path::PathBuf;

use crate::error::AttachError;
use crate::files::{Opened, Registrar, locks};
use crate::heap::HeapRing;
use crate::layout::{Geometry, SLOTS};
use crate::memory::Memory;
use crate::options::Delivery;
use crate::platform::{self, FileId, Lock, LockError, LockFile};
use crate::sync::{Arc, Ordering};

/// Why this process may read, and from which slot. Dropping it frees the slot.
#[derive(Debug)]
pub(crate) enum Membership {
    Heap {
        ring: Arc<HeapRing>,
        slot: usize,
    },
    Registered {
        registrar: Registrar,
        slot: usize,
        data: DataFile,
        _lock: Lock,
    },
    /// Unlisted, its words private: slot 0 of a control block nobody else sees.
    Observer {
        lock_file: LockFile,
        data: DataFile,
    },
}

/// The data file as it was attached.
#[derive(Debug)]
pub(crate) struct DataFile {
    path: PathBuf,
    id: FileId,
}

/// What lies at the ring's path now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whereabouts {
    Here,
    Gone,
    Another,
}

impl Membership {
    pub(crate) fn heap(ring: &Arc<HeapRing>) -> Result<Membership, AttachError> {
        let slot = ring
            .take_slot()
            .ok_or_else(|| too_many("(heap)", ring.memory.geometry()))?;
        Ok(Membership::Heap {
            ring: Arc::clone(ring),
            slot,
        })
    }

    /// Registers, or observes where a lossy reader cannot register.
    pub(crate) fn of(opened: &Opened, delivery: Delivery) -> Result<Membership, AttachError> {
        let name = &opened.place.name;
        let registrar = match opened.registrar() {
            Ok(registrar) => registrar,
            Err(error) => {
                let source = match error {
                    AttachError::Io { source, .. } => source,
                    AttachError::NotFound { .. } => ErrorKind::NotFound.into(),
                    error => return Err(error),
                };
                if delivery == Delivery::Lossy {
                    return Membership::observe(opened);
                }
                return Err(AttachError::MayNotRegister {
                    name: name.clone(),
                    wanted: delivery.name(),
                    path: opened.place.readers.clone(),
                    source,
                    in_place: opened.header.geometry.in_place,
                });
            }
        };
        // Removed or replaced since it was opened: the caller finds out when it looks again.
        let gone = || AttachError::NotFound {
            name: name.clone(),
            path: opened.place.data.clone(),
        };
        for slot in 0..SLOTS {
            match Lock::acquire(&opened.place.readers, locks::slot(slot)) {
                Ok(lock) if lock.file_id() == registrar.id => {
                    return Ok(Membership::Registered {
                        registrar,
                        slot,
                        data: data_file(opened),
                        _lock: lock,
                    });
                }
                Ok(_) => return Err(gone()),
                Err(LockError::Held) => {}
                Err(LockError::Io(error)) if error.kind() == ErrorKind::NotFound => {
                    return Err(gone());
                }
                Err(LockError::Io(source)) => {
                    return Err(AttachError::Io {
                        action: "locking",
                        path: opened.place.readers.clone(),
                        source,
                    });
                }
            }
        }
        match delivery {
            Delivery::Lossy => Membership::observe(opened),
            Delivery::Bounded(_) | Delivery::Lossless => {
                Err(too_many(name, &opened.header.geometry))
            }
        }
    }

    fn observe(opened: &Opened) -> Result<Membership, AttachError> {
        let file = opened.data.try_clone().map_err(|source| AttachError::Io {
            action: "opening",
            path: opened.place.data.clone(),
            source,
        })?;
        Ok(Membership::Observer {
            lock_file: LockFile::new(file, &opened.place.data),
            data: data_file(opened),
        })
    }

    pub(crate) fn slot(&self) -> usize {
        match self {
            Membership::Heap { slot, .. } | Membership::Registered { slot, .. } => *slot,
            Membership::Observer { .. } => 0,
        }
    }

    pub(crate) fn registrar(&self) -> Option<&Registrar> {
        match self {
            Membership::Registered { registrar, .. } => Some(registrar),
            _ => None,
        }
    }

    pub(crate) fn is_observer(&self) -> bool {
        matches!(self, Membership::Observer { .. })
    }

    /// Whether somebody holds the producer's lock. When the system cannot say, it does.
    pub(crate) fn producer_lives(&self, memory: &Memory) -> bool {
        let lock_file = match self {
            // Its producer cannot die without this process.
            Membership::Heap { .. } => return true,
            Membership::Registered { registrar, .. } => &registrar.file,
            Membership::Observer { lock_file, .. } => lock_file,
        };
        platform::is_locked(lock_file, locks::PRODUCER).unwrap_or(true)
            // Only the lock on the data file can be kept from the producer.
            || self.is_observer() && memory.live().status.unwatched.load(Ordering::Relaxed) != 0
    }

    /// What lies at the ring's path now.
    pub(crate) fn whereabouts(&self) -> Whereabouts {
        let (Membership::Registered { data, .. } | Membership::Observer { data, .. }) = self else {
            return Whereabouts::Here;
        };
        match platform::path_id(&data.path) {
            Ok(id) if id == data.id => Whereabouts::Here,
            Ok(_) => Whereabouts::Another,
            Err(error) if error.kind() == ErrorKind::NotFound => Whereabouts::Gone,
            Err(_) => Whereabouts::Here,
        }
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        if let Membership::Heap { ring, slot } = self {
            ring.free_slot(*slot);
        }
    }
}

fn data_file(opened: &Opened) -> DataFile {
    DataFile {
        path: opened.place.data.clone(),
        id: opened.data_id,
    }
}

fn too_many(name: &str, geometry: &Geometry) -> AttachError {
    AttachError::TooManyReaders {
        name: name.to_owned(),
        registered: SLOTS,
        in_place: geometry.in_place,
    }
}
