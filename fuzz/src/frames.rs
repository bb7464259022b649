//! Rings of frames: whatever their descriptors say, readers get bytes of the arena or an error.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use ringbuf_core::inspect::{self, RingInfo};
use ringbuf_core::{
    AttachError, CreateError, Element, FormatError, FrameHeader, FrameInfo, FrameProducer,
    FrameReader, FrameRetain, ReadError, ReaderOptions, Start, Until,
};

use crate::image::{BLOCK, Image};
use crate::ring::{EVENTS, as_found, assert_is_shown, assert_is_why_not, assert_says_what};
use crate::{assert_is_message, home};

/// Descriptors and an arena in an otherwise good ring: what is damaged is said, and all else is read.
pub(crate) fn frames(input: &[u8]) {
    let image = Image::of_descriptors(input);
    home::with(|directory| {
        let path = image.put(directory);
        let reference = path.to_str().expect("a path of our own");
        let info = inspect::info(reference).expect("nothing but its frames is damaged");
        assert_is_shown(&info, &image);
        let is_whole = (info.oldest..info.published).all(|frame| image.payload(frame).is_some());
        let kind = usize::from(image.choice >> 4);
        let (options, copies) = kinds().into_iter().cycle().nth(kind).expect("one of three");
        match FrameReader::attach(reference, options.from_oldest()) {
            Ok(reader) => assert_eq!(read(reader, &image, &info, false), is_whole),
            Err(AttachError::InPlace { .. }) => assert!(copies && image.is_in_place()),
            Err(error) => panic!("{error}"),
        }
        match image.choice & 8 != 0 {
            true => read_one_by_one(&image, reference, &info, is_whole),
            false => resume(&image, reference, &info),
        }
    });
}

/// Readers of every kind, and whether they copy.
fn kinds() -> [(ReaderOptions, bool); 3] {
    [
        (ReaderOptions::lossy(), true),
        (ReaderOptions::bounded(Duration::from_millis(1)), true),
        (ReaderOptions::lossless(), false),
    ]
}

/// Readers of every kind attach and read what there is. Of a ring of records one is told that it has no frames.
pub(crate) fn attach(
    image: &Image,
    directory: &Path,
    reference: &str,
    start: Start,
    until: Option<Until>,
) {
    let kinds = kinds()
        .into_iter()
        .take(if image.is_of_frames() { 3 } else { 1 });
    for (options, copies) in kinds {
        let mut options = options.start(start).unverified();
        if let Some(until) = until {
            options = options.until(until);
        }
        match FrameReader::attach(reference, options) {
            Ok(reader) => {
                assert!(image.is_signed(), "nobody looked at the checksum");
                assert!(image.is_of_frames(), "records for frames");
                assert!(
                    !(copies && image.is_in_place()),
                    "a copy of what is being written"
                );
                let info = inspect::info(reference).expect("what can be read can be looked at");
                read(reader, image, &info, until.is_some());
            }
            Err(error) => assert_says_what(&error, directory),
        }
    }
}

/// Reads to the end of what is there, and says whether all of that was whole.
fn read(mut reader: FrameReader, image: &Image, info: &RingInfo, is_limited: bool) -> bool {
    let chooses = image.choice & 4 != 0;
    if chooses {
        reader.only(|frame| frame.tag() % 2 == 0);
    }
    let (mut frames, mut batches, mut is_whole) = (0, 0, true);
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
        assert_eq!(batch.frames().len(), batch.len());
        for frame in batch.frames() {
            assert_is_it(image, info, frame.header(), frame.bytes());
            assert!(!chooses || frame.tag() % 2 == 0);
            let is_bytes = matches!(frame.element(), None | Some(Element::U8));
            assert_eq!(frame.values::<u8>().is_ok(), is_bytes);
            if let Ok(values) = frame.values::<f64>() {
                assert_eq!(values.len() * 8, frame.len());
            }
        }
        frames += batch.len() as u64;
        batches += 1;
        assert!(batches <= info.capacity + EVENTS, "it never ends");
        drop(batch);
        let ledger = reader.ledger();
        assert!(ledger.adds_up(), "{ledger:?}");
    }
    let ledger = reader.ledger();
    assert_eq!(ledger.read, frames);
    assert!(ledger.read + ledger.skipped <= info.capacity, "{ledger:?}");
    assert!(chooses || ledger.skipped == 0, "{ledger:?}");
    assert_eq!(reader.lag(), info.published.saturating_sub(ledger.cursor));
    if is_whole && !is_limited {
        assert_eq!(reader.lag(), 0, "{ledger:?}");
    }
    let _ = (reader.lag_time(), reader.is_demoted(), reader.rejoin());
    if let Some((header, bytes)) = reader.latest().expect("nobody forked") {
        assert_eq!(header.sequence() + 1, info.published);
        assert_is_it(image, info, &header, &bytes);
    }
    is_whole
}

/// Each frame into one buffer.
fn read_one_by_one(image: &Image, reference: &str, info: &RingInfo, is_whole: bool) {
    let options = match image.choice & 2 != 0 || info.in_place {
        true => ReaderOptions::lossless(),
        false => ReaderOptions::lossy(),
    };
    let reader = FrameReader::attach(reference, options.from_oldest());
    let mut reader = reader.expect("as before");
    let mut buffer = Vec::new();
    while reader.lag() > 0 {
        match reader.next_into(&mut buffer) {
            Ok(copy) => {
                let header = copy.and_then(|copy| copy.header);
                let header = header.expect("nothing else happened");
                assert_is_it(image, info, &header, &buffer);
            }
            Err(error) => {
                assert!(!is_whole, "{error}");
                assert_is_message(&error.to_string());
                return;
            }
        }
    }
    assert!(is_whole);
}

/// It is a frame that is kept, and the bytes where its descriptor says.
fn assert_is_it(image: &Image, info: &RingInfo, header: &FrameHeader, bytes: &[u8]) {
    let sequence = header.sequence();
    assert!((info.oldest..info.published).contains(&sequence));
    assert_eq!(Some(bytes), image.payload(sequence), "{header:?}");
    assert_eq!(header.len(), bytes.len());
    let descriptor = image.descriptor(sequence);
    assert_eq!(header.tag().to_le_bytes(), descriptor[16..24]);
    let Some(element) = header.element() else {
        assert!(header.shape().is_empty());
        return;
    };
    let dtype = element.format();
    let dtype = dtype.as_bytes();
    assert!(element.is_number() && descriptor[24..31].starts_with(dtype));
    assert_eq!(header.shape().len(), usize::from(descriptor[31]));
    let count: usize = header.shape().iter().product();
    assert_eq!(count * element.size(), bytes.len());
}

/// The next producer goes on where the newest frame ends, or says why not.
pub(crate) fn resume(image: &Image, reference: &str, info: &RingInfo) {
    let arena = info.frames.map_or(0, |frames| frames.arena_bytes);
    let retain = FrameRetain::bytes(arena).at_most(info.capacity);
    let newest = (info.oldest < info.published).then(|| info.published - 1);
    let is_possible = newest.is_none_or(|newest| {
        let len = image.payload(newest).map(<[u8]>::len);
        len.is_some_and(|len| (image.start(newest) + len as u64).next_multiple_of(64) < 1 << 61)
    });
    match FrameProducer::create_with(reference, retain, &as_found(info)) {
        Ok(producer) => {
            assert!(is_possible, "behind a frame that lies nowhere");
            let end =
                |newest| image.start(newest) + image.payload(newest).map_or(0, <[u8]>::len) as u64;
            let position = newest.map_or(0, end).next_multiple_of(64);
            go_on(producer, reference, info, position);
        }
        Err(CreateError::Different { .. }) if !image.has_schema_of_frames() => {}
        Err(error) => {
            assert_is_why_not(&error);
            if let CreateError::Format { problem, .. } = error {
                assert!(problem != FormatError::Frame || !is_possible, "{problem}");
            }
        }
    }
}

fn go_on(mut producer: FrameProducer, reference: &str, before: &RingInfo, mut position: u64) {
    let arena = producer.arena();
    assert_eq!(producer.published(), before.published);
    assert_eq!(producer.capacity(), before.capacity);
    assert_eq!(Some(arena), before.frames.map(|frames| frames.arena_bytes));
    assert_eq!(producer.registered_readers(), 0);
    let options = match before.in_place {
        true => ReaderOptions::lossless(),
        false => ReaderOptions::lossy(),
    };
    let reader = FrameReader::attach(reference, options.from_now());
    let mut reader = reader.expect("a reader of a ring that was opened");
    let mut file = File::open(reference).expect("it is there");
    let most = arena.min(1 << 16);
    for (i, len) in [1, most / 2, 0, most, 64.min(most), 3, most / 3]
        .into_iter()
        .enumerate()
    {
        let bytes = vec![0xA0 + i as u8; len as usize];
        let (sequence, info) = (producer.published(), FrameInfo::tag(i as u64));
        if before.in_place {
            let mut claim = producer.claim(bytes.len()).expect("nobody is in the way");
            claim
                .bytes_mut()
                .expect("a ring in place")
                .copy_from_slice(&bytes);
            assert_eq!(claim.commit_with(info).expect("it fits"), sequence);
        } else {
            let published = producer.publish_until(&bytes, info, &|| true);
            assert_eq!(published.expect("it can be published"), Some(sequence));
        }
        let left = arena - position % arena;
        let start = position + if len > left { left } else { 0 };
        position = (start + len).next_multiple_of(64);
        let cell = sequence % before.capacity.next_power_of_two();
        let mut words = [[0; 8]; 3];
        file.seek(SeekFrom::Start(BLOCK as u64 + cell * 64))
            .and_then(|_| file.read_exact(words.as_flattened_mut()))
            .expect("its descriptor");
        assert_eq!(words.map(u64::from_le_bytes), [start, len, i as u64]);
        let batch = reader.poll().expect("nobody removed it").expect("a frame");
        let mut frames = batch.frames();
        let frame = frames.next().expect("it");
        assert_eq!((frame.sequence(), frame.tag()), (sequence, i as u64));
        assert!(frame.bytes() == bytes && frames.next().is_none());
        assert_eq!(batch.missed(), 0);
    }
    assert!(reader.ledger().adds_up());
    let kept = producer.kept_bytes();
    assert!(kept <= arena, "{kept}");
    producer.close();
    let info = inspect::info(reference).expect("it was left in order");
    assert_eq!(info.frames.map(|frames| frames.kept_bytes), Some(kept));
}
