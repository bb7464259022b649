//! Sleeping and waking on an odd/even word: odd means that somebody may be asleep.
//!
//! **No wake-up is lost.** The sleeper makes the word odd, issues a SeqCst fence, looks once more at what
//! it waits for, and sleeps only while the word still holds the value it saw. The waker publishes, issues
//! a SeqCst fence and looks at the word. In the single order of the two fences one comes first: if the
//! sleeper's, the waker sees the odd word, changes it and wakes; if the waker's, the sleeper's second look
//! sees what was published. A word that was made even again meanwhile has a new value, so a sleeper that
//! was overtaken does not fall asleep. Clearing the mark without changing the value would lose wake-ups.
//!
//! **The barrier left to the sleepers.** The waker's fence is dear when a reader polls the line that was just
//! written, and nearly every publication finds nobody asleep. So a producer may say (`asymmetric`) that it only
//! keeps its compiler from moving its look at the word before its store. Who falls asleep then issues a barrier
//! that counts for the producer's processor too, wherever that is in its code. If it is before the look, the look
//! sees the odd word; if it is behind it, it is behind the store as well, and the sleeper's second look sees what
//! was published. A producer changes its ways only when it opens the ring, before a fence `[W2]`: a sleeper that
//! does not find the new way has issued `[W1]` before that fence, so every look behind it sees the mark.
//!
//! A sleeper that was killed leaves the word odd: that costs one wake of nobody.
//! Sleeping needs no order beyond the fences; all writers of a word are read-modify-writes.

use crate::layout::Status;
use crate::memory::Memory;
use crate::sync::{AtomicU32, Ordering, fence};

/// Who issues the barrier between a publication and the look for sleepers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barrier {
    /// The producer, whenever it publishes.
    Producer,
    /// Who falls asleep, for both sides. The process of the producer must be prepared for it.
    Sleepers,
}

impl Barrier {
    /// What the producer says. It opens the ring next, and wakes everybody behind a fence of its own.
    pub fn announce(self, status: &Status) {
        let word = u64::from(self == Barrier::Sleepers);
        // [Y1] pairs with [Y2]: a sleeper that does not see this comes before the fence [W2] of the first wake.
        status.asymmetric.store(word, Ordering::Relaxed);
    }
}

/// Marks the caller as a sleeper and returns the value to sleep on. The caller must look at what it waits
/// for once more before it sleeps.
pub fn arm(word: &AtomicU32) -> u32 {
    // [W3] before [W1]; a read-modify-write, as [W4] is: none of the two undoes the other.
    let expected = word.fetch_or(1, Ordering::Relaxed) | 1;
    // [W1] pairs with [W2].
    fence(Ordering::SeqCst);
    expected
}

/// Between [`arm`] and the second look of a reader: issues the barrier that the producer leaves to its sleepers.
/// False if it could not, and the producer may miss the mark.
pub fn is_seen_by_the_producer(memory: &Memory) -> bool {
    // [Y2] behind the fence [W1]; finds [Y1], or comes before the first look.
    let is_left_to_us = memory.live().status.asymmetric.load(Ordering::Relaxed) != 0;
    // [Y3] pairs with [Y4].
    !is_left_to_us || memory.heavy_barrier()
}

/// After what sleepers wait for was stored: true if somebody may sleep on the word and must be woken.
#[inline]
pub fn somebody_sleeps(word: &AtomicU32) -> bool {
    // [W2] pairs with [W1].
    fence(Ordering::SeqCst);
    is_marked(word)
}

/// As [`somebody_sleeps`], for the word of the readers and a producer that has announced
/// [`Barrier::Sleepers`].
#[inline]
pub fn some_reader_sleeps(memory: &Memory) -> bool {
    // [Y4] pairs with [Y3].
    memory.light_barrier();
    is_marked(&memory.control().wake.0)
}

/// Whether somebody seems to sleep on the word, for who only asks.
pub fn is_asleep(word: &AtomicU32) -> bool {
    // Alone: the answer is old when it comes.
    word.load(Ordering::Relaxed) & 1 == 1
}

#[inline]
fn is_marked(word: &AtomicU32) -> bool {
    // [W2] behind the barrier: finds the mark of [W3], or the sleeper looks behind what was stored.
    if word.load(Ordering::Relaxed) & 1 == 0 {
        return false;
    }
    disarm(word);
    true
}

/// Makes the word even, with a value no sleeper has seen.
#[cold]
fn disarm(word: &AtomicU32) {
    // [W4] two wakers can both see the odd word (readers that release room at the same time): the one that
    // comes second would make it odd again. That is a needless wake later, never a lost one.
    word.fetch_add(1, Ordering::Relaxed);
}
