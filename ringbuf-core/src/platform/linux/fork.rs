//! How a process finds out that it is the forked child of the one that made something.
//!
//! Process numbers are used again and say nothing about threads that live on under another
//! number. The kernel can do better: it empties a page marked MADV_WIPEONFORK in every child.
//! The page holds a generation, a number other than zero; a token remembers the generation it was
//! made in. In a child the page reads zero, or later the next generation, taken from a counter
//! in ordinary memory, which a child inherits: no descendant ever sees the number of an ancestor
//! again.
//!
//! Where the advice is not known (before Linux 4.14), or taken and ignored (under emulators), the C library's own
//! fork clears the word.
#![allow(unsafe_code)]

use crate::sync::{AtomicU64, Ordering};
use memmap2::{MmapOptions, MmapRaw};
use std::io;
use std::sync::OnceLock;
use std::thread::yield_now;
use std::time::{Duration, Instant};

/// Remembers in which process it was made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ForkToken {
    generation: u64,
    word: &'static AtomicU64,
}

impl ForkToken {
    /// Does this run in a forked child of the process that made the token?
    #[inline]
    pub(crate) fn is_child(self) -> bool {
        // Relaxed: the word changes only in a fork, and everything in a child comes after that.
        self.word.load(Ordering::Relaxed) != self.generation
    }
}

/// A token of this process.
pub(crate) fn fork_token() -> ForkToken {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    watch_forks();
    let word = word();
    let mut generation = word.load(Ordering::Relaxed);
    if generation == 0 {
        let fresh = NEXT.fetch_add(1, Ordering::Relaxed);
        // Relaxed: threads of one process have only to agree on the number.
        generation = match word.compare_exchange(0, fresh, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => fresh,
            Err(theirs) => theirs,
        };
    }
    ForkToken { generation, word }
}

/// The page that is emptied in every child; `None` where there is no such page.
static PAGE: OnceLock<Option<MmapRaw>> = OnceLock::new();
/// In its place then.
static WORD: AtomicU64 = AtomicU64::new(0);

/// The word that reads zero in a fresh child, at the same address in every descendant.
fn word() -> &'static AtomicU64 {
    word_in(PAGE.get_or_init(|| wiped_page().ok()).as_ref())
}

fn word_in(page: Option<&'static MmapRaw>) -> &'static AtomicU64 {
    let Some(page) = page else {
        return &WORD;
    };
    // SAFETY: the pointer is the start of a page, so it is aligned for a u64; 8 bytes are mapped
    // there for reading and writing. PAGE is a static, which is never dropped, so they stay mapped
    // for 'static. Only this function uses the page, so every access to it is atomic.
    unsafe { AtomicU64::from_ptr(page.as_mut_ptr().cast()) }
}

fn wiped_page() -> io::Result<MmapRaw> {
    let page = MmapRaw::from(MmapOptions::new().len(size_of::<u64>()).map_anon()?);
    // SAFETY: madvise(2) with MADV_WIPEONFORK changes what a later child finds in the pages that
    // hold these bytes and nothing in this process; the page was mapped in the line above and
    // nobody else knows it. It is private and anonymous, as the advice demands.
    let result =
        unsafe { libc::madvise(page.as_mut_ptr().cast(), page.len(), libc::MADV_WIPEONFORK) };
    match result {
        0 => Ok(page),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Forks of the C library under way, and threads that hold something no child may get.
static FORKING: AtomicU64 = AtomicU64::new(0);
static INSIDE: AtomicU64 = AtomicU64::new(0);
/// Neither side waits longer for the other: what is held is held for microseconds, unless its thread was
/// stopped, or forks from a signal handler on top of it.
const PATIENCE: Duration = Duration::from_millis(10);

/// As long as it lives the C library's fork waits in other threads: for what is open for a moment and must not be
/// inherited.
pub(super) struct NoForks(());

/// Waits for the forks under way and keeps others off.
pub(super) fn no_forks() -> NoForks {
    watch_forks();
    let begin = Instant::now();
    loop {
        // SeqCst on both words, on both sides: of two that come at once, one sees the other.
        INSIDE.fetch_add(1, Ordering::SeqCst);
        if FORKING.load(Ordering::SeqCst) == 0 || begin.elapsed() > PATIENCE {
            return NoForks(());
        }
        leave();
        yield_now();
    }
}

impl Drop for NoForks {
    fn drop(&mut self) {
        leave();
    }
}

fn leave() {
    // Zero already in a child that was forked from inside.
    let _ = INSIDE.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |inside| {
        inside.checked_sub(1)
    });
}

/// Tells the C library what to do around a fork.
fn watch_forks() {
    static HANDLERS: OnceLock<()> = OnceLock::new();
    extern "C" fn before() {
        FORKING.fetch_add(1, Ordering::SeqCst);
        let begin = Instant::now();
        while INSIDE.load(Ordering::SeqCst) != 0 && begin.elapsed() < PATIENCE {
            yield_now();
        }
    }
    extern "C" fn in_parent() {
        FORKING.fetch_sub(1, Ordering::SeqCst);
    }
    extern "C" fn in_child() {
        FORKING.store(0, Ordering::SeqCst);
        INSIDE.store(0, Ordering::SeqCst);
        if let Some(page) = PAGE.get() {
            word_in(page.as_ref()).store(0, Ordering::Relaxed);
        }
    }
    HANDLERS.get_or_init(|| {
        // SAFETY: pthread_atfork(3) keeps the function pointers for the life of the program; the functions are
        // static items, unwind never, and in the child do only what is allowed there: they store to atomic words.
        unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
    });
}
