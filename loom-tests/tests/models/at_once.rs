//! One record at once, on a ring that has gone around: the producer has granted itself more than it claims, and looks
//! at nothing.

use loom::sync::Arc;
use loom_tests::{
    Death, First, GRANTED, LONG, check, check_deaths, drain, expect, go_around, lossless, lossy,
    mirrored, next, open, open_unfenced, poll, poll_epoch, publish, publish_at_once, race, records,
    ring, stamped, take, take_rest, try_publish, try_publish_in,
};
use ringbuf_core::model::{Begin, Follower, Memory, News, Phase, Where, Writer};

type Open = fn(&Arc<Memory>) -> Writer;

/// A producer that issues its barriers, and one that leaves them to the sleepers: it goes the shortest way.
const EITHER_WAY: [Open; 2] = [open, open_unfenced];

/// At once, claimed, at once.
const RECORDS: u64 = 3;
const FIRST: u64 = GRANTED + 1;
const END: u64 = FIRST + RECORDS;

fn publish_three(writer: &mut Writer) {
    publish_at_once(writer);
    publish(writer, 1);
    writer.notify();
    publish_at_once(writer);
}

// Lossy readers

/// A reader at the oldest record that is kept, beside a producer that does `what` from record [`FIRST`] on.
fn beside_a_lossy_reader(
    first: First,
    open: Open,
    memory: Arc<Memory>,
    what: fn(&mut Writer),
    most: usize,
) {
    let mut writer = open(&memory);
    go_around(&mut writer);
    let mut reader = lossy(&memory, 0, Begin::Oldest);
    let (published, mut reader) = race(
        first,
        move || {
            what(&mut writer);
            writer.published()
        },
        move || {
            poll(&mut reader, most);
            poll(&mut reader, most);
            reader
        },
    );
    drain(&mut reader, published - GRANTED, published);
}

#[test]
fn over_a_lossy_reader() {
    for open in EITHER_WAY {
        check(2, move |first| {
            beside_a_lossy_reader(first, open, ring(GRANTED), publish_three, 2);
        });
    }
}

/// Writes garbage into a claim of three and commits so many of them, which are none.
fn garble(writer: &mut Writer, commit: u64) {
    let first = writer.try_claim(3).unwrap();
    writer.write(first, &records(first, commit, 1));
    writer.write(first + commit, &records(first + 70, 3 - commit, 9));
    if commit > 0 {
        writer.commit(commit);
    }
}

/// Nothing goes at once as long as something is claimed beyond it.
#[test]
fn behind_a_claim_given_up() {
    behind_a_claim_of_three(0);
}

#[test]
fn behind_a_short_commit() {
    behind_a_claim_of_three(1);
}

/// One record behind a claim of which so many were committed.
fn behind_a_claim_of_three(commit: u64) {
    for open in EITHER_WAY {
        check(2, move |first| {
            // What the claim was written over is gone.
            let memory = ring(GRANTED);
            let mut writer = open(&memory);
            go_around(&mut writer);
            let mut reader = lossy(&memory, 0, Begin::Oldest);
            let ((), mut reader) = race(
                first,
                move || {
                    garble(&mut writer, commit);
                    publish(&mut writer, 1);
                },
                move || {
                    poll(&mut reader, 3);
                    reader
                },
            );
            drain(&mut reader, FIRST + 3 - GRANTED, FIRST + 1 + commit);
        });
    }
}

/// What has a time is never published without one.
#[test]
fn never_without_a_time() {
    check(1, |first| {
        beside_a_lossy_reader(
            first,
            open_unfenced,
            stamped(GRANTED, false),
            |writer| (0..2).for_each(|_| publish(writer, 1)),
            2,
        );
    });
}

// Lossless readers

/// What is granted is granted by the gates: two records are released, and one of them is overwritten at once.
#[test]
fn beside_a_lossless_reader() {
    for open in EITHER_WAY {
        check(3, move |first| {
            let memory = ring(GRANTED);
            let mut writer = open(&memory);
            publish(&mut writer, GRANTED);
            let mut reader = lossless(&memory, 0, Begin::Oldest);
            let (published, mut reader) = race(
                first,
                move || {
                    for _ in 0..4 {
                        let _ = try_publish(&mut writer, 1);
                    }
                    writer.published()
                },
                move || {
                    take(&mut reader, 2);
                    take(&mut reader, 1);
                    take(&mut reader, 1);
                    reader
                },
            );
            take_rest(&mut reader, published);
        });
    }
}

/// What went at once stays granted: a reader that joined meanwhile, and wants what is gone, does not take it back.
#[test]
fn a_reader_that_joins() {
    check(3, |first| {
        let memory = ring(GRANTED);
        let mut writer = open_unfenced(&memory);
        go_around(&mut writer);
        let (published, mut reader) = race(
            first,
            move || {
                publish_at_once(&mut writer);
                let _ = try_publish(&mut writer, 1);
                writer.published()
            },
            move || {
                let mut reader = lossless(&memory, 0, Begin::Oldest);
                take(&mut reader, 1);
                reader
            },
        );
        take_rest(&mut reader, published);
    });
}

/// A claim that was refused has looked at the gates, and may have granted less than there was before: nothing goes at
/// once behind it.
#[test]
fn behind_a_claim_refused() {
    check(3, |first| {
        let memory = ring(GRANTED);
        let mut writer = open_unfenced(&memory);
        go_around(&mut writer);
        let (published, mut reader) = race(
            first,
            move || {
                let _ = try_publish(&mut writer, 3);
                let _ = try_publish(&mut writer, 1);
                writer.published()
            },
            move || {
                let mut reader = lossless(&memory, 0, Begin::Oldest);
                take(&mut reader, 1);
                reader
            },
        );
        take_rest(&mut reader, published);
    });
}

// The newest record, taken by who waits for each

/// A reader with one record to read, beside two more, the first of them at once.
fn awaited(first: First, open: Open, is_lossless: bool) {
    let memory = mirrored(GRANTED);
    let mut writer = open(&memory);
    go_around(&mut writer);
    let mut reader = match is_lossless {
        true => lossless(&memory, 0, Begin::Last(1)),
        false => lossy(&memory, 0, Begin::Last(1)),
    };
    let ((), mut reader) = race(
        first,
        move || {
            publish_at_once(&mut writer);
            publish(&mut writer, 1);
        },
        move || {
            for _ in 0..2 {
                next(&mut reader, is_lossless, None);
            }
            reader
        },
    );
    if is_lossless {
        take_rest(&mut reader, FIRST + 2);
    } else {
        drain(&mut reader, FIRST - 1, FIRST + 2);
    }
    let ledger = reader.ledger();
    assert_eq!((ledger.read, ledger.missed), (3, 0));
}

fn follow(memory: &Arc<Memory>, is_lossless: bool) -> Follower {
    match is_lossless {
        true => lossless(memory, 0, Begin::Now),
        false => lossy(memory, 0, Begin::Now),
    }
}

#[test]
fn awaited_by_a_lossy_reader() {
    for open in EITHER_WAY {
        check(2, move |first| awaited(first, open, false));
    }
}

#[test]
fn awaited_by_a_lossless_reader() {
    for open in EITHER_WAY {
        check(2, move |first| awaited(first, open, true));
    }
}

/// Capacity one: what the reader holds is in the producer's way until it looks again, wherever its copy is.
#[test]
fn awaited_with_capacity_one() {
    check(3, |first| {
        let memory = mirrored(1);
        let mut writer = open(&memory);
        let mut reader = lossless(&memory, 0, Begin::Now);
        let (published, mut reader) = race(
            first,
            move || {
                for _ in 0..3 {
                    let _ = try_publish(&mut writer, 1);
                }
                writer.published()
            },
            move || {
                for _ in 0..3 {
                    next(&mut reader, true, None);
                }
                reader
            },
        );
        take_rest(&mut reader, published);
    });
}

/// What is to come in the cells is never said to be in the buffer.
#[test]
fn without_a_buffer() {
    check(3, |first| {
        let memory = mirrored(GRANTED);
        let mut writer = open_unfenced(&memory);
        go_around(&mut writer);
        let mut reader = lossless(&memory, 0, Begin::Now);
        let ((), mut reader) = race(
            first,
            move || publish_three(&mut writer),
            move || {
                for _ in 0..2 {
                    if let News::Records(run) = reader.poll_in_place(2, &mut []).unwrap() {
                        assert_eq!(run.at, Where::Cells);
                        let words = reader.held().words();
                        for (i, record) in words.chunks(2).enumerate() {
                            expect(record, run.first + i as u64);
                        }
                    }
                }
                reader
            },
        );
        take_rest(&mut reader, END);
    });
}

/// Who is to read up to a record takes none beyond.
#[test]
fn up_to_a_record() {
    for is_lossless in [false, true] {
        check(2, move |first| {
            let memory = mirrored(GRANTED);
            let mut writer = open_unfenced(&memory);
            go_around(&mut writer);
            let mut reader = follow(&memory, is_lossless);
            reader.set_until(FIRST + 1);
            let ((), mut reader) = race(
                first,
                move || publish_three(&mut writer),
                move || {
                    for _ in 0..2 {
                        next(&mut reader, is_lossless, None);
                    }
                    reader
                },
            );
            while let None | Some(News::Records(_)) = next(&mut reader, is_lossless, None) {}
            let ledger = reader.ledger();
            assert_eq!((ledger.cursor, ledger.missed), (FIRST + 1, 0));
        });
    }
}

// The next producer

/// One look; where the next epoch began, if that is the news.
fn look(reader: &mut Follower, is_lossless: bool, epoch: &mut u64) -> Option<u64> {
    let news = next_or_poll(reader, is_lossless, Some(*epoch));
    let Some(News::Restarted { epoch: next, first }) = news else {
        return None;
    };
    *epoch = next;
    first
}

/// The next record out of the mirror where there is one, or else an attempt.
fn next_or_poll(reader: &mut Follower, is_lossless: bool, epoch: Option<u64>) -> Option<News> {
    match reader.memory().geometry().mirror {
        true => next(reader, is_lossless, epoch),
        false => Some(poll_epoch(reader, 2, epoch)),
    }
}

/// A record of the next epoch is not taken for one of the last, and the restart is told before it.
fn across_a_restart(first: First, is_lossless: bool) {
    let memory = mirrored(GRANTED);
    let mut writer = open(&memory);
    let mut reader = follow(&memory, is_lossless);
    let ((), (mut reader, mut epoch)) = race(
        first,
        move || {
            publish(&mut writer, 1);
            drop(writer);
            let mut writer = open(&memory);
            try_publish_in(&mut writer, 1, 2).unwrap();
        },
        move || {
            let mut epoch = 1;
            for _ in 0..3 {
                look(&mut reader, is_lossless, &mut epoch);
            }
            (reader, epoch)
        },
    );
    reader.release();
    while reader.ledger().cursor < 2 {
        look(&mut reader, is_lossless, &mut epoch);
        reader.release();
    }
    assert_eq!((epoch, reader.ledger().read), (2, 2));
}

#[test]
fn across_a_restart_for_a_lossy_reader() {
    check(2, |first| across_a_restart(first, false));
}

#[test]
fn across_a_restart_for_a_lossless_reader() {
    check(2, |first| across_a_restart(first, true));
}

/// A producer that dies in the middle of it, and the next one.
fn death_beside_a_lossy_reader(first: First, death: &Death, memory: Arc<Memory>, open: Open) {
    let mut writer = open(&memory);
    go_around(&mut writer);
    let begin = match memory.geometry().mirror {
        true => Begin::Now,
        false => Begin::Oldest,
    };
    let mut reader = lossy(&memory, 0, begin);
    let death = death.clone();
    let ((began, published), (mut reader, mut epoch)) = race(
        first,
        move || {
            death.befall(&mut writer, &[publish_at_once]);
            drop(writer);
            let mut writer = open(&memory);
            let began = writer.published();
            try_publish_in(&mut writer, 1, 2).unwrap();
            (began, writer.published())
        },
        move || {
            let mut epoch = 1;
            (0..2).for_each(|_| drop(look(&mut reader, false, &mut epoch)));
            (reader, epoch)
        },
    );
    while reader.ledger().cursor < published || epoch < 2 {
        if let Some(first) = look(&mut reader, false, &mut epoch) {
            assert_eq!(first, began);
        }
    }
}

#[test]
fn death_in_it() {
    check_deaths(2, |first, death| {
        death_beside_a_lossy_reader(first, death, ring(GRANTED), open_unfenced);
    });
}

#[test]
fn death_in_it_with_the_mirror() {
    check_deaths(2, |first, death| {
        death_beside_a_lossy_reader(first, death, mirrored(GRANTED), open);
    });
}

// Sleepers

/// Reads and sleeps until the end.
fn sleep_until_closed(first: First, memory: Arc<Memory>, open: Open, is_lossless: bool) {
    let mut writer = open(&memory);
    go_around(&mut writer);
    let mut reader = follow(&memory, is_lossless);
    let ((), read) = race(
        first,
        move || {
            publish_at_once(&mut writer);
            writer.close();
        },
        move || {
            loop {
                match next_or_poll(&mut reader, is_lossless, None) {
                    Some(News::Nothing) => reader.wait(LONG).unwrap(),
                    Some(News::Ended(phase)) => {
                        assert_eq!(phase, Phase::Closed);
                        return reader.ledger().read;
                    }
                    _ => {}
                }
            }
        },
    );
    assert_eq!(read, 1, "ended before everything was read");
}

#[test]
fn close() {
    for is_lossless in [false, true] {
        check(3, move |first| {
            sleep_until_closed(first, mirrored(GRANTED), open_unfenced, is_lossless);
        });
    }
}

/// One record, of which a sleeper hears, however the barriers are issued and whatever else there is to it.
fn one_sleeper(first: First, memory: Arc<Memory>, open: Open) {
    let mut writer = open(&memory);
    go_around(&mut writer);
    let mut reader = lossy(&memory, 0, Begin::Now);
    race(
        first,
        move || publish_at_once(&mut writer),
        move || {
            while let Some(News::Nothing) = next_or_poll(&mut reader, false, None) {
                reader.wait(LONG).unwrap();
            }
        },
    );
}

#[test]
fn wakes() {
    for open in EITHER_WAY {
        check(3, move |first| one_sleeper(first, ring(GRANTED), open));
    }
}

#[test]
fn wakes_with_the_mirror() {
    for open in EITHER_WAY {
        check(3, move |first| one_sleeper(first, mirrored(GRANTED), open));
    }
}
