//! Making a ring, and continuing one whose producer is gone.
//!
//! Both files are made under temporary names, fully allocated and initialised, then linked: `.readers`
//! first, `.ring` last, so that whoever finds `NAME.ring` finds a whole ring. What a creator that died on
//! the way leaves behind is never attached to: temporary names are swept by `gc`, a lone `.readers` by
//! the next creator.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::access::{self, Access};
use super::header::{
    self, CONTROL_OFFSET, FormatError, READERS_LEN, RingHeader, SCHEMA_MAX, SCHEMA_OFFSET,
};
use super::locks;
use super::open::{Opened, Registrar, open, read_header};
use super::place::Place;
use super::verify;
use crate::error::{AttachError, CreateError};
use crate::layout::Geometry;
use crate::memory::Memory;
use crate::options::{Delivery, WhenFull};
use crate::platform::{self, FileId, Lock, LockError, LockFile};
use crate::protocol::frames::Arena;
use crate::protocol::wake::Barrier;
use crate::protocol::{self, Writer};
use crate::schema::Schema;
use crate::sequence;
use crate::sync::{Arc, Ordering};
use crate::times;

/// How often others may be faster before we give up.
const ATTEMPTS: usize = 64;
/// What they get to finish, each time.
const PAUSE: Duration = Duration::from_millis(2);
/// How often the producer's lock is tried before a living producer is believed to have it.
const PATIENCE: u32 = 50;

/// What is wanted of a new ring.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) geometry: Geometry,
    pub(crate) allow: Delivery,
    pub(crate) when_full: WhenFull,
    pub(crate) barrier: Barrier,
    pub(crate) access: Access,
    pub(crate) replace: bool,
}

/// What makes this process the producer of a ring in files.
#[derive(Debug)]
pub(crate) struct Ownership {
    pub(crate) place: Place,
    pub(crate) registrar: Registrar,
    /// Tells observers that the producer lives, on `NAME.ring`. Let go of first: the next producer takes it
    /// as soon as it has the other.
    _data_lock: Option<Lock>,
    /// The authoritative lock, on `NAME.readers`.
    _lock: Lock,
}

/// A ring that was taken away to be replaced. Its readers are told when this is dropped: by then another has
/// its name, or there will be none.
#[derive(Debug)]
struct Replaced {
    memory: Memory,
    /// Until then they are to think that the producer lives, rather than that the ring was removed.
    _data_lock: Option<Lock>,
    _lock: Lock,
}

impl Drop for Replaced {
    fn drop(&mut self) {
        protocol::remove(&self.memory);
    }
}

/// What one attempt came to.
enum Attempt {
    Done(Box<Owned>),
    /// Others were faster, or something is out of the way: look again.
    Again,
    Replaced(Box<Replaced>),
}

/// A ring and the right to publish on it.
type Owned = (Writer, Ownership);

/// Creates the ring, or continues one that fits and has no producer.
pub(crate) fn create(reference: &str, wanted: &Wanted<'_>) -> Result<Owned, CreateError> {
    let place = Place::resolve(reference)?;
    place
        .prepare()
        .map_err(|error| CreateError::Directory(error.to_string()))?;
    if !place.directory.exists() {
        return Err(CreateError::Directory(format!(
            "there is no directory {} to make a ring in: make it first, or name another",
            place.directory.display()
        )));
    }
    let mut replaced = Vec::new();
    for _ in 0..ATTEMPTS {
        access::check_owners(&place)?;
        let attempt = match open(&place, true) {
            Ok(opened) => take_over(opened, wanted)?,
            Err(AttachError::NotFound { .. }) => make(&place, wanted)?,
            Err(error) => return Err(in_the_way(error)),
        };
        match attempt {
            Attempt::Done(owned) => return Ok(*owned),
            Attempt::Again => std::thread::sleep(PAUSE),
            Attempt::Replaced(ring) => replaced.push(ring),
        }
    }
    Err(CreateError::Contended { name: place.name })
}

/// Why an existing file keeps the ring from being made.
fn in_the_way(error: AttachError) -> CreateError {
    match error {
        AttachError::Name(error) => CreateError::Name(error),
        AttachError::Format { path, problem } => CreateError::Format { path, problem },
        AttachError::WritableByOthers { path, mode } => {
            CreateError::WritableByOthers { path, mode }
        }
        AttachError::FileSystem { path, problem } => CreateError::FileSystem { path, problem },
        AttachError::Io {
            action,
            path,
            source,
        } => CreateError::Io {
            action,
            path,
            source,
        },
        // `open`, `registrar` and `map` have no others but that the directory will not do and that the two
        // files have different owners.
        other => CreateError::Directory(other.to_string()),
    }
}

/// Continues the ring found, or takes it away if a replacement is wanted.
fn take_over(opened: Opened, wanted: &Wanted<'_>) -> Result<Attempt, CreateError> {
    let place = opened.place.clone();
    access::check_owner(&opened.data, &place.data)?;
    let registrar = match opened.registrar() {
        Ok(registrar) => registrar,
        Err(AttachError::NotFound { .. }) => return repair(opened, wanted),
        // Replaced between its two files.
        Err(_) if platform::path_id(&place.data).ok() != Some(opened.data_id) => {
            return Ok(Attempt::Again);
        }
        Err(error) => return Err(in_the_way(error)),
    };
    let Some(lock) = lock_producer(&place, &place.readers, registrar.id)? else {
        return Ok(Attempt::Again);
    };
    if platform::path_id(&place.data).ok() != Some(opened.data_id) {
        return Ok(Attempt::Again);
    }
    // The other lock of a producer whose `NAME.readers` somebody has exchanged for a copy.
    if opened.is_locked_by_producer().unwrap_or(true) {
        return Err(in_use(&place));
    }
    if !wanted.replace
        && let Some((found, expected)) = difference(&opened, wanted)
    {
        return Err(CreateError::Different {
            name: place.name,
            found,
            expected,
        });
    }
    if !wanted.replace {
        opened.check_writers().map_err(in_the_way)?;
    }
    let memory = opened.map(Some(&registrar), true).map_err(in_the_way)?;
    if wanted.replace {
        let data_lock = show_life(&place, &memory);
        unlink(&place).map_err(|(path, source)| io_error("removing", path, source))?;
        return Ok(Attempt::Replaced(Box::new(Replaced {
            memory,
            _data_lock: data_lock,
            _lock: lock,
        })));
    }
    if !verify::is_verified(&memory, opened.header.boot_id) {
        return Err(CreateError::Unverified {
            name: place.name,
            path: place.data,
        });
    }
    opened.check_can_go_on(&memory).map_err(in_the_way)?;
    wanted.access.change(&opened, &registrar, &place)?;
    memory.prefault();
    let writer = begin(&place, Arc::new(memory), wanted)?;
    if platform::is_on_disk(&opened.data) {
        // What is on the disk says closed and whole, which must not outlive the first record written over.
        writer
            .memory()
            .flush_live()
            .map_err(|source| io_error("writing", place.data.clone(), source))?;
    }
    Ok(own(place, writer, registrar, lock))
}

/// A ring without its readers' file: nobody can own it, so it is only ever taken away.
fn repair(opened: Opened, wanted: &Wanted<'_>) -> Result<Attempt, CreateError> {
    let path = opened.place.data.clone();
    // The whole ring may have been removed since it was opened, and another one made.
    let Some(_lock) = lock_producer(&opened.place, &path, opened.data_id)? else {
        return Ok(Attempt::Again);
    };
    if opened.place.readers.exists() {
        return Ok(Attempt::Again);
    }
    if wanted.replace {
        std::fs::remove_file(&path).map_err(|source| io_error("removing", path, source))?;
        return Ok(Attempt::Again);
    }
    Err(CreateError::Format {
        path,
        problem: FormatError::Mixed,
    })
}

/// In what the ring found and the one wanted differ, for people; `None` if the one is the other.
fn difference(opened: &Opened, wanted: &Wanted<'_>) -> Option<(String, String)> {
    let header = &opened.header;
    let found = aspects(
        &opened.schema,
        &header.geometry,
        header.allow,
        header.when_full,
    );
    let expected = aspects(
        wanted.schema,
        &wanted.geometry,
        wanted.allow,
        wanted.when_full,
    );
    let differ = |texts: &[String], others: &[String]| {
        let differing = texts
            .iter()
            .zip(others)
            .filter(|(text, other)| text != other);
        let texts: Vec<&str> = differing.map(|(text, _)| text.as_str()).collect();
        texts.join(", ")
    };
    if found != expected {
        Some((differ(&found, &expected), differ(&expected, &found)))
    } else if opened.schema != *wanted.schema {
        // Units, meanings, places: what the short form leaves out.
        let schemas = [&opened.schema, wanted.schema].map(|schema| format!("\n{schema}"));
        let [found, expected] = schemas;
        Some((found, expected))
    } else {
        None
    }
}

/// What must agree for a ring to be continued.
fn aspects(
    schema: &Schema,
    geometry: &Geometry,
    allow: Delivery,
    when_full: WhenFull,
) -> [String; 8] {
    let fields: Vec<String> = schema
        .fields()
        .iter()
        .map(|field| format!("{}: {}", field.name(), field.format()))
        .collect();
    [
        match geometry.arena {
            0 => format!("{} records", geometry.capacity),
            _ => format!("{} frames", geometry.capacity),
        },
        match geometry.arena {
            0 => "no arena".to_owned(),
            arena => format!("an arena of {arena} bytes"),
        },
        format!("records of {} bytes ({})", schema.size(), fields.join(", ")),
        match geometry.stamped {
            true => "with publication times",
            false => "without publication times",
        }
        .to_owned(),
        match geometry.mirror {
            true => "made for latency",
            false => "made for throughput",
        }
        .to_owned(),
        match geometry.in_place {
            true => "written in place",
            false => "written through",
        }
        .to_owned(),
        format!("readers up to {allow}"),
        match when_full {
            WhenFull::Wait => "waits when full",
            WhenFull::Drop => "drops when full",
        }
        .to_owned(),
    ]
}

fn in_use(place: &Place) -> CreateError {
    CreateError::InUse {
        name: place.name.clone(),
        path: place.data.clone(),
    }
}

/// The producer's lock on the file at `path`, `None` if another file lies there by now.
fn lock_producer(
    place: &Place,
    path: &Path,
    expected: FileId,
) -> Result<Option<Lock>, CreateError> {
    for patience in (0..PATIENCE).rev() {
        match super::lock_producer(path, expected) {
            Ok(lock) => return Ok(lock),
            // Perhaps only by somebody who looks whether the ring can be removed.
            Err(LockError::Held) if patience > 0 => std::thread::sleep(PAUSE),
            Err(LockError::Held) => break,
            Err(LockError::Io(source)) => {
                return Err(io_error("locking", path.to_path_buf(), source));
            }
        }
    }
    Err(in_use(place))
}

fn begin(place: &Place, memory: Arc<Memory>, wanted: &Wanted<'_>) -> Result<Writer, CreateError> {
    // Who may write the file may have changed them since they were checked: these are the ones that count. Looked at
    // before anything is written, so that a ring that is refused stays as it was.
    let indices = Writer::indices(&memory);
    let (published, claimed) = indices;
    let capacity = wanted.geometry.capacity;
    if !sequence::fit(published, claimed, capacity) {
        return Err(CreateError::Format {
            path: place.data.clone(),
            problem: FormatError::Indices {
                published,
                claimed,
                capacity,
            },
        });
    }
    if wanted.geometry.arena > 0 && Arena::of(&memory, indices).is_none() {
        return Err(CreateError::Format {
            path: place.data.clone(),
            problem: FormatError::Frame,
        });
    }
    verify::note_boot(&memory);
    // Until the lock is there that observers look for.
    let unwatched = &memory.live().status.unwatched;
    unwatched.store(1, Ordering::Relaxed);
    let waits = wanted.allow.waits();
    Ok(Writer::open_at(
        memory,
        indices,
        waits,
        wanted.barrier,
        times::now(),
    ))
}

fn own(place: Place, writer: Writer, registrar: Registrar, lock: Lock) -> Attempt {
    let ownership = Ownership {
        _data_lock: show_life(&place, writer.memory()),
        place,
        registrar,
        _lock: lock,
    };
    Attempt::Done(Box::new((writer, ownership)))
}

/// Takes the lock that observers look for. One of them can keep us from it with a lock of its own: then the others are
/// told not to look.
fn show_life(place: &Place, memory: &Memory) -> Option<Lock> {
    let lock = Lock::acquire(&place.data, locks::PRODUCER).ok();
    let unwatched = u64::from(lock.is_none());
    let status = &memory.live().status;
    status.unwatched.store(unwatched, Ordering::Release);
    lock
}

/// Removes the files of a ring, `.ring` first: from then on nobody attaches.
fn unlink(place: &Place) -> Result<(), (PathBuf, io::Error)> {
    for path in [&place.data, &place.readers] {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err((path.clone(), error)),
            _ => platform::remove_lock_files(path),
        }
    }
    Ok(())
}

fn io_error(action: &'static str, path: PathBuf, source: io::Error) -> CreateError {
    CreateError::Io {
        action,
        path,
        source,
    }
}

/// A file under a temporary name, removed unless it was linked to its own.
#[derive(Debug)]
struct Temporary {
    path: PathBuf,
    file: std::fs::File,
    /// Tells `gc` that it is being made.
    _making: Lock,
}

impl Temporary {
    /// For its owner alone until it is whole: whoever else may open it could be quicker with a lock.
    fn new(path: PathBuf, len: u64, place: &Place) -> Result<Temporary, CreateError> {
        let file = platform::create_new(&path, 0o600)
            .map_err(|source| io_error("creating", path.clone(), source))?;
        let making = Lock::acquire(&path, locks::MAKING).map_err(|error| {
            let _ = std::fs::remove_file(&path);
            io_error("locking", path.clone(), io::Error::other(error))
        })?;
        let temporary = Temporary {
            path,
            file,
            _making: making,
        };
        platform::check_file_system(&temporary.file).map_err(|problem| {
            CreateError::FileSystem {
                path: temporary.path.clone(),
                problem: problem.to_string(),
            }
        })?;
        platform::allocate(&temporary.file, len).map_err(|source| match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                CreateError::NoSpace {
                    name: place.name.clone(),
                    needed: len,
                    directory: place.directory.clone(),
                }
            }
            _ => io_error("allocating", temporary.path.clone(), source),
        })?;
        Ok(temporary)
    }

    fn write(&mut self, at: u64, bytes: &[u8]) -> Result<(), CreateError> {
        use std::io::{Seek, SeekFrom, Write};
        self.file
            .seek(SeekFrom::Start(at))
            .and_then(|_| self.file.write_all(bytes))
            .map_err(|source| io_error("writing", self.path.clone(), source))
    }

    /// Gives the file its own name; false if the name is taken.
    fn link(&self, path: &Path) -> Result<bool, CreateError> {
        match std::fs::hard_link(&self.path, path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(source) => Err(io_error("linking", path.to_path_buf(), source)),
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // If this fails the name stays until `gc` sweeps it; there is nobody to tell.
        let _ = std::fs::remove_file(&self.path);
        platform::remove_lock_files(&self.path);
    }
}

/// Makes both files.
fn make(place: &Place, wanted: &Wanted<'_>) -> Result<Attempt, CreateError> {
    let json = wanted.schema.to_json();
    if json.len() as u64 > SCHEMA_MAX {
        return Err(CreateError::SchemaTooLong {
            found: json.len(),
            expected: SCHEMA_MAX,
        });
    }
    let ring_id =
        random_id().map_err(|source| io_error("drawing an id for", place.data.clone(), source))?;
    let now = platform::realtime_ns();
    let header = RingHeader {
        ring_id,
        boot_id: platform::boot_id(),
        created_ns: now,
        clock_offset_ns: now.saturating_sub_unsigned(platform::monotonic_ns()),
        geometry: wanted.geometry,
        allow: wanted.allow,
        when_full: wanted.when_full,
        schema_len: json.len() as u64,
    };
    let temporary = |extension: &str| {
        let id = u128::from_le_bytes(ring_id);
        place
            .directory
            .join(format!(".{}.{id:032x}.{extension}.tmp", place.name))
    };

    let mut data = Temporary::new(temporary("ring"), header.file_len(), place)?;
    data.write(SCHEMA_OFFSET, json.as_bytes())?;
    data.write(0, &header.encode(json.as_bytes()))?;
    let mut readers = Temporary::new(temporary("readers"), READERS_LEN, place)?;
    readers.write(0, &header::encode_readers(ring_id))?;
    format_readers(&readers)?;
    access::set_mode(&data.file, wanted.access.data_mode(), &data.path)?;
    access::set_mode(&readers.file, wanted.access.readers_mode(), &readers.path)?;

    if !readers.link(&place.readers)? {
        return sweep(place);
    }
    finish(place, &data, wanted)
}

/// Turns every gate off, through the same code that does it for the heap.
fn format_readers(readers: &Temporary) -> Result<(), CreateError> {
    let io = |source| io_error("mapping", readers.path.clone(), source);
    let mapping = platform::Mapping::read_write(&readers.file, READERS_LEN as usize).map_err(io)?;
    crate::memory::format_control(&mapping, CONTROL_OFFSET as usize)
        .ok_or_else(|| io(io::Error::from(ErrorKind::UnexpectedEof)))
}

/// Takes the producer's lock on the readers' file just linked, then opens the ring and links its data.
fn finish(place: &Place, data: &Temporary, wanted: &Wanted<'_>) -> Result<Attempt, CreateError> {
    let under_temporary_name = Place {
        data: data.path.clone(),
        ..place.clone()
    };
    let mut opened = open(&under_temporary_name, true).map_err(in_the_way)?;
    // What goes wrong from here on, now or while the ring is used, is told of the name it is going to have.
    opened.place.data.clone_from(&place.data);
    let registrar = match opened.registrar() {
        Ok(registrar) => registrar,
        // Swept away by somebody who found it alone.
        Err(AttachError::NotFound { .. }) => return Ok(Attempt::Again),
        Err(error) => return Err(in_the_way(error)),
    };
    // Without the lock the file is somebody else's to sweep.
    let Some(lock) = lock_producer(place, &place.readers, registrar.id)? else {
        return Ok(Attempt::Again);
    };
    let linked = opened
        .map(Some(&registrar), true)
        .map_err(in_the_way)
        .and_then(|memory| {
            memory.prefault();
            let writer = begin(place, Arc::new(memory), wanted)?;
            Ok(data.link(&place.data)?.then_some(writer))
        });
    match linked {
        Ok(Some(writer)) => Ok(own(place.clone(), writer, registrar, lock)),
        failed => {
            // While the lock is held nobody else takes the name: this is still our file. If it cannot be
            // removed the next creator sweeps it.
            let _ = std::fs::remove_file(&place.readers);
            failed.map(|_| Attempt::Again)
        }
    }
}

/// Takes a lone `.readers` out of the way that a creator left when it died.
fn sweep(place: &Place) -> Result<Attempt, CreateError> {
    let path = &place.readers;
    let io = |source| io_error("examining", path.clone(), source);
    let mut file = match platform::open_read(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Attempt::Again),
        Err(error) => return Err(io(error)),
    };
    access::check_owner(&file, path)?;
    let id = platform::file_id(&file).map_err(io)?;
    // Somebody's file that happens to be called so is not ours to take.
    read_header(&mut file)
        .map_err(io)?
        .and_then(|header| header::check_readers_magic(&header))
        .map_err(|problem| CreateError::Format {
            path: path.clone(),
            problem,
        })?;
    // Its creator lives, and will give it its ring, or take it away.
    if platform::is_locked(&LockFile::new(file, path), locks::MAKING).map_err(io)? {
        return Ok(Attempt::Again);
    }
    let Some(_lock) = lock_producer(place, path, id)? else {
        return Ok(Attempt::Again);
    };
    if !place.data.exists() {
        std::fs::remove_file(path).map_err(io)?;
    }
    Ok(Attempt::Again)
}

fn random_id() -> io::Result<[u8; 16]> {
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(io::Error::other)?;
    Ok(id)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::options::CreateOptions;
    use crate::schema::{Element, Field};

    /// Whoever else could open it could be quicker with its lock, and so keep it from being made.
    #[test]
    fn an_unfinished_file_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let ring = directory.path().join("imu").display().to_string();
        let place = Place::resolve(&ring).unwrap();
        let path = directory.path().join(".imu.tmp");
        let temporary = Temporary::new(path, 4096, &place).unwrap();
        let mode = temporary.file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    /// Or its readers would be told of a producer that never was, and observers never of its end.
    #[test]
    fn a_ring_that_is_refused_stays_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let ring = directory.path().join("imu").display().to_string();
        let place = Place::resolve(&ring).unwrap();
        let schema = Schema::packed([Field::new("value", Element::U64)]).unwrap();
        let wanted = Wanted {
            schema: &schema,
            geometry: Geometry::new(8, 8, false),
            allow: Delivery::Lossless,
            when_full: WhenFull::Wait,
            barrier: Barrier::Sleepers,
            access: Access::of(&CreateOptions::default()).unwrap(),
            replace: false,
        };
        let memory = Arc::new(Memory::heap(wanted.geometry).unwrap());
        memory.live().hot.published.store(5, Ordering::Relaxed);
        assert!(begin(&place, Arc::clone(&memory), &wanted).is_err());
        let status = &memory.live().status;
        let written = [&status.state, &status.asymmetric, &status.unwatched];
        assert_eq!(written.map(|word| word.load(Ordering::Relaxed)), [0; 3]);
    }
}
