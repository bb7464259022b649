//! Arithmetic on sequences: every wrap, distance and bound has its name and its test here.

/// Sequences stay below this bound: far beyond any real stream (73 years at 1 GHz) and low enough that
/// no sum of a sequence and a capacity overflows or reaches the tag bits of a gate.
pub(crate) const BOUND: u64 = 1 << 61;

/// Payloads of frames begin below this byte: far beyond what a ring moves in a century, and low enough that nothing overflows.
pub(crate) const BYTES: u64 = 1 << 62;

/// Whether the indices of a ring that nobody writes to can be true.
pub(crate) fn fit(published: u64, claimed: u64, capacity: u64) -> bool {
    let in_range = published < BOUND && claimed < BOUND;
    in_range && published <= claimed && claimed <= published + capacity
}

/// The oldest sequence that is still readable when the producer may have begun to write up to `claimed`.
#[inline]
pub(crate) fn oldest(claimed: u64, capacity: u64) -> u64 {
    claimed.saturating_sub(capacity)
}

/// The cell that holds `sequence`; `cells` is a power of two.
#[inline]
pub(crate) fn cell(sequence: u64, cells: u64) -> u64 {
    sequence & (cells - 1)
}

/// How many of `count` records from `sequence` lie side by side before the cells wrap.
#[inline]
pub(crate) fn until_wrap(sequence: u64, count: u64, cells: u64) -> u64 {
    count.min(cells - cell(sequence, cells))
}

/// Number of cells for a capacity: the next power of two, so that a cell is found with a mask.
pub(crate) fn cells_for(capacity: u64) -> u64 {
    capacity.next_power_of_two()
}

/// How far ahead the producer grants itself room without looking at the gates again.
pub(crate) fn step(capacity: u64) -> u64 {
    (capacity / 8).max(1)
}

/// The first sequence the producer may not claim yet.
///
/// `gate` is the slowest gate (`u64::MAX` when nobody holds one), `next` the next sequence to publish,
/// `ahead` the records wanted or a step, `claimed` the high-water mark that was granted before and stays granted.
pub(crate) fn grant(gate: u64, next: u64, ahead: u64, claimed: u64, capacity: u64) -> u64 {
    let by_readers = gate.saturating_add(capacity);
    by_readers.min(next + ahead).max(claimed)
}

/// Where a lapped reader goes on: in the middle of what is kept, never back, and never past a
/// `published` that this reader has loaded itself (`claimed` may be seen before it).
#[inline]
pub(crate) fn resume(cursor: u64, claimed: u64, published: u64, capacity: u64) -> u64 {
    let oldest = oldest(claimed, capacity).min(published);
    cursor.max(oldest + (published - oldest) / 2)
}

/// The most records of `stride` bytes that a lossless reader holds in one batch: a quarter of the ring, so that one
/// batch in hand does not stop everybody. Of a reader that never lets others run, no more than 64 KiB, so that room comes
/// back to a producer that waits for it while it is still awake; the others make the most of their turn.
pub(crate) fn in_place_batch(capacity: u64, stride: usize, in_turns: bool) -> u64 {
    const BYTES: u64 = 64 * 1024;
    let quarter = (capacity / 4).max(1);
    if in_turns {
        quarter
    } else {
        quarter.min(BYTES / stride as u64).max(1)
    }
}

/// The same in bytes of frames, or one frame. Who spins takes more than of records: what a batch costs beside the bytes is
/// more, too.
pub(crate) fn in_place_bytes(arena: u64, in_turns: bool) -> u64 {
    const BYTES: u64 = 256 * 1024;
    if in_turns {
        arena / 4
    } else {
        (arena / 16).min(BYTES)
    }
}

/// How many records a reader is behind where a stream flows best: so far that they have left the producer's innermost
/// caches, and far from where the producer would overwrite them or wait. None, where a reader that copies had better
/// hurry.
pub(crate) fn lag_wanted(capacity: u64, stride: usize, is_lossless: bool) -> u64 {
    /// Half as much again as a core's second-level cache usually has.
    const BYTES: u64 = 3 << 19;
    /// What comes in the shortest pause at two gigabytes a second.
    const LEAST: u64 = 4096;
    let most = if is_lossless {
        (capacity * 3).div_ceil(8)
    } else {
        capacity / 8
    };
    if !is_lossless && most.saturating_mul(stride as u64) < LEAST {
        return 0;
    }
    most.min(BYTES.div_ceil(stride as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_in_range_and_a_ring_apart_at_most() {
        for (published, claimed, is_so) in [
            (0, 0, true),
            (8, 8 + 5, true),
            (8, 8 + 6, false),
            (8, 7, false),
            (BOUND - 1, BOUND - 1, true),
            (BOUND - 1, BOUND, false),
            (BOUND, BOUND, false),
            (u64::MAX, u64::MAX, false),
        ] {
            assert_eq!(fit(published, claimed, 5), is_so, "{published} {claimed}");
        }
    }

    #[test]
    fn oldest_is_zero_until_the_first_lap_is_claimed() {
        assert_eq!(oldest(3, 5), 0);
        assert_eq!(oldest(5, 5), 0);
        assert_eq!(oldest(6, 5), 1);
    }

    #[test]
    fn a_run_ends_at_the_last_cell() {
        assert_eq!(cell(13, 8), 5);
        assert_eq!(until_wrap(13, 2, 8), 2);
        assert_eq!(until_wrap(13, 9, 8), 3);
        assert_eq!(until_wrap(16, 9, 8), 8);
    }

    #[test]
    fn capacity_is_rounded_up_for_cells_only() {
        assert_eq!(cells_for(1), 1);
        assert_eq!(cells_for(5), 8);
        assert_eq!(cells_for(8), 8);
    }

    #[test]
    fn a_grant_is_bounded_by_readers_and_step_but_not_below_what_was_claimed() {
        assert_eq!(grant(u64::MAX, 10, 8, 10, 64), 18);
        assert_eq!(grant(u64::MAX, 10, 20, 10, 64), 30);
        assert_eq!(grant(0, 60, 8, 60, 64), 64);
        assert_eq!(grant(0, 64, 8, 64, 64), 64);
        assert_eq!(grant(0, 10, 8, 40, 64), 40);
    }

    #[test]
    fn a_lapped_reader_goes_on_behind_what_it_has_seen_published() {
        assert_eq!(resume(2, 100, 98, 10), 94);
        assert_eq!(resume(2, 100, 92, 10), 91);
        assert_eq!(resume(2, 100, 88, 10), 88);
        assert_eq!(resume(97, 100, 98, 10), 97);
        assert_eq!(resume(0, 3, 2, 1), 2);
        // Of a hundred frames that could be kept there are two, or one.
        assert_eq!(resume(0, 118, 20, 100), 19);
        assert_eq!(resume(0, 119, 20, 100), 19);
    }

    #[test]
    fn a_batch_in_place_is_a_quarter_and_64_kib_at_most_for_who_spins_and_at_least_one() {
        for (capacity, stride, in_turns, spinning) in [
            (1, 8, 1, 1),
            (5, 8, 1, 1),
            (4096, 8, 1024, 1024),
            (1 << 20, 8, 1 << 18, 8192),
            (1 << 20, 100_000, 1 << 18, 1),
        ] {
            assert_eq!(in_place_batch(capacity, stride, true), in_turns);
            assert_eq!(in_place_batch(capacity, stride, false), spinning);
        }
    }

    #[test]
    fn of_frames_it_is_a_quarter_and_a_sixteenth_or_256_kib_for_who_spins() {
        for (arena, in_turns, spinning) in [
            (64, 16, 4),
            (1 << 20, 1 << 18, 1 << 16),
            (1 << 30, 1 << 28, 1 << 18),
        ] {
            assert_eq!(in_place_bytes(arena, true), in_turns);
            assert_eq!(in_place_bytes(arena, false), spinning);
        }
    }

    #[test]
    fn the_lag_wanted_is_a_part_of_the_ring_and_a_bit_more_than_a_cache_at_most() {
        assert_eq!(lag_wanted(1, 8, true), 1);
        assert_eq!(lag_wanted(4, 1 << 20, true), 2);
        assert_eq!(lag_wanted(1024, 8, true), 384);
        assert_eq!(lag_wanted(4096, 8, false), 512);
        assert_eq!(lag_wanted(4096 - 8, 8, false), 0, "overtaken in a pause");
        assert_eq!(lag_wanted(1 << 30, 64, true), 24_576);
    }
}
