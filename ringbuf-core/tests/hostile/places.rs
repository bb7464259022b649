//! Something else in the place of the file, or no place for it.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use ringbuf_core::{AttachError, CreateError, Producer, Reader, ReaderOptions, Retain, inspect};

use crate::refused::{Errors, Good, contents, refused};
use crate::support::{Rings, limit, system};

/// Refused as what it is, by everybody, without opening it.
#[track_caller]
fn not_a_file(rings: &Rings, found: &str) {
    let Errors { attach, create } = refused(rings, &["bad.ring", found, "expected a regular file"]);
    for error in attach {
        assert!(matches!(error, AttachError::Io { .. }), "{error:?}");
    }
    assert!(matches!(create, CreateError::Io { .. }), "{create:?}");
}

#[test]
fn a_directory_in_the_place_of_the_file() {
    let rings = Rings::new();
    fs::create_dir(rings.file("bad.ring")).unwrap();
    not_a_file(&rings, "a directory");
}

#[test]
fn a_symbolic_link_is_not_followed() {
    let rings = Rings::new();
    let elsewhere = Rings::new();
    Good::new().put(&elsewhere);
    fs::copy(elsewhere.file("bad.readers"), rings.file("bad.readers")).unwrap();
    for target in [&elsewhere.file("bad.ring"), Path::new("/nowhere/at/all")] {
        symlink(target, rings.file("bad.ring")).unwrap();
        not_a_file(&rings, "a symbolic link");
        fs::remove_file(rings.file("bad.ring")).unwrap();
    }
}

#[test]
fn a_pipe_or_a_socket_does_not_make_anybody_wait() {
    let _limit = limit();
    let rings = Rings::new();
    system::make_pipe(&rings.file("bad.ring"));
    not_a_file(&rings, "a pipe, a socket or a device");
    fs::remove_file(rings.file("bad.ring")).unwrap();
    let _socket = UnixListener::bind(rings.file("bad.ring")).unwrap();
    not_a_file(&rings, "a pipe, a socket or a device");
}

#[test]
fn something_else_in_the_place_of_the_readers_file() {
    let _limit = limit();
    let rings = Rings::new();
    let ring = rings.reference("bad");
    let good = Good::new();
    let elsewhere = rings.file("elsewhere");
    fs::write(&elsewhere, &good.readers).unwrap();
    type Make<'a> = &'a dyn Fn(&Path);
    let obstacles: [(&str, Make<'_>); 3] = [
        ("a directory", &|path| fs::create_dir(path).unwrap()),
        ("a symbolic link", &|path| {
            symlink(&elsewhere, path).unwrap()
        }),
        ("a pipe", &|path| system::make_pipe(path)),
    ];
    for (found, make) in obstacles {
        fs::write(rings.file("bad.ring"), &good.ring).unwrap();
        let readers = rings.file("bad.readers");
        make(&readers);
        let before = contents(rings.path());
        let error = Reader::<u64>::attach(&ring, ReaderOptions::lossless()).unwrap_err();
        assert!(
            matches!(error, AttachError::MayNotRegister { .. }),
            "{error}"
        );
        assert!(error.to_string().contains(found), "{error}");
        let error = Producer::<u64>::create(&ring, Retain::records(5)).unwrap_err();
        assert!(error.to_string().contains(found), "{error}");
        let error = inspect::remove(&ring).unwrap_err();
        assert!(error.to_string().contains(found), "{error}");
        assert!(contents(rings.path()) == before);
        // Who only observes needs nothing of it.
        let reader = Reader::<u64>::attach(&ring, ReaderOptions::lossy()).unwrap();
        assert!(reader.is_observer());
        if readers.is_dir() && !readers.is_symlink() {
            fs::remove_dir(&readers).unwrap();
        } else {
            fs::remove_file(&readers).unwrap();
        }
    }
}

#[test]
fn no_directory_to_put_it_in() {
    let rings = Rings::new();
    let ring = rings.reference("no/such/ring");
    let error = Producer::<u64>::create(&ring, Retain::records(5)).unwrap_err();
    assert!(matches!(error, CreateError::Directory(_)), "{error}");
    let directory = rings.file("no/such").display().to_string();
    assert!(error.to_string().contains(&directory), "{error}");
    let error = Reader::<u64>::attach(&ring, ReaderOptions::lossy()).unwrap_err();
    assert!(matches!(error, AttachError::NotFound { .. }), "{error}");
    assert!(rings.names().is_empty());
}

#[test]
fn names_and_sizes_that_no_ring_has() {
    let rings = Rings::new();
    for bad in ["", "a b", ".hidden", "..", "ä", "a\0b", "a\n"] {
        let error = Producer::<u64>::create(bad, Retain::records(5)).unwrap_err();
        assert!(matches!(error, CreateError::Name(_)), "{bad:?}: {error}");
        let error = Reader::<u64>::attach(bad, ReaderOptions::lossy()).unwrap_err();
        assert!(matches!(error, AttachError::Name(_)), "{bad:?}: {error}");
    }
    let ring = rings.reference("huge");
    for count in [0, 1 << 46, u64::MAX] {
        let error = Producer::<u64>::create(&ring, Retain::records(count)).unwrap_err();
        assert!(matches!(error, CreateError::Capacity { .. }), "{error}");
        assert!(error.to_string().contains(&count.to_string()), "{error}");
        assert!(Producer::<u64>::heap(Retain::records(count)).is_err());
    }
    assert!(rings.names().is_empty());
}

/// Somebody's file that happens to be called like a readers' file is not ours to take.
#[test]
fn a_strangers_file_in_the_place_of_the_readers_is_left_alone() {
    let rings = Rings::new();
    fs::write(rings.file("notes.readers"), "Ada, Grace, Katherine").unwrap();
    let error = Producer::<u64>::create(&rings.reference("notes"), Retain::records(4)).unwrap_err();
    assert!(matches!(error, CreateError::Format { .. }), "{error}");
    assert!(error.to_string().contains("notes.readers"), "{error}");
    assert_eq!(rings.names(), ["notes.readers"]);
    let kept = fs::read_to_string(rings.file("notes.readers")).unwrap();
    assert_eq!(kept, "Ada, Grace, Katherine");
}

/// Whatever else has the name is said to be there, at once.
#[test]
fn a_directory_in_the_place_of_the_readers() {
    let rings = Rings::new();
    fs::create_dir(rings.file("notes.readers")).unwrap();
    let error = Producer::<u64>::create(&rings.reference("notes"), Retain::records(4)).unwrap_err();
    assert!(error.to_string().contains("a directory"), "{error}");
    assert_eq!(rings.names(), ["notes.readers"]);
}

/// A ring is not made where a link lies, wherever that leads.
#[test]
fn a_symbolic_link_in_the_place_of_the_readers() {
    let rings = Rings::new();
    let elsewhere = rings.file("elsewhere");
    for target in [&elsewhere, Path::new("/nowhere/at/all")] {
        fs::write(&elsewhere, &Good::new().readers).unwrap();
        symlink(target, rings.file("notes.readers")).unwrap();
        let error =
            Producer::<u64>::create(&rings.reference("notes"), Retain::records(4)).unwrap_err();
        assert!(error.to_string().contains("a symbolic link"), "{error}");
        assert_eq!(rings.names(), ["elsewhere", "notes.readers"]);
        fs::remove_file(rings.file("notes.readers")).unwrap();
    }
}
