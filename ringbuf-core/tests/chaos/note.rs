//! What a process last said of itself, in a file of its own: it survives SIGKILL, and costs the process one system
//! call.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

const WORDS: usize = 6;

/// What a producer notes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Produced {
    /// Published for certain.
    pub committed: u64,
    /// It may have published as much.
    pub possible: u64,
    /// Dropped for certain, since the ring was created.
    pub refused: u64,
    /// Grows as long as it gets on.
    pub steps: u64,
}

/// What a reader notes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Read {
    /// It has joined a ring.
    pub attached: u64,
    pub joined: u64,
    pub cursor: u64,
    pub read: u64,
    pub missed: u64,
    pub batches: u64,
}

/// The file.
pub struct Note(File);

impl Note {
    pub fn create(path: &Path) -> Note {
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(path)
            .unwrap();
        let note = Note(file);
        note.write([0; WORDS]);
        note
    }

    /// For the process that writes it.
    pub fn open(path: &Path) -> Note {
        Note(File::options().write(true).open(path).unwrap())
    }

    fn write(&self, words: [u64; WORDS]) {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        self.0.write_all_at(&bytes, 0).unwrap();
    }

    fn read(&self) -> [u64; WORDS] {
        let mut bytes = [0; WORDS * 8];
        self.0.read_exact_at(&mut bytes, 0).unwrap();
        std::array::from_fn(|i| u64::from_ne_bytes(bytes[8 * i..][..8].try_into().unwrap()))
    }

    pub fn set_produced(&self, note: &Produced) {
        self.write([
            note.committed,
            note.possible,
            note.refused,
            note.steps,
            0,
            0,
        ]);
    }

    pub fn produced(&self) -> Produced {
        let [committed, possible, refused, steps, ..] = self.read();
        Produced {
            committed,
            possible,
            refused,
            steps,
        }
    }

    pub fn set_read(&self, note: &Read) {
        self.write([
            note.attached,
            note.joined,
            note.cursor,
            note.read,
            note.missed,
            note.batches,
        ]);
    }

    pub fn read_so_far(&self) -> Read {
        let [attached, joined, cursor, read, missed, batches] = self.read();
        Read {
            attached,
            joined,
            cursor,
            read,
            missed,
            batches,
        }
    }
}
