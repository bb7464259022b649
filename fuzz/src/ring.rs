//! Rings whose files are not what a ring's should be: for readers, for the next producer, and for tools.

use std::fs;
use std::path::Path;
use std::time::Duration;

use ringbuf_core::inspect::{self, Fate, ProducerState, Reach, RingInfo};
use ringbuf_core::{
    AttachError, CreateError, CreateOptions, Delivery, Preset, ReadError, ReaderOptions, Retain,
    Start, Until, UntypedProducer, UntypedReader,
};

use crate::image::Image;
use crate::{assert_is_message, frames, home};

/// No ring tells of more than this without a record: an epoch that ends and one that begins, for each remembered.
pub(crate) const EVENTS: u64 = 64;

/// Readers of every kind attach and read what there is: at most the capacity, and every record accounted for.
pub(crate) fn attach(input: &[u8]) {
    let image = Image::of(input);
    home::with(|directory| {
        let path = image.put(directory);
        let reference = path.to_str().expect("a path of our own");
        let start = match image.choice {
            0 => Start::Oldest,
            1 => Start::Now,
            2 => Start::Sequence(7),
            3 => Start::Last(2),
            4 => Start::LastFor(Duration::from_nanos(2)),
            5 => Start::At(1_700_000_001_000_000_014),
            6 => Start::Sequence(u64::MAX),
            7 => Start::At(i64::MIN),
            8 => Start::At(i64::MAX),
            9 => Start::LastFor(Duration::MAX),
            _ => Start::Last(u64::MAX),
        };
        let until = match image.choice {
            12 => Some(Until::Sequence(10)),
            13 => Some(Until::At(1_700_000_001_000_000_015)),
            14 => Some(Until::At(i64::MIN)),
            _ => None,
        };
        let bounded = Duration::from_millis(1);
        for (options, copies) in [
            (ReaderOptions::lossy(), true),
            (ReaderOptions::bounded(bounded), true),
            (ReaderOptions::lossless(), false),
        ] {
            let mut options = options.start(start).unverified();
            if let Some(until) = until {
                options = options.until(until);
            }
            match UntypedReader::attach(reference, options) {
                Ok(reader) => {
                    assert!(image.is_signed(), "nobody looked at the checksum");
                    assert!(
                        !(copies && image.is_in_place()),
                        "a copy of what is being written"
                    );
                    read(reader, reference, until.is_some(), image.ring_len());
                }
                Err(error) => assert_says_what(&error, directory),
            }
        }
        frames::attach(&image, directory, reference, start, until);
    });
}

/// Reads to the end of what is there.
fn read(mut reader: UntypedReader, reference: &str, is_limited: bool, ring_len: u64) {
    let info = inspect::info(reference).expect("what can be read can be looked at");
    assert_eq!(&info.schema, reader.schema());
    let data = info.capacity.saturating_mul(info.schema.size() as u64);
    assert!(data <= ring_len, "{data} bytes of records in {ring_len}");
    let (mut records, mut batches, mut is_whole) = (0, 0, true);
    loop {
        let batch = match reader.poll() {
            Ok(Some(batch)) => batch,
            // As its state says, and in the end like any other.
            Ok(None) | Err(ReadError::Removed) => break,
            Err(error @ ReadError::Damaged(_)) => {
                assert_is_message(&error.to_string());
                is_whole = false;
                break;
            }
            Err(error) => panic!("nobody writes: {error}"),
        };
        let run = batch.records();
        let count = run.len() as u64;
        assert_eq!(run.bytes().len(), run.len() * info.schema.size());
        assert!(batch.first_sequence() + count <= info.published);
        if count > 0 {
            assert!(batch.first_sequence() >= info.oldest);
        }
        let _ = batch.published_ns(0);
        assert_eq!(batch.published_ns(run.len()), None);
        records += count;
        batches += 1;
        assert!(batches <= info.capacity + EVENTS, "it never ends");
        drop(batch);
        let ledger = reader.ledger();
        assert!(ledger.adds_up(), "{ledger:?}");
    }
    assert!(records <= info.capacity, "{records} of {}", info.capacity);
    let ledger = reader.ledger();
    assert_eq!(ledger.read, records);
    assert!(ledger.adds_up(), "{ledger:?}");
    assert_eq!(reader.lag(), info.published.saturating_sub(ledger.cursor));
    if is_whole && !is_limited {
        assert_eq!(reader.lag(), 0, "{ledger:?}");
    }
    let _ = (reader.lag_time(), reader.is_demoted(), reader.rejoin());
    if let Some((sequence, record)) = reader.latest().expect("nobody forked") {
        assert_eq!(sequence + 1, info.published);
        assert_eq!(record.len(), info.schema.size());
    }
}

/// The next producer continues it, and nobody who is dead keeps it from publishing.
pub(crate) fn resume(input: &[u8]) {
    let image = Image::of(input);
    home::with(|directory| {
        let path = image.put(directory);
        let reference = path.to_str().expect("a path of our own");
        let info = match inspect::info(reference) {
            Ok(info) => info,
            Err(error) => {
                assert_says_what(&error, directory);
                return;
            }
        };
        if info.frames.is_some() {
            return frames::resume(&image, reference, &info);
        }
        let made = UntypedProducer::create_with(
            reference,
            info.schema.clone(),
            Retain::records(info.capacity),
            &as_found(&info),
        );
        match made {
            Ok(producer) => go_on(producer, reference, &info),
            Err(error) => assert_is_why_not(&error),
        }
    });
}

pub(crate) fn assert_is_why_not(error: &CreateError) {
    assert_is_message(&error.to_string());
    let is_known = matches!(
        error,
        CreateError::Format { .. } | CreateError::Unverified { .. }
    );
    assert!(is_known, "{error}");
}

/// The choices that a ring was made with.
pub(crate) fn as_found(info: &RingInfo) -> CreateOptions {
    let preset = match info.mirror {
        true => Preset::Latency,
        false => Preset::Throughput,
    };
    CreateOptions::default()
        .allow(info.allow)
        .when_full(info.when_full)
        .stamp(info.stamped)
        .in_place(info.in_place)
        .preset(preset)
}

fn go_on(mut producer: UntypedProducer, reference: &str, before: &RingInfo) {
    assert_eq!(producer.published(), before.published);
    assert_eq!(producer.capacity(), before.capacity);
    assert_eq!(producer.registered_readers(), 0);
    let options = match before.in_place {
        true => ReaderOptions::lossless(),
        false => ReaderOptions::lossy(),
    };
    let reader = UntypedReader::attach(reference, options.from_now());
    let mut reader = reader.expect("a reader of a ring that was opened");
    // More than once around.
    let record = vec![0xA5; before.schema.size()];
    let count = (before.capacity + 1).min(20);
    let mut read = 0;
    for done in 0..count {
        if before.in_place {
            let claim = producer.claim_in_place(1);
            let mut claim = claim.expect("nobody is in the way");
            claim.bytes_mut().copy_from_slice(&record);
            claim.commit();
            read += read_all(&mut reader);
            continue;
        }
        let published = producer.publish_bytes_until(&record, &|| true);
        assert_eq!(published.expect("it can be published"), 1, "{done} were");
    }
    assert_eq!(producer.published(), before.published + count);
    read += read_all(&mut reader);
    assert_eq!(read, count);
    assert!(reader.ledger().adds_up());
    producer.close();
    let info = inspect::info(reference).expect("it was left in order");
    assert_eq!(info.producer, ProducerState::Closed);
    assert_eq!(info.published, before.published + count);
}

/// Reads all there is; how many records that were, with those that it has missed.
fn read_all(reader: &mut UntypedReader) -> u64 {
    let mut read = 0;
    while let Some(batch) = reader.poll().expect("nobody removed it") {
        let bytes = batch.records().bytes();
        assert!(bytes.iter().all(|&byte| byte == 0xA5));
        read += batch.records().len() as u64 + batch.missed();
    }
    read
}

/// Tools show it, sweep it away or leave it alone, and touch nothing else.
pub(crate) fn inspect(input: &[u8]) {
    let image = Image::of(input);
    home::with_names(|directory| {
        let others = [directory.join("notes.ring"), directory.join("notes.txt")];
        for other in &others {
            fs::write(other, b"not a ring").expect("a file");
        }
        let path = image.put(directory);
        let info = inspect::info("small");
        match &info {
            Ok(info) => assert_is_shown(info, &image),
            Err(error) => assert_says_what(error, directory),
        }
        let listed = inspect::list().expect("the directory can be read");
        let names: Vec<&str> = listed.iter().map(|ring| ring.name.as_str()).collect();
        assert_eq!(names, ["notes", "small"]);
        assert_eq!(listed[1].info.is_ok(), info.is_ok());
        let is_removed = |dry_run| {
            let swept = inspect::gc(Reach::Memory, dry_run).expect("the directory can be read");
            let removed = |one: &inspect::Swept| matches!(one.result, Ok(Fate::Removed));
            for one in &swept {
                if let Err(error) = &one.result {
                    assert_is_message(&error.to_string());
                }
                assert!(one.path.starts_with(directory));
            }
            swept.iter().any(removed)
        };
        let would = is_removed(true);
        assert!(path.exists(), "a dry run touches nothing");
        assert_eq!(is_removed(false), would, "it does as it said");
        assert_eq!(path.exists(), !would);
        // What cannot be read is not removed.
        assert!(info.is_ok() || !would);
        if path.exists()
            && let Err(error) = inspect::remove("small")
        {
            assert_is_message(&error.to_string());
        }
        for other in others {
            assert!(other.exists(), "{} is nobody's", other.display());
        }
    });
}

pub(crate) fn assert_is_shown(info: &RingInfo, image: &Image) {
    assert!(info.oldest <= info.published);
    assert!(info.published - info.oldest <= info.capacity);
    assert_is_message(&info.schema.to_string());
    assert_eq!(info.frames.is_some(), image.is_of_frames());
    if let Some(frames) = info.frames {
        assert_eq!(frames.kept_frames, info.published - info.oldest);
        assert!(frames.kept_bytes <= frames.arena_bytes);
        assert!(frames.arena_bytes <= image.ring_len());
    }
    // Without the readers' file nobody can say that a producer who could not lock the other one has died.
    let is_unknown = info.readers.is_none() && image.is_unwatched();
    assert!(
        info.producer != ProducerState::Live || is_unknown,
        "nobody has it"
    );
    let readers = info.readers.iter().flatten();
    for reader in readers {
        assert!(!reader.is_alive, "nobody is there");
        assert!(!reader.name.contains(char::is_control));
        assert!(reader.lag.is_none_or(|lag| lag <= info.published));
        assert_eq!(reader.ledger.is_some(), reader.lag.is_some());
        if let Delivery::Bounded(most) = reader.delivery {
            assert_is_message(&Delivery::Bounded(most).to_string());
        }
    }
}

/// The file, what was found in it, and what to do.
#[track_caller]
pub(crate) fn assert_says_what(error: &AttachError, directory: &Path) {
    let text = error.to_string();
    assert_is_message(&text);
    match error {
        AttachError::Format { problem, .. } => {
            assert!(text.contains(directory.to_str().expect("ours")), "{text}");
            assert_is_explained(problem, &text);
        }
        AttachError::NotAllowed { name, .. }
        | AttachError::InPlace { name, .. }
        | AttachError::Damaged { name, .. }
        | AttachError::MayNotRegister { name, .. }
        | AttachError::NotYet { name, .. }
        | AttachError::TimeNotYet { name, .. }
        | AttachError::NoTimes { name }
        | AttachError::NotFrames { name }
        | AttachError::SchemaMismatch { name, .. } => {
            assert!(name == "small" && text.contains(name), "{text}");
        }
        other => panic!("not what a file of one's own can be: {other}"),
    }
}

fn assert_is_explained(problem: &ringbuf_core::FormatError, text: &str) {
    use ringbuf_core::FormatError::*;
    let found = match problem {
        Truncated { found, .. } | Field { found, .. } => found.to_string(),
        Unknown { found, .. } => format!("{found:#x}"),
        Checksum { found, .. } => format!("{found:#010x}"),
        NotARing { found, .. } => found.clone(),
        Indices { published, .. } => published.to_string(),
        Schema(problem) => problem.clone(),
        Version { found, .. } => found.escape_default().to_string(),
        _ => "different rings".to_owned(),
    };
    assert!(text.contains(&found), "{found}: {text}");
}
