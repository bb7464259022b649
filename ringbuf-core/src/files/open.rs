//! Opening a ring that exists: nothing in the files is believed before it was checked, and the geometry
//! is kept in a copy that nobody else can change.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use super::header::{
    self, CONTROL_OFFSET, FormatError, HEADER_LEN, LIVE_OFFSET, READERS_LEN, RingHeader,
    SCHEMA_OFFSET,
};
use super::locks;
use super::place::Place;
use crate::error::AttachError;
use crate::memory::{Memory, Offsets};
use crate::platform::{self, FileId, LockFile, Mapping};
use crate::protocol;
use crate::schema::Schema;
use crate::sequence;
use crate::sync::{Ordering, fence};

/// A checked `NAME.ring`, not mapped yet.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) place: Place,
    pub(crate) data: File,
    pub(crate) data_id: FileId,
    pub(crate) header: RingHeader,
    pub(crate) schema: Schema,
}

/// A checked `NAME.readers`, open for writing: what registering needs.
#[derive(Debug)]
pub(crate) struct Registrar {
    pub(crate) file: LockFile,
    pub(crate) id: FileId,
}

/// Opens and checks the data file; `writable` for the producer.
pub(crate) fn open(place: &Place, writable: bool) -> Result<Opened, AttachError> {
    let path = &place.data;
    place
        .check()
        .map_err(|error| AttachError::Directory(error.to_string()))?;
    let mut data = open_file(place, path, writable)?;
    platform::check_file_system(&data).map_err(|problem| AttachError::FileSystem {
        path: path.clone(),
        problem: problem.to_string(),
    })?;
    let io = |source| AttachError::Io {
        action: "reading",
        path: path.clone(),
        source,
    };
    let format = |problem| AttachError::Format {
        path: path.clone(),
        problem,
    };
    let file_len = data.metadata().map_err(io)?.len();
    let bytes = read_header(&mut data).map_err(io)?.map_err(format)?;
    let header = RingHeader::decode(&bytes, file_len).map_err(format)?;
    let mut json = vec![0; header.schema_len as usize];
    data.seek(SeekFrom::Start(SCHEMA_OFFSET)).map_err(io)?;
    data.read_exact(&mut json).map_err(io)?;
    header::check_schema(&bytes, &json).map_err(format)?;
    let schema =
        Schema::from_json(&json).map_err(|error| format(FormatError::Schema(error.to_string())))?;
    if schema.size() != header.geometry.stride {
        return Err(format(FormatError::Field {
            what: "stride",
            found: header.geometry.stride as u64,
            expected: format!("{}, the size in the schema", schema.size()),
        }));
    }
    Ok(Opened {
        place: place.clone(),
        data_id: platform::file_id(&data).map_err(io)?,
        data,
        header,
        schema,
    })
}

fn open_file(place: &Place, path: &Path, writable: bool) -> Result<File, AttachError> {
    let opened = if writable {
        platform::open_read_write(path)
    } else {
        platform::open_read(path)
    };
    opened.map_err(|source| match source.kind() {
        ErrorKind::NotFound => AttachError::NotFound {
            name: place.name.clone(),
            path: path.to_path_buf(),
        },
        _ => AttachError::Io {
            action: "opening",
            path: path.to_path_buf(),
            source,
        },
    })
}

pub(super) fn read_header(file: &mut File) -> io::Result<Result<[u8; HEADER_LEN], FormatError>> {
    let mut bytes = [0; HEADER_LEN];
    file.seek(SeekFrom::Start(0))?;
    match file.read_exact(&mut bytes) {
        Ok(()) => Ok(Ok(bytes)),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(Err(FormatError::Truncated {
            found: file.metadata()?.len(),
            expected: HEADER_LEN as u64,
        })),
        Err(error) => Err(error),
    }
}

impl Opened {
    /// Whether somebody holds the producer's lock on the data file itself.
    pub(crate) fn is_locked_by_producer(&self) -> io::Result<bool> {
        let file = LockFile::new(self.data.try_clone()?, &self.place.data);
        platform::is_locked(&file, locks::PRODUCER)
    }

    /// Opens and checks `NAME.readers` for writing.
    pub(crate) fn registrar(&self) -> Result<Registrar, AttachError> {
        let path = &self.place.readers;
        let mut file = open_file(&self.place, path, true)?;
        self.check_owner_of(&file)?;
        let io = |source| AttachError::Io {
            action: "reading",
            path: path.clone(),
            source,
        };
        let file_len = file.metadata().map_err(io)?.len();
        read_header(&mut file)
            .map_err(io)?
            .and_then(|bytes| header::check_readers(&bytes, file_len, self.header.ring_id))
            .map_err(|problem| AttachError::Format {
                path: path.clone(),
                problem,
            })?;
        Ok(Registrar {
            id: platform::file_id(&file).map_err(io)?,
            file: LockFile::new(file, path),
        })
    }

    /// Maps the ring and checks its indices. Without a registrar the readers' words are private.
    pub(crate) fn map(
        &self,
        registrar: Option<&Registrar>,
        writable: bool,
    ) -> Result<Memory, AttachError> {
        let io = |path: &Path| {
            let path = path.to_path_buf();
            move |source| AttachError::Io {
                action: "mapping",
                path,
                source,
            }
        };
        let len = self.header.file_len() as usize;
        let data = if writable {
            Mapping::read_write(&self.data, len)
        } else {
            Mapping::read_only(&self.data, len)
        }
        .map_err(io(&self.place.data))?
        .noted_as(&self.place.data);
        let control = match registrar {
            Some(registrar) => {
                let mapping = Mapping::read_write(registrar.file.file(), READERS_LEN as usize)
                    .map_err(io(&self.place.readers))?
                    .noted_as(&self.place.readers);
                Some((mapping, CONTROL_OFFSET as usize))
            }
            None => None,
        };
        let memory = Memory::mapped(
            self.header.geometry,
            data,
            Offsets {
                live: LIVE_OFFSET as usize,
                cells: self.header.data_offset() as usize,
                stamps: self.header.stamps_offset() as usize,
                arena: self.header.arena_offset() as usize,
            },
            control,
        )
        .ok_or_else(|| AttachError::Format {
            path: self.place.data.clone(),
            problem: FormatError::Truncated {
                found: 0,
                expected: self.header.file_len(),
            },
        })?;
        self.check_indices(&memory, sequence::BOUND)?;
        Ok(memory)
    }

    /// Checks that a producer that goes on from there does not come to the bound itself.
    pub(crate) fn check_can_go_on(&self, memory: &Memory) -> Result<(), AttachError> {
        self.check_indices(memory, sequence::BOUND / 2)
    }

    /// `published <= claimed <= published + capacity`, both below the bound.
    fn check_indices(&self, memory: &Memory, bound: u64) -> Result<(), AttachError> {
        const ATTEMPTS: usize = 64;
        let hot = &memory.live().hot;
        let capacity = self.header.geometry.capacity;
        let mut found = (0, 0);
        for _ in 0..ATTEMPTS {
            // While the producer runs the loads are of different moments: `claimed` first, because a
            // later `published` is larger, and again afterwards; look until they fit.
            let before = hot.claimed.load(Ordering::Relaxed);
            fence(Ordering::Acquire);
            let published = protocol::published(hot);
            let after = hot.claimed.load(Ordering::Relaxed);
            let in_range = published < bound && after < bound;
            if in_range && published <= after && before <= published + capacity {
                return Ok(());
            }
            found = (published, after);
        }
        Err(AttachError::Format {
            path: self.place.data.clone(),
            problem: FormatError::Indices {
                published: found.0,
                claimed: found.1,
                capacity,
            },
        })
    }
}
