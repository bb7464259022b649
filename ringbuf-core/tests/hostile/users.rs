//! Another user: may look, observe and register as far as the files' modes say.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use ringbuf_core::{
    AttachError, CreateError, Next, Producer, Reader, ReaderOptions, Retain, inspect,
};

use crate::actor::{copy_program, set_mode};
use crate::refused::contents;
use crate::support::process::{hear, say, start_program};
use crate::support::{HANGS, Rings, limit, system};

/// Nobody in particular.
const OTHER: u32 = 65_534;

/// Gives up what the superuser may, and says what is left of the ring to it.
pub fn other_user(arguments: &[String]) {
    system::become_user(OTHER);
    let ring = &arguments[0];
    say("ready");
    hear();

    // The files are private.
    for error in [
        Reader::<u64>::attach(ring, ReaderOptions::lossy()).unwrap_err(),
        Reader::<u64>::attach(ring, ReaderOptions::lossless()).unwrap_err(),
        inspect::info(ring).unwrap_err(),
    ] {
        assert!(matches!(error, AttachError::Io { .. }), "{error:?}");
        let text = error.to_string();
        assert!(
            text.contains("opening") && text.contains("Permission denied"),
            "{text}"
        );
    }
    cannot_create(ring);
    say("private");
    hear();

    // Readable, but nothing more: an observer.
    let error = Reader::<u64>::attach(ring, ReaderOptions::lossless()).unwrap_err();
    assert!(
        matches!(error, AttachError::MayNotRegister { .. }),
        "{error:?}"
    );
    let text = error.to_string();
    assert!(text.contains("attach as a lossy reader"), "{text}");
    let info = inspect::info(ring).unwrap();
    assert!(info.readers.is_none() && info.published == 2, "{info:?}");
    cannot_create(ring);
    let options = ReaderOptions::lossy().from_oldest();
    let mut reader = Reader::<u64>::attach(ring, options).unwrap();
    assert!(reader.is_observer());
    assert_eq!(reader.next().unwrap().unwrap().records(), [10, 11]);
    say("observes");
    let Next::Batch(batch) = reader.next_timeout(HANGS).unwrap() else {
        panic!("nothing comes");
    };
    assert_eq!(batch.records(), [12]);
    drop(batch);
    say("is woken by itself");
    let Next::Closed = reader.next_timeout(HANGS).unwrap() else {
        panic!("there is more");
    };
}

fn cannot_create(ring: &str) {
    let error = Producer::<u64>::create(ring, Retain::records(5)).unwrap_err();
    assert!(
        matches!(error, CreateError::OtherOwner { owner: 0, .. }),
        "{error:?}"
    );
    let beside = ring.replace("private", "beside");
    let error = Producer::<u64>::create(&beside, Retain::records(5)).unwrap_err();
    assert!(error.to_string().contains("Permission denied"), "{error}");
}

#[test]
fn another_user_gets_what_the_modes_allow_and_changes_nothing() {
    let _limit = limit();
    if !system::is_root() {
        println!("skipped: only the superuser can become somebody else");
        return;
    }
    let rings = Rings::new();
    set_mode(rings.path(), 0o755);
    let program = copy_program(&rings);
    let ring = rings.reference("private");
    let mut producer = Producer::<u64>::create(&ring, Retain::records(5)).unwrap();
    producer.publish_slice(&[10, 11]).unwrap();
    let modes = ["private.ring", "private.readers"]
        .map(|name| fs::metadata(rings.file(name)).unwrap().permissions().mode() & 0o777);
    assert_eq!(modes, [0o600, 0o600]);

    let mut other = start_program(&program, "other user", &[&ring], &[]);
    other.says("ready");
    other.tell("go on");
    other.says("private");
    set_mode(&rings.file("private.ring"), 0o644);
    let before = contents(rings.path());
    other.tell("go on");
    other.says("observes");
    assert!(
        contents(rings.path()) == before,
        "an observer changes nothing"
    );
    assert_eq!(producer.registered_readers(), 0);
    producer.publish(&12).unwrap();
    other.says("is woken by itself");
    producer.close();
    assert!(other.finish().is_empty());
}
