//! How a process finds out that it is the forked child of the one that made something.
//!
//! Process numbers are used again and say nothing about threads that live on under another
//! number. The kernel can do better: it empties a page marked MADV_WIPEONFORK in every child.
//! The page holds a generation, a number other than zero; a token remembers the generation it was
//! made in. In a child the page reads zero, or later the next generation, taken from a counter
//! in ordinary memory, which a child inherits: no descendant ever sees the number of an ancestor
//! again.
#![allow(unsafe_code)]

use crate::sync::{AtomicU64, Ordering};
use memmap2::{MmapOptions, MmapRaw};
use std::io;
use std::sync::OnceLock;

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

/// The word that reads zero in a fresh child, at the same address in every descendant.
fn word() -> &'static AtomicU64 {
    static PAGE: OnceLock<Option<MmapRaw>> = OnceLock::new();
    let Some(page) = PAGE.get_or_init(|| wiped_page().ok()) else {
        return handled_word();
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

/// For kernels before 4.14: a word that the C library's `fork` clears in the child. A child made
/// by the bare system call keeps it and takes itself for its parent.
fn handled_word() -> &'static AtomicU64 {
    static WORD: AtomicU64 = AtomicU64::new(0);
    static HANDLER: OnceLock<()> = OnceLock::new();
    extern "C" fn in_child() {
        WORD.store(0, Ordering::Relaxed);
    }
    HANDLER.get_or_init(|| {
        // SAFETY: pthread_atfork(3) keeps the function pointer for the life of the program; the
        // function is a static item, unwinds never, and does only what is allowed in a child: one
        // store to an atomic word.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    });
    &WORD
}
