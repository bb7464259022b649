//! Large copies on x86-64: 64 bytes a turn through four SSE2 registers.
//!
//! What the assembly means to the memory model: for each word of the geometry one relaxed atomic load
//! from the source and one relaxed atomic store to the destination. The processor never tears an aligned
//! 8-byte half of a 16-byte access. No non-temporal stores: they would escape the protocol's fences. No
//! `nomem`, `pure` or `readonly`: the compiler must keep the block between the fences around it.

use std::arch::asm;

/// Bytes a turn.
const BLOCK: usize = 64;

/// How many of `len` bytes the large copy takes: whole blocks.
#[inline]
pub(super) fn prefix(len: usize) -> usize {
    if len < super::LARGE {
        0
    } else {
        len - len % BLOCK
    }
}

/// # Safety
///
/// `cell` is valid for `bytes.len()` bytes, which is a multiple of 64; everybody who accesses the cells
/// meanwhile does so atomically.
#[inline]
pub(super) unsafe fn store(cell: *mut u8, bytes: &[u8]) {
    // SAFETY: the caller's contract; `bytes` is readable as long as it is.
    unsafe { copy(bytes.as_ptr(), cell, bytes.len()) }
}

/// # Safety
///
/// As [`store`], with the cells being read.
#[inline]
pub(super) unsafe fn load(cell: *const u8, bytes: &mut [u8]) {
    // SAFETY: the caller's contract; `bytes` is writable and not shared.
    unsafe { copy(cell, bytes.as_mut_ptr(), bytes.len()) }
}

/// # Safety
///
/// `source` is valid for reads and `target` for writes of `len` bytes, a multiple of [`BLOCK`].
#[inline]
unsafe fn copy(source: *const u8, target: *mut u8, len: usize) {
    if len == 0 {
        return;
    }
    // SAFETY: the loop reads and writes exactly `len` bytes in whole blocks, by the contract valid on both
    // sides; it uses only the registers it names and no stack.
    unsafe {
        asm!(
            "2:",
            "movdqu {a}, [{source} + {i}]",
            "movdqu {b}, [{source} + {i} + 16]",
            "movdqu {c}, [{source} + {i} + 32]",
            "movdqu {d}, [{source} + {i} + 48]",
            "movdqu [{target} + {i}], {a}",
            "movdqu [{target} + {i} + 16], {b}",
            "movdqu [{target} + {i} + 32], {c}",
            "movdqu [{target} + {i} + 48], {d}",
            "add {i}, 64",
            "cmp {i}, {len}",
            "jb 2b",
            source = in(reg) source,
            target = in(reg) target,
            len = in(reg) len,
            i = inout(reg) 0usize => _,
            a = out(xmm_reg) _,
            b = out(xmm_reg) _,
            c = out(xmm_reg) _,
            d = out(xmm_reg) _,
            options(nostack),
        );
    }
}
