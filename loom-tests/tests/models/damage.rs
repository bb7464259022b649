//! Somebody writes into the shared words what the protocol never does, at any moment: who reads gets what it would have
//! got, or an error that says what was found. Nothing panics, and no copy leaves the ring.

use loom::sync::Arc;
use loom::sync::atomic::Ordering::{Relaxed, Release};
use loom_tests::{First, STRIDE, check, open, publish, race, ring};
use ringbuf_core::model::{Begin, Fault, Follower, Kind, Live, Memory, News};

type Attempt = fn(&mut Follower) -> Result<News, Fault>;

fn copied(reader: &mut Follower) -> Result<News, Fault> {
    reader.poll_copy(&mut [0; STRIDE], &mut [])
}

fn copied_and_held(reader: &mut Follower) -> Result<News, Fault> {
    reader.poll_bounded(&mut [0; 3 * STRIDE], &mut [])
}

fn in_place(reader: &mut Follower) -> Result<News, Fault> {
    reader.poll_in_place(1, &mut [])
}

/// A reader in the second epoch with one record read, one to read, and the damage; returns the fault that it is told at
/// last, all of its own.
fn damaged(first: First, kind: Option<Kind>, attempt: Attempt, damage: fn(&Live)) -> Fault {
    let memory = ring(2);
    drop(open(&memory));
    let mut writer = open(&memory);
    publish(&mut writer, 1);
    let mut reader = joined(&memory, kind);
    assert!(matches!(attempt(&mut reader), Ok(News::Records(_))));
    reader.release();
    let (_writer, (mut reader, early)) = race(
        first,
        {
            let memory = Arc::clone(&memory);
            move || {
                publish(&mut writer, 1);
                damage(memory.live());
                writer
            }
        },
        move || {
            let early = attempt(&mut reader);
            (reader, early)
        },
    );
    match early {
        Ok(News::Nothing | News::Records(_)) => attempt(&mut reader).unwrap_err(),
        Ok(news) => panic!("{news:?}"),
        Err(fault) => fault,
    }
}

fn joined(memory: &Arc<Memory>, kind: Option<Kind>) -> Follower {
    let memory = Arc::clone(memory);
    match kind {
        None => Follower::join_lossy(memory, 0, Begin::Oldest),
        Some(kind) => Follower::join_holding(memory, 0, kind, Begin::Oldest),
    }
    .unwrap()
}

fn published_far_ahead(live: &Live) {
    live.hot.claimed.store(9, Relaxed);
    live.hot.published.store(9, Relaxed);
}

#[test]
fn published_beyond_a_bounded_reader() {
    check(3, |first| {
        let fault = damaged(
            first,
            Some(Kind::Bounded),
            copied_and_held,
            published_far_ahead,
        );
        assert!(
            matches!(fault, Fault::Overtaken { published: 9, .. }),
            "{fault:?}"
        );
    });
}

#[test]
fn published_beyond_a_lossless_reader() {
    check(3, |first| {
        let fault = damaged(first, Some(Kind::Lossless), in_place, published_far_ahead);
        assert!(
            matches!(fault, Fault::Overtaken { published: 9, .. }),
            "{fault:?}"
        );
    });
}

#[test]
fn published_that_goes_back() {
    check(3, |first| {
        let fault = damaged(first, None, copied, |live| {
            live.hot.published.store(0, Relaxed)
        });
        assert!(
            matches!(fault, Fault::PublishedWentBack { published: 0, .. }),
            "{fault:?}"
        );
    });
}

#[test]
fn claimed_behind_published() {
    check(3, |first| {
        let fault = damaged(first, None, copied, |live| {
            live.hot.claimed.store(1, Relaxed);
            live.hot.published.store(3, Relaxed);
        });
        assert!(
            matches!(fault, Fault::ClaimedBehind { claimed: 1 | 2, .. }),
            "{fault:?}"
        );
    });
}

#[test]
fn an_epoch_that_goes_back() {
    check(3, |first| {
        let fault = damaged(first, None, copied, |live| {
            live.status.state.store(1 << 2 | 1, Relaxed)
        });
        assert_eq!(fault, Fault::EpochWentBack { mine: 2, found: 1 });
    });
}

#[test]
fn an_epoch_that_begins_ahead() {
    check(3, |first| {
        let fault = damaged(first, None, copied, |live| {
            live.epochs[1].first.store(7, Relaxed);
            live.epochs[1].epoch.store(3, Relaxed);
            live.status.state.store(3 << 2 | 1, Release);
        });
        assert!(
            matches!(fault, Fault::BoundaryAhead { first: 7, .. }),
            "{fault:?}"
        );
    });
}
