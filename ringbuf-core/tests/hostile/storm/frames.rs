//! A producer and readers of frames, as those of records.

use std::cell::Cell;
use std::hint::black_box;
use std::time::Duration;

use ringbuf_core::{
    Element, FrameBatch, FrameInfo, FrameProducer, FrameReader, Next, PublishError, ReadError,
    ReaderOptions,
};

use crate::frame_words::look_at;
use crate::support::Numbers;

use super::producer::{self, create, refused};
use super::reader::{self, ends};
use super::seat::{Seat, kind};
use super::{ARENA, CAPACITY, Goods, Scene};

/// For calls without a time of their own.
const AT_ONCE: Duration = Duration::ZERO;

/// Mostly short ones.
fn length(numbers: &mut Numbers) -> usize {
    let most = match numbers.below(8) {
        0 => ARENA,
        _ => 300,
    };
    numbers.below(most + 1) as usize
}

/// Creates the ring or continues it, publishes in every form, and closes it or dies.
pub fn produce(seat: &Seat, scene: Scene, ring: &str, numbers: &mut Numbers) {
    let producer = create(seat, scene, ring, |options| {
        FrameProducer::create_with(ring, scene.frames(), options)
    });
    let Some(mut producer) = producer else {
        return;
    };
    let all = vec![1; ARENA as usize];
    for _ in 0..producer::CALLS {
        let len = length(numbers);
        let bytes = &all[..len];
        let info = match numbers.below(2) {
            0 => FrameInfo::tag(numbers.next()),
            _ => FrameInfo::array(Element::U8, &[len]),
        };
        let limit = Duration::from_micros(numbers.below(2000));
        // The last forms wait for as long as it takes.
        match numbers.below(if scene.is_held_for_ever() { 3 } else { 6 }) {
            0 => {
                let published =
                    seat.call("try_publish", AT_ONCE, || producer.try_publish(bytes, info));
                published.map_or_else(|error| refused(seat, &error), drop);
            }
            1 => {
                let published = seat.call("publish_timeout", limit, || {
                    producer.publish_timeout(bytes, info, limit)
                });
                published.map_or_else(|error| refused(seat, &error), drop);
            }
            2 => {
                let looks = Cell::new(0);
                let enough = || {
                    looks.set(looks.get() + 1);
                    looks.get() > 2
                };
                let done = seat.call("publish_until", scene.held(), || {
                    producer.publish_until(bytes, info, &enough)
                });
                let _ = done.unwrap();
            }
            3 => drop(
                seat.call("publish_with", scene.held(), || {
                    producer.publish_with(bytes, info)
                })
                .unwrap(),
            ),
            _ => claim(seat, scene, &mut producer, numbers),
        }
        if numbers.below(16) == 0 {
            let figures = seat.call("figures", AT_ONCE, || {
                (producer.kept(), producer.refused(), producer.kept_bytes())
            });
            assert!(figures.2 <= ARENA);
        }
    }
    seat.count("produced");
    match numbers.below(4) {
        0 => seat.call("drop", AT_ONCE, || drop(producer)),
        _ => seat.call("close", AT_ONCE, || producer.close()),
    }
}

fn claim(seat: &Seat, scene: Scene, producer: &mut FrameProducer, numbers: &mut Numbers) {
    let len = length(numbers);
    match seat.call("claim", scene.held(), || producer.claim(len)) {
        Ok(mut claim) => {
            match scene.goods {
                Goods::FramesInPlace => claim.bytes_mut().unwrap().fill(7),
                _ => claim.write(len / 3, &vec![7; len - len / 3]),
            }
            match numbers.below(3) {
                0 => claim.abort(),
                1 => {
                    claim.truncate(len / 2);
                    claim.commit();
                }
                _ => drop(
                    claim
                        .commit_with(FrameInfo::array(Element::U8, &[len]))
                        .unwrap(),
                ),
            }
        }
        Err(PublishError::Full { .. }) => seat.count("full"),
        Err(error) => panic!("{error}"),
    }
}

/// Attaches and reads for a while.
pub fn read(seat: &Seat, scene: Scene, ring: &str, options: ReaderOptions, numbers: &mut Numbers) {
    let attached = seat.call("attach", AT_ONCE, || FrameReader::attach(ring, options));
    let mut reader = match attached {
        Ok(reader) => reader,
        Err(error) => return seat.count(format!("no attach {}", kind(&error))),
    };
    seat.count("attached");
    if numbers.below(3) == 0 {
        reader.only(|frame| frame.tag() % 2 == 0);
    }
    for _ in 0..reader::CALLS {
        let goes_on = ask(seat, scene, &mut reader, numbers);
        let ledger = reader.ledger();
        assert!(ledger.adds_up(), "{ledger:?}");
        let (lag, lag_time) = seat.call("lag", AT_ONCE, || (reader.lag(), reader.lag_time()));
        let latest = seat.call("latest", AT_ONCE, || reader.latest()).unwrap();
        if let Some((header, bytes)) = latest {
            look_at(&header, &bytes);
        }
        black_box((lag, lag_time));
        match goes_on {
            Ok(true) => {}
            Ok(false) => break,
            // What it was told once does not keep it from being asked again.
            Err(error) if numbers.below(2) == 0 => ends(seat, &error),
            Err(error) => return ends(seat, &error),
        }
        if reader.is_demoted() && numbers.below(2) == 0 {
            seat.count("rejoins");
            if let Err(error) = seat.call("rejoin", AT_ONCE, || reader.rejoin()) {
                return ends(seat, &error);
            }
        }
    }
    seat.call("leave", AT_ONCE, || drop(reader));
}

/// One call for news; false if there will be no more.
fn ask(
    seat: &Seat,
    scene: Scene,
    reader: &mut FrameReader,
    numbers: &mut Numbers,
) -> Result<bool, ReadError> {
    let timeout = Duration::from_micros(numbers.below(3000));
    // As readers of records: who waits may wait for ever, where a gate stops the producer.
    let may_wait = !scene.is_held_by_gates() && !reader.is_observer();
    let news = match numbers.below(8) {
        0 if may_wait => {
            let mut buffer = Vec::new();
            let copy = seat.call("next_into", AT_ONCE, || reader.next_into(&mut buffer))?;
            let Some(copy) = copy else {
                return Ok(false);
            };
            if let Some(header) = copy.header {
                look_at(&header, &buffer);
            }
            return Ok(true);
        }
        1..=3 => seat
            .call("poll", AT_ONCE, || reader.poll())?
            .map_or(Next::TimedOut, Next::Batch),
        _ => seat.call("next_timeout", timeout, || reader.next_timeout(timeout))?,
    };
    match news {
        Next::Batch(batch) => took(seat, &batch),
        Next::TimedOut => seat.count("nothing"),
        Next::Closed => {
            seat.count("closed");
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whatever the descriptors say, there are not more frames than there can be, and all of each can be looked at.
fn took(seat: &Seat, batch: &FrameBatch<'_>) {
    seat.count("batches");
    assert!(batch.len() as u64 <= CAPACITY, "{}", batch.len());
    seat.call("frames", AT_ONCE, || {
        for frame in batch.frames() {
            // A lossless one that is lapped may have its descriptors written over, never what it copied of them.
            look_at(frame.header(), frame.bytes());
            black_box((frame.published_ns(), frame.values::<u16>().is_ok()));
        }
    });
    if let Some(event) = batch.event() {
        seat.count(kind(&event));
    }
    black_box((batch.missed(), batch.first_sequence()));
}
