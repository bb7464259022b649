//! Frames that are overwritten while somebody copies them.

use std::time::Duration;

use ringbuf_core::{Event, FrameProducer, FrameReader, FrameRetain, ReaderOptions};

use crate::support::process::{hear, say, start};
use crate::support::{Rings, limit};

/// Every word of a frame of the stream: no two that follow one another have the same.
fn word_of(sequence: u64) -> [u8; 8] {
    (sequence % 4).to_le_bytes()
}

/// Publishes frames of so many words as fast as they can be written, until it is killed.
pub fn endless_producer_of_frames(arguments: &[String]) {
    let number = |i: usize| arguments[i].parse::<u64>().unwrap();
    let (words, arena) = (number(1) as usize, number(2));
    let mut producer = FrameProducer::create(&arguments[0], FrameRetain::bytes(arena)).unwrap();
    say("created");
    hear();
    let frames = [0, 1, 2, 3].map(|sequence| word_of(sequence).repeat(words));
    loop {
        for frame in &frames {
            producer.publish(frame).unwrap();
        }
    }
}

fn assert_whole(what: &str, sequence: u64, bytes: &[u8], words: u64) {
    assert_eq!(bytes.len() as u64, 8 * words);
    let word = word_of(sequence);
    let is_whole = bytes.as_chunks::<8>().0.iter().all(|found| *found == word);
    assert!(is_whole, "{what}: frame {sequence} is torn");
}

/// The producer waits for nobody, or not for long: many frames are overwritten while they are copied.
#[test]
fn what_is_overwritten_while_it_is_copied_is_not_delivered() {
    let _limit = limit();
    let bounded = ReaderOptions::bounded(Duration::ZERO);
    for (words, halves_kept, options) in [
        // One at a time, and several.
        (12 * 1024, 7, ReaderOptions::lossy()),
        (1024, 9, ReaderOptions::lossy()),
        // The next one overwrites it.
        (12 * 1024, 3, bounded),
    ] {
        let rings = Rings::new();
        let ring = rings.reference("stream");
        let arena = words * 8 * halves_kept / 2;
        let (words_said, arena_said) = (words.to_string(), arena.to_string());
        let arguments = [ring.as_str(), &words_said, &arena_said];
        let mut role = start("endless producer of frames", &arguments);
        role.says("created");
        let is_lossy = halves_kept > 3;
        let mut reader = FrameReader::attach(&ring, options).unwrap();
        role.tell("go");
        let (mut read, mut latest, mut demoted) = (0, 0, 0);
        let is_enough = |read, latest, demoted, missed| match is_lossy {
            true => read >= 100 && latest >= 50 && missed >= 300,
            false => demoted >= 100,
        };
        while !is_enough(read, latest, demoted, reader.ledger().missed) {
            if let Some(batch) = reader.poll().unwrap() {
                demoted += u64::from(batch.event() == Some(Event::Demoted));
                for frame in batch.frames() {
                    assert_whole("read", frame.sequence(), frame.bytes(), words);
                    read += 1;
                }
            }
            assert!(reader.ledger().adds_up(), "{:?}", reader.ledger());
            if reader.is_demoted() {
                reader.rejoin().unwrap();
            }
            if !is_lossy {
                continue;
            }
            if let Some((header, bytes)) = reader.latest().unwrap() {
                assert_whole("the newest", header.sequence(), &bytes, words);
                latest += 1;
            }
        }
        let missed = reader.ledger().missed;
        println!("{read} read, {latest} newest, {missed} missed, {demoted} demotions");
        role.kill();
    }
}
