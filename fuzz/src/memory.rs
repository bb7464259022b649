//! How much heap a piece of code has at one moment, counted by thread: a length that a file claims must not be
//! allocated before it is checked.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    /// Bytes this thread has, and the most it had. `const`, so that counting allocates nothing.
    static NOW: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

fn count(more: isize) {
    // A thread that ends frees things when its counters are gone.
    let _ = NOW.try_with(|now| {
        now.set(now.get() + more);
        let _ = MOST.try_with(|most| most.set(most.get().max(now.get())));
    });
}

// SAFETY: every call is handed to `System` as it came, and what it gives is given back; counting touches no memory
// but two cells of this thread, and does not allocate or panic.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller keeps the rules of `alloc`, which are the same for `System`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the pointer came from `System` by one of the other functions, with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as isize - layout.size() as isize);
        // SAFETY: the pointer came from `System` by one of the other functions, with this layout; the caller
        // answers for the new size.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Runs `work`, and says how many bytes more than before this thread had at one moment.
pub(crate) fn most_of<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = NOW.get();
    MOST.set(before);
    let result = work();
    let most = usize::try_from(MOST.get() - before).unwrap_or(0);
    (result, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_at_one_moment_is_counted() {
        let (_, most) = most_of(|| {
            drop(std::hint::black_box(vec![0_u8; 1 << 20]));
            drop(std::hint::black_box(vec![0_u8; 3 << 20]));
        });
        assert!((3 << 20..4 << 20).contains(&most), "{most}");
        let (_, most) = most_of(|| ());
        assert_eq!(most, 0);
    }
}
