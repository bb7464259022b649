//! Looking after rings: what is there, who uses it, and taking away what the dead left.
//!
//! Nothing here affects a living producer or reader. Looking at a ring needs no more than to read it;
//! readers are shown to who may open `NAME.readers`.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::{AttachError, InspectError};
use crate::files::{self, Opened, Place, Registrar, locks};
use crate::layout::SLOTS;
use crate::memory::Memory;
use crate::options::Delivery;
use crate::platform::{self, Lock, LockError, LockFile};
use crate::protocol::{self, Ledger, state::Phase};
use crate::schema::Schema;
use crate::slots;
use crate::sync::Ordering;

/// The kind of system this was built for: `linux`, or `portable` for every other.
pub const SYSTEM: &str = platform::NAME;

/// Whether a sleeping reader is woken by the producer. Where it is not it looks again by itself, every few
/// milliseconds: later, and at some cost while idle.
pub const IS_WOKEN: bool = platform::FAST_WAIT;

/// What the producer of a ring is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProducerState {
    /// It has the ring.
    Live,
    /// It closed the ring: readers drain it and end.
    Closed,
    /// It is gone without closing the ring: readers wait for the next one.
    Died,
}

impl ProducerState {
    /// The word for people.
    pub fn name(self) -> &'static str {
        match self {
            ProducerState::Live => "live",
            ProducerState::Closed => "closed",
            ProducerState::Died => "died",
        }
    }
}

/// A ring, as it was at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RingInfo {
    /// Its name.
    pub name: String,
    /// Its data file.
    pub path: PathBuf,
    /// Its identity, which no other ring has.
    pub ring_id: [u8; 16],
    /// When it was created, nanoseconds since the Unix epoch.
    pub created_ns: i64,
    /// What a record consists of.
    pub schema: Schema,
    /// Records it keeps.
    pub capacity: u64,
    /// Bytes of both files.
    pub file_bytes: u64,
    /// The most demanding delivery a reader may ask for.
    pub allow: Delivery,
    /// The newest record is mirrored beside the indices.
    pub mirror: bool,
    /// What its producer is doing.
    pub producer: ProducerState,
    /// How many producers it has had.
    pub epoch: u64,
    /// The next sequence to be published.
    pub published: u64,
    /// The oldest sequence still readable.
    pub oldest: u64,
    /// Registered readers; `None` if this user may not see them. Observers are never seen.
    pub readers: Option<Vec<ReaderInfo>>,
}

/// A registered reader, as it was at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReaderInfo {
    /// Its slot, from 0.
    pub slot: usize,
    /// Its name.
    pub name: String,
    /// What it asks of the producer.
    pub delivery: Delivery,
    /// Its process, for display only: in another container it means nothing here.
    pub pid: u64,
    /// When it attached, nanoseconds since the Unix epoch.
    pub attached_ns: i64,
    /// Whether it holds its lock; the dead are shown until their slot is used again.
    pub is_alive: bool,
    /// What became of every record since it joined; `None` if it changed too fast to be read.
    pub ledger: Option<Ledger>,
    /// Records published and not yet read.
    pub lag: Option<u64>,
}

/// Looks at one ring.
///
/// # Errors
///
/// As attaching to it.
pub fn info(reference: &str) -> Result<RingInfo, AttachError> {
    let place = Place::resolve(reference)?;
    look(files::open(&place, false)?)
}

/// A ring in a directory, or why it cannot be looked at.
#[derive(Debug)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Its data file.
    pub path: PathBuf,
    /// What was found.
    pub info: Result<RingInfo, AttachError>,
}

/// The rings that names resolve to for this user, sorted by name; none if there is no directory yet.
///
/// # Errors
///
/// The directory cannot be read.
pub fn list() -> Result<Vec<Listed>, InspectError> {
    let (directory, given) = files::directory();
    let mut rings: Vec<Listed> = names_in(&directory)?
        .iter()
        .filter_map(|name| name.strip_suffix(".ring"))
        .filter(|name| files::is_name(name))
        .map(|name| {
            let place = Place::within(directory.clone(), name, given);
            Listed {
                name: name.to_owned(),
                path: place.data.clone(),
                info: files::open(&place, false).and_then(look),
            }
        })
        .collect();
    rings.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(rings)
}

/// Where the rings of this user are: `$RINGBUF_DIR`, or a directory of the user's own.
pub fn directory() -> PathBuf {
    files::directory().0
}

fn names_in(directory: &Path) -> Result<Vec<String>, InspectError> {
    let io = |source| InspectError::Io {
        action: "listing",
        path: directory.to_path_buf(),
        source,
    };
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(io)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        if let Ok(name) = entry.map_err(io)?.file_name().into_string() {
            names.push(name);
        }
    }
    Ok(names)
}

fn look(opened: Opened) -> Result<RingInfo, AttachError> {
    let registrar = match opened.registrar() {
        Ok(registrar) => Some(registrar),
        // Who may not register may still look.
        Err(AttachError::Io { .. } | AttachError::NotFound { .. }) => None,
        Err(error) => return Err(error),
    };
    let memory = opened.map(registrar.as_ref(), false)?;
    let live = memory.live();
    let published = protocol::published(&live.hot);
    let claimed = live.hot.claimed.load(Ordering::Relaxed);
    let capacity = opened.header.geometry.capacity;
    Ok(RingInfo {
        producer: producer_state(&opened, registrar.as_ref(), &memory),
        epoch: protocol::state::load(live).epoch,
        published,
        oldest: crate::sequence::oldest(claimed, capacity).min(published),
        readers: registrar
            .as_ref()
            .map(|registrar| readers(registrar, &memory)),
        name: opened.place.name,
        path: opened.place.data,
        ring_id: opened.header.ring_id,
        created_ns: opened.header.created_ns,
        capacity,
        file_bytes: opened.header.file_len() + files::READERS_LEN,
        allow: Delivery::from_code(u64::from(opened.header.allow)).unwrap_or_default(),
        mirror: opened.header.geometry.mirror,
        schema: opened.schema,
    })
}

fn producer_state(
    opened: &Opened,
    registrar: Option<&Registrar>,
    memory: &Memory,
) -> ProducerState {
    let locked = match registrar {
        Some(registrar) => platform::is_locked(&registrar.file, locks::PRODUCER),
        None => opened.data.try_clone().and_then(|file| {
            platform::is_locked(&LockFile::new(file, &opened.place.data), locks::PRODUCER)
        }),
    };
    // When the system cannot say, it lives.
    if locked.unwrap_or(true) {
        return ProducerState::Live;
    }
    // After the lock: who closes does so before letting go of it.
    match protocol::state::load(memory.live()).phase {
        Phase::Closed | Phase::Removed => ProducerState::Closed,
        Phase::New | Phase::Open => ProducerState::Died,
    }
}

fn readers(registrar: &Registrar, memory: &Memory) -> Vec<ReaderInfo> {
    let slots = &memory.control().slots.0;
    (0..SLOTS)
        .filter_map(|slot| {
            let words = &slots[slot];
            let delivery = Delivery::from_code(words.delivery.load(Ordering::Acquire))?;
            let ledger = protocol::observe(words);
            // After the ledger, so that the lag is never negative.
            let published = protocol::published(&memory.live().hot);
            Some(ReaderInfo {
                slot,
                name: slots::name(words),
                delivery,
                pid: words.pid.load(Ordering::Relaxed),
                attached_ns: words.attached_ns.load(Ordering::Relaxed).cast_signed(),
                is_alive: platform::is_locked(&registrar.file, locks::slot(slot)).unwrap_or(true),
                lag: ledger.map(|ledger| published.saturating_sub(ledger.cursor)),
                ledger,
            })
        })
        .collect()
}

/// Removes a ring that no living producer has; its readers are told.
///
/// # Errors
///
/// Its producer lives, or the files cannot be removed.
pub fn remove(reference: &str) -> Result<(), InspectError> {
    let place = Place::resolve(reference).map_err(AttachError::from)?;
    let opened = files::open(&place, false)?;
    let registrar = match opened.registrar() {
        Ok(registrar) => registrar,
        // Half a ring: nobody can use it.
        Err(AttachError::NotFound { .. }) => return unlink(&place),
        Err(error) => return Err(error.into()),
    };
    let _lock = lock(
        &place,
        &place.readers,
        locks::PRODUCER,
        "its producer lives",
    )?;
    // Opened anew for writing: looking must not need it, removing does.
    let memory = files::open(&place, true)?.map(Some(&registrar), true)?;
    protocol::remove(&memory);
    unlink(&place)
}

fn lock(place: &Place, path: &Path, index: u64, by: &str) -> Result<Lock, InspectError> {
    Lock::acquire(path, index).map_err(|error| match error {
        LockError::Held => InspectError::InUse {
            name: place.name.clone(),
            by: by.to_owned(),
        },
        LockError::Io(source) => InspectError::Io {
            action: "locking",
            path: path.to_path_buf(),
            source,
        },
    })
}

fn unlink(place: &Place) -> Result<(), InspectError> {
    files::unlink(place).map_err(|(path, source)| InspectError::Io {
        action: "removing",
        path,
        source,
    })
}

/// What [`gc`] did with one file or ring.
#[derive(Debug)]
pub struct Swept {
    /// The file, or the data file of the ring.
    pub path: PathBuf,
    /// Removed, or why not.
    pub result: Result<(), InspectError>,
}

/// Removes what the dead left in the directory of this user: rings with neither a living producer nor a
/// living reader, and files of creators that died on the way. With `dry_run` nothing is touched, and what
/// would be removed is returned.
///
/// # Errors
///
/// The directory cannot be read.
pub fn gc(dry_run: bool) -> Result<Vec<Swept>, InspectError> {
    let (directory, given) = files::directory();
    let names = names_in(&directory)?;
    let mut swept = Vec::new();
    for name in &names {
        let path = directory.join(name);
        let result = if name.starts_with('.') && name.ends_with(".tmp") {
            sweep_file(&path, locks::MAKING, dry_run)
        } else if let Some(name) = name
            .strip_suffix(".ring")
            .filter(|name| files::is_name(name))
        {
            sweep_ring(&Place::within(directory.clone(), name, given), dry_run)
        } else if let Some(name) = name
            .strip_suffix(".readers")
            .filter(|name| files::is_name(name))
        {
            let place = Place::within(directory.clone(), name, given);
            if place.data.exists() {
                continue;
            }
            sweep_file(&place.readers, locks::PRODUCER, dry_run)
        } else {
            continue;
        };
        match result {
            Ok(true) => swept.push(Swept {
                path,
                result: Ok(()),
            }),
            Ok(false) => {}
            Err(error) => swept.push(Swept {
                path,
                result: Err(error),
            }),
        }
    }
    Ok(swept)
}

/// Removes a ring that nobody uses; false if somebody does.
fn sweep_ring(place: &Place, dry_run: bool) -> Result<bool, InspectError> {
    let info = match files::open(place, false).and_then(look) {
        Ok(info) => info,
        Err(AttachError::NotFound { .. }) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    let readers = info.readers.unwrap_or_default();
    if info.producer == ProducerState::Live || readers.iter().any(|reader| reader.is_alive) {
        return Ok(false);
    }
    if dry_run {
        return Ok(true);
    }
    match remove(&place.reference()) {
        Ok(()) => Ok(true),
        Err(InspectError::InUse { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes a file whose lock nobody holds; false if somebody does.
fn sweep_file(path: &Path, index: u64, dry_run: bool) -> Result<bool, InspectError> {
    let io = |action| {
        let path = path.to_path_buf();
        move |source| InspectError::Io {
            action,
            path,
            source,
        }
    };
    let _lock = match Lock::acquire(path, index) {
        Ok(lock) => lock,
        Err(LockError::Held) => return Ok(false),
        Err(LockError::Io(error)) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(LockError::Io(source)) => return Err(io("locking")(source)),
    };
    if !dry_run {
        std::fs::remove_file(path).map_err(io("removing"))?;
        platform::remove_lock_files(path);
    }
    Ok(true)
}
