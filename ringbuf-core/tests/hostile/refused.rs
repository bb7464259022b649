//! What every operation must do with a bad file: refuse it in words, and leave everything as it is.

use std::fs;
use std::path::Path;

use ringbuf_core::{
    AttachError, CreateError, CreateOptions, FormatError, FrameInfo, FrameProducer, FrameReader,
    FrameRetain, Producer, Reader, ReaderOptions, Retain, UntypedReader, inspect,
};

use crate::support::Rings;

/// Bytes of the two files of a good ring: capacity 5, records of one `u64`, 8 published.
pub struct Good {
    pub ring: Vec<u8>,
    pub readers: Vec<u8>,
}

/// Capacity of the good rings.
pub const CAPACITY: u64 = 5;
/// Bytes of the arena of a good ring of frames.
pub const ARENA: u64 = 1024;

/// What a ring of frames keeps.
pub fn frames_kept() -> FrameRetain {
    FrameRetain::bytes(ARENA).at_most(CAPACITY)
}

impl Good {
    pub fn new() -> Good {
        let rings = Rings::new();
        let retain = Retain::records(CAPACITY);
        let mut producer = Producer::<u64>::create(&rings.reference("good"), retain).unwrap();
        producer.publish_slice(&[0, 1, 2, 3, 4, 5, 6, 7]).unwrap();
        producer.close();
        Good {
            ring: fs::read(rings.file("good.ring")).unwrap(),
            readers: fs::read(rings.file("good.readers")).unwrap(),
        }
    }

    /// The same of a ring of frames, 8 of 100 bytes published.
    pub fn frames(options: &CreateOptions) -> Good {
        let rings = Rings::new();
        let ring = rings.reference("good");
        let mut producer = FrameProducer::create_with(&ring, frames_kept(), options).unwrap();
        for tag in 0..8 {
            let info = FrameInfo::image(10, 10, 1).tagged(tag);
            producer.publish_with(&[tag as u8; 100], info).unwrap();
        }
        producer.close();
        Good {
            ring: fs::read(rings.file("good.ring")).unwrap(),
            readers: fs::read(rings.file("good.readers")).unwrap(),
        }
    }

    /// Puts both files into the directory as the ring `bad`.
    pub fn put(&self, rings: &Rings) {
        fs::write(rings.file("bad.ring"), &self.ring).unwrap();
        fs::write(rings.file("bad.readers"), &self.readers).unwrap();
    }
}

/// Everybody's error for the ring `bad`: four ways to attach or look, and a producer.
pub struct Errors {
    pub attach: Vec<AttachError>,
    pub create: CreateError,
}

impl Errors {
    /// Every one of them is a format error; what each says about the file.
    #[track_caller]
    pub fn formats(self) -> Vec<FormatError> {
        let mut problems: Vec<FormatError> = self
            .attach
            .into_iter()
            .map(|error| match error {
                AttachError::Format { problem, .. } => problem,
                other => panic!("expected a format error, found {other}"),
            })
            .collect();
        match self.create {
            CreateError::Format { problem, .. } => problems.push(problem),
            other => panic!("expected a format error, found {other}"),
        }
        problems
    }
}

/// Tries everything on the ring `bad`, which must be refused every time, in a text with `parts` in it,
/// and must not change anything in the directory.
#[track_caller]
pub fn refused(rings: &Rings, parts: &[&str]) -> Errors {
    let attach = |ring: &str, options| Reader::<u64>::attach(ring, options).map(drop);
    let create = |ring: &str| Producer::<u64>::create(ring, Retain::records(CAPACITY)).map(drop);
    refused_by((attach, create), rings, parts)
}

/// The same by those who take it for a ring of frames.
#[track_caller]
pub fn refused_as_frames(rings: &Rings, parts: &[&str]) -> Errors {
    let attach = |ring: &str, options| FrameReader::attach(ring, options).map(drop);
    let create = |ring: &str| FrameProducer::create(ring, frames_kept()).map(drop);
    refused_by((attach, create), rings, parts)
}

#[track_caller]
fn refused_by(
    (attach, create): (
        impl Fn(&str, ReaderOptions) -> Result<(), AttachError>,
        impl Fn(&str) -> Result<(), CreateError>,
    ),
    rings: &Rings,
    parts: &[&str],
) -> Errors {
    let ring = rings.reference("bad");
    let before = contents(rings.path());
    let attach = vec![
        refusal(attach(&ring, ReaderOptions::lossy())),
        refusal(attach(&ring, ReaderOptions::lossless())),
        refusal(UntypedReader::attach(
            &ring,
            ReaderOptions::lossy().from_oldest(),
        )),
        refusal(inspect::info(&ring)),
    ];
    let create = match create(&ring) {
        Err(error) => error,
        Ok(()) => panic!("a producer went on with it"),
    };
    let removed = inspect::remove(&ring).unwrap_err();
    let texts = attach.iter().map(AttachError::to_string);
    for text in texts.chain([create.to_string(), removed.to_string()]) {
        for part in parts {
            assert!(text.contains(part), "{part:?} is not in {text:?}");
        }
    }
    assert!(
        contents(rings.path()) == before,
        "something was changed or left behind"
    );
    Errors { attach, create }
}

#[track_caller]
fn refusal<T>(result: Result<T, AttachError>) -> AttachError {
    match result {
        Err(error) => error,
        Ok(_) => panic!("it was taken for a ring"),
    }
}

/// Every name in a directory, with the bytes of what is a file.
pub fn contents(directory: &Path) -> Vec<(String, Option<Vec<u8>>)> {
    let mut contents: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let is_file = entry.file_type().unwrap().is_file();
            let bytes = is_file.then(|| fs::read(entry.path()).unwrap());
            (entry.file_name().to_string_lossy().into_owned(), bytes)
        })
        .collect();
    contents.sort();
    contents
}
