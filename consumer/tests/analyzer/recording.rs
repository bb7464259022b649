//! `record`: frames become files.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::common::{Finished, Place, eventually, records, signal};
use crate::frames::produce;
use ringbuf_core::{Element, FrameInfo, FrameProducer, inspect};

/// The names in a directory, sorted.
fn names(directory: &Path) -> Vec<String> {
    let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<_> = fs::read_dir(directory).unwrap().map(name).collect();
    names.sort();
    names
}

/// The pixels of a PNG, the least significant byte first.
fn decoded(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    let mut reader = png::Decoder::new(io::Cursor::new(bytes))
        .read_info()
        .unwrap();
    let mut out = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut out).unwrap();
    if reader.info().bit_depth == png::BitDepth::Sixteen {
        out.chunks_exact_mut(2).for_each(|value| value.swap(0, 1));
    }
    out
}

fn summary(finished: &Finished) -> serde_json::Value {
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    finished.last()
}

/// One frame of every kind, and what its file holds behind its head.
fn one_of_each(producer: &mut FrameProducer) -> Vec<(&'static str, Vec<u8>)> {
    let bytes: Vec<u8> = (0..48).collect();
    let mut publish = |info, len: usize| producer.publish_with(&bytes[..len], info).unwrap();
    publish(FrameInfo::image(4, 4, 3), 48);
    publish(FrameInfo::array(Element::U16, &[2, 3, 4]).tagged(5), 48);
    publish(FrameInfo::array(Element::F32, &[3, 4]), 48);
    publish(FrameInfo::image(2, 1, 1), 2);
    producer.publish("ein Stück\nText".as_bytes()).unwrap();
    producer.publish(&[0xff, 0]).unwrap();
    producer.publish(b"").unwrap();
    vec![
        ("000000000000.png", bytes.clone()),
        ("000000000001.png", bytes.clone()),
        ("000000000002.npy", bytes.clone()),
        ("000000000003.png", bytes[..2].to_vec()),
        ("000000000004.txt", "ein Stück\nText".into()),
        ("000000000005.bin", vec![0xff, 0]),
        ("000000000006.txt", vec![]),
    ]
}

#[test]
fn every_frame_becomes_a_file_with_all_that_is_in_it() {
    let place = Place::new();
    let mut producer = place.frames(1 << 20);
    let expected = one_of_each(&mut producer);
    producer.close();
    for options in ["--json", "--json --lossless"] {
        let name = format!("out{}", options.len());
        let finished = place.record(&name, options);
        let last = summary(&finished);
        assert_eq!(
            (&last["read"], &last["files"], &last["bytes"]),
            (&7.into(), &7.into(), &163.into())
        );
        let directory = place.path().join(name);
        let mut all: Vec<_> = expected
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect();
        all.push("frames.csv".to_owned());
        assert_eq!(names(&directory), all);
        for (name, bytes) in &expected {
            let path = directory.join(name);
            match name.rsplit_once('.').unwrap().1 {
                "png" => assert_eq!(&decoded(&path), bytes, "{name}"),
                "npy" => assert_eq!(&fs::read(&path).unwrap()[128..], bytes),
                _ => assert_eq!(&fs::read(&path).unwrap(), bytes, "{name}"),
            }
        }
        let index = fs::read_to_string(directory.join("frames.csv")).unwrap();
        let rows: Vec<Vec<&str>> = index
            .lines()
            .map(|line| line.split(',').collect())
            .collect();
        assert_eq!(rows.len(), 8, "{index}");
        assert_eq!(
            rows[0].join(","),
            "sequence,time,tag,len,element,shape,file"
        );
        assert_eq!(
            (rows[2][0], &rows[2][2..]),
            ("1", &["5", "48", "u16", "2x3x4", "000000000001.png"][..])
        );
        assert!(rows[2][1].parse::<jiff::Timestamp>().is_ok(), "{index}");
    }
}

#[test]
fn images_in_are_images_out() {
    let place = Place::new();
    let ring = place.ring();
    let images = place.path().join("in");
    fs::create_dir(&images).unwrap();
    for n in 0..30_u8 {
        let file = fs::File::create(images.join(format!("{n:03}.png"))).unwrap();
        let mut encoder = png::Encoder::new(file, 50, 40);
        encoder.set_color(if n % 2 == 0 {
            png::ColorType::Rgba
        } else {
            png::ColorType::Grayscale
        });
        let channels = if n % 2 == 0 { 4 } else { 1 };
        let pixels: Vec<u8> = (0..2000 * channels)
            .map(|i: u32| (i * u32::from(n + 1) / 7) as u8)
            .collect();
        encoder
            .write_header()
            .unwrap()
            .write_image_data(&pixels)
            .unwrap();
    }
    let path = images.display().to_string();
    let wait = ["--rate", "0", "--capacity", "3", "--wait-for-readers", "1"];
    let mut producer =
        produce(&[&["frames", &path, "--in-place", "--ring", &ring][..], &wait].concat());
    let finished = place.record("out", "--lossless --json");
    assert!(producer.wait().unwrap().success());
    assert_eq!(summary(&finished)["files"], 30);
    for n in 0..30 {
        let (before, after) = (
            images.join(format!("{n:03}.png")),
            place.path().join(format!("out/{n:012}.png")),
        );
        assert!(decoded(&before) == decoded(&after), "{n}");
    }
}

#[test]
fn only_what_is_tagged_so_is_recorded_and_the_rest_is_skipped() {
    let place = Place::new();
    let mut producer = place.frames(1 << 20);
    for n in 0..100_u64 {
        let info = FrameInfo::tag(n % 4);
        producer
            .publish_with(format!("{n}").as_bytes(), info)
            .unwrap();
    }
    producer.close();
    for (name, options) in [("a", "--tag 2 --json"), ("b", "--tag 2 --json --lossless")] {
        let last = summary(&place.record(name, options));
        let counts =
            ["read", "skipped", "missed", "files", "next_sequence"].map(|name| last[name].as_u64());
        assert_eq!(counts, [25, 75, 0, 25, 100].map(Some));
        for n in 0..25 {
            let n = n * 4 + 2;
            let file = place.path().join(name).join(format!("{n:012}.txt"));
            assert_eq!(fs::read_to_string(file).unwrap(), n.to_string());
        }
    }
    let some = summary(&place.record("c", "--tag 3 --count 2 --json"));
    let counts = ["read", "skipped", "next_sequence"].map(|name| some[name].as_u64());
    assert_eq!(counts, [2, 6, 8].map(Some));
    let none = summary(&place.record("d", "--tag 9 --json"));
    let counts = ["read", "skipped", "next_sequence"].map(|name| none[name].as_u64());
    assert_eq!(counts, [0, 100, 100].map(Some));
}

#[test]
fn a_directory_with_something_in_it_is_left_alone_unless_asked() {
    let place = Place::new();
    let mut producer = place.frames(1 << 20);
    for n in 0..4 {
        producer.publish(format!("{n}").as_bytes()).unwrap();
    }
    let out = place.path().join("out");
    summary(&place.record("out", "--from 0 --until 2 --json"));
    let refused = place.record("out", "--from 2 --until 4");
    assert_eq!(refused.code(), 1);
    assert!(refused.stderr.contains("not empty"), "{}", refused.stderr);
    assert_eq!(names(&out).len(), 3);
    summary(&place.record("out", "--from 2 --until 4 --json --append"));
    let files = [
        "000000000000.txt",
        "000000000001.txt",
        "000000000002.txt",
        "000000000003.txt",
        "frames.csv",
    ];
    assert_eq!(names(&out), files);
    let again = place.record("out", "--from 3 --until 4 --append");
    assert_eq!(again.code(), 1);
    assert!(
        again
            .stderr
            .contains("000000000003.txt: it is there already"),
        "{}",
        again.stderr
    );
    let index = fs::read_to_string(out.join("frames.csv")).unwrap();
    assert_eq!(index.lines().count(), 5, "{index}");
}

#[test]
fn what_was_recorded_before_a_fault_is_counted_and_nothing_else() {
    let place = Place::new();
    let mut producer = place.frames(1 << 20);
    for n in 0..10 {
        producer.publish(format!("{n}").as_bytes()).unwrap();
    }
    producer.close();
    let out = place.path().join("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("000000000004.txt"), "in the way").unwrap();
    for options in ["--json", "--json --lossless"] {
        let finished = place.record("out", &format!("{options} --append"));
        assert_eq!(finished.code(), 1, "{}", finished.stderr);
        let last = finished.last();
        let counts = ["read", "skipped", "missed", "files", "next_sequence", "lag"];
        let counts = counts.map(|name| last[name].as_u64().unwrap());
        assert_eq!(counts, [4, 0, 0, 4, 4, 6], "{last}");
        assert_eq!(last["ended"], "failed");
        for n in 0..4 {
            fs::remove_file(out.join(format!("{n:012}.txt"))).unwrap();
        }
    }
}

#[test]
fn records_are_not_recorded_yet_and_leave_nothing_behind() {
    let place = Place::new();
    let mut producer = place.producer(10);
    producer.publish_bytes(&records(0..5)).unwrap();
    let finished = place.record("out", "");
    assert_eq!(finished.code(), 2, "{}", finished.stderr);
    assert!(
        finished.stderr.contains("only frames are recorded yet"),
        "{}",
        finished.stderr
    );
    assert!(!place.path().join("out").exists());
}

/// A disk that is full half-way is as good: nothing half made has a name.
#[test]
fn a_recorder_that_is_killed_leaves_whole_files() {
    let place = Place::new();
    let ring = place.ring();
    let card = [
        "frames",
        "--test-card",
        "320x240",
        "--rate",
        "0",
        "--capacity",
        "8",
        "--ring",
        &ring,
    ];
    let mut producer = produce(&[&card[..], &["--wait-for-readers", "1"]].concat());
    let mut recorder = place.recorder("out", "--lossless").spawn().unwrap();
    let out = place.path().join("out");
    eventually("some files are there", || {
        out.is_dir() && names(&out).len() > 20
    });
    recorder.kill().unwrap();
    recorder.wait().unwrap();
    let recorded = names(&out).len() as u64;
    eventually("the producer goes on", || {
        inspect::info(&ring).is_ok_and(|info| info.published > recorded)
    });
    signal(&producer, "-TERM");
    producer.wait().unwrap();
    let files = names(&out);
    let images: Vec<_> = files.iter().filter(|name| name.ends_with(".png")).collect();
    for (n, name) in images.iter().enumerate() {
        assert_eq!(**name, format!("{n:012}.png"));
        assert_eq!(decoded(&out.join(name)).len(), 320 * 240 * 3);
    }
    let index = fs::read_to_string(out.join("frames.csv")).unwrap();
    let listed = index.lines().count() - 1;
    assert!(
        (images.len() - 1..=images.len()).contains(&listed),
        "{listed} of {}",
        images.len()
    );

    let unfinished = out.join(".unfinished");
    fs::File::create(&unfinished)
        .unwrap()
        .write_all(b"half")
        .unwrap();
    let resumed = place.record("out", &format!("--append --from {} --json", images.len()));
    // What the ring does not keep any more was missed.
    assert!([0, 3].contains(&resumed.code()), "{}", resumed.stderr);
    assert!(!unfinished.exists());
    assert!(names(&out).len() > files.len(), "{}", resumed.stderr);
}
