//! No space left: an error at creation, never a signal later.

use std::path::Path;
use std::process::Command;

use ringbuf_core::{CreateError, Producer, Retain};

use crate::support::Rings;

/// A file system of one megabyte, unmounted when dropped.
struct Small<'a>(&'a Path);

impl Small<'_> {
    /// `None`, with the reason printed, where this user may not mount.
    fn mount(path: &Path) -> Option<Small<'_>> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m,mode=0700", "none"])
            .arg(path)
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(Small(path)),
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

impl Drop for Small<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[test]
fn a_full_file_system_is_an_error_at_creation_and_nothing_is_left() {
    let rings = Rings::new();
    let Some(_small) = Small::mount(rings.path()) else {
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
