//! Taking away what the dead left.
//!
//! Only files that a ring certainly made are touched, whatever directory `RINGBUF_DIR` names, and of
//! those only the ones that nobody holds a lock on. Locks end with their holder, SIGKILL included.
//!
//! That nobody uses a ring does not mean that nobody wants it. What lies in memory is gone with the next boot
//! anyway and takes memory until then; who put a ring on a disk wanted it to stay, so it goes only when rings on a
//! disk are asked for. An unverified one is what is left of a measurement that was cut off: it goes by its name alone,
//! with [`remove()`](super::remove()).

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::remove::{self, Readers};
use super::{ProducerState, RingInfo, look_at, names_in};
use crate::error::{AttachError, InspectError};
use crate::files::{self, Given, Place, locks};
use crate::layout::SLOTS;
use crate::platform::{self, Lock, LockError, LockFile};

/// A creator locks its new file at once, and writes to it after that. So an unlocked file with something
/// in it belongs to nobody, but an empty one that is younger than this may be about to be locked.
const NEWBORN: Duration = Duration::from_secs(10);

/// What kind of thing was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Leftover {
    /// A ring with neither a living producer nor a living reader.
    Ring,
    /// A file whose creator died before the ring was finished.
    Unfinished,
    /// A readers' file without a ring: its creator, or who removed the ring, died half-way.
    Readers,
}

impl Leftover {
    /// The words for people.
    ///
    /// ```
    /// use ringbuf_core::inspect::Leftover;
    /// assert_eq!(Leftover::Unfinished.name(), "unfinished file");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Leftover::Ring => "ring",
            Leftover::Unfinished => "unfinished file",
            Leftover::Readers => "readers without a ring",
        }
    }
}

/// How far [`gc`] goes. What was never finished holds no records and is removed wherever it lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reach {
    /// Rings in memory. Where the system does not tell memory from disks, all are taken to lie on a disk.
    #[default]
    Memory,
    /// Also rings on a disk.
    Disk,
}

/// What becomes of something that nobody uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fate {
    /// It is removed.
    Removed,
    /// It is kept: it lies on a disk, and [`Reach::Disk`] was not asked for.
    OnDisk,
    /// It is kept: it is unverified. Save what you need of it, then [`remove`](super::remove()) it.
    Unverified,
}

impl Fate {
    /// The word for people.
    ///
    /// ```
    /// use ringbuf_core::inspect::Fate;
    /// assert_eq!(Fate::OnDisk.name(), "on a disk");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Fate::Removed => "removed",
            Fate::OnDisk => "on a disk",
            Fate::Unverified => "unverified",
        }
    }
}

/// What [`gc`] did with one file or ring.
#[derive(Debug)]
#[non_exhaustive]
pub struct Swept {
    /// The file, or the data file of the ring.
    pub path: PathBuf,
    /// What it is.
    pub what: Leftover,
    /// Bytes it takes.
    pub bytes: u64,
    /// What became of it, or why nothing could be done.
    pub result: Result<Fate, InspectError>,
}

/// Removes what the dead left in the directory of this user: rings with neither a living producer nor a
/// living reader, as far as `reach` goes, and files of creators that died on the way. With `dry_run` nothing is
/// touched, and what would be done is returned.
///
/// A ring that is kept although nobody uses it is returned too, and one that cannot be read, with the reason: it is
/// left alone. What belongs to other users is passed over.
///
/// # Errors
///
/// The directory cannot be read.
///
/// ```
/// use ringbuf_core::inspect::{self, Fate, Reach};
///
/// for found in inspect::gc(Reach::Memory, true)? {
///     if matches!(found.result, Ok(Fate::Removed)) {
///         println!("{} ({} bytes)", found.path.display(), found.bytes);
///     }
/// }
/// # Ok::<(), ringbuf_core::InspectError>(())
/// ```
pub fn gc(reach: Reach, dry_run: bool) -> Result<Vec<Swept>, InspectError> {
    let (directory, given) = files::directory();
    files::check(&directory, given).map_err(|error| AttachError::Directory(error.to_string()))?;
    sweep(&directory, given, reach, dry_run)
}

pub(super) fn sweep(
    directory: &Path,
    given: Given,
    reach: Reach,
    dry_run: bool,
) -> Result<Vec<Swept>, InspectError> {
    let mut swept = Vec::new();
    for name in names_in(directory)? {
        let path = directory.join(&name);
        if !platform::is_of_this_user(&path) {
            continue;
        }
        let Some((what, place)) = recognise(directory, given, &name) else {
            continue;
        };
        // Before it is gone.
        let bytes = bytes(what, &path, place.as_ref());
        let result = match (what, place) {
            (Leftover::Ring, Some(place)) => sweep_ring(&place, reach, dry_run),
            (Leftover::Readers, Some(place)) => removed(sweep_readers(&place, dry_run)),
            _ => removed(sweep_unfinished(&path, dry_run)),
        };
        let Some(result) = result.transpose() else {
            continue;
        };
        swept.push(Swept {
            path,
            what,
            bytes,
            result,
        });
    }
    Ok(swept)
}

fn removed(result: Result<bool, InspectError>) -> Result<Option<Fate>, InspectError> {
    result.map(|is_removed| is_removed.then_some(Fate::Removed))
}

/// What a file of this name would be, and of which ring.
fn recognise(directory: &Path, given: Given, name: &str) -> Option<(Leftover, Option<Place>)> {
    if is_temporary(name) {
        return Some((Leftover::Unfinished, None));
    }
    let place = |name: &str| {
        files::is_name(name).then(|| Place::within(directory.to_path_buf(), name, given))
    };
    if let Some(name) = name.strip_suffix(".ring") {
        return Some((Leftover::Ring, Some(place(name)?)));
    }
    let place = place(name.strip_suffix(".readers")?)?;
    remove::is_absent(&place.data).then_some((Leftover::Readers, Some(place)))
}

/// Whether creators name their files so: `.NAME.ID.ring.tmp`.
fn is_temporary(name: &str) -> bool {
    let is_id = |id: &str| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    name.strip_prefix('.')
        .and_then(|name| name.strip_suffix(".tmp"))
        .and_then(|name| {
            name.strip_suffix(".ring")
                .or_else(|| name.strip_suffix(".readers"))
        })
        .and_then(|name| name.rsplit_once('.'))
        .is_some_and(|(name, id)| files::is_name(name) && is_id(id))
}

fn bytes(what: Leftover, path: &Path, place: Option<&Place>) -> u64 {
    let len = |path: &Path| path.symlink_metadata().map_or(0, |found| found.len());
    let readers = place.filter(|_| what == Leftover::Ring);
    len(path) + readers.map_or(0, |place| len(&place.readers))
}

/// Removes a ring that nobody uses, unless it is to be kept; `None` if somebody uses it, or if it is another
/// user's.
fn sweep_ring(place: &Place, reach: Reach, dry_run: bool) -> Result<Option<Fate>, InspectError> {
    let info = match look_at(place) {
        Ok(info) => info,
        Err(AttachError::NotFound { .. }) => return Ok(None),
        Err(AttachError::Io { source, .. }) if source.kind() == ErrorKind::PermissionDenied => {
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let is_read = match &info.readers {
        Some(readers) => readers.iter().any(|reader| reader.is_alive),
        // Readers we may not see are not ours to end.
        None => !remove::is_absent(&place.readers),
    };
    if is_read || info.producer == ProducerState::Live {
        return Ok(None);
    }
    let fate = fate(&info, reach);
    if dry_run || fate != Fate::Removed {
        return Ok(Some(fate));
    }
    match remove::take_away(place, Readers::KeepIt) {
        Ok(()) => Ok(Some(Fate::Removed)),
        // Somebody came, or was faster.
        Err(InspectError::InUse { .. } | InspectError::Attach(AttachError::NotFound { .. })) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// What becomes of a ring that nobody uses.
pub(super) fn fate(info: &RingInfo, reach: Reach) -> Fate {
    match reach {
        // Wherever it lies: it may have been copied from a disk to memory.
        _ if info.is_unverified => Fate::Unverified,
        Reach::Memory if info.is_on_disk => Fate::OnDisk,
        Reach::Memory | Reach::Disk => Fate::Removed,
    }
}

/// Removes a file that was never finished; false if somebody is at it.
fn sweep_unfinished(path: &Path, dry_run: bool) -> Result<bool, InspectError> {
    let Some(file) = open(path)? else {
        return Ok(false);
    };
    if is_newborn(file.file()) || is_locked(&file, locks::MAKING) {
        return Ok(false);
    }
    if dry_run {
        return Ok(true);
    }
    match Lock::acquire(path, locks::MAKING) {
        Ok(_lock) => remove::remove_file(path),
        Err(LockError::Held) => Ok(false),
        Err(LockError::Io(error)) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(LockError::Io(source)) => Err(InspectError::Io {
            action: "locking",
            path: path.to_path_buf(),
            source,
        }),
    }
}

fn is_newborn(file: &File) -> bool {
    file.metadata().is_ok_and(|found| {
        let age = found.modified().ok().and_then(|time| time.elapsed().ok());
        found.len() == 0 && age.is_none_or(|age| age < NEWBORN)
    })
}

/// Removes a readers' file that has no ring; false if somebody is at it, or if it is none.
fn sweep_readers(place: &Place, dry_run: bool) -> Result<bool, InspectError> {
    let path = &place.readers;
    let Some(file) = open(path)? else {
        return Ok(false);
    };
    let mut magic = [0; 8];
    let is_ours = file.file().read_exact(&mut magic).is_ok() && magic == files::READERS_MAGIC;
    // A creator at work holds its first lock on this very file, under its temporary name.
    let mut locks = [locks::MAKING, locks::PRODUCER]
        .into_iter()
        .chain((0..SLOTS).map(locks::slot));
    if !is_ours || locks.any(|index| is_locked(&file, index)) {
        return Ok(false);
    }
    if dry_run {
        return Ok(true);
    }
    let id = platform::file_id(file.file()).map_err(|source| InspectError::Io {
        action: "examining",
        path: path.clone(),
        source,
    })?;
    match remove::lock_producer(place, path, id) {
        Ok(Some(_lock)) if remove::is_absent(&place.data) => remove::remove_file(path),
        Ok(_) | Err(InspectError::InUse { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Opens a file to look at its locks; `None` if it is gone or another user's.
fn open(path: &Path) -> Result<Option<LockFile>, InspectError> {
    match platform::open_read_write(path) {
        Ok(file) => Ok(Some(LockFile::new(file, path))),
        Err(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::PermissionDenied => Ok(None),
            _ => Err(InspectError::Io {
                action: "opening",
                path: path.to_path_buf(),
                source: error,
            }),
        },
    }
}

/// Whether somebody holds the lock. When the system cannot say, somebody does.
fn is_locked(file: &LockFile, index: u64) -> bool {
    platform::is_locked(file, index).unwrap_or(true)
}
