//! Where there is no large copy, every byte is copied by words.

/// How many bytes the large copy takes: none.
pub(super) fn prefix(_len: usize) -> usize {
    0
}

/// # Safety
///
/// None needed: `bytes` is empty, because [`prefix`] is 0.
pub(super) unsafe fn store(_cell: *mut u8, _bytes: &[u8]) {}

/// # Safety
///
/// None needed: `bytes` is empty, because [`prefix`] is 0.
pub(super) unsafe fn load(_cell: *const u8, _bytes: &mut [u8]) {}
