//! Deaths between any two stores: whoever comes next finds a ring on which it can go on, and nobody is given
//! what was half-written.

use loom::sync::Arc;
use loom::sync::atomic::Ordering::Relaxed;
use loom_tests::{
    Death, First, LONG, Patient, STRIDE, Told, check_deaths, demote_all, go, lossless, lossy,
    mirrored, open, poll, poll_epoch, publish, race, ring, ring_in_place, ring_without_demotions,
    stamped, take_epoch, take_rest, try_publish, try_publish_in, try_publish_in_place,
};
use ringbuf_core::model::{
    Begin, Follower, Kind, Ledger, Memory, News, Phase, Writer, evict, is_dead, observe,
};

// What a producer does when it dies.

fn publish_two(writer: &mut Writer) {
    let _ = try_publish(writer, 2);
    writer.notify();
}

fn publish_one(writer: &mut Writer) {
    let _ = try_publish(writer, 1);
    writer.notify();
}

/// The next producer, which publishes so many records of the second epoch, one by one. Returns where that began, and
/// what is published in the end.
fn next(memory: &Arc<Memory>, records: usize) -> (u64, u64) {
    let mut writer = open(memory);
    let began = writer.published();
    for _ in 0..records {
        let _ = try_publish_in(&mut writer, 1, 2);
        writer.notify();
    }
    (began, writer.published())
}

// Producers that die while they publish

/// Beside a lossy reader.
fn beside_a_lossy_reader(
    first: First,
    death: &Death,
    memory: Arc<Memory>,
    steps: &'static [fn(&mut Writer)],
) {
    let mut writer = open(&memory);
    let mut reader = lossy(&memory, 0, Begin::Now);
    (0..2).for_each(|_| publish(&mut writer, 1));
    let death = death.clone();
    let ((began, published), (mut reader, mut told)) = race(
        first,
        move || {
            death.befall(&mut writer, steps);
            drop(writer);
            next(&memory, 1)
        },
        move || {
            let mut told = Told::default();
            (0..2).for_each(|_| told.of(poll_epoch(&mut reader, 1, Some(told.epoch()))));
            (reader, told)
        },
    );
    while reader.ledger().cursor < published || told.epoch() < 2 {
        told.of(poll_epoch(&mut reader, 1, Some(told.epoch())));
    }
    assert_eq!(told.0, [(2, began)]);
}

#[test]
fn in_a_publication() {
    check_deaths(2, |first, death| {
        beside_a_lossy_reader(first, death, ring(2), &[publish_two]);
    });
}

#[test]
fn in_a_publication_with_the_mirror() {
    check_deaths(2, |first, death| {
        beside_a_lossy_reader(first, death, mirrored(2), &[publish_two]);
    });
}

#[test]
fn in_a_publication_with_times() {
    check_deaths(1, |first, death| {
        beside_a_lossy_reader(first, death, stamped(2, false), &[publish_one, publish_one]);
    });
}

/// Beside a reader in place: nothing is missed, and nothing that it holds is written over.
#[test]
fn in_a_publication_beside_a_lossless_reader() {
    beside_a_lossless_reader(ring, &[publish_one, publish_two], |memory| next(memory, 2));
}

fn publish_two_in_place(writer: &mut Writer) {
    if try_publish_in_place(writer, 2, 1).is_ok() {
        writer.notify();
    }
}

/// As the one above, in a claim that is written in place: what is half-written is never seen, and the next producer
/// writes over it.
#[test]
fn in_a_claim_in_place() {
    beside_a_lossless_reader(ring_in_place, &[publish_two_in_place], |memory| {
        let mut writer = open(memory);
        let began = writer.published();
        for _ in 0..2 {
            let _ = try_publish_in_place(&mut writer, 1, 2);
        }
        (began, writer.published())
    });
}

/// The producer dies in one of these steps, and another goes on, which says where it began and what was published in the
/// end.
fn beside_a_lossless_reader(
    ring: fn(u64) -> Arc<Memory>,
    steps: &'static [fn(&mut Writer)],
    go_on: fn(&Arc<Memory>) -> (u64, u64),
) {
    check_deaths(2, move |first, death| {
        let memory = ring(2);
        let mut writer = open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        let death = death.clone();
        let ((began, published), (mut reader, mut told)) = race(
            first,
            move || {
                death.befall(&mut writer, steps);
                drop(writer);
                go_on(&memory)
            },
            move || {
                let mut told = Told::default();
                (0..3).for_each(|_| told.of(take_epoch(&mut reader, 1, Some(told.epoch()))));
                (reader, told)
            },
        );
        while reader.ledger().cursor < published || told.epoch() < 2 {
            told.of(take_epoch(&mut reader, 1, Some(told.epoch())));
        }
        assert_eq!(told.0, [(2, began)]);
        assert_eq!(reader.ledger().read, published);
    });
}

/// Between a demotion and the claim it was for, and everywhere else on the way past a bounded reader: told of the
/// demotion, and of the restart.
#[test]
fn on_the_way_past_a_bounded_reader() {
    check_deaths(2, |first, death| {
        let memory = ring(1);
        let mut writer = open(&memory);
        let mut reader = Patient::join(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        let death = death.clone();
        let ((demotions, published), (mut reader, mut told)) = race(
            first,
            move || {
                let mut past = (writer, 0);
                death.befall(
                    &mut past,
                    &[
                        |(writer, demotions)| *demotions += demote_all(writer, 1),
                        |(writer, _)| publish_one(writer),
                    ],
                );
                let (writer, mut demotions) = past;
                drop(writer);
                let mut writer = open(&memory);
                demotions += demote_all(&writer, 1);
                while try_publish_in(&mut writer, 1, 2).is_err() {
                    demotions += demote_all(&writer, 1);
                }
                (demotions, writer.published())
            },
            move || {
                let mut told = Told::default();
                (0..2).for_each(|_| told.of(reader.poll_epoch(1, Some(told.epoch()))));
                (reader, told)
            },
        );
        while reader.follower.ledger().cursor < published {
            told.of(reader.poll_epoch(1, Some(told.epoch())));
        }
        assert_eq!((told.epoch(), reader.told), (2, demotions));
    });
}

// Producers that die while they open and close

/// The one that opens dies: who comes then opens the same epoch, or the next, and a reader that may have missed one
/// of them is told no wrong beginning.
#[test]
fn in_an_opening() {
    check_deaths(2, |first, death| {
        let memory = ring(4);
        let mut writer = open(&memory);
        let mut reader = lossy(&memory, 0, Begin::Now);
        publish(&mut writer, 1);
        drop(writer);
        let death = death.clone();
        let ((newest, began), (mut reader, mut told)) = race(
            first,
            {
                let memory = Arc::clone(&memory);
                move || {
                    death.befall(
                        &mut Arc::clone(&memory),
                        &[|memory| publish(&mut open(memory), 1)],
                    );
                    let mut writer = open(&memory);
                    let began = writer.published();
                    publish(&mut writer, 1);
                    (memory.live().status.state.load(Relaxed) >> 2, began)
                }
            },
            move || {
                let mut told = Vec::new();
                (0..2).for_each(|_| note(&mut told, &mut reader));
                (reader, told)
            },
        );
        while reader.ledger().cursor < began + 1 || told.is_empty() {
            note(&mut told, &mut reader);
        }
        assert!(newest == 2 || newest == 3);
        assert_eq!(told.last(), Some(&(newest, Some(began))));
        if let [(epoch, first), _] = told[..] {
            assert_eq!((epoch, newest), (2, 3));
            assert!(first.is_none_or(|first| first == 1), "a wrong beginning");
        }
        assert_eq!(reader.ledger().read, began + 1);
    });
}

fn note(told: &mut Vec<(u64, Option<u64>)>, reader: &mut Follower) {
    if let News::Restarted { epoch, first } = poll(reader, 1) {
        told.push((epoch, first));
    }
}

/// Ended only when everything was read, however far the one that closed came.
#[test]
fn in_a_closing() {
    check_deaths(3, |first, death| {
        let memory = ring(2);
        let mut writer = open(&memory);
        let mut reader = lossy(&memory, 0, Begin::Now);
        let death = death.clone();
        let ((began, published), (mut reader, mut told)) = race(
            first,
            move || {
                death.befall(&mut writer, &[publish_one, Writer::close]);
                drop(writer);
                next(&memory, 1)
            },
            move || {
                let mut told = Told::default();
                for _ in 0..3 {
                    match poll_epoch(&mut reader, 1, Some(told.epoch())) {
                        News::Ended(Phase::Closed) => assert_eq!(reader.ledger().read, 1),
                        news => told.of(news),
                    }
                }
                (reader, told)
            },
        );
        while reader.ledger().cursor < published || told.epoch() < 2 {
            told.of(poll_epoch(&mut reader, 1, Some(told.epoch())));
        }
        assert_eq!(told.0, [(2, began)]);
        assert_eq!(reader.ledger().read, published);
    });
}

/// Whoever slept when the producer died is woken by the next.
#[test]
fn beside_a_sleeper() {
    check_deaths(2, |first, death| {
        let memory = ring(2);
        let mut writer = open(&memory);
        let mut reader = lossy(&memory, 0, Begin::Now);
        let death = death.clone();
        race(
            first,
            move || {
                death.befall(&mut writer, &[publish_one]);
                drop(writer);
                next(&memory, 1)
            },
            move || {
                let mut told = Told::default();
                while reader.ledger().read < 1 || told.epoch() < 2 {
                    match poll_epoch(&mut reader, 1, Some(told.epoch())) {
                        News::Nothing => reader.wait(LONG).unwrap(),
                        news => told.of(news),
                    }
                }
            },
        );
    });
}

// Readers that die

/// The ledger that a dead reader leaves adds up, and so does what the next owner of its slot makes of it, for who looks
/// meanwhile too.
#[test]
fn while_it_accounts() {
    check_deaths(1, |first, death| {
        let memory = ring(2);
        let mut writer = open(&memory);
        let mut reader = lossy(&memory, 0, Begin::Now);
        (0..3).for_each(|_| publish(&mut writer, 1));
        let death = death.clone();
        let observer = Arc::clone(&memory);
        race(
            first,
            move || {
                death.befall(&mut reader, &[copy_one]);
                let left = adds_up(&memory);
                assert!(left.is_some_and(|left| left.read <= 1));
                drop(reader);
                let mut reader = lossy(&memory, 0, Begin::Oldest);
                assert_eq!(adds_up(&memory), Some(*reader.ledger()));
                poll(&mut reader, 1);
                assert_eq!(adds_up(&memory), Some(*reader.ledger()));
            },
            move || adds_up(&observer),
        );
    });
}

fn copy_one(reader: &mut Follower) {
    reader.poll_copy(&mut [0; STRIDE], &mut []).unwrap();
}

/// The ledger of slot 0, which adds up.
fn adds_up(memory: &Memory) -> Option<Ledger> {
    let ledger = observe(&memory.control().slots.0[0]);
    assert!(ledger.is_none_or(|ledger| ledger.adds_up()), "{ledger:?}");
    ledger
}

/// A life in slot 0.
type Life = (Arc<Memory>, Option<Follower>);

fn join((memory, reader): &mut Life) {
    *reader = Follower::join_holding(Arc::clone(memory), 0, Kind::Lossless, Begin::Oldest).ok();
}

fn take_one((_, reader): &mut Life) {
    let reader = reader.as_mut().unwrap();
    let news = reader.poll_in_place(1, &mut []);
    if !is_dead() && matches!(news, Ok(News::Records(_))) {
        assert_eq!(reader.held().words().len(), 2);
    }
}

fn copy_held((_, reader): &mut Life) {
    let _ = reader
        .as_mut()
        .unwrap()
        .poll_bounded(&mut [0; STRIDE], &mut []);
}

fn leave((_, reader): &mut Life) {
    go(reader.as_mut().unwrap(), 0);
}

/// A reader that dies in its life, and whoever turns its gate off. Then nobody holds the ring, and the slot serves
/// the next, which misses nothing from where it joins.
fn lives(first: First, death: &Death, kind: Option<Kind>, steps: &'static [fn(&mut Life)]) {
    let memory = if kind == Some(Kind::Bounded) {
        ring_without_demotions(1)
    } else {
        ring(1)
    };
    let mut writer = open(&memory);
    publish(&mut writer, 1);
    let reader = kind
        .map(|kind| Follower::join_holding(Arc::clone(&memory), 0, kind, Begin::Oldest).unwrap());
    let death = death.clone();
    let (mut writer, mut reader) = race(
        first,
        move || {
            for _ in 0..2 {
                let _ = try_publish(&mut writer, 1);
            }
            writer
        },
        move || {
            let mut life = (Arc::clone(&memory), reader);
            if death.befall(&mut life, steps) {
                evict(&memory, 0);
            }
            adds_up(&memory).unwrap();
            drop(life);
            lossless(&memory, 0, Begin::Oldest)
        },
    );
    let _ = try_publish(&mut writer, 1);
    take_rest(&mut reader, writer.published());
    go(&mut reader, 0);
    publish(&mut writer, 1);
}

#[test]
fn while_it_joins() {
    check_deaths(2, |first, death| lives(first, death, None, &[join]));
}

#[test]
fn while_it_reads_in_place() {
    check_deaths(2, |first, death| {
        lives(
            first,
            death,
            Some(Kind::Lossless),
            &[take_one, take_one, leave],
        );
    });
}

#[test]
fn while_it_copies() {
    check_deaths(2, |first, death| {
        lives(first, death, Some(Kind::Bounded), &[copy_held, leave]);
    });
}
