//! Any case, so that much happens in it.

use proptest::prelude::*;

use crate::ops::{Begin, Case, Kind, Op, READERS, Setup};

pub fn any_case() -> impl Strategy<Value = Case> {
    let capacity = prop_oneof![6 => 1..=9u64, 2 => 10..=40u64, 1 => Just(64u64)];
    let setup = (capacity, any_allow(), any::<[bool; 3]>());
    let setup = (setup, prop::bool::weighted(0.2), prop::bool::weighted(0.2)).prop_map(
        |((capacity, allow, [drops, stamped, mirrored]), untyped, in_place)| Setup {
            capacity,
            allow,
            drops,
            stamped,
            mirrored,
            in_place: in_place && allow == Kind::Lossless,
            untyped,
        },
    );
    // Nothing depends on what was drawn before: so it shrinks quickly.
    (setup, prop::collection::vec(any_op(), 1..80)).prop_map(|(setup, ops)| Case { setup, ops })
}

/// Readers that hold several batches on their own.
pub fn any_case_of_holding() -> impl Strategy<Value = Case> {
    let capacity = prop_oneof![6 => 1..=9u64, 1 => 10..=40u64];
    let setup = (capacity, any::<[bool; 5]>()).prop_map(
        |(capacity, [drops, stamped, mirrored, untyped, in_place])| Setup {
            capacity,
            allow: Kind::Lossless,
            drops,
            stamped,
            mirrored,
            in_place,
            untyped,
        },
    );
    let reader = || 0..READERS;
    let until = prop_oneof![5 => Just(None), 1 => (0..20i64).prop_map(Some)];
    let attach = (reader(), until).prop_map(|(reader, until)| Op::Attach {
        reader,
        kind: Kind::Lossless,
        begin: Begin::Now,
        until,
        untyped: true,
    });
    let op = prop_oneof![
        12 => Just(Op::TryPublish),
        6 => any_count().prop_map(Op::SliceTimeout),
        20 => reader().prop_map(Op::HoldOn),
        16 => (0..6usize).prop_map(Op::GiveBack),
        3 => reader().prop_map(Op::Poll),
        2 => (reader(), any_count()).prop_map(|(reader, publish)| Op::Hold { reader, publish }),
        2 => (reader(), any_count()).prop_map(|(reader, room)| Op::ReadInto { reader, room }),
        3 => attach.clone(),
        1 => reader().prop_map(Op::Detach),
        1 => Just(Op::Create { replace: false }),
    ];
    let ops = (attach, prop::collection::vec(op, 20..120)).prop_map(|(attach, ops)| {
        let mut all = vec![attach];
        all.extend(ops);
        all
    });
    (setup, ops).prop_map(|(setup, ops)| Case { setup, ops })
}

/// Mostly all: where nobody may hold the producer less happens.
fn any_allow() -> impl Strategy<Value = Kind> {
    prop_oneof![
        9 => Just(Kind::Lossless),
        1 => Just(Kind::Patient),
        1 => Just(Kind::Brief),
        1 => Just(Kind::Lossy),
    ]
}

fn any_kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        3 => Just(Kind::Lossy),
        3 => Just(Kind::Brief),
        1 => Just(Kind::Patient),
        2 => Just(Kind::Lossless),
    ]
}

fn any_op() -> impl Strategy<Value = Op> {
    let reader = || 0..READERS;
    prop_oneof![
        4 => Just(Op::Publish),
        6 => Just(Op::TryPublish),
        3 => Just(Op::PublishTimeout),
        4 => any_count().prop_map(Op::Slice),
        3 => any_count().prop_map(Op::SliceTimeout),
        6 => any_claim(),
        6 => any_attach(),
        12 => reader().prop_map(Op::Poll),
        5 => reader().prop_map(Op::Next),
        4 => (reader(), any_count()).prop_map(|(reader, publish)| Op::Hold { reader, publish }),
        10 => reader().prop_map(Op::HoldOn),
        9 => (0..6usize).prop_map(Op::GiveBack),
        4 => (reader(), any_count()).prop_map(|(reader, room)| Op::ReadInto { reader, room }),
        3 => reader().prop_map(Op::Rejoin),
        1 => reader().prop_map(Op::Detach),
        1 => Just(Op::Close),
        2 => any::<bool>().prop_map(|replace| Op::Create { replace }),
        1 => Just(Op::CreateOther),
        2 => prop_oneof![6 => 1..3u64, 1 => 1..20u64].prop_map(Op::Restart),
        1 => Just(Op::Remove),
    ]
}

/// Less than most rings keep, or more than a small one does, or more than any.
fn any_count() -> impl Strategy<Value = usize> {
    prop_oneof![6 => 0..=6usize, 3 => 0..=24usize, 1 => 0..=140usize]
}

fn any_claim() -> impl Strategy<Value = Op> {
    let commit = prop::option::of(prop_oneof![any_count(), Just(usize::MAX)]);
    (any_count(), any_count(), any_count(), commit).prop_map(|(count, from, write, commit)| {
        let from = from.min(count);
        Op::Claim {
            count,
            from,
            write: write.min(count - from),
            commit: commit.map(|commit| commit.min(count)),
        }
    })
}

fn any_attach() -> impl Strategy<Value = Op> {
    let far = || any_count().prop_map(|count| count as u64);
    let begin = prop_oneof![
        6 => Just(Begin::Now),
        6 => Just(Begin::Oldest),
        4 => far().prop_map(Begin::Last),
        6 => far().prop_map(Begin::Back),
        1 => (1..4u64).prop_map(Begin::Ahead),
        1 => Just(Begin::Hour),
        1 => Just(Begin::Ages),
        1 => Just(Begin::Future),
    ];
    let until = prop_oneof![
        3 => Just(None),
        1 => prop_oneof![3 => -5..10i64, 1 => -80..100i64].prop_map(Some),
    ];
    (0..READERS, any_kind(), begin, until, any::<bool>()).prop_map(
        |(reader, kind, begin, until, untyped)| Op::Attach {
            reader,
            kind,
            begin,
            until,
            untyped,
        },
    )
}
