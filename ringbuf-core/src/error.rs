//! What can go wrong, one small enum per operation, each saying what was found, what was expected and
//! what to do.

use std::io;
use std::path::PathBuf;

pub use crate::files::{FormatError, NameError};
use crate::options::Delivery;
use crate::protocol::Fault;
use crate::schema::Element;

/// A ring could not be created or continued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// The reference names no ring.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The directory for rings cannot be used.
    #[error("{0}")]
    Directory(String),
    /// The capacity or the size of the data is out of range.
    #[error(
        "a ring of {capacity} records of {record_size} bytes cannot be made: expected 1 record or more, and at \
         most 64 TiB in all, or what memory there is on the heap"
    )]
    Capacity {
        /// Records wanted.
        capacity: u64,
        /// Bytes of one.
        record_size: usize,
    },
    /// What a ring of frames was to keep is out of range.
    #[error(
        "a ring of {frames} frames in {arena} bytes cannot be made: expected 1 frame and 1 byte or more, and at most \
         2^40 frames in 64 TiB, or what memory there is on the heap"
    )]
    Frames {
        /// Frames wanted.
        frames: u64,
        /// Bytes for them.
        arena: u64,
    },
    /// A ring that is written in place was to have readers that copy.
    #[error(
        "found readers up to {allow} for a ring that is written in place, expected lossless ones, who never look at \
         what is being written: leave `allow` out, or do without `in_place`"
    )]
    InPlace {
        /// The most demanding delivery that was to be allowed.
        allow: Delivery,
    },
    /// The schema is too long for the file.
    #[error(
        "the schema takes {found} bytes, expected at most {expected}: use fewer fields, or arrays of them"
    )]
    SchemaTooLong {
        /// Bytes of the schema's JSON.
        found: usize,
        /// Room in the file.
        expected: u64,
    },
    /// The permission bits chosen are not for a ring.
    #[error("found the mode {found:04o} for NAME.ring, {problem}")]
    Mode {
        /// The permission bits.
        found: u32,
        /// What is wrong with them, what was expected and what to do.
        problem: &'static str,
    },
    /// A file of the ring is another user's.
    #[error(
        "{} belongs to user {owner}, expected user {user}, who runs this program: only its owner continues or \
         replaces a ring; use another name or directory, or have user {owner} remove it", .path.display()
    )]
    OtherOwner {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who runs this program.
        user: u32,
    },
    /// Others than its owner may write the data file of the ring that is there.
    #[error(
        "{} has mode {mode:04o} and may have been changed by others, who may have it open still: expected a data \
         file that only its owner can write; replace the ring, or, if you trust them, run `chmod go-w {0}`",
        .path.display()
    )]
    WritableByOthers {
        /// The data file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Another producer has the ring.
    #[error(
        "ring {name} ({}) has a living producer: stop it first, or use another name", .path.display()
    )]
    InUse {
        /// The ring.
        name: String,
        /// Its data file.
        path: PathBuf,
    },
    /// The ring exists and is another one.
    #[error(
        "ring {name} exists and is different\n  found:    {found}\n  expected: {expected}\nuse the same, \
         another name, or replace it (readers of the old one are told)"
    )]
    Different {
        /// The ring.
        name: String,
        /// Capacity and schema of what is there.
        found: String,
        /// Capacity and schema of what was asked for.
        expected: String,
    },
    /// A ring on a disk whose end was not written in order cannot be continued.
    #[error(
        "ring {name} ({}) is unverified: the system stopped before its last producer had closed it and all was \
         on the disk; save what you need of it (read it with `unverified`), then replace it", .path.display()
    )]
    Unverified {
        /// The ring.
        name: String,
        /// Its data file.
        path: PathBuf,
    },
    /// Something is in the way that is not a ring, or a damaged one.
    #[error("{} is in the way and cannot be continued: {problem}", .path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: FormatError,
    },
    /// There is no room for the files.
    #[error(
        "no space for ring {name}: it needs {needed} bytes in {}; keep less, or give another directory in \
         RINGBUF_DIR", .directory.display()
    )]
    NoSpace {
        /// The ring.
        name: String,
        /// Bytes of the file that does not fit.
        needed: u64,
        /// Where.
        directory: PathBuf,
    },
    /// The system refused.
    #[error("{action} {}: {source}", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file system cannot share memory.
    #[error("{}: {problem}", .path.display())]
    FileSystem {
        /// The file.
        path: PathBuf,
        /// What was found there.
        problem: String,
    },
    /// Others were faster, again and again.
    #[error("ring {name} was created and removed by others while we tried: try again")]
    Contended {
        /// The ring.
        name: String,
    },
}

/// A reader could not attach.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttachError {
    /// The reference names no ring.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The directory for rings cannot be trusted.
    #[error("{0}")]
    Directory(String),
    /// There is no such ring (yet).
    #[error(
        "there is no ring {name} ({}): start its producer first, or see `ringctl list`", .path.display()
    )]
    NotFound {
        /// The ring.
        name: String,
        /// Where its data file was looked for.
        path: PathBuf,
    },
    /// What is there is not a ring, or a damaged one.
    #[error("{} cannot be attached: {problem}", .path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: FormatError,
    },
    /// Others than its owner may write the data file: what it says could be anybody's.
    #[error(
        "{} has mode {mode:04o}, which lets others than its owner write records, expected 0644 or less; have its \
         owner run `chmod go-w {0}`, or replace the ring", .path.display()
    )]
    WritableByOthers {
        /// The data file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The two files of the ring belong to different users.
    #[error(
        "{} belongs to user {found}, expected user {expected}, to whom the ring's data file belongs: one of them \
         was put there by somebody else; create the ring anew", .path.display()
    )]
    OtherOwner {
        /// The readers' file.
        path: PathBuf,
        /// Whose it is.
        found: u32,
        /// Whose the data file is.
        expected: u32,
    },
    /// The ring holds records of another type.
    #[error("ring {name} holds other records\n  found:\n{found}\n  expected:\n{expected}")]
    SchemaMismatch {
        /// The ring.
        name: String,
        /// The schema in the file.
        found: String,
        /// The schema of the reader's type.
        expected: String,
    },
    /// The ring holds records, and the reader reads frames.
    #[error(
        "ring {name} holds records, expected frames: read it as records, or have a producer of frames create it"
    )]
    NotFrames {
        /// The ring.
        name: String,
    },
    /// The producer does not wait for anybody on this ring, or not so long.
    #[error(
        "ring {name} does not allow {wanted} readers: attach as {allowed}, or have its producer allow more"
    )]
    NotAllowed {
        /// The ring.
        name: String,
        /// The delivery asked for.
        wanted: Delivery,
        /// The most the producer allows.
        allowed: Delivery,
    },
    /// The ring is written in place, where a copy could be of a record that is being written.
    #[error(
        "ring {name} is written in place: found a {wanted} reader, expected a lossless one, who never looks at what is \
         being written; attach as lossless, or have its producer create it without `in_place`"
    )]
    InPlace {
        /// The ring.
        name: String,
        /// The delivery asked for.
        wanted: Delivery,
    },
    /// A record to begin with that has not been published yet.
    #[error(
        "ring {name} has not come to sequence {found} yet, expected at most {published}, the next to be \
         published: begin there, or with the oldest"
    )]
    NotYet {
        /// The ring.
        name: String,
        /// The sequence asked for.
        found: u64,
        /// The next sequence to be published.
        published: u64,
    },
    /// A time to begin with that has not come yet.
    #[error(
        "ring {name} cannot be read from a time that is {ahead:?} ahead: begin with the next record, or wait till then"
    )]
    TimeNotYet {
        /// The ring.
        name: String,
        /// How far it is ahead, by the clock of the ring.
        ahead: std::time::Duration,
    },
    /// A time was asked for on a ring whose records have none.
    #[error(
        "ring {name} has no publication times, which finding a record by its time needs: have its producer \
         create it with `stamp`, or give a sequence"
    )]
    NoTimes {
        /// The ring.
        name: String,
    },
    /// A ring on a disk whose end was not written in order.
    #[error(
        "ring {name} ({}) is unverified: the system stopped before its last producer had closed it and all was \
         on the disk, so records may be damaged; attach with `unverified` to read it all the same", .path.display()
    )]
    Unverified {
        /// The ring.
        name: String,
        /// Its data file.
        path: PathBuf,
    },
    /// Every slot is taken.
    #[error(
        "ring {name} has {registered} registered readers, which is the most: stop another{}",
        if *.in_place { "" } else {
            ", or, on a ring in files, attach as a lossy reader, which then observes without being listed"
        }
    )]
    TooManyReaders {
        /// The ring.
        name: String,
        /// Slots of the ring.
        registered: usize,
        /// It is written in place: nobody only observes it.
        in_place: bool,
    },
    /// This user may read the ring, but not register on it.
    #[error(
        "ring {name} cannot be registered on ({}: {source}): a {wanted} reader needs to; {}ask the ring's owner",
        .path.display(),
        if *.in_place { "it is written in place, and nobody only observes it: " } else {
            "attach as a lossy reader, or "
        }
    )]
    MayNotRegister {
        /// The ring.
        name: String,
        /// The delivery asked for.
        wanted: &'static str,
        /// The readers' file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
        /// It is written in place: nobody only observes it.
        in_place: bool,
    },
    /// The ring's words contradict each other.
    #[error("ring {name}: {problem}")]
    Damaged {
        /// The ring.
        name: String,
        /// What was found.
        problem: Damage,
    },
    /// The system refused.
    #[error("{action} {}: {source}", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file system cannot share memory.
    #[error("{}: {problem}", .path.display())]
    FileSystem {
        /// The file.
        path: PathBuf,
        /// What was found there.
        problem: String,
    },
}

/// The ring's shared words contradict each other: the files were damaged, or written by somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damage(Fault);

impl From<Fault> for Damage {
    fn from(fault: Fault) -> Damage {
        Damage(fault)
    }
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let end =
            "the ring's files were damaged or written by another program; create the ring anew";
        match self.0 {
            Fault::PublishedWentBack { cursor, published } => {
                write!(
                    f,
                    "found published {published} where {cursor} was published before; {end}"
                )
            }
            Fault::EpochWentBack { mine, found } => {
                write!(
                    f,
                    "found epoch {found} where epoch {mine} was open before; {end}"
                )
            }
            Fault::ClaimedBehind { claimed, published } => write!(
                f,
                "found claimed {claimed}, expected at least {published}, which is published; {end}"
            ),
            Fault::BoundaryAhead { first, published } => {
                write!(
                    f,
                    "found an epoch that begins at {first}, expected at most {published}; {end}"
                )
            }
            Fault::Overtaken { cursor, published } => write!(
                f,
                "found published {published}, a whole ring beyond the gate at {cursor} that should have held \
                 it; {end}"
            ),
            Fault::JoinedAhead { start, published } => {
                write!(
                    f,
                    "found a limit that begins at {start}, expected at most {published}; {end}"
                )
            }
            Fault::FrameOutside {
                sequence,
                start,
                len,
            } => {
                write!(
                    f,
                    "found frame {sequence} with {len} bytes from {start} on, where no frame lies; {end}"
                )
            }
        }
    }
}

impl std::error::Error for Damage {}

/// Reading failed; the reader should be given up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The ring's words contradict each other.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// The ring was removed; what had been published was delivered.
    #[error("the ring was removed")]
    Removed,
    /// Another ring has taken its name; what had been published was delivered.
    #[error("the ring was replaced by another one of the same name: attach again")]
    Replaced,
    /// This is a child of the process that attached.
    #[error("this process was forked from the one that attached: attach again here")]
    Forked,
    /// Not one record fits where records were to be copied to.
    #[error("{found} bytes to read into: expected at least {record_size}, the size of a record")]
    NoRoom {
        /// Bytes there.
        found: usize,
        /// Bytes of one record.
        record_size: usize,
    },
    /// The next frame is longer than the bytes it was to be copied to. It is still to be read.
    #[error("{room} bytes to read into: expected at least {found}, the size of the next frame")]
    FrameTooLong {
        /// Bytes of the frame.
        found: u64,
        /// Bytes there.
        room: u64,
    },
    /// The system refused to wait.
    #[error("waiting for records: {0}")]
    Wait(#[source] io::Error),
}

/// Publishing failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// More records than the ring keeps were claimed at once.
    #[error("a claim of {found} records: expected 1 to {capacity}, the capacity of the ring")]
    Claim {
        /// Records claimed.
        found: usize,
        /// Records the ring keeps.
        capacity: u64,
    },
    /// A claim on a ring that drops records, while a reader leaves no room.
    #[error("reader {reader:?} is {lag} behind, and this ring drops what it leaves no room for")]
    Full {
        /// The name of the reader in the way.
        reader: String,
        /// How far it is behind.
        lag: u64,
    },
    /// The bytes are not whole records.
    #[error("{found} bytes to publish: expected a multiple of {record_size}, the size of a record")]
    Bytes {
        /// Bytes given.
        found: usize,
        /// Bytes of one record.
        record_size: usize,
    },
    /// A frame is longer than all that the ring keeps.
    #[error("a frame of {found} bytes: expected at most {arena}, the arena of the ring")]
    TooLong {
        /// Bytes of the frame.
        found: usize,
        /// Bytes of the arena.
        arena: u64,
    },
    /// What is said of a frame does not fit its bytes.
    #[error(
        "an array of {element} with {dimensions} dimensions, {shape:?}, for a frame of {len} bytes: expected 1 to 4 \
         dimensions of numbers that come to as many bytes"
    )]
    Shape {
        /// The type of its elements.
        element: Element,
        /// How many dimensions were given.
        dimensions: usize,
        /// The first four of them.
        shape: Vec<usize>,
        /// Bytes of the frame.
        len: usize,
    },
    /// A claim was to be written where it lies, in a ring whose readers may look there at any moment.
    #[error(
        "ring {name} is not written in place: expected one created with `in_place`, which takes lossless readers alone; \
         create it so, or write the claim with `write`"
    )]
    NotInPlace {
        /// The ring.
        name: String,
    },
    /// This is a child of the process that created the producer.
    #[error("this process was forked from the one that has the ring: only that one publishes")]
    Forked,
    /// The system refused to wait.
    #[error("waiting for room: {0}")]
    Wait(#[source] io::Error),
}

/// Publishing without waiting failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TryPublishError {
    /// A lossless or bounded reader is a full ring behind, or holds what a frame would overwrite.
    #[error("reader {reader:?} is {lag} behind and leaves no room: wait for it, or stop it")]
    Full {
        /// The name of the reader in the way.
        reader: String,
        /// How far it is behind.
        lag: u64,
    },
    /// As for publishing.
    #[error(transparent)]
    Publish(#[from] PublishError),
}

/// A frame is not what it was to be read as.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ViewError {
    /// Its producer says that its elements are others.
    #[error("the frame is an array of {found}, expected {expected}: read it as that, or as bytes")]
    Element {
        /// The type of its elements.
        found: Element,
        /// What it was to be read as.
        expected: String,
    },
    /// Its bytes are not whole values.
    #[error("the frame has {found} bytes: expected a multiple of {size}, the size of a value")]
    Length {
        /// Bytes of the frame.
        found: usize,
        /// Bytes of a value.
        size: usize,
    },
    /// Its producer has not said that it is an array.
    #[error("the frame has no shape: read it as bytes, or have its producer say what it is")]
    NoShape,
}

/// Looking after rings failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InspectError {
    /// The ring cannot be looked at.
    #[error(transparent)]
    Attach(#[from] AttachError),
    /// Somebody uses it.
    #[error("ring {name} is in use: {by}; stop that first")]
    InUse {
        /// The ring.
        name: String,
        /// Who.
        by: String,
    },
    /// The system refused.
    #[error("{action} {}: {source}", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}
