//! `producer lines`: lines in, frames out; and how runs on a stream end.

#![cfg(unix)] // signals

mod common;

use std::{
    io::{self, Write},
    thread,
    time::Duration,
};

use common::{Producer, Rings, attach_frames, drain_frames, ring_that};
use ringbuf_core::{Event, FrameReader, ReaderOptions, inspect::ProducerState};

fn lines<'a>(ring: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["lines", "--ring", ring, "--json"], more].concat()
}

/// All the frames that this input makes, and how the run ended.
fn hear(input: Vec<u8>, more: &[&str]) -> (Vec<Vec<u8>>, common::Outcome) {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let (reader, mut writer) = io::pipe().expect("a pipe");
    let more = [&["--wait-for-readers", "1"], more].concat();
    let producer = Producer::start_on(reader, &lines(&ring, &more));
    let writing = thread::spawn(move || writer.write_all(&input).expect("writes"));
    let heard = drain_frames(attach_frames(&ring));
    writing.join().expect("writes");
    let frames = heard.into_iter().map(|frame| frame.bytes).collect();
    (frames, producer.finish())
}

#[test]
fn every_line_is_a_frame_with_all_its_bytes() {
    let mut expected: Vec<Vec<u8>> = (0..20_000)
        .map(|n: u32| {
            let any = |i: u32| match (n.wrapping_mul(31) ^ i.wrapping_mul(17)) as u8 {
                b'\n' | b'\r' => b' ',
                byte => byte,
            };
            (0..n % 300).map(any).collect()
        })
        .collect();
    let mut input = Vec::new();
    for (n, line) in expected.iter().enumerate() {
        input.extend(line);
        input.extend(if n % 3 == 0 { &b"\r\n"[..] } else { b"\n" });
    }
    input.extend(b"without an end");
    expected.push(b"without an end".to_vec());
    for more in [&[][..], &["--capacity", "10"], &["--arena", "4KiB"]] {
        let (frames, outcome) = hear(input.clone(), more);
        assert!(outcome.status.success(), "{outcome:?}");
        assert!(frames == expected, "{more:?}");
        assert_eq!(outcome.published(), 20_001);
        assert_eq!(outcome.summary()["too_long"], 0);
    }
}

#[test]
fn lines_that_are_too_long_are_told_counted_and_passed_over() {
    let mut input = Vec::new();
    for len in [4096, 4097, 10, 300_000, 0, 5000, 5001] {
        input.extend(vec![b'x'; len]);
        input.push(b'\n');
    }
    let (frames, outcome) = hear(input, &["--arena", "4KiB"]);
    let lens: Vec<_> = frames.iter().map(Vec::len).collect();
    assert!(outcome.status.success(), "{outcome:?}");
    assert_eq!(lens, [4096, 10, 0]);
    assert_eq!(outcome.summary()["too_long"], 4);
    for told in [
        "line 2 ",
        "4097 bytes",
        "line 4 ",
        "300000 bytes",
        "line 6 ",
    ] {
        assert!(outcome.stderr.contains(told), "{told}: {outcome:?}");
    }
    assert!(!outcome.stderr.contains("line 7"), "{outcome:?}");
}

#[test]
fn a_signal_ends_the_wait_for_more_lines() {
    for signal in ["INT", "TERM"] {
        let rings = Rings::new();
        let ring = rings.ring("r");
        let (reader, mut writer) = io::pipe().expect("a pipe");
        let producer = Producer::start_on(reader, &lines(&ring, &[]));
        writer.write_all(b"one\ntwo\nhal").expect("writes");
        ring_that(&ring, |info| info.published == 2);
        thread::sleep(Duration::from_millis(50));
        writer.write_all(b"f\nand another").expect("writes");
        ring_that(&ring, |info| info.published == 3);
        producer.signal(signal);
        let outcome = producer.finish();
        assert!(outcome.status.success(), "{outcome:?}");
        assert_eq!(outcome.published(), 3);
        let info = ring_that(&ring, |_| true);
        assert_eq!(info.producer, ProducerState::Closed);
        drop(writer);
    }
}

#[test]
fn the_duration_ends_the_wait_for_more_lines() {
    let rings = Rings::new();
    let (reader, mut writer) = io::pipe().expect("a pipe");
    let ring = rings.ring("r");
    let producer = Producer::start_on(reader, &lines(&ring, &["--duration", "300ms"]));
    writer.write_all(b"one\n").expect("writes");
    let outcome = producer.finish();
    assert!(outcome.status.success(), "{outcome:?}");
    drop(writer);
}

#[test]
fn a_signal_ends_the_wait_for_a_stuck_reader() {
    let rings = Rings::new();
    for (name, source) in [
        ("a", vec!["frames", "--test-card", "64x8", "--rate", "0"]),
        (
            "b",
            vec!["frames", "--test-card", "64x8", "--rate", "0", "--in-place"],
        ),
    ] {
        let ring = rings.ring(name);
        let more = [
            "--capacity",
            "8",
            "--wait-for-readers",
            "1",
            "--json",
            "--ring",
            &ring,
        ];
        let producer = Producer::start(&[&source[..], &more].concat());
        let reader = attach_frames(&ring);
        ring_that(&ring, |info| info.published == 8);
        thread::sleep(Duration::from_millis(50));
        producer.signal("TERM");
        let outcome = producer.finish();
        assert!(outcome.status.success(), "{outcome:?}");
        assert_eq!(outcome.published(), 8);
        assert_eq!(drain_frames(reader).len(), 8);
    }
}

#[test]
fn what_finds_no_room_is_dropped_and_counted() {
    let rings = Rings::new();
    for (name, more) in [("a", &[][..]), ("b", &["--in-place"])] {
        let ring = rings.ring(name);
        let card = [
            "frames",
            "--test-card",
            "64x8",
            "--rate",
            "0",
            "--count",
            "500",
            "--capacity",
            "8",
        ];
        let run = [
            "--when-full",
            "drop",
            "--wait-for-readers",
            "1",
            "--json",
            "--ring",
            &ring,
        ];
        let producer = Producer::start(&[&card[..], &run, more].concat());
        let stuck = attach_frames(&ring);
        let outcome = producer.finish();
        assert!(outcome.status.success(), "{outcome:?}");
        assert_eq!(outcome.published(), 8);
        assert_eq!(outcome.summary()["refused"], 492);
        // What is dropped is gone, not put off.
        let frames = drain_frames(stuck);
        assert!(frames.windows(2).all(|two| two[0].bytes != two[1].bytes));
        assert_eq!(frames.len(), 8);
    }
}

/// Whether killed in the middle or not, what is read is what was written, in order.
#[test]
fn a_producer_that_was_killed_leaves_whole_lines_and_the_next_one_carries_on() {
    let rings = Rings::new();
    let ring = rings.ring("r");
    let line = |n: u64| format!("{n} {}", "x".repeat((n % 200) as usize));
    let (reader, mut writer) = io::pipe().expect("a pipe");
    let first = Producer::start_on(reader, &lines(&ring, &["--arena", "1MiB"]));
    let writing = thread::spawn(move || {
        // Until nobody reads any more.
        (0..)
            .try_for_each(|n| writeln!(writer, "{}", line(n)))
            .expect_err("it was killed");
    });
    let options = ReaderOptions::lossless().from_oldest();
    ring_that(&ring, |info| info.published > 1000);
    let mut reader = FrameReader::attach(&ring, options).expect("attaches");
    let mut next = reader.cursor();
    let mut killed = Some(first);
    let mut died = false;
    while !died {
        let batch = reader.next().expect("reads").expect("it was not closed");
        died = batch.event() == Some(Event::ProducerDied);
        for frame in batch.frames() {
            assert_eq!(
                (frame.sequence(), frame.bytes()),
                (next, line(next).as_bytes())
            );
            next += 1;
        }
        drop(batch);
        if let Some(first) = killed.take_if(|_| next > 20_000) {
            first.signal("KILL");
            assert!(!first.finish().status.success());
        }
    }
    writing.join().expect("writes");

    let (reader_of_input, mut writer) = io::pipe().expect("a pipe");
    let second = Producer::start_on(reader_of_input, &lines(&ring, &[]));
    writer.write_all(b"back again\n").expect("writes");
    drop(writer);
    let outcome = second.finish();
    assert!(outcome.status.success(), "{outcome:?}");
    let frames = drain_frames(reader);
    let [frame] = &frames[..] else {
        panic!("one frame: {frames:?}")
    };
    assert_eq!(
        (frame.header.sequence(), &frame.bytes[..]),
        (next, &b"back again"[..])
    );
}
