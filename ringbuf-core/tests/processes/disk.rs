//! Rings on a disk: they outlive their processes, and are not believed when the system stopped at the wrong time.

use std::fs;
use std::sync::mpsc::{self, TryRecvError};
use std::time::Duration;

use ringbuf_core::inspect::{self, ProducerState};
use ringbuf_core::{
    AttachError, CreateError, CreateOptions, Event, Producer, Reader, ReaderOptions, Retain,
};

use crate::checked::{Checked, Tally};
use crate::contract::CAPACITY;
use crate::support::process::{say, start};
use crate::support::{Rings, limit, system};

/// Where the words lie that tell what happened, in `NAME.ring`.
const BOOT: usize = 4096 + 280;
const SYNCED: usize = 4096 + 296;

fn create(ring: &str) -> Result<Producer<Checked>, CreateError> {
    Producer::create(ring, Retain::records(CAPACITY))
}

fn publish(producer: &mut Producer<Checked>, count: u64) {
    for _ in 0..count {
        let next = producer.published();
        producer.publish(&Checked::of(next)).unwrap();
    }
}

/// Reads all that is kept and says the first sequence and how many there were.
pub fn reads_a_file(arguments: &[String]) {
    let options = ReaderOptions::lossy().from_oldest();
    let mut reader = Reader::<Checked>::attach(&arguments[0], options).unwrap();
    let first = reader.cursor();
    let mut tally = Tally::from(first);
    while let Some(batch) = reader.poll().unwrap() {
        tally.take(&batch);
    }
    assert!(tally.is_faultless());
    say(format!("{first} {}", tally.read));
}

/// What a boot of the system changes: every process is gone, and the files say another boot than the one that is.
pub fn reboot(rings: &Rings, name: &str) {
    let path = rings.file(&format!("{name}.ring"));
    let mut bytes = fs::read(&path).unwrap();
    assert_ne!(bytes[BOOT..BOOT + 16], [0; 16], "this system has boots");
    bytes[BOOT] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_ring_outlives_its_processes_and_is_read_by_another() {
    let _limit = limit();
    let rings = Rings::on_disk();
    let ring = rings.reference("kept");
    let mut producer = create(&ring).unwrap();
    publish(&mut producer, CAPACITY + 4);
    producer.close();
    assert_eq!(start("reads a file", &[&ring]).finish(), ["4 64"]);
}

#[test]
fn what_a_killed_producer_published_is_kept_while_the_system_runs() {
    let _limit = limit();
    let rings = Rings::on_disk();
    let ring = rings.reference("kept");
    let mut producer = start("obedient producer", &[&ring]);
    producer.says("0");
    producer.tell("10");
    producer.says("10");
    producer.kill();
    let info = inspect::info(&ring).unwrap();
    assert_eq!(
        (info.producer, info.is_unverified),
        (ProducerState::Died, false)
    );
    assert_eq!(start("reads a file", &[&ring]).finish(), ["0 10"]);
    let mut producer = start("obedient producer", &[&ring]);
    producer.says("10");
    producer.tell("close");
    producer.finish();
}

#[test]
fn a_ring_that_was_closed_is_believed_after_a_reboot() {
    let _limit = limit();
    let rings = Rings::on_disk();
    let ring = rings.reference("kept");
    let mut producer = create(&ring).unwrap();
    publish(&mut producer, 20);
    producer.close();
    reboot(&rings, "kept");
    assert!(!inspect::info(&ring).unwrap().is_unverified);
    let options = ReaderOptions::lossless().from_oldest();
    let mut reader = Reader::<Checked>::attach(&ring, options).unwrap();
    assert!(!reader.is_unverified());
    let mut tally = Tally::from(reader.cursor());
    // And is continued.
    let mut producer = create(&ring).unwrap();
    publish(&mut producer, 4);
    producer.close();
    let mut events = Vec::new();
    while let Some(batch) = reader.next().unwrap() {
        tally.take(&batch);
        events.extend(batch.event());
    }
    let first_sequence = Some(20);
    assert_eq!(
        events,
        [Event::Restarted {
            epoch: 2,
            first_sequence
        }]
    );
    assert!(tally.is_faultless() && tally.missed == 0 && tally.next == 24);
}

/// How a system may stop: with a producer at work, killed before, or right after closing, before all was on the
/// disk.
fn stops() -> [fn(&Rings, &str); 3] {
    let killed = |_: &Rings, ring: &str| {
        let mut producer = start("obedient producer", &[ring]);
        producer.says("0");
        producer.tell("10");
        producer.says("10");
        producer.kill();
    };
    let at_work = |rings: &Rings, ring: &str| {
        let mut producer = create(ring).unwrap();
        publish(&mut producer, 10);
        let bytes = fs::read(rings.file("lost.ring")).unwrap();
        drop(producer);
        fs::write(rings.file("lost.ring"), bytes).unwrap();
    };
    let closed = |rings: &Rings, ring: &str| {
        let mut producer = create(ring).unwrap();
        publish(&mut producer, 10);
        producer.close();
        let path = rings.file("lost.ring");
        let mut bytes = fs::read(&path).unwrap();
        bytes[SYNCED..SYNCED + 8].fill(0);
        fs::write(path, bytes).unwrap();
    };
    [killed, at_work, closed]
}

#[test]
fn a_ring_whose_end_was_not_written_is_opened_only_as_unverified() {
    let _limit = limit();
    for stop in stops() {
        let rings = Rings::on_disk();
        let ring = rings.reference("lost");
        stop(&rings, &ring);
        reboot(&rings, "lost");

        let info = inspect::info(&ring).unwrap();
        assert!(info.is_unverified && info.published == 10);
        for options in [
            ReaderOptions::lossy(),
            ReaderOptions::bounded(Duration::from_secs(1)),
            ReaderOptions::lossless(),
        ] {
            let error = Reader::<Checked>::attach(&ring, options).unwrap_err();
            assert!(matches!(error, AttachError::Unverified { .. }), "{error}");
            assert!(error.to_string().contains("may be damaged"), "{error}");
        }
        let error = create(&ring).unwrap_err();
        assert!(matches!(error, CreateError::Unverified { .. }), "{error}");

        let options = ReaderOptions::lossy().from_oldest().unverified();
        let mut reader = Reader::<Checked>::attach(&ring, options).unwrap();
        assert!(reader.is_unverified());
        assert_eq!(reader.poll().unwrap().unwrap().records().len(), 10);

        let replacing = CreateOptions::default().replace(true);
        let retain = Retain::records(CAPACITY);
        let mut producer = Producer::<Checked>::create_with(&ring, retain, &replacing).unwrap();
        publish(&mut producer, 1);
        assert!(!inspect::info(&ring).unwrap().is_unverified);
    }
}

/// On a disk on which nothing can be written any more: closes a ring, continues another, and says how that went.
pub fn loses_its_disk(arguments: &[String]) {
    let [closes, continues] = arguments else {
        panic!("two rings");
    };
    let mut producer = create(closes).unwrap();
    publish(&mut producer, 10);
    if !system::fail_msync() {
        say("skipped: this system cannot make a system call fail");
        return;
    }
    producer.close();
    say(match create(continues) {
        Ok(_) => "continued".to_owned(),
        Err(error) => error.to_string(),
    });
}

/// What the disk says of a ring that was closed, "closed and whole", must be gone from it before the first record is
/// written over, and must not be said before the records are there.
#[test]
fn closing_and_continuing_wait_for_the_disk() {
    let _limit = limit();
    for (rings, is_on_disk) in [(Rings::on_disk(), true), (Rings::new(), false)] {
        let [closed, continued] = ["closed", "continued"].map(|name| rings.reference(name));
        create(&continued).unwrap().close();
        let said = start("loses its disk", &[&closed, &continued]).finish();
        if said[0].starts_with("skipped") {
            println!("{}", said[0]);
            return;
        }
        reboot(&rings, "closed");
        // Neither reached a disk.
        assert!(inspect::info(&closed).unwrap().is_unverified);
        if is_on_disk {
            assert!(said[0].starts_with("writing"), "{}", said[0]);
            assert!(said[0].contains("Input/output error"), "{}", said[0]);
        } else {
            // Nothing waits for memory.
            assert_eq!(said, ["continued"]);
        }
    }
}

#[test]
fn a_ring_whose_words_never_reached_the_disk_is_not_taken_for_an_empty_one() {
    let _limit = limit();
    let rings = Rings::on_disk();
    let ring = rings.reference("lost");
    let mut producer = create(&ring).unwrap();
    publish(&mut producer, 10);
    producer.close();
    let path = rings.file("lost.ring");
    let mut bytes = fs::read(&path).unwrap();
    bytes[4096..8192].fill(0);
    // Made in another boot.
    bytes[32] ^= 1;
    let schema_len = u64::from_le_bytes(bytes[136..144].try_into().unwrap()) as usize;
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes[..252]);
    hasher.update(&bytes[8192..8192 + schema_len]);
    bytes[252..256].copy_from_slice(&hasher.finalize().to_le_bytes());
    fs::write(path, bytes).unwrap();
    let error = create(&ring).unwrap_err();
    assert!(matches!(error, CreateError::Unverified { .. }), "{error}");
}

/// A producer and its readers are started together when a system has booted.
#[test]
fn who_attaches_while_a_ring_is_continued_after_a_reboot_is_not_told_that_it_is_damaged() {
    let _limit = limit();
    let rings = Rings::on_disk();
    for i in 0..60 {
        let name = format!("ring{i}");
        let ring = rings.reference(&name);
        create(&ring).unwrap().close();
        reboot(&rings, &name);
        std::thread::scope(|scope| {
            let (over, is_over) = mpsc::channel::<()>();
            let ring = &ring;
            scope.spawn(move || {
                while is_over.try_recv() == Err(TryRecvError::Empty) {
                    Reader::<Checked>::attach(ring, ReaderOptions::lossy()).unwrap();
                }
            });
            std::thread::sleep(Duration::from_micros(300 + 10 * i));
            create(ring).unwrap();
            drop(over);
        });
    }
}
