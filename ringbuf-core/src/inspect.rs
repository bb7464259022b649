//! Looking after rings: what is there, who uses it, and taking away what the dead left.
//!
//! Nothing here affects a living producer or reader. Looking at a ring needs no more than to read it;
//! readers are shown to who may open `NAME.readers`.

mod remove;
mod sweep;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use remove::remove;
pub use sweep::{Fate, Leftover, Reach, Swept, gc};

use crate::error::{AttachError, FormatError, InspectError, NameError};
use crate::files::{self, Opened, Place, Registrar, locks};
use crate::layout::SLOTS;
use crate::memory::Memory;
use crate::options::{Delivery, WhenFull};
use crate::platform;
use crate::protocol::{self, Ledger, gate, state::Phase};
use crate::schema::Schema;
use crate::slots;
use crate::sync::Ordering;
use crate::times;

/// The kind of system this was built for: `linux`, or `portable` for every other.
pub const SYSTEM: &str = platform::NAME;

/// Whether a sleeping reader is woken by the producer. Where it is not it looks again by itself, every few
/// milliseconds: later, and at some cost while idle.
pub const IS_WOKEN: bool = platform::FAST_WAIT;

/// The version of the files that this reads and writes; see `docs/FORMAT.md`.
///
/// ```
/// assert_eq!(ringbuf_core::inspect::FORMAT_VERSION, 1);
/// ```
pub const FORMAT_VERSION: u32 = files::FORMAT_VERSION;

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
    /// Records it keeps, or frames at most.
    pub capacity: u64,
    /// What it keeps of frames; `None` for a ring of records. The schema is that of their descriptors then.
    pub frames: Option<FramesInfo>,
    /// Bytes of both files.
    pub file_bytes: u64,
    /// The most demanding delivery a reader may ask for.
    pub allow: Delivery,
    /// What its producer does with a record for which a reader leaves no room.
    pub when_full: WhenFull,
    /// Records dropped because a reader left no room for them.
    pub refused: u64,
    /// Claims are written where they lie, and only lossless readers may read; see
    /// [`CreateOptions::in_place`](crate::CreateOptions::in_place).
    pub in_place: bool,
    /// The newest record is mirrored beside the indices.
    pub mirror: bool,
    /// Its records have publication times.
    pub stamped: bool,
    /// The time between the oldest record kept and the newest; `None` without publication times.
    pub kept: Option<Duration>,
    /// It lies on a disk and outlives the system, rather than in memory. Where the system does not tell: yes.
    pub is_on_disk: bool,
    /// It lies on a disk and its end was not written in order: records may be damaged.
    pub is_unverified: bool,
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

/// What a ring of frames keeps, as it was at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FramesInfo {
    /// Bytes for frames: as long as one may be.
    pub arena_bytes: u64,
    /// Frames that are kept.
    pub kept_frames: u64,
    /// Bytes of the arena from the oldest of them to the newest.
    pub kept_bytes: u64,
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
    /// It is bounded, and held its producer for too long: it reads as a lossy one.
    pub is_demoted: bool,
    /// Records published and not yet read.
    pub lag: Option<u64>,
    /// How long the oldest of them has been published; `None` without publication times.
    pub lag_time: Option<Duration>,
}

/// Looks at one ring.
///
/// # Errors
///
/// As attaching to it.
pub fn info(reference: &str) -> Result<RingInfo, AttachError> {
    look_at(&Place::resolve(reference)?)
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
    let rings = names_in(&directory)?
        .iter()
        .filter_map(|name| name.strip_suffix(".ring"))
        .filter(|name| files::is_name(name))
        .map(|name| {
            let place = Place::within(directory.clone(), name, given);
            Listed {
                name: name.to_owned(),
                path: place.data.clone(),
                info: look_at(&place),
            }
        })
        // Removed since the directory was read.
        .filter(|ring| !matches!(ring.info, Err(AttachError::NotFound { .. })))
        .collect();
    Ok(rings)
}

/// The data file a reference stands for, whether it exists or not.
///
/// # Errors
///
/// The reference names no ring.
///
/// ```
/// use ringbuf_core::inspect;
///
/// let path = inspect::path("imu").unwrap();
/// assert_eq!(path, inspect::directory().join("imu.ring"));
/// assert!(inspect::path("no spaces please").is_err());
/// ```
pub fn path(reference: &str) -> Result<PathBuf, NameError> {
    Ok(Place::resolve(reference)?.data)
}

/// Where the rings of this user are: `$RINGBUF_DIR`, or a directory of the user's own.
pub fn directory() -> PathBuf {
    files::directory().0
}

/// What is in a directory, sorted; nothing if it does not exist.
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
    names.sort_unstable();
    Ok(names)
}

/// How often a ring may be replaced while we look.
const ATTEMPTS: usize = 16;

fn look_at(place: &Place) -> Result<RingInfo, AttachError> {
    for _ in 1..ATTEMPTS {
        match files::open(place, false).and_then(look) {
            Err(error) if may_have_been_replaced(&error) => {}
            result => return result,
        }
    }
    files::open(place, false).and_then(look)
}

/// The two files are opened one after the other; if the ring is replaced in between they do not fit.
fn may_have_been_replaced(error: &AttachError) -> bool {
    let problem = match error {
        AttachError::Format { problem, .. } => Some(problem),
        _ => None,
    };
    matches!(problem, Some(FormatError::Mixed))
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
    let oldest = crate::sequence::oldest(claimed, capacity).min(published);
    Ok(RingInfo {
        producer: producer_state(&opened, registrar.as_ref(), &memory),
        epoch: protocol::state::load(live).epoch,
        published,
        oldest,
        frames: frames(&memory, published, oldest),
        readers: registrar
            .as_ref()
            .map(|registrar| readers(registrar, &memory)),
        name: opened.place.name,
        path: opened.place.data,
        ring_id: opened.header.ring_id,
        created_ns: opened.header.created_ns,
        capacity,
        file_bytes: opened.header.file_len() + files::READERS_LEN,
        allow: opened.header.allow,
        when_full: opened.header.when_full,
        refused: live.status.refused.load(Ordering::Relaxed),
        stamped: opened.header.geometry.stamped,
        kept: times::kept(&memory),
        is_on_disk: platform::is_on_disk(&opened.data),
        is_unverified: !files::is_verified(&memory, opened.header.boot_id),
        in_place: opened.header.geometry.in_place,
        mirror: opened.header.geometry.mirror,
        schema: opened.schema,
    })
}

fn producer_state(
    opened: &Opened,
    registrar: Option<&Registrar>,
    memory: &Memory,
) -> ProducerState {
    let is_owned = |registrar: &Registrar| {
        platform::is_locked(&registrar.file, locks::PRODUCER).unwrap_or(true)
    };
    // On either file: `NAME.readers` may be a copy that somebody put there. When the system cannot say, it lives.
    if registrar.is_some_and(is_owned) || opened.is_locked_by_producer().unwrap_or(true) {
        return ProducerState::Live;
    }
    // After the lock: who closes does so before letting go of it.
    let status = &memory.live().status;
    match protocol::state::load(memory.live()).phase {
        Phase::Closed | Phase::Removed => ProducerState::Closed,
        // Nobody can say.
        _ if registrar.is_none() && status.unwatched.load(Ordering::Relaxed) != 0 => {
            ProducerState::Live
        }
        Phase::New | Phase::Open => ProducerState::Died,
    }
}

fn frames(memory: &Memory, published: u64, oldest: u64) -> Option<FramesInfo> {
    let arena_bytes = memory.geometry().arena;
    (arena_bytes > 0).then(|| FramesInfo {
        arena_bytes,
        kept_frames: published - oldest,
        kept_bytes: protocol::frames::kept(memory, oldest..published),
    })
}

fn readers(registrar: &Registrar, memory: &Memory) -> Vec<ReaderInfo> {
    let slots = &memory.control().slots.0;
    (0..SLOTS)
        .filter_map(|slot| {
            let words = &slots[slot];
            let delivery = words.delivery.load(Ordering::Acquire);
            let bound_ns = words.bound_ns.load(Ordering::Relaxed);
            let delivery = Delivery::from_code(delivery, bound_ns)?;
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
                is_demoted: words.gate.load(Ordering::Relaxed) == gate::DEMOTED,
                lag: ledger.map(|ledger| published.saturating_sub(ledger.cursor)),
                lag_time: ledger.and_then(|ledger| times::lag(memory, ledger.cursor)),
                ledger,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
