//! What a child has of a producer and of readers of frames, with a claim and with batches in hand.

use std::fs;
use std::time::Duration;

use ringbuf_core::{
    CreateOptions, FrameClaim, FrameInfo, FrameProducer, FrameReader, FrameRetain, PublishError,
    ReadError, ReaderOptions, TryPublishError,
};

use crate::support::process::{hear, say, start};
use crate::support::{Rings, limit, system};

const ARENA: usize = 1024;

fn write(claim: &mut FrameClaim<'_>, byte: u8, in_place: bool) {
    match in_place {
        true => claim.bytes_mut().unwrap().fill(byte),
        false => claim.write(0, &vec![byte; claim.len()]),
    }
}

/// Forks with a claim and with batches in hand. The child uses all of it; then its parent goes on.
pub fn forks_with_frames(arguments: &[String]) {
    let in_place = arguments[1] == "in place";
    let options = CreateOptions::default().in_place(in_place);
    let retain = FrameRetain::bytes(ARENA as u64);
    let mut producer = FrameProducer::create_with(&arguments[0], retain, &options).unwrap();
    let attach = |options| FrameReader::attach(&arguments[0], options).unwrap();
    let mut reader = attach(ReaderOptions::lossless());
    let mut lossy = (!in_place).then(|| attach(ReaderOptions::lossy()));
    for byte in 0..2 {
        producer.publish(&[byte; 256]).unwrap();
    }
    let batch = reader.poll().unwrap().unwrap();
    assert_eq!(batch.len(), 1);
    let copies = lossy.as_mut().map(|lossy| lossy.poll().unwrap().unwrap());
    let mut claim = producer.claim(200).unwrap();
    write(&mut claim, 2, in_place);
    say("claimed");
    hear();
    if system::fork().is_none() {
        // What it could write, if it were let.
        claim.write(0, &[9; 200]);
        let lent = matches!(claim.bytes_mut(), Err(PublishError::Forked));
        let values = matches!(claim.values_mut::<u16>(), Err(PublishError::Forked));
        claim.truncate(3);
        let claimed = claim.commit();
        let in_hand: Vec<usize> = batch.frames().map(|frame| frame.bytes().len()).collect();
        drop(batch);
        let copied = copies.map(|copies| {
            let is_whole =
                |frame: &ringbuf_core::Frame<'_>| *frame.bytes() == [frame.sequence() as u8; 256];
            copies.frames().filter(is_whole).count()
        });
        say(format!("{lent} {values} {claimed} {in_hand:?} {copied:?}"));
        say(refused_to_publish(&mut producer));
        say(refused_to_read(&mut reader));
        drop((producer, reader, lossy));
        say("dropped");
        system::end_now();
    }
    hear();
    assert_eq!(claim.commit_with(FrameInfo::tag(7)).unwrap(), 2);
    // What it has in hand is still its own, and in the way of who wants all of the arena.
    let all = [3; ARENA];
    let full = producer.try_publish(&all, FrameInfo::default());
    assert!(
        matches!(full, Err(TryPublishError::Full { lag: 3, .. })),
        "{full:?}"
    );
    assert!(batch.frames().all(|frame| frame.bytes() == [0; 256]));
    drop((batch, copies));
    for (sequence, len) in [(1, 256), (2, 200)] {
        let batch = reader.next().unwrap().unwrap();
        let frame = batch.frames().next().unwrap();
        assert_eq!(
            (batch.len(), frame.sequence(), frame.len()),
            (1, sequence, len)
        );
        assert!(
            frame
                .bytes()
                .iter()
                .all(|&byte| u64::from(byte) == sequence)
        );
    }
    assert_eq!(producer.publish(&all).unwrap(), 3);
    assert_eq!(reader.ledger().read, 3);
}

fn refused_to_publish(producer: &mut FrameProducer) -> String {
    fn name<T>(result: Result<T, PublishError>) -> &'static str {
        match result {
            Ok(_) => "published",
            Err(PublishError::Forked) => "forked",
            Err(_) => "another error",
        }
    }
    fn tried(result: Result<u64, TryPublishError>) -> &'static str {
        match result {
            Ok(_) => "published",
            Err(TryPublishError::Publish(error)) => name(Err::<u64, _>(error)),
            Err(_) => "full",
        }
    }
    let info = FrameInfo::default();
    [
        name(producer.publish(b"child")),
        name(producer.publish_with(b"child", info)),
        name(producer.publish_until(b"child", info, &|| true)),
        tried(producer.try_publish(b"child", info)),
        tried(producer.publish_timeout(b"child", info, Duration::from_millis(1))),
        name(producer.claim(1)),
    ]
    .join(" ")
}

fn refused_to_read(reader: &mut FrameReader) -> String {
    fn name<T>(result: Result<T, ReadError>) -> &'static str {
        match result {
            Ok(_) => "read",
            Err(ReadError::Forked) => "forked",
            Err(_) => "another error",
        }
    }
    let polled = name(reader.poll());
    if polled != "forked" {
        // The others might wait.
        return polled.to_owned();
    }
    let mut buffer = Vec::new();
    [
        polled,
        name(reader.next()),
        name(reader.next_timeout(Duration::from_millis(1))),
        name(reader.next_into(&mut buffer)),
        name(reader.latest()),
        name(reader.rejoin()),
    ]
    .join(" ")
}

#[test]
fn a_child_has_neither_frames_nor_claims() {
    let _limit = limit();
    for kind in ["copied", "in place"] {
        let rings = Rings::new();
        let files = || ["r.ring", "r.readers"].map(|name| fs::read(rings.file(name)).unwrap());
        let mut family = start("forks with frames", &[&rings.reference("r"), kind]);
        family.says("claimed");
        let before = files();
        family.tell("fork");
        // Frames read where they lie are none of the child's; copies are its own.
        let copied = if kind == "copied" { "Some(2)" } else { "None" };
        family.says(&format!("true true 2 [0] {copied}"));
        for _ in 0..2 {
            family.says(&["forked"; 6].join(" "));
        }
        family.says("dropped");
        assert!(files() == before, "the child wrote");
        family.tell("go on");
        family.finish();
    }
}
