//! Somebody who looks at rings by name all the time.

use std::time::Duration;

use ringbuf_core::inspect;

use crate::support::process::say;

use super::seat::Seat;

/// The role: looks so many times, with `RINGBUF_DIR` set, and says what it saw.
pub fn looker(arguments: &[String]) {
    let turns: u64 = arguments[0].parse().unwrap();
    let seat = Seat::default();
    let saw = |what: &str, is_ok| seat.count(format!("{}{what}", if is_ok { "" } else { "no " }));
    for turn in 0..turns {
        let info = inspect::info("storm");
        saw("info", info.is_ok());
        if let Ok(info) = info {
            assert!(info.oldest <= info.published);
            if let Some(frames) = &info.frames {
                assert!(frames.kept_bytes <= frames.arena_bytes, "{info:?}");
            }
            drop(format!("{info:?}"));
        }
        let listed = inspect::list();
        saw("list", listed.is_ok());
        drop(format!("{listed:?}"));
        let swept = inspect::gc(inspect::Reach::Disk, true);
        saw("sweep", swept.is_ok());
        drop(format!("{swept:?}"));
        if turn % 64 == 63 {
            saw("removal", inspect::remove("storm").is_ok());
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    say(seat);
}
