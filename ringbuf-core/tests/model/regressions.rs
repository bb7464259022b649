//! Cases written by hand, and what was found once, in the form in which a failure is printed.

use crate::ops::Begin::*;
use crate::ops::Kind::*;
use crate::ops::Op::*;
use crate::ops::{Case, Op, Setup};
use crate::run::{self, Counts};

/// Wherever the ring lies.
#[track_caller]
fn case(setup: Setup, ops: &[Op]) {
    let case = Case {
        setup,
        ops: ops.to_vec(),
    };
    for is_heap in [true, false] {
        if let Err(why) = run::case(&case, is_heap, &mut Counts::new()) {
            panic!("heap: {is_heap}: {why}{case:?}");
        }
    }
}

/// The record in front of its end is overwritten, and behind it another producer goes on.
#[test]
fn who_misses_all_up_to_its_end_hears_nothing_from_beyond_it() {
    #[rustfmt::skip]
    case(Setup { capacity: 1, allow: Lossless, drops: false, stamped: true, mirrored: false, in_place: false, untyped: false }, &[
        Claim { count: 1, from: 0, write: 0, commit: Some(1) },
        Attach { reader: 0, kind: Lossy, begin: Oldest, until: Some(0), untyped: false },
        Restart(1),
        Claim { count: 1, from: 0, write: 0, commit: None },
        Poll(0),
        Next(0),
    ]);
}

/// A claim that was refused has granted the producer all the room there was, which is half of the ring.
#[test]
fn who_joins_after_a_refused_claim_may_begin_later_than_the_oldest() {
    #[rustfmt::skip]
    case(Setup { capacity: 16, allow: Lossless, drops: true, stamped: false, mirrored: false, in_place: false, untyped: false }, &[
        Attach { reader: 0, kind: Lossless, begin: Now, until: None, untyped: false },
        Slice(8),
        Poll(0),
        Poll(0),
        Slice(8),
        Claim { count: 16, from: 0, write: 0, commit: None },
        Attach { reader: 1, kind: Lossless, begin: Oldest, until: None, untyped: false },
        Poll(1),
    ]);
}

/// What the ring remembers is told in its place, and what it has forgotten is read all the same.
#[test]
fn who_was_away_hears_of_the_last_restarts() {
    let setup = Setup {
        capacity: 5,
        allow: Lossless,
        drops: false,
        stamped: true,
        mirrored: false,
        in_place: false,
        untyped: false,
    };
    let mut ops = vec![Attach {
        reader: 0,
        kind: Lossless,
        begin: Now,
        until: None,
        untyped: false,
    }];
    for _ in 0..5 {
        ops.extend([Restart(4), Publish]);
    }
    ops.extend((0..30).map(Next));
    case(setup, &ops);
}

/// Demoted by a claim that is given up, joined again, and in the way once more.
#[test]
fn who_joins_again_is_in_the_way_again() {
    #[rustfmt::skip]
    case(Setup { capacity: 4, allow: Brief, drops: true, stamped: false, mirrored: true, in_place: false, untyped: false }, &[
        Attach { reader: 0, kind: Brief, begin: Now, until: None, untyped: true },
        Slice(4),
        Claim { count: 2, from: 0, write: 2, commit: None },
        Rejoin(0),
        Poll(0),
        Rejoin(0),
        Poll(0),
        Slice(2),
        TryPublish,
        Poll(0),
        Poll(0),
    ]);
}
