//! Which file is mapped where, for a signal handler to read.
//!
//! A handler may not wait for anything, not even for the thread it interrupted, so the table has a fixed size and no
//! lock: an entry's version says whether what stands in it is whole, as in the reader's ledger. What finds no place
//! in it is mapped all the same, and not known.

use std::path::Path;

use crate::sync::{Ordering, PrivateU64, fence};

/// Two mappings for each ring in use.
const ENTRIES: usize = 128;
/// Words of a path; of a longer one the end is kept.
const PATH_WORDS: usize = 32;
/// The longest text that [`find`] gives.
pub(super) const PATH_BYTES: usize = PATH_WORDS * 8;
/// In the place of what is left out.
const CUT: &[u8] = b"...";

/// Steps of an entry's version: free, being written, whole, and free again.
const FREE: u64 = 0;
const WHOLE: u64 = 2;
const STEPS: u64 = 4;

struct Entry {
    version: PrivateU64,
    start: PrivateU64,
    end: PrivateU64,
    /// Padded with NULs, which no path contains.
    path: [PrivateU64; PATH_WORDS],
}

static TABLE: [Entry; ENTRIES] = [const {
    Entry {
        version: PrivateU64::new(FREE),
        start: PrivateU64::new(0),
        end: PrivateU64::new(0),
        path: [const { PrivateU64::new(0) }; PATH_WORDS],
    }
}; ENTRIES];

/// An entry of the table; given back when dropped, which must be before the memory is.
#[derive(Debug)]
pub(crate) struct Noted {
    entry: usize,
}

/// Notes which file is mapped at these addresses; `None` if the table is full.
pub(crate) fn note(start: usize, len: usize, path: &Path) -> Option<Noted> {
    let entry = TABLE.iter().position(take)?;
    let words = &TABLE[entry];
    words.start.store(start as u64, Ordering::Relaxed);
    words.end.store((start + len) as u64, Ordering::Relaxed);
    let text = text(path);
    for (word, bytes) in words.path.iter().zip(text.as_chunks::<8>().0) {
        word.store(u64::from_ne_bytes(*bytes), Ordering::Relaxed);
    }
    // Pairs with the first load in `Entry::path_of`. Nobody else changes an entry that is taken.
    words.version.fetch_add(1, Ordering::Release);
    Some(Noted { entry })
}

/// Takes the entry if it is free.
fn take(entry: &Entry) -> bool {
    let version = entry.version.load(Ordering::Relaxed);
    let taken = version % STEPS == FREE
        && entry
            .version
            .compare_exchange(version, version + 1, Ordering::Acquire, Ordering::Relaxed)
            .is_ok();
    // Who sees one of the words written next sees the new version.
    fence(Ordering::Release);
    taken
}

impl Drop for Noted {
    fn drop(&mut self) {
        TABLE[self.entry]
            .version
            .fetch_add(STEPS - WHOLE, Ordering::Release);
    }
}

/// What is kept of a path. It is going to be printed: what a terminal would obey is left out.
fn text(path: &Path) -> [u8; PATH_BYTES] {
    // Characters and not bytes: a terminal obeys some beyond ASCII, whose bytes are parts of harmless ones, too.
    let harmless = |c: char| if c.is_control() { '?' } else { c };
    let path: String = path.to_string_lossy().chars().map(harmless).collect();
    let cut = match path.len() > PATH_BYTES {
        true => CUT,
        false => &[],
    };
    let rest = path.len().saturating_sub(PATH_BYTES - cut.len());
    // Half a character would be none.
    let rest = path.as_bytes()[rest..].iter().copied();
    let rest = rest.skip_while(|byte| byte & 0xC0 == 0x80);
    let mut text = [0; PATH_BYTES];
    for (to, byte) in text.iter_mut().zip(cut.iter().copied().chain(rest)) {
        *to = byte;
    }
    text
}

/// The file that is mapped at this address, if it was noted: its path, padded with NULs.
///
/// Async-signal-safe: it loads and stores words, and ends after as many steps as the table has words.
pub(super) fn find(address: usize) -> Option<[u8; PATH_BYTES]> {
    TABLE.iter().find_map(|entry| entry.path_of(address))
}

impl Entry {
    fn path_of(&self, address: usize) -> Option<[u8; PATH_BYTES]> {
        let version = self.version.load(Ordering::Acquire);
        let start = self.start.load(Ordering::Relaxed);
        let end = self.end.load(Ordering::Relaxed);
        let mut path = [0; PATH_BYTES];
        for (bytes, word) in path.as_chunks_mut::<8>().0.iter_mut().zip(&self.path) {
            *bytes = word.load(Ordering::Relaxed).to_ne_bytes();
        }
        // Pairs with the fence in `take`: words of the next mapping come with its version.
        fence(Ordering::Acquire);
        let is_whole = version % STEPS == WHOLE && self.version.load(Ordering::Relaxed) == version;
        (is_whole && (start..end).contains(&(address as u64))).then_some(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::Mutex;
    use std::os::unix::ffi::OsStrExt;

    /// Addresses where nothing is mapped: the table belongs to all tests of this program.
    const NOWHERE: usize = 1 << 60;

    /// One of these tests at a time: the last takes the whole table.
    fn alone() -> impl Sized {
        static ONE: Mutex<()> = Mutex::new(());
        ONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn found(address: usize) -> Option<String> {
        let path = find(address)?;
        let text = path.split(|&byte| byte == 0).next().unwrap();
        Some(String::from_utf8(text.to_vec()).unwrap())
    }

    #[test]
    fn an_address_leads_to_the_file_that_is_mapped_there() {
        let _alone = alone();
        let first = note(NOWHERE, 4096, Path::new("/a/b.ring")).unwrap();
        let second = note(NOWHERE + 8192, 1, Path::new("/a/c.ring")).unwrap();
        let at = |offset| found(NOWHERE + offset);
        assert_eq!(at(0).as_deref(), Some("/a/b.ring"));
        assert_eq!(at(4095).as_deref(), Some("/a/b.ring"));
        assert_eq!((at(4096), at(8191), at(8193)), (None, None, None));
        assert_eq!(at(8192).as_deref(), Some("/a/c.ring"));
        drop(first);
        assert_eq!(at(0), None);
        assert_eq!(at(8192).as_deref(), Some("/a/c.ring"));
        drop(second);
        assert_eq!(at(8192), None);
    }

    #[test]
    fn a_long_path_keeps_its_end_and_none_can_command_a_terminal() {
        let _alone = alone();
        let base = NOWHERE + (1 << 20);
        let long = format!("/{}/imu.ring", "d".repeat(PATH_BYTES));
        let _noted = note(base, 1, Path::new(&long)).unwrap();
        let text = found(base).unwrap();
        assert_eq!(text.len(), PATH_BYTES);
        assert!(
            text.starts_with("...d") && text.ends_with("d/imu.ring"),
            "{text}"
        );
        let _noted = note(base + 1, 1, Path::new("/a\u{1b}[2J\n.ring")).unwrap();
        assert_eq!(found(base + 1).unwrap(), "/a?[2J?.ring");
        let _noted = note(base + 2, 1, Path::new("/\u{9b}31m/\u{e4}/\u{15b}.ring")).unwrap();
        assert_eq!(found(base + 2).unwrap(), "/?31m/\u{e4}/\u{15b}.ring");
        let raw = std::ffi::OsStr::from_bytes(b"/\x9b31m.ring");
        let _noted = note(base + 3, 1, Path::new(raw)).unwrap();
        assert_eq!(found(base + 3).unwrap(), "/\u{fffd}31m.ring");
        // Cut in the middle of a character.
        let long = format!("/{}/imu.ring", "\u{e4}".repeat(PATH_BYTES));
        let _noted = note(base + 4, 1, Path::new(&long)).unwrap();
        assert!(found(base + 4).unwrap().starts_with("...\u{e4}"));
    }

    #[test]
    fn an_entry_is_used_again_and_a_full_table_is_no_error() {
        let _alone = alone();
        let base = NOWHERE + (2 << 20);
        for turn in 0..3 * ENTRIES {
            let _noted = note(base, 1, Path::new("/again")).unwrap();
            assert_eq!(found(base).as_deref(), Some("/again"), "turn {turn}");
        }
        let all: Vec<_> = (0..=ENTRIES)
            .map(|i| note(base + i, 1, Path::new("/x")))
            .collect();
        assert!(all.iter().any(Option::is_none));
    }
}
