//! The same for rings of frames: any sequence of operations, compared with what the rules alone say is kept.

mod look;
mod reader;
mod ring;
mod run;

use std::fmt;

use proptest::prelude::*;

use crate::ops::{Begin, Kind, READERS};
use crate::run::Counts;

/// How a ring is made.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    pub frames: u64,
    /// In units of 64 bytes.
    pub arena: u64,
    pub drops: bool,
    pub stamped: bool,
    pub in_place: bool,
}

/// Thousandths of the arena; more than that is longer than a frame may be.
pub type Part = u64;

/// By which call a frame is published.
#[derive(Clone, Copy, Debug)]
pub enum How {
    Try,
    Timeout,
    /// Until it would wait.
    Until,
    /// The call that waits, where nobody is waited for.
    Wait,
}

/// One thing done.
#[derive(Clone, Debug)]
pub enum Op {
    Publish(How, Part),
    /// Claims, makes it shorter, writes it in pieces, and commits it or gives it up.
    Claim {
        part: Part,
        keep: Part,
        piece: usize,
        commits: bool,
    },
    Attach {
        reader: usize,
        kind: Kind,
        begin: Begin,
        /// It takes the tags of this remainder modulo 3.
        only: Option<u64>,
    },
    Poll(usize),
    /// With no time at all.
    Next(usize),
    /// Into a buffer, if something is there.
    Into(usize),
    /// Polls, and tries to publish this while the batch is in hand.
    Hold(usize, Part),
    /// Reads all there is.
    Drain(usize),
    Rejoin(usize),
    Detach(usize),
    Close,
    /// In files: the next producer goes on.
    Restart,
}

/// A whole test.
#[derive(Clone)]
pub struct Case {
    pub setup: Setup,
    pub ops: Vec<Op>,
}

/// As one writes it below.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\ncase({:?}, &[", self.setup)?;
        for op in &self.ops {
            writeln!(f, "    {op:?},")?;
        }
        write!(f, "])")
    }
}

fn any_case() -> impl Strategy<Value = Case> {
    let frames = prop_oneof![6 => 1..=9u64, 2 => 10..=40u64, 1 => Just(64u64)];
    let arena = prop_oneof![1 => Just(1u64), 6 => 2..=16u64, 2 => 17..=80u64];
    let in_place = prop::bool::weighted(0.2);
    let setup = (frames, arena, any::<[bool; 2]>(), in_place).prop_map(
        |(frames, arena, [drops, stamped], in_place)| Setup {
            frames,
            arena,
            drops,
            stamped,
            in_place,
        },
    );
    (setup, prop::collection::vec(any_op(), 1..80)).prop_map(|(setup, ops)| Case { setup, ops })
}

fn any_part() -> impl Strategy<Value = Part> {
    prop_oneof![
        1 => Just(0u64),
        6 => 0..=120u64,
        4 => 120..=500u64,
        2 => 500..=1000u64,
        1 => Just(1000u64),
    ]
}

fn any_op() -> impl Strategy<Value = Op> {
    let reader = || 0..READERS;
    let how = prop_oneof![
        3 => Just(How::Try),
        1 => Just(How::Timeout),
        1 => Just(How::Until),
        1 => Just(How::Wait),
    ];
    let long = prop_oneof![30 => any_part(), 1 => Just(1001u64)];
    let kind = prop_oneof![
        3 => Just(Kind::Lossy),
        3 => Just(Kind::Brief),
        1 => Just(Kind::Patient),
        3 => Just(Kind::Lossless),
    ];
    let begin = prop_oneof![
        3 => Just(Begin::Now),
        3 => Just(Begin::Oldest),
        2 => (0..12u64).prop_map(Begin::Last),
        2 => (0..20u64).prop_map(Begin::Back),
    ];
    let only = prop::option::weighted(0.3, 0..3u64);
    prop_oneof![
        14 => (how, long).prop_map(|(how, part)| Op::Publish(how, part)),
        5 => (any_part(), 0..=1000u64, 1..100usize, any::<bool>())
            .prop_map(|(part, keep, piece, commits)| Op::Claim { part, keep, piece, commits }),
        6 => (reader(), kind, begin, only)
            .prop_map(|(reader, kind, begin, only)| Op::Attach { reader, kind, begin, only }),
        10 => reader().prop_map(Op::Poll),
        4 => reader().prop_map(Op::Next),
        4 => reader().prop_map(Op::Into),
        3 => (reader(), any_part()).prop_map(|(reader, part)| Op::Hold(reader, part)),
        3 => reader().prop_map(Op::Drain),
        3 => reader().prop_map(Op::Rejoin),
        1 => reader().prop_map(Op::Detach),
        1 => Just(Op::Close),
        2 => Just(Op::Restart),
    ]
}

#[test]
fn frames_on_the_heap_do_what_the_model_does() {
    crate::search(&any_case(), 500, |case, counts| {
        run::case(case, true, counts)
    });
}

#[test]
fn frames_in_files_do_what_the_model_does() {
    crate::search(&any_case(), 150, |case, counts| {
        run::case(case, false, counts)
    });
}

/// A case written by hand, or in the form in which a failure is printed, wherever the ring lies.
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

/// A claim that was given up has overwritten everything; the next producer begins at 0 where nothing is kept.
#[test]
fn a_claim_of_the_whole_arena_leaves_nothing() {
    let setup = Setup {
        frames: 5,
        arena: 8,
        drops: true,
        stamped: false,
        in_place: false,
    };
    let attach = |reader, kind| Op::Attach {
        reader,
        kind,
        begin: Begin::Oldest,
        only: None,
    };
    let claim = Op::Claim {
        part: 1000,
        keep: 1000,
        piece: 7,
        commits: false,
    };
    case(
        setup,
        &[
            attach(0, Kind::Lossy),
            attach(1, Kind::Brief),
            Op::Publish(How::Try, 100),
            Op::Publish(How::Wait, 0),
            claim.clone(),
            Op::Poll(0),
            attach(2, Kind::Lossless),
            Op::Restart,
            Op::Publish(How::Try, 1000),
            Op::Poll(1),
            Op::Rejoin(1),
            claim,
            Op::Hold(2, 300),
            Op::Drain(0),
            Op::Drain(1),
            Op::Drain(2),
        ],
    );
}
