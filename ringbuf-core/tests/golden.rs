//! A ring as version 1 of the format writes it, byte for byte, kept in `tests/golden`, and one of frames.
//!
//! The library of today must read it, and must still write the same bytes. They are a change of the
//! format, and so of its version, if they differ; to write them anew:
//!
//! ```text
//! RINGBUF_WRITE_GOLDEN=1 cargo test -p ringbuf-core --test golden
//! ```
// Miri has no files to map.
#![cfg(all(unix, not(miri)))]

#[path = "golden/frames.rs"]
mod frames;
mod support;

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ringbuf_core::inspect::{self, ProducerState};
use ringbuf_core::{
    Clock, CreateOptions, Delivery, Element, Event, Ledger, Preset, Producer, Reader,
    ReaderOptions, Record, Retain, Role, UntypedReader,
};
use support::Rings;

#[derive(Record, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Small {
    #[record(time = "unix", unit = "ns")]
    t_ns: u64,
    #[record(unit = "m/s2")]
    accel: [f32; 3],
    flags: u16,
    count: [u8; 2],
}

impl Small {
    fn of(sequence: u64) -> Small {
        let x = sequence as f32;
        Small {
            t_ns: 1_700_000_000_000_000_000 + sequence,
            accel: [x, -x, x / 4.0],
            flags: 0x0100 + sequence as u16,
            count: [sequence as u8, 7],
        }
    }
}

/// Where the publication times begin.
const STAMPS: usize = 131_072;
/// Where the boot of the newest epoch stands.
const BOOT: usize = 4096 + 280;
const RING: &str = "small.ring";
const READERS: &str = "small.readers";
const CAPACITY: u64 = 5;
/// Where the second producer began, and what it published up to.
const BOUNDARY: u64 = 8;
const PUBLISHED: u64 = 13;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

fn creation() -> CreateOptions {
    CreateOptions::default().preset(Preset::Latency).stamp(true)
}

/// When record `sequence` was published, on the monotonic clock.
fn stamp(sequence: u64) -> u64 {
    5_000_000_000 + sequence
}

/// Makes the ring: two producers, the second one with a claim it gave up, killed as it were; a lossless
/// reader with a record in its hand, a lossy one that missed something, and a bounded one.
fn write(rings: &Rings) -> [Vec<u8>; 2] {
    let reference = rings.reference("small");
    let create = || {
        let retain = Retain::records(CAPACITY);
        Producer::<Small>::create_with(&reference, retain, &creation()).unwrap()
    };
    let mut first = create();
    for sequence in 0..BOUNDARY {
        first.publish(&Small::of(sequence)).unwrap();
    }
    first.close();
    let mut second = create();
    let attach = |options: ReaderOptions| Reader::<Small>::attach(&reference, options).unwrap();
    let mut lossy = attach(ReaderOptions::lossy().from_oldest().named("plot"));
    for sequence in BOUNDARY..10 {
        second.publish(&Small::of(sequence)).unwrap();
    }
    let mut lossless = attach(ReaderOptions::lossless().from_oldest().named("fft ä"));
    assert_eq!(lossless.ledger().joined, 5);
    let bounded = ReaderOptions::bounded(Duration::from_millis(50)).named("bar");
    let _bounded = attach(bounded);
    for _ in 0..4 {
        // Records 5 to 7, and the restart.
        drop(lossless.poll().unwrap().unwrap());
    }
    for sequence in 10..PUBLISHED {
        second.publish(&Small::of(sequence)).unwrap();
    }
    drop(lossy.poll().unwrap().unwrap());
    let held = lossless.poll().unwrap().unwrap();
    assert_eq!(held.first_sequence(), 8);
    [RING, READERS].map(|name| fs::read(rings.file(name)).unwrap())
}

/// Puts known values in the place of what is different every time: identity, boot, times, processes.
fn settle(ring: &mut [u8], readers: &mut [u8], stamped: Range<u64>) {
    let id: Vec<u8> = (0..16).collect();
    ring[16..32].copy_from_slice(&id);
    readers[16..32].copy_from_slice(&id);
    ring[32..48].fill(0xB0);
    set(ring, 48, 1_700_000_000_000_000_001);
    set(ring, 56, 1_600_000_000_000_000_002);
    for epoch in [1, 2] {
        set(
            ring,
            4096 + 384 + epoch * 32 + 16,
            1_700_000_000_000_000_002 + epoch as u64,
        );
        set(ring, 4096 + 384 + epoch * 32 + 24, 4_000_000_000);
    }
    // Who issues the barriers: what the system can do.
    set(ring, 4096 + 264, 1);
    ring[BOOT..BOOT + 16].fill(0xB0);
    for sequence in stamped {
        let cell = (sequence % 8) as usize;
        set(ring, STAMPS + cell * 8, stamp(sequence));
    }
    for slot in [0, 1, 2] {
        let slot = 8192 + slot * 256;
        set(readers, slot + 112, 1_700_000_000_000_000_005);
        set(readers, slot + 120, 4321);
    }
    let schema_len = number(ring, 136) as usize;
    sign(ring, 8192, schema_len);
    sign(readers, 0, 0);
}

fn sign(bytes: &mut [u8], schema: usize, schema_len: usize) {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes[..252]);
    hasher.update(&bytes[schema..schema + schema_len]);
    bytes[252..256].copy_from_slice(&hasher.finalize().to_le_bytes());
}

fn set(bytes: &mut [u8], at: usize, value: u64) {
    bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
}

fn number(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

fn small(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

#[test]
fn the_same_bytes_are_still_written() {
    let [mut ring, mut readers] = write(&Rings::new());
    settle(&mut ring, &mut readers, BOUNDARY - 3..PUBLISHED);
    compare([(RING, ring), (READERS, readers)]);
}

fn compare(files: [(&str, Vec<u8>); 2]) {
    if std::env::var_os("RINGBUF_WRITE_GOLDEN").is_some() {
        fs::create_dir_all(golden("")).unwrap();
        for (name, bytes) in &files {
            fs::write(golden(name), bytes).unwrap();
        }
    }
    for (name, found) in files {
        let expected = fs::read(golden(name)).unwrap();
        assert_eq!(found.len(), expected.len(), "{name}");
        let differ = |(_, (found, expected)): &(usize, (&u8, &u8))| found != expected;
        if let Some((at, bytes)) = found.iter().zip(&expected).enumerate().find(differ) {
            panic!("{name} differs at byte {at}: (found, expected) = {bytes:?}");
        }
    }
}

/// A copy of the golden pair, which nobody else uses, as if its last producer had run since the system booted.
fn copy(rings: &Rings, name: &str) -> String {
    let reference = copy_of_another_boot(rings, name);
    let mut ring = fs::read(&reference).unwrap();
    // Of a boot that is not known: some systems have no number for it.
    ring[BOOT..BOOT + 16].fill(0);
    ring[32..48].fill(0);
    let schema_len = number(&ring, 136) as usize;
    sign(&mut ring, 8192, schema_len);
    fs::write(&reference, ring).unwrap();
    reference
}

fn copy_of_another_boot(rings: &Rings, name: &str) -> String {
    for kind in ["ring", "readers"] {
        let file = format!("{name}.{kind}");
        fs::copy(golden(&file), rings.file(&file)).unwrap();
    }
    rings.reference(name)
}

#[test]
#[cfg(target_os = "linux")]
fn it_was_never_closed_and_so_is_unverified_in_another_boot() {
    let rings = Rings::new();
    let reference = copy_of_another_boot(&rings, "small");
    assert!(inspect::info(&reference).unwrap().is_unverified);
    let options = ReaderOptions::lossy().from_oldest().unverified();
    let mut reader = Reader::<Small>::attach(&reference, options).unwrap();
    assert_eq!(reader.poll().unwrap().unwrap().records().len(), 5);
}

#[test]
fn every_field_is_where_the_format_says() {
    let ring = fs::read(golden(RING)).unwrap();
    assert_eq!(ring.len(), STAMPS + 65_536);
    assert_eq!(&ring[..8], b"RINGBUF1");
    assert_eq!((small(&ring, 8), small(&ring, 12)), (0, 256));
    assert!(ring[16..32].iter().copied().eq(0..16));
    assert_eq!(ring[32..48], [0xB0; 16]);
    let schema_len = number(&ring, 136);
    for (name, at, expected) in [
        ("created_ns", 48, 1_700_000_000_000_000_001),
        ("clock_offset_ns", 56, 1_600_000_000_000_000_002),
        ("file_len", 64, 196_608),
        ("capacity", 72, CAPACITY),
        ("cells", 80, 8),
        ("allow_bound_ns", 104, 0),
        ("when_full", 112, 0),
        ("live_offset", 120, 4096),
        ("schema_offset", 128, 8192),
        ("stamps_offset", 144, STAMPS as u64),
        ("data_offset", 152, 65_536),
        ("data_len", 160, 65_536),
        ("published", 4096, PUBLISHED),
        ("claimed", 4104, PUBLISHED),
        ("limit", 4096 + 128, PUBLISHED),
        ("state", 4096 + 256, 2 << 2 | 1),
        ("refused", 4096 + 272, 0),
        ("unwatched", 4096 + 304, 0),
        ("epoch 1", 4096 + 384 + 32, 1),
        ("epoch 1 first", 4096 + 384 + 32 + 8, 0),
        ("epoch 2", 4096 + 384 + 64, 2),
        ("epoch 2 first", 4096 + 384 + 64 + 8, BOUNDARY),
        ("a stamp", STAMPS + 4 * 8, stamp(12)),
    ] {
        assert_eq!(number(&ring, at), expected, "{name}");
    }
    for (name, at, expected) in [
        ("stride", 88, 24),
        ("word", 92, 8),
        ("flags", 96, 1),
        ("allow", 100, 2),
    ] {
        assert_eq!(small(&ring, at), expected, "{name}");
    }
    let schema = &ring[8192..8192 + schema_len as usize];
    let schema: serde_json::Value = serde_json::from_slice(schema).unwrap();
    let dtype = &schema["dtype"];
    assert_eq!(
        dtype["names"],
        serde_json::json!(["t_ns", "accel", "flags", "count"])
    );
    assert_eq!(dtype["offsets"], serde_json::json!([0, 8, 20, 22]));
    assert_eq!(dtype["itemsize"], 24);
    assert_eq!(schema["fields"]["t_ns"]["time"], "unix");

    // Record i lies in cell i mod 8; the mirror has the newest.
    for sequence in BOUNDARY..PUBLISHED {
        let at = 65_536 + (sequence % 8) as usize * 24;
        assert_eq!(number(&ring, at), Small::of(sequence).t_ns);
        assert_eq!(ring[at + 22..at + 24], [sequence as u8, 7]);
    }
    let newest = 65_536 + 4 * 24;
    assert_eq!(ring[4112..4136], ring[newest..newest + 24]);

    let readers = fs::read(golden(READERS)).unwrap();
    assert_eq!(readers.len(), 24_576);
    assert_eq!(&readers[..8], b"RINGRDR1");
    assert!(readers[16..32].iter().copied().eq(0..16));
    assert_eq!(
        (
            number(&readers, 32),
            small(&readers, 40),
            small(&readers, 44)
        ),
        (24_576, 64, 256)
    );
    assert_eq!((number(&readers, 48), number(&readers, 56)), (4096, 8192));
    let lossless = 8192 + 256;
    assert_eq!(
        number(&readers, 8192),
        u64::MAX,
        "a lossy reader has no gate"
    );
    assert_eq!(
        number(&readers, lossless),
        8,
        "the gate stands at the record in hand"
    );
    assert_eq!(
        (number(&readers, 8200), number(&readers, lossless + 8)),
        (1, 2)
    );
    assert_eq!(
        &readers[lossless + 128..lossless + 135],
        "fft ä\0".as_bytes()
    );
    let bounded = 8192 + 2 * 256;
    for (name, at, expected) in [
        ("gate", bounded, 10 | 1 << 62),
        ("delivery", bounded + 8, 3),
        ("bound_ns", bounded + 16, 50_000_000),
    ] {
        assert_eq!(number(&readers, at), expected, "{name}");
    }
    for slot in 3..64 {
        assert_eq!(
            number(&readers, 8192 + slot * 256),
            u64::MAX,
            "slot {slot} is free"
        );
    }
}

#[test]
fn what_tools_show_of_it() {
    let rings = Rings::new();
    let info = inspect::info(&copy(&rings, "small")).unwrap();
    assert_eq!(info.name, "small");
    assert!(info.ring_id.into_iter().eq(0..16));
    assert_eq!(info.created_ns, 1_700_000_000_000_000_001);
    assert_eq!(
        (info.capacity, info.file_bytes),
        (CAPACITY, 196_608 + 24_576)
    );
    assert_eq!((info.allow, info.mirror), (Delivery::Lossless, true));
    assert!(info.stamped && !info.is_unverified);
    // By the epoch's clocks 1 s after it began.
    assert_eq!(info.kept, Some(Duration::from_nanos(4)));
    assert_eq!((info.producer, info.epoch), (ProducerState::Died, 2));
    assert_eq!((info.published, info.oldest), (PUBLISHED, 8));
    assert_eq!(info.schema, Small::schema());
    let time = info.schema.time_field().unwrap();
    assert_eq!(
        (time.name(), time.role()),
        ("t_ns", Role::Time(Clock::Unix))
    );
    assert_eq!(info.schema.field("flags").unwrap().element(), Element::U16);

    let readers = info.readers.unwrap();
    let [plot, fft, bar] = &readers[..] else {
        panic!("{readers:?}");
    };
    assert_eq!((plot.slot, plot.name.as_str()), (0, "plot"));
    assert_eq!((fft.slot, fft.name.as_str()), (1, "fft ä"));
    assert_eq!(
        (plot.delivery, fft.delivery),
        (Delivery::Lossy, Delivery::Lossless)
    );
    for reader in &readers {
        assert_eq!(
            (reader.pid, reader.attached_ns),
            (4321, 1_700_000_000_000_000_005)
        );
        assert!(!reader.is_alive && reader.ledger.unwrap().adds_up());
    }
    // It joined at 3, and went as far as its own epoch.
    let expected = Ledger {
        joined: 3,
        cursor: 8,
        read: 0,
        missed: 5,
        skipped: 0,
    };
    assert_eq!(plot.ledger, Some(expected));
    let expected = Ledger {
        joined: 5,
        cursor: 8,
        read: 3,
        missed: 0,
        skipped: 0,
    };
    assert_eq!(fft.ledger, Some(expected));
    assert_eq!((plot.lag, fft.lag, bar.lag), (Some(5), Some(5), Some(3)));
    let bounded = Delivery::Bounded(Duration::from_millis(50));
    assert_eq!((bar.delivery, bar.is_demoted), (bounded, false));
}

#[test]
fn what_readers_and_the_next_producer_make_of_it() {
    let rings = Rings::new();
    let reference = copy(&rings, "small");
    let before = fs::read(rings.file(RING)).unwrap();
    let options = || ReaderOptions::lossy().from_oldest();
    let mut typed = Reader::<Small>::attach(&reference, options()).unwrap();
    let batch = typed.poll().unwrap().unwrap();
    assert_eq!(
        (batch.first_sequence(), batch.missed(), batch.event()),
        (8, 0, None)
    );
    assert!(
        batch
            .records()
            .iter()
            .copied()
            .eq((BOUNDARY..PUBLISHED).map(Small::of))
    );
    let first_ns = 1_700_000_001_000_000_004 + 8;
    assert_eq!(batch.published_ns(0), Some(first_ns));
    assert_eq!(batch.published_ns(4), Some(first_ns + 4));
    drop(batch);
    assert_eq!(typed.latest().unwrap(), Some((12, Small::of(12))));

    let mut untyped = UntypedReader::attach(&reference, options()).unwrap();
    let column = untyped.schema().column("accel[2]").unwrap();
    let batch = untyped.poll().unwrap().unwrap();
    let numbers: Vec<f64> = batch.records().numbers(&column).collect();
    assert_eq!(numbers, [2.0, 2.25, 2.5, 2.75, 3.0]);
    drop(batch);
    assert!(
        fs::read(rings.file(RING)).unwrap() == before,
        "readers change nothing"
    );

    // The dead lossless reader does not hold the next producer up.
    let retain = Retain::records(CAPACITY);
    let mut producer = Producer::<Small>::create_with(&reference, retain, &creation()).unwrap();
    assert_eq!(producer.publish(&Small::of(13)).unwrap(), 13);
    let batch = typed.poll().unwrap().unwrap();
    let first_sequence = Some(13);
    assert_eq!(
        batch.event(),
        Some(Event::Restarted {
            epoch: 3,
            first_sequence
        })
    );
    drop(batch);
    assert_eq!(typed.poll().unwrap().unwrap().records(), [Small::of(13)]);
}

/// Which is all there is to it in the file: programs that do not know the flag refuse the ring.
#[test]
fn a_ring_that_is_written_in_place_differs_in_one_flag() {
    let rings = Rings::new();
    let file = |name: &str, in_place: bool| {
        let options = CreateOptions::default()
            .allow(Delivery::Lossless)
            .in_place(in_place);
        let retain = Retain::records(CAPACITY);
        let reference = rings.reference(name);
        let mut producer = Producer::<Small>::create_with(&reference, retain, &options).unwrap();
        let mut claim = producer.claim(2).unwrap();
        (0..2).for_each(|i| claim.write(i, &Small::of(i as u64)));
        claim.commit();
        drop(producer);
        fs::read(rings.file(&format!("{name}.ring"))).unwrap()
    };
    let ring = file("plain", false);
    let in_place = file("in-place", true);
    assert_eq!((ring[96], in_place[96]), (0, 2));
    assert_eq!(ring[97..128], in_place[97..128], "rights and rules");
    assert_eq!(ring[136..208], in_place[136..208], "where everything is");
    assert_eq!(ring[65_536..], in_place[65_536..], "the records");
}
