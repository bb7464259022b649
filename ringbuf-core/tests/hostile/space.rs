//! No space left: an error at creation, never a signal later.

use std::path::Path;
use std::process::Command;

use ringbuf_core::{CreateError, FrameProducer, FrameRetain, Producer, Retain};

use crate::support::Rings;

/// A file system in memory, unmounted when dropped.
struct Tmpfs<'a>(&'a Path);

impl Tmpfs<'_> {
    /// `None`, with the reason printed, where this user may not mount.
    fn mount<'a>(path: &'a Path, size: &str) -> Option<Tmpfs<'a>> {
        let mounted = Command::new("mount")
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={size},mode=0700"),
                "none",
            ])
            .arg(path)
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(Tmpfs(path)),
            Ok(output) => {
                let reason = String::from_utf8_lossy(&output.stderr);
                println!("skipped: cannot mount: {}", reason.trim());
                None
            }
            Err(error) => {
                println!("skipped: cannot mount: {error}");
                None
            }
        }
    }
}

impl Drop for Tmpfs<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[test]
fn a_full_file_system_is_an_error_at_creation_and_nothing_is_left() {
    let rings = Rings::new();
    let Some(_small) = Tmpfs::mount(rings.path(), "1m") else {
        return;
    };
    let ring = rings.reference("big");
    // One that is larger than all, one whose data just fit and whose readers do not.
    for records in [1_000_000, (1 << 20) / 8 - 65_536 / 8] {
        let error = Producer::<u64>::create(&ring, Retain::records(records)).unwrap_err();
        assert!(matches!(error, CreateError::NoSpace { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains("no space for ring big"), "{text}");
        assert!(text.contains("RINGBUF_DIR"), "{text}");
        assert!(rings.names().is_empty(), "{:?}", rings.names());
    }
    // What fits, fits to the last record.
    let mut producer = Producer::<u64>::create(&ring, Retain::records(65_536)).unwrap();
    std::fs::write(rings.file("filler"), vec![1; 1 << 20]).unwrap_err();
    let records: Vec<u64> = (0..65_536).collect();
    assert_eq!(producer.publish_slice(&records).unwrap(), 65_536);
    producer.close();
}

/// The arena is taken as the rest is.
#[test]
fn an_arena_that_does_not_fit_is_an_error_at_creation_and_nothing_is_left() {
    let rings = Rings::new();
    let Some(_small) = Tmpfs::mount(rings.path(), "1m") else {
        return;
    };
    let ring = rings.reference("big");
    for bytes in [1 << 30, (1 << 20) - 2 * 65_536] {
        let retain = FrameRetain::bytes(bytes).at_most(4);
        let error = FrameProducer::create(&ring, retain).unwrap_err();
        assert!(matches!(error, CreateError::NoSpace { .. }), "{error}");
        assert!(rings.names().is_empty(), "{:?}", rings.names());
    }
    // What fits, fits to the last byte.
    let arena = 512 * 1024;
    let retain = FrameRetain::bytes(arena).at_most(4);
    let mut producer = FrameProducer::create(&ring, retain).unwrap();
    std::fs::write(rings.file("filler"), vec![1; 1 << 20]).unwrap_err();
    for sequence in 0..3 {
        let frame = vec![sequence as u8; arena as usize];
        assert_eq!(producer.publish(&frame).unwrap(), sequence);
    }
    producer.close();
}

/// A file system in memory may promise more than there is: taking it would end programs that have nothing to do
/// with it.
#[test]
#[cfg(target_os = "linux")]
fn more_memory_than_there_is_is_not_taken() {
    let rings = Rings::new();
    let Some(_small) = Tmpfs::mount(rings.path(), "16t") else {
        return;
    };
    let ring = rings.reference("huge");
    let terabytes = Retain::records(1 << 40);
    let error = Producer::<u64>::create(&ring, terabytes).unwrap_err();
    assert!(matches!(error, CreateError::NoSpace { .. }), "{error}");
    assert!(rings.names().is_empty(), "{:?}", rings.names());
}
