//! `ringctl echo`: what is in a ring, as people and programs read it.
#![cfg(unix)] // signals

mod common;

use common::peek::code;
use common::{Rings, Run, process_directory, sample, stay};
use ringbuf_core::{
    Clock, CreateOptions, Element, Field, FrameInfo, FrameProducer, FrameRetain, Producer, Retain,
    Schema, UntypedProducer,
};
use serde_json::json;

/// A closed ring of these records.
fn ring_of(rings: &Rings, fields: impl IntoIterator<Item = Field>, records: &[u8]) {
    let schema = Schema::packed(fields).unwrap();
    let options = CreateOptions::default();
    let reference = rings.reference("r");
    let mut producer =
        UntypedProducer::create_with(&reference, schema, Retain::records(10), &options).unwrap();
    producer.publish_bytes(records).unwrap();
    producer.close();
}

fn done(run: Run) -> String {
    assert_eq!(run.code, Some(0), "{run:?}");
    run.stdout
}

fn every_type(rings: &Rings) {
    let fields = [
        Field::new("u1", Element::U8),
        Field::new("u2", Element::U16),
        Field::new("u4", Element::U32),
        Field::new("u8", Element::U64),
        Field::new("i1", Element::I8),
        Field::new("i2", Element::I16),
        Field::new("i4", Element::I32),
        Field::new("i8", Element::I64),
        Field::new("f4", Element::F32),
        Field::new("f8", Element::F64).unit("m/s"),
        Field::new("at", Element::DateTimeNs),
        Field::new("since", Element::DurationNs).time(Clock::Recording),
        Field::new("text", Element::Text(5)),
        Field::new("m", Element::I16).shape(&[2, 3]),
        Field::new("words", Element::Text(2)).shape(&[2]),
    ];
    let mut bytes = vec![200];
    bytes.extend(60_000u16.to_le_bytes());
    bytes.extend(4_000_000_000u32.to_le_bytes());
    bytes.extend((u64::MAX - 1).to_le_bytes());
    bytes.extend((-100i8).to_le_bytes());
    bytes.extend((-30_000i16).to_le_bytes());
    bytes.extend((-2_000_000_000i32).to_le_bytes());
    bytes.extend(i64::MIN.to_le_bytes());
    bytes.extend(0.1f32.to_le_bytes());
    bytes.extend((-2.5e-7f64).to_le_bytes());
    bytes.extend(1_386_018_900_500_000_000i64.to_le_bytes());
    bytes.extend(1_500_000_000i64.to_le_bytes());
    bytes.extend(b"a, \"b");
    bytes.extend((1..=6i16).flat_map(i16::to_le_bytes));
    bytes.extend(b"x\0no");
    // And one with nothing in it, or what is as good as nothing.
    let mut second = vec![0; bytes.len()];
    second[1 + 2 + 4 + 8 + 1 + 2 + 4 + 8..][..4].copy_from_slice(&f32::NAN.to_le_bytes());
    second[34..42].copy_from_slice(&f64::NEG_INFINITY.to_le_bytes());
    second[42..50].copy_from_slice(&i64::MIN.to_le_bytes());
    bytes.extend(second);
    ring_of(rings, fields, &bytes);
}

const EVERY_TYPE: &str = "\
# 0
u1: 200
u2: 60000
u4: 4000000000
u8: 18446744073709551614
i1: -100
i2: -30000
i4: -2000000000
i8: -9223372036854775808
f4: 0.1
f8: -2.5e-7
at: 2013-12-02T21:15:00.5Z
since: 1.5
text: \"a, \\\"b\"
m: [[1, 2, 3], [4, 5, 6]]
words: [x, \"no\"]
---
# 1
u1: 0
u2: 0
u4: 0
u8: 0
i1: 0
i2: 0
i4: 0
i8: 0
f4: .nan
f8: -.inf
at: null
since: 0.0
text: \"\"
m: [[0, 0, 0], [0, 0, 0]]
words: [\"\", \"\"]
---
";

#[test]
fn every_type_is_shown_as_it_is() {
    let rings = Rings::new();
    every_type(&rings);
    assert_eq!(done(rings.run(&["echo", "r"])), EVERY_TYPE);
    let one = done(rings.run(&["echo", "r", "--once"]));
    assert_eq!(one, EVERY_TYPE[..EVERY_TYPE.find("# 1").unwrap()]);
    let some = [
        "echo", "r", "-n", "1", "--field", "m", "--field", "words[1]",
    ];
    assert_eq!(
        done(rings.run(&some)),
        "# 0\nm: [[1, 2, 3], [4, 5, 6]]\nwords[1]: \"no\"\n---\n"
    );
}

#[test]
fn csv_is_what_a_producer_reads() {
    let rings = Rings::new();
    every_type(&rings);
    let csv = done(rings.run(&["echo", "r", "--csv"]));
    let expected = "\
u1,u2,u4,u8,i1,i2,i4,i8,f4,f8,at,since,text,m[0][0],m[0][1],m[0][2],m[1][0],m[1][1],m[1][2],words[0],words[1]
200,60000,4000000000,18446744073709551614,-100,-30000,-2000000000,-9223372036854775808,0.1,-2.5e-7,2013-12-02T21:15:00.5Z,1.5,\"a, \"\"b\",1,2,3,4,5,6,x,no
0,0,0,0,0,0,0,0,,-inf,,0,,0,0,0,0,0,0,,
";
    assert_eq!(csv, expected);
    let one = done(rings.run(&["echo", "r", "--csv", "--field", "text", "--once"]));
    assert_eq!(one, "text\n\"a, \"\"b\"\n");
}

#[test]
fn programs_get_an_object_a_record() {
    let rings = Rings::new();
    rings.produce_stamped("imu", 3).close();
    let objects = rings.json(&["echo", "imu"]);
    let published = rings.published_ns("imu");
    assert_eq!(objects.len(), 3);
    for (i, (object, published)) in objects.iter().zip(published).enumerate() {
        let published = jiff::Timestamp::from_nanosecond(published.into()).unwrap();
        let nanoseconds = if i == 0 {
            String::new()
        } else {
            format!(".{i:09}")
        };
        assert_eq!(
            *object,
            json!({
                "sequence": i,
                "time": format!("1970-01-01T00:00:00{nanoseconds}Z"),
                "published": published.to_string(),
                "fields": {"accel[0]": i as f64, "accel[1]": -1.0},
            })
        );
    }
}

/// What a ring of others is called, and says, gives a terminal no orders.
#[test]
fn hostile_names_and_text_command_no_terminal() {
    let rings = Rings::new();
    let fields = || {
        [
            Field::new("a\u{202e}b: c", Element::U8),
            Field::new("t", Element::Text(12)),
        ]
    };
    ring_of(&rings, fields(), b"\x07\x1b[2J\r\n\xc2\x9b,\xff--");
    let yaml = done(rings.run(&["echo", "r"]));
    assert_eq!(
        yaml,
        "# 0\n\"a\\u202eb: c\": 7\nt: \"\\u001b[2J\\r\\n\\u009b,\u{fffd}--\"\n---\n"
    );
    let csv = done(rings.run(&["echo", "r", "--csv"]));
    assert_eq!(
        csv,
        "a\u{fffd}b: c,t\n7,\"\u{fffd}[2J\u{fffd}\u{fffd}\u{fffd},\u{fffd}--\"\n"
    );
    let object = done(rings.run(&["echo", "r", "--json"]));
    assert!(object.contains("a\\u202eb"), "{object}");
    assert!(object.contains("\\u001b[2J\\r\\n\\u009b"), "{object}");
    let run = rings.run(&["echo", "r", "--field", "x\u{1b}[2J"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{run:?}");
    for text in [yaml, csv, object, run.stderr] {
        let mut orders = text.chars().filter(|&c| c != '\n' && !harmless(c));
        assert_eq!(orders.next(), None, "{text:?}");
    }
}

fn harmless(c: char) -> bool {
    ringbuf_console::text::is_harmless(c)
}

#[test]
fn long_arrays_are_cut_short_unless_asked_for() {
    let rings = Rings::new();
    let fields = [Field::new("row", Element::U8).shape(&[10, 20])];
    let bytes: Vec<u8> = (0..200).collect();
    ring_of(&rings, fields, &bytes);
    let numbers = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
    let cut = done(rings.run(&["echo", "r"]));
    assert_eq!(
        cut,
        format!("# 0\nrow: [{}, '...']\n---\n", numbers(128).join(", "))
    );
    let whole = done(rings.run(&["echo", "r", "-f"]));
    let rows: Vec<_> = numbers(200)
        .chunks(20)
        .map(|row| format!("[{}]", row.join(", ")))
        .collect();
    assert_eq!(whole, format!("# 0\nrow: [{}]\n---\n", rows.join(", ")));
}

/// So large that the library does not list its values.
#[test]
fn images_are_cut_short_too() {
    let rings = Rings::new();
    let fields = [
        Field::new("n", Element::U8),
        Field::new("image", Element::U8).shape(&[300, 400]),
    ];
    let pixels: Vec<u8> = (0..300 * 400).map(|i| (i % 251) as u8).collect();
    ring_of(&rings, fields, &[&[7], pixels.as_slice()].concat());
    let text = |pixels: &[u8]| {
        let pixels: Vec<String> = pixels.iter().map(u8::to_string).collect();
        pixels.join(", ")
    };
    let expected = format!("# 0\nn: 7\nimage: [{}, '...']\n---\n", text(&pixels[..128]));
    assert_eq!(done(rings.run(&["echo", "r"])), expected);
    let rows: Vec<String> = pixels
        .chunks(400)
        .map(|row| format!("[{}]", text(row)))
        .collect();
    let image = done(rings.run(&["echo", "r", "--field", "image", "--full-length"]));
    assert!(image == format!("# 0\nimage: [{}]\n---\n", rows.join(", ")));
}

#[test]
fn it_begins_where_it_is_asked_to() {
    let rings = Rings::new();
    let producer = rings.produce("imu", 50);
    for (from, first) in [("oldest", 0), ("last:3", 47), ("7", 7)] {
        let objects = rings.json(&["echo", "imu", "--once", "--from", from]);
        assert_eq!(objects[0]["sequence"], first, "{from}");
    }
    let run = rings.run(&["echo", "imu", "--from", "-1s"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("no publication times"), "{run:?}");
    let run = rings.run(&["echo", "imu", "--from", "51"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    drop(producer);
}

#[test]
fn what_comes_is_seen_at_once_and_the_end_of_the_ring_is_the_end() {
    let rings = Rings::new();
    let mut producer = rings.produce("imu", 5);
    let mut echo = rings.peek(&["echo", "imu", "--csv", "--field", "t"]);
    rings.joined("imu", 1);
    for t in 5..8 {
        producer.publish(&sample(t)).unwrap();
        if t == 5 {
            assert_eq!(echo.line(), "t");
        }
        assert_eq!(echo.line(), format!("1970-01-01T00:00:00.{t:09}Z"));
    }
    producer.close();
    let run = echo.finish();
    assert_eq!(
        (run.code, run.stdout.lines().count()),
        (Some(0), 4),
        "{run:?}"
    );
}

#[test]
fn a_ring_that_is_not_there_yet_is_waited_for() {
    let rings = Rings::new();
    let _other = rings.produce("other", 1);
    let mut echo = rings.peek(&["echo", "imu", "-n", "3", "--json"]);
    echo.says("waiting for ring imu; there is: other");
    let _producer = rings.produce("imu", 3);
    let run = echo.finish();
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.objects()[0]["sequence"], 0, "all of it: {run:?}");
    let run = rings.run(&["echo", "missing", "--no-wait"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{run:?}");
    assert!(run.stderr.contains("no ring missing"), "{run:?}");
}

#[test]
fn ctrl_c_ends_it_while_it_waits_too() {
    let rings = Rings::new();
    let mut waiting = rings.peek(&["echo", "imu"]);
    waiting.says("waiting for ring imu");
    waiting.signal("INT");
    assert_eq!(waiting.finish().code, Some(0));
    let producer = rings.produce("imu", 3);
    for name in ["INT", "TERM"] {
        let echo = rings.peek(&["echo", "imu"]);
        rings.joined("imu", 1);
        echo.signal(name);
        let run = echo.finish();
        assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""), "{run:?}");
    }
    drop(producer);
}

#[test]
fn what_was_missed_is_told_and_exits_3() {
    let rings = Rings::new();
    rings.produce("imu", 150).close();
    let run = rings.run(&["echo", "imu", "--from", "0", "--json"]);
    assert_eq!(run.code, Some(3), "{run:?}");
    assert!(
        run.stderr.contains("missed 50 records before 50"),
        "{run:?}"
    );
    assert_eq!(run.objects().len(), 100);
    assert_eq!(run.objects()[0]["sequence"], 50);
}

/// A reader that was overtaken, and whose producer never waited for it.
#[cfg(target_os = "linux")]
#[test]
fn a_peek_that_stands_still_holds_nobody_up() {
    let rings = Rings::new();
    let mut producer = rings.produce("imu", 0);
    let mut echo = rings.peek(&["echo", "imu", "--json"]);
    rings.joined("imu", 1);
    producer.publish(&sample(0)).unwrap();
    assert!(echo.line().contains("\"sequence\":0,"));
    echo.suspend();
    for t in 1..1000 {
        producer.publish(&sample(t)).unwrap();
    }
    echo.signal("CONT");
    producer.close();
    let run = echo.finish();
    assert_eq!(run.code, Some(3), "{run:?}");
    let sequences: Vec<u64> = run
        .objects()
        .iter()
        .map(|object| object["sequence"].as_u64().unwrap())
        .collect();
    assert_eq!((sequences[0], sequences.last()), (0, Some(&999)), "{run:?}");
    let missed = 1000 - sequences.len() as u64;
    assert!(missed >= 800, "{missed}");
    assert!(run.stderr.contains("missed "), "{run:?}");
}

#[test]
fn nobody_to_read_it_is_the_end() {
    let rings = Rings::new();
    let mut producer = rings.produce("imu", 0);
    let (reader, writer) = std::io::pipe().unwrap();
    let echo = rings
        .command(&["echo", "imu"])
        .stdout(writer)
        .spawn()
        .unwrap();
    rings.joined("imu", 1);
    drop(reader);
    producer.publish(&sample(0)).unwrap();
    assert_eq!(code(echo), Some(0));
}

/// Not a test: a producer to be killed.
#[test]
fn process_producer() {
    let Some(directory) = process_directory() else {
        return;
    };
    let ring = directory.join("imu").display().to_string();
    let mut producer = Producer::create(&ring, Retain::records(100)).unwrap();
    for t in 0..7 {
        producer.publish(&sample(t)).unwrap();
    }
    stay();
}

#[test]
fn a_dead_producer_is_waited_for_until_the_ring_is_removed() {
    let rings = Rings::new();
    rings.process("process_producer").kill();
    let mut echo = rings.peek(&["echo", "imu", "--csv", "--field", "accel"]);
    echo.says("the producer died");
    assert_eq!(echo.line(), "accel[0],accel[1]");
    for t in 0..7 {
        assert_eq!(echo.line(), format!("{t},-1"), "what was left");
    }
    let mut producer = rings.produce("imu", 0);
    producer.publish(&sample(8)).unwrap();
    assert_eq!(echo.line(), "8,-1", "what comes next");
    echo.says("producer 2 carries on");
    drop(producer);
    assert_eq!(rings.run(&["rm", "imu"]).code, Some(0));
    let run = echo.finish();
    assert_eq!(run.code, Some(0), "{run:?}");
}

#[test]
fn a_ring_that_is_removed_is_the_end() {
    let rings = Rings::new();
    rings.process("process_producer").kill();
    let mut echo = rings.peek(&["echo", "imu", "--json"]);
    for _ in 0..7 {
        echo.line();
    }
    assert_eq!(rings.run(&["rm", "imu"]).code, Some(0));
    let run = echo.finish();
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stderr.contains("ring imu was removed"), "{run:?}");
}

#[test]
fn frames_of_text_are_lines_and_others_are_described() {
    let rings = Rings::new();
    let retain = FrameRetain::bytes(1 << 16).at_most(4);
    let mut producer = FrameProducer::create(&rings.reference("cam"), retain).unwrap();
    producer.publish(b"lost").unwrap();
    producer.publish(b"one\x1b[2J").unwrap();
    producer.publish(b"").unwrap();
    let image = FrameInfo::image(2, 3, 1);
    producer.publish_with(&[7; 6], image.tagged(5)).unwrap();
    producer.publish(&[0xff, 0]).unwrap();
    producer.close();
    let run = rings.run(&["echo", "cam", "--from", "0"]);
    assert_eq!(run.code, Some(3), "{run:?}");
    assert!(run.stderr.contains("missed 1 frame before 1"), "{run:?}");
    assert_eq!(
        run.stdout,
        "one\\u{1b}[2J\n\n         3  2 x 3 x 1 u8  6 bytes  tag 5\n         4  2 bytes  ff 00 |..|\n"
    );
    let objects = rings.json(&["echo", "cam", "--from", "1", "-n", "3"]);
    assert_eq!(objects.len(), 3);
    assert_eq!(
        (&objects[0]["text"], &objects[2]["shape"]),
        (&json!("one\u{1b}[2J"), &json!([2, 3, 1]))
    );
    for wrong in [&["--csv"][..], &["--field", "x"]] {
        let run = rings.run(&[&["echo", "cam"], wrong].concat());
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.stderr.contains("no fields"), "{run:?}");
    }
}

#[test]
fn a_ring_that_is_written_in_place_is_left_to_those_it_waits_for() {
    let rings = Rings::new();
    let options = CreateOptions::default().in_place(true);
    let _producer = rings.produce_with("imu", 3, &options);
    let run = rings.run(&["echo", "imu"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(
        run.stderr.contains("`analyzer tail imu --lossless`"),
        "{run:?}"
    );
}
