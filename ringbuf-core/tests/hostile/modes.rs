//! The modes of a ring's files: as chosen, refused where they would not do, changed when they were chosen anew.

use ringbuf_core::{
    AttachError, CreateError, CreateOptions, Producer, Reader, ReaderOptions, Register, Retain,
    inspect,
};

use crate::actor::{mode, set_mode};
use crate::refused::contents;
use crate::support::Rings;

fn create(rings: &Rings, options: &CreateOptions) -> Result<Producer<u64>, CreateError> {
    Producer::create_with(&rings.reference("imu"), Retain::records(5), options)
}

fn modes(rings: &Rings) -> (u32, u32) {
    (
        mode(&rings.file("imu.ring")),
        mode(&rings.file("imu.readers")),
    )
}

fn plain() -> CreateOptions {
    CreateOptions::default()
}

#[test]
fn a_new_ring_has_the_modes_chosen() {
    for (options, expected) in [
        (plain(), (0o600, 0o600)),
        (plain().register(Register::Owner), (0o600, 0o600)),
        (plain().register(Register::Group), (0o640, 0o660)),
        (plain().register(Register::All), (0o644, 0o666)),
        (plain().mode(0o644), (0o644, 0o600)),
        (plain().mode(0o604), (0o604, 0o600)),
        (
            plain().mode(0o644).register(Register::Group),
            (0o644, 0o660),
        ),
    ] {
        let rings = Rings::new();
        create(&rings, &options).unwrap().close();
        assert_eq!(modes(&rings), expected, "{options:?}");
    }
}

#[test]
fn modes_that_would_not_do_are_refused_and_nothing_is_made() {
    let rings = Rings::new();
    for (options, parts) in [
        (plain().mode(0o660), ["0660", "never writable by others"]),
        (plain().mode(0o602), ["0602", "never writable by others"]),
        (plain().mode(0o400), ["0400", "its owner reads and writes"]),
        (plain().mode(0o244), ["0244", "its owner reads and writes"]),
        (plain().mode(0o700), ["0700", "read and write permissions"]),
        (plain().mode(0o4600), ["4600", "read and write permissions"]),
        (
            plain().mode(0o600).register(Register::Group),
            ["0600", "who may register"],
        ),
        (
            plain().mode(0o640).register(Register::All),
            ["0640", "who may register"],
        ),
        (
            plain().mode(0o604).register(Register::All),
            ["0604", "who may register"],
        ),
    ] {
        let error = create(&rings, &options).unwrap_err();
        assert!(matches!(error, CreateError::Mode { .. }), "{error:?}");
        for part in parts {
            assert!(error.to_string().contains(part), "{error}");
        }
        assert!(rings.names().is_empty());
    }
}

#[test]
fn a_ring_that_is_continued_keeps_its_modes_or_gets_those_chosen() {
    let rings = Rings::new();
    for (options, expected) in [
        (plain().register(Register::All), (0o644, 0o666)),
        (plain(), (0o644, 0o666)),
        (plain().register(Register::Group), (0o640, 0o660)),
        (plain().mode(0o644), (0o644, 0o660)),
        (plain(), (0o644, 0o660)),
        (plain().register(Register::Owner), (0o600, 0o600)),
        (plain().mode(0o644), (0o644, 0o600)),
        (
            plain().mode(0o640).register(Register::Owner),
            (0o640, 0o600),
        ),
        (plain().replace(true), (0o600, 0o600)),
    ] {
        create(&rings, &options).unwrap().close();
        assert_eq!(modes(&rings), expected, "{options:?}");
    }
}

/// Neither by who has no right to the ring, nor where it would keep those from reading who may register.
#[test]
fn modes_are_not_changed_by_a_producer_that_is_refused() {
    let rings = Rings::new();
    let group = plain().register(Register::Group);
    let producer = create(&rings, &group).unwrap();
    let error = create(&rings, &plain().register(Register::All)).unwrap_err();
    assert!(matches!(error, CreateError::InUse { .. }), "{error}");
    assert_eq!(modes(&rings), (0o640, 0o660));
    producer.close();
    let before = contents(rings.path());
    let error = create(&rings, &plain().mode(0o600)).unwrap_err();
    assert!(
        matches!(error, CreateError::Mode { found: 0o600, .. }),
        "{error}"
    );
    let other = Producer::<u32>::create_with(
        &rings.reference("imu"),
        Retain::records(5),
        &plain().register(Register::All),
    );
    assert!(matches!(other, Err(CreateError::Different { .. })));
    assert_eq!(modes(&rings), (0o640, 0o660));
    assert!(contents(rings.path()) == before);
}

#[test]
fn data_that_others_may_write_are_neither_read_nor_continued() {
    let rings = Rings::new();
    let ring = rings.reference("imu");
    create(&rings, &plain()).unwrap().close();
    for (bits, text) in [(0o602, "0602"), (0o666, "0666")] {
        set_mode(&rings.file("imu.ring"), bits);
        for options in [ReaderOptions::lossy(), ReaderOptions::lossless()] {
            let error = Reader::<u64>::attach(&ring, options).unwrap_err();
            assert!(
                matches!(error, AttachError::WritableByOthers { .. }),
                "{error:?}"
            );
            let said = error.to_string();
            assert!(said.contains(text) && said.contains("chmod go-w"), "{said}");
        }
        for options in [plain(), plain().mode(0o600)] {
            let error = create(&rings, &options).unwrap_err();
            assert!(
                matches!(error, CreateError::WritableByOthers { .. }),
                "{error:?}"
            );
            assert!(error.to_string().contains("chmod go-w"), "{error}");
        }
        assert_eq!(modes(&rings).0, bits);
        // It can be looked at, and be got rid of.
        assert!(inspect::info(&ring).is_ok());
    }
    create(&rings, &plain().replace(true)).unwrap().close();
    assert_eq!(modes(&rings), (0o600, 0o600));
    set_mode(&rings.file("imu.ring"), 0o666);
    inspect::remove(&ring).unwrap();
    assert!(rings.names().is_empty());
}
