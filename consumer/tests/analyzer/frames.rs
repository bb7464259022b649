//! `tail` of frames.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use crate::common::{HANGS, Place, eventually, finish, suspend};
use clap::Parser;
use ringbuf_core::{CreateOptions, Element, FrameInfo, inspect};

/// Set for a process that is to be a producer: what is typed after its name.
const PRODUCER: &str = "ARGUMENTS_OF_THE_PRODUCER";

/// Not a test of its own: the program `producer`, as a process that is there whenever these tests are.
#[test]
fn be_the_producer() {
    let Ok(arguments) = std::env::var(PRODUCER) else {
        return;
    };
    // Should nobody be left to end it.
    std::thread::spawn(|| {
        std::thread::sleep(HANGS);
        std::process::abort();
    });
    let arguments = std::iter::once("producer").chain(arguments.split('\n'));
    let cli = producer::args::Cli::parse_from(arguments);
    let config = producer::config::Config::resolve(cli).unwrap();
    producer::run::run(&config).unwrap();
}

/// Starts `producer` with these arguments, to be written to.
pub fn produce(arguments: &[&str]) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "frames::be_the_producer"])
        .env(PRODUCER, arguments.join("\n"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn feed(mut producer: Child, input: &[u8]) {
    let mut stdin = producer.stdin.take().unwrap();
    stdin.write_all(input).unwrap();
    drop(stdin);
    assert!(producer.wait().unwrap().success());
}

#[test]
fn lines_in_are_lines_out() {
    let lines: String = (0..50_000)
        .map(|n: u64| match n % 4 {
            0 => format!("line {n}\n"),
            1 => format!(
                "\tgr\u{fc}\u{df}e {n} \\ \u{6771}\u{4eac} \u{1f680} {}\n",
                "x".repeat(n as usize % 400)
            ),
            2 => "\n".to_owned(),
            _ => format!("{}\n", n * n),
        })
        .collect();
    for options in ["--lossless", "--bounded 30s", "--lossless --from oldest"] {
        let place = Place::new();
        let producer = produce(&["lines", "--ring", &place.ring(), "--wait-for-readers", "1"]);
        let tail = place.start(&format!("tail {options}"));
        let feeding = lines.clone();
        let feeding = std::thread::spawn(move || feed(producer, feeding.as_bytes()));
        let finished = finish(tail);
        feeding.join().unwrap();
        assert_eq!(finished.code(), 0, "{}", finished.stderr);
        assert!(finished.stdout == lines, "{options}: {}", finished.stderr);
        assert!(
            finished.stderr.contains("50000 frames"),
            "{}",
            finished.stderr
        );
    }
}

#[test]
fn a_terminal_gets_no_orders() {
    let place = Place::new();
    let mut producer = place.frames(4096);
    let hostile = "\u{1b}]0;title\u{7}\u{1b}[2J\r\n\u{9b}31m\u{202e}";
    producer.publish(hostile.as_bytes()).unwrap();
    producer.publish(b"\x1b[2J\xff").unwrap();
    producer.close();
    let finished = place.run("tail");
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    let forbidden = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(
        !finished.stdout.contains(forbidden),
        "{:?}",
        finished.stdout
    );
    assert_eq!(finished.stdout.lines().count(), 2, "{:?}", finished.stdout);
    let expected = r"\u{1b}]0;title\u{7}\u{1b}[2J\r\n\u{9b}31m\u{202e}";
    assert_eq!(finished.stdout.lines().next(), Some(expected));
    let json = &place.run("tail --json").objects()[0];
    assert_eq!(json["text"], hostile);
}

#[test]
fn every_frame_is_an_object() {
    let place = Place::new();
    let mut producer = place.frames(1 << 20);
    let image = FrameInfo::image(4, 6, 3).tagged(7);
    producer.publish_with(&[9; 72], image).unwrap();
    producer
        .publish_with("ä".as_bytes(), FrameInfo::tag(2))
        .unwrap();
    producer.publish(&[0xff; 5]).unwrap();
    let array = FrameInfo::array(Element::F64, &[2]);
    producer.publish_with(&[0; 16], array).unwrap();
    producer.close();
    let finished = place.run("tail --json");
    let objects = finished.objects();
    let fields = |i: usize| {
        let object = &objects[i];
        let time = object["time"].as_str().unwrap();
        assert!(time.parse::<jiff::Timestamp>().is_ok(), "{time}");
        assert_eq!(object["sequence"], i);
        serde_json::json!([
            object["tag"],
            object["len"],
            object["element"],
            object["shape"],
            object["text"]
        ])
    };
    assert_eq!(fields(0), serde_json::json!([7, 72, "u8", [4, 6, 3], null]));
    assert_eq!(fields(1), serde_json::json!([2, 2, null, [], "ä"]));
    assert_eq!(fields(2), serde_json::json!([0, 5, null, [], null]));
    assert_eq!(fields(3), serde_json::json!([0, 16, "f64", [2], null]));
    assert_eq!(finished.last()["read"], 4);
    let people = place.run("tail --from 2 --until 4").stdout;
    assert!(
        people.contains("5 bytes  ff ff ff ff ff |.....|"),
        "{people}"
    );
    assert!(people.contains("2 f64  16 bytes"), "{people}");
    assert_eq!(people.lines().count(), 2);
}

#[test]
fn a_span_of_frames_is_asked_for_as_one_of_records() {
    let place = Place::new();
    let mut producer = place.frames(1 << 20);
    for n in 0..100 {
        producer.publish(format!("line {n}").as_bytes()).unwrap();
    }
    let lines = |options: &str| {
        let finished = place.run(&format!("tail {options}"));
        assert_eq!(finished.code(), 0, "{}", finished.stderr);
        let number = |line: &str| line.strip_prefix("line ").unwrap().parse().unwrap();
        finished.stdout.lines().map(number).collect::<Vec<u64>>()
    };
    assert_eq!(lines("--from 10 --until 13"), [10, 11, 12]);
    assert_eq!(lines("--from last:3 --until 100"), [97, 98, 99]);
    assert_eq!(lines("--from oldest --count 2"), [0, 1]);
    assert_eq!(lines("--from -1h --until 5 --lossless").last(), Some(&4));
    assert_eq!(lines("--duration 50ms"), [0; 0]);
    producer.close();
}

#[test]
fn what_is_missed_is_counted_and_told() {
    let place = Place::new();
    let mut producer = place.frames(64 * 1024);
    let tail = place.start("tail --json");
    eventually("the analyzer attaches", || {
        producer.registered_readers() == 1
    });
    let suspended = suspend(&tail);
    for n in 0..1_000 {
        producer.publish(&[b'x'; 640][..n % 640]).unwrap();
    }
    drop(suspended);
    producer.close();
    let finished = finish(tail);
    assert_eq!(finished.code(), 3, "{}", finished.stderr);
    let last = finished.last();
    let missed = last["missed"].as_u64().unwrap();
    assert!((1..1_000).contains(&missed), "{last}");
    assert_eq!(last["read"].as_u64().unwrap() + missed, 1_000);
    assert!(
        finished
            .stderr
            .contains(&format!("missed {missed} frames before {missed}")),
        "{}",
        finished.stderr
    );
    for line in &finished.objects()[..finished.objects().len() - 1] {
        let sequence = line["sequence"].as_u64().unwrap();
        assert_eq!(line["len"], sequence % 640);
    }
}

#[test]
fn a_ring_in_place_takes_lossless() {
    let place = Place::new();
    let mut producer = place.frames_with(4096, &CreateOptions::default().in_place(true));
    producer.publish(b"one").unwrap();
    producer.close();
    let refused = place.run("tail");
    assert_eq!(refused.code(), 1);
    assert!(
        refused.stderr.contains("use this with --lossless"),
        "{}",
        refused.stderr
    );
    assert_eq!(place.run("tail --lossless").stdout, "one\n");
}

#[test]
fn what_is_for_records_says_so() {
    let place = Place::new();
    let mut producer = place.frames(4096);
    producer.publish(b"one").unwrap();
    for (arguments, expected) in [
        ("stats", "holds frames, and stats looks at records"),
        ("anomaly", "holds frames, and anomaly looks at records"),
        ("tail --field len", "frames, which have no fields"),
    ] {
        let finished = place.run(arguments);
        assert_eq!(finished.code(), 2, "{}", finished.stderr);
        assert!(finished.stderr.contains(expected), "{}", finished.stderr);
    }
}

#[test]
fn the_death_of_a_producer_is_told_and_the_next_one_is_followed() {
    let place = Place::new();
    let ring = place.ring();
    let mut first = produce(&["lines", "--ring", &ring]);
    let mut input = first.stdin.take().unwrap();
    input.write_all(b"one\ntwo\nthr").unwrap();
    eventually("two lines are published", || {
        inspect::info(&ring).is_ok_and(|info| info.published == 2)
    });
    let mut tail = place.start("tail --lossless --from oldest");
    let mut talk = BufReader::new(tail.stderr.take().unwrap()).lines();
    let mut told = |words: &str| {
        let line = talk
            .by_ref()
            .map(Result::unwrap)
            .find(|line| line.contains(words));
        assert!(line.is_some(), "never told: {words}");
    };
    place.read_up_to(2);
    first.kill().unwrap();
    first.wait().unwrap();
    told("died without closing");
    feed(produce(&["lines", "--ring", &ring]), b"three\n");
    told("producer 2 carries on at 2");
    told("3 frames");
    let finished = finish(tail);
    assert_eq!(finished.code(), 0);
    assert_eq!(finished.stdout, "one\ntwo\nthree\n");
}
