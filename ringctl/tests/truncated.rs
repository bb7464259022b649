//! A file of a ring truncated while ringctl looks at it.
#![cfg(all(target_os = "linux", not(ringbuf_portable)))]

mod common;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::{Rings, Run};

/// Longer than it takes to hit the moment, on any machine.
const HANGS: Duration = Duration::from_secs(60);

/// Truncates a file and mends it, again and again, until dropped.
struct Truncating<'a>(&'a AtomicBool);

impl Drop for Truncating<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What the program says when it comes upon a file that was truncated after it had been mapped.
fn truncated_meanwhile(name: &str) -> Run {
    let rings = Rings::new();
    rings.produce("imu", 10).close();
    let readers = rings.file("imu.readers");
    let mut bytes = std::fs::read(&readers).unwrap();
    // In every slot somebody who died: more to look at, so that it takes longer.
    for slot in 0..64 {
        bytes[8192 + slot * 256 + 8] = 1;
    }
    std::fs::write(&readers, bytes).unwrap();

    let path = rings.file(name);
    let whole = std::fs::read(&path).unwrap();
    let file = File::options().write(true).open(&path).unwrap();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let _truncating = Truncating(&over);
        scope.spawn(|| {
            let mut pause = 0;
            while !over.load(Ordering::Relaxed) {
                file.set_len(0).unwrap();
                file.write_all_at(&whole, 0).unwrap();
                // Of every length up to that of a look.
                pause = (pause + 37) % 2000;
                thread::sleep(Duration::from_micros(pause));
            }
        });
        let began = Instant::now();
        loop {
            let run = rings.run(&["info", "imu", "--json"]);
            assert!(run.code.is_some(), "ended by a signal: {run:?}");
            if run.stderr.contains("was truncated by another process") {
                return run;
            }
            assert!(
                began.elapsed() < HANGS,
                "never at the right moment: {run:?}"
            );
        }
    })
}

#[test]
fn a_file_truncated_under_ringctl_is_named() {
    for name in ["imu.ring", "imu.readers"] {
        let run = truncated_meanwhile(name);
        assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{run:?}");
        assert!(run.stderr.starts_with("ringctl: /"), "{run:?}");
        assert!(
            run.stderr.contains(&format!("/{name} was truncated")),
            "{run:?}"
        );
        assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
    }
}
