//! Sleeping and waking on an odd/even word: odd means that somebody may be asleep.
//!
//! **No wake-up is lost.** The sleeper makes the word odd, issues a SeqCst fence, looks once more at what
//! it waits for, and sleeps only while the word still holds the value it saw. The waker publishes, issues
//! a SeqCst fence and looks at the word. In the single order of the two fences one comes first: if the
//! sleeper's, the waker sees the odd word, changes it and wakes; if the waker's, the sleeper's second look
//! sees what was published. A word that was made even again meanwhile has a new value, so a sleeper that
//! was overtaken does not fall asleep. Clearing the mark without changing the value would lose wake-ups.
//!
//! A sleeper that was killed leaves the word odd: that costs one wake of nobody.
//! Sleeping needs no order beyond the fences; all writers of a word are read-modify-writes.

use crate::sync::{AtomicU32, Ordering, fence};

/// Marks the caller as a sleeper and returns the value to sleep on. The caller must look at what it waits
/// for once more before it sleeps.
pub fn arm(word: &AtomicU32) -> u32 {
    let expected = word.fetch_or(1, Ordering::Relaxed) | 1;
    // [W1] pairs with [W2].
    fence(Ordering::SeqCst);
    expected
}

/// After what sleepers wait for was stored: true if somebody may sleep on the word and must be woken.
#[inline]
pub fn somebody_sleeps(word: &AtomicU32) -> bool {
    // [W2] pairs with [W1].
    fence(Ordering::SeqCst);
    if word.load(Ordering::Relaxed) & 1 == 0 {
        return false;
    }
    disarm(word);
    true
}

/// Makes the word even, with a value no sleeper has seen.
#[cold]
fn disarm(word: &AtomicU32) {
    // Two wakers can both see the odd word (readers that release room at the same time): the one that
    // comes second would make it odd again. That is a needless wake later, never a lost one.
    word.fetch_add(1, Ordering::Relaxed);
}
