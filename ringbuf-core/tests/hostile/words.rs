//! Shared words with any value whatever, before and while the ring is used: errors, never a panic.

use std::fs;
use std::os::unix::fs::FileExt;

use ringbuf_core::{
    CreateOptions, FormatError, Producer, ReadError, Reader, ReaderOptions, Retain,
    TryPublishError, WhenFull, inspect,
};

use crate::refused::{CAPACITY, Good, refused};
use crate::support::{Numbers, Rings, limit};

/// Where the words lie: the producer's from 4096 of the data file, the readers' from 4096 of theirs.
const PUBLISHED: usize = 4096;
const CLAIMED: usize = 4104;
const STATE: usize = 4096 + 256;
const FIRST_EPOCH: usize = 4096 + 384;

pub fn set(bytes: &mut [u8], at: usize, value: u64) {
    bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
}

#[test]
fn indices_that_contradict_each_other_are_refused() {
    let rings = Rings::new();
    let bound = 1 << 61;
    for (published, claimed) in [
        (8, 7),
        (8, 0),
        (8, 8 + CAPACITY + 1),
        (0, CAPACITY + 1),
        (bound, bound),
        (u64::MAX, u64::MAX),
        (8, u64::MAX),
        (u64::MAX, 8),
    ] {
        let mut bad = Good::new();
        set(&mut bad.ring, PUBLISHED, published);
        set(&mut bad.ring, CLAIMED, claimed);
        bad.put(&rings);
        for problem in refused(&rings, &["indices are damaged"]).formats() {
            let capacity = CAPACITY;
            assert_eq!(
                problem,
                FormatError::Indices {
                    published,
                    claimed,
                    capacity
                }
            );
        }
    }
}

#[test]
fn indices_at_the_end_of_their_range_are_used_without_overflow() {
    let _limit = limit();
    let rings = Rings::new();
    for below in [1, 2, CAPACITY, 100] {
        let mut bad = Good::new();
        let next = (1 << 61) - below;
        set(&mut bad.ring, PUBLISHED, next);
        set(&mut bad.ring, CLAIMED, next);
        bad.put(&rings);
        use_it(&rings);
    }
}

#[test]
fn any_words_at_all_are_survived() {
    any_words(Good::new, use_it);
}

/// Looks at, continues and reads rings with any shared words.
pub fn any_words(mut good: impl FnMut() -> Good, use_it: impl Fn(&Rings)) {
    let _limit = limit();
    let rings = Rings::new();
    let mut numbers = Numbers::new(2);
    for round in 0..400 {
        let mut bad = good();
        let next = [0, 3, 8, 1000, (1 << 61) - 1][numbers.below(5) as usize];
        for at in (4096 + 128..5120).step_by(8) {
            if numbers.below(3) == 0 {
                set(&mut bad.ring, at, strange(&mut numbers, next));
            }
        }
        set(&mut bad.ring, PUBLISHED, next);
        set(&mut bad.ring, CLAIMED, next + numbers.below(CAPACITY + 1));
        if round % 2 == 0 {
            for at in (4096..bad.readers.len()).step_by(8) {
                if numbers.below(3) == 0 {
                    set(&mut bad.readers, at, strange(&mut numbers, next));
                }
            }
        }
        bad.put(&rings);
        use_it(&rings);
    }
}

/// A number that somebody could take for a sequence, an epoch or a gate.
pub fn strange(numbers: &mut Numbers, near: u64) -> u64 {
    match numbers.below(6) {
        0 => 0,
        1 => u64::MAX - numbers.below(3),
        2 => near
            .wrapping_add(numbers.below(2 * CAPACITY))
            .wrapping_sub(CAPACITY),
        3 => 1 << (60 + numbers.below(4)),
        4 => numbers.below(100),
        _ => numbers.next(),
    }
}

/// Looks, attaches, publishes and reads; whatever comes of it.
fn use_it(rings: &Rings) {
    let ring = rings.reference("bad");
    if let Ok(info) = inspect::info(&ring) {
        assert!(info.oldest <= info.published);
        drop(format!("{info:?}"));
    }
    let attach = |options: ReaderOptions| Reader::<u64>::attach(&ring, options.named("brave"));
    let mut readers: Vec<Reader<u64>> = [
        ReaderOptions::lossy(),
        ReaderOptions::lossy().from_oldest(),
        ReaderOptions::lossless(),
        ReaderOptions::lossless().from_oldest(),
    ]
    .into_iter()
    .filter_map(|options| attach(options).ok())
    .collect();
    for reader in &mut readers {
        read_on(reader);
    }
    if let Ok(mut producer) = Producer::<u64>::create(&ring, Retain::records(CAPACITY)) {
        for i in 0..20 {
            match producer.try_publish(&i) {
                Ok(_) | Err(TryPublishError::Full { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        for reader in &mut readers {
            read_on(reader);
        }
        assert!(producer.registered_readers() <= readers.len());
    }
    readers.iter_mut().for_each(read_on);
    drop(readers);
    drop(inspect::info(&ring).map(|info| format!("{info:?}")));
}

fn read_on(reader: &mut Reader<u64>) {
    for _ in 0..40 {
        match reader.poll() {
            Ok(Some(batch)) => {
                let len = batch.records().len() as u64;
                assert!(len <= CAPACITY);
            }
            Ok(None) => break,
            Err(ReadError::Damaged(damage)) => {
                assert!(damage.to_string().contains("found"), "{damage}");
                break;
            }
            Err(ReadError::Removed | ReadError::Replaced) => break,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(reader.ledger().adds_up(), "{:?}", reader.ledger());
    drop((reader.latest(), reader.lag()));
}

#[test]
fn words_changed_under_a_reader_end_it_with_an_error() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("bad");
    let cases: &[(&str, &[(usize, u64)])] = &[
        ("published 3 where 8", &[(PUBLISHED, 3)]),
        ("epoch 0 where epoch 2", &[(STATE, 1)]),
        // An epoch that begins where nothing was published yet.
        (
            "begins at 900",
            &[
                (FIRST_EPOCH + 3 * 32, 3),
                (FIRST_EPOCH + 3 * 32 + 8, 900),
                (STATE, 3 << 2 | 1),
            ],
        ),
    ];
    for (part, words) in cases {
        for options in [ReaderOptions::lossy(), ReaderOptions::lossless()] {
            Good::new().put(&rings);
            let _producer = Producer::<u64>::create(&ring, Retain::records(CAPACITY)).unwrap();
            let mut reader = Reader::<u64>::attach(&ring, options).unwrap();
            let file = fs::OpenOptions::new()
                .write(true)
                .open(rings.file("bad.ring"))
                .unwrap();
            for (at, value) in *words {
                file.write_all_at(&value.to_le_bytes(), *at as u64).unwrap();
            }
            let Err(ReadError::Damaged(damage)) = reader.next().map(drop) else {
                panic!("{part}: it went on");
            };
            let text = damage.to_string();
            assert!(text.contains(part), "{part:?} is not in {text:?}");
        }
    }
}

/// `claimed` below `published` cannot be: a reader that believed it would look again for ever.
#[test]
fn a_claim_behind_what_is_published_is_reported() {
    let rings = Rings::new();
    let ring = rings.reference("ring");
    let mut producer = Producer::<u64>::create(&ring, Retain::records(8)).unwrap();
    let mut reader = Reader::<u64>::attach(&ring, ReaderOptions::lossy()).unwrap();
    producer.publish(&0).unwrap();
    let file = fs::File::options()
        .write(true)
        .open(rings.file("ring.ring"))
        .unwrap();
    file.write_all_at(&1000_u64.to_le_bytes(), PUBLISHED as u64)
        .unwrap();
    file.write_all_at(&0_u64.to_le_bytes(), CLAIMED as u64)
        .unwrap();
    let error = reader.poll().unwrap_err();
    assert!(matches!(error, ReadError::Damaged(_)), "{error}");
    assert!(error.to_string().contains("claimed 0"), "{error}");
}

#[test]
fn a_count_of_what_was_refused_does_not_overflow() {
    let rings = Rings::new();
    let ring = rings.reference("full");
    let options = CreateOptions::default().when_full(WhenFull::Drop);
    let create = || Producer::<u64>::create_with(&ring, Retain::records(1), &options).unwrap();
    create().close();
    let path = rings.file("full.ring");
    let mut bytes = fs::read(&path).unwrap();
    set(&mut bytes, 4096 + 272, u64::MAX - 1);
    fs::write(path, bytes).unwrap();
    let mut producer = create();
    let _reader = producer.reader(ReaderOptions::lossless()).unwrap();
    for _ in 0..4 {
        producer.publish(&0).unwrap();
    }
    assert_eq!(producer.refused(), u64::MAX);
}
