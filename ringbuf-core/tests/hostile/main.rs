//! Files that are no rings, damaged rings, and places where no ring can be: an error that says what was
//! found, no panic, no signal, and nothing left behind.
// Miri has no files to map.
#![cfg(all(unix, not(miri)))]

mod actor;
mod directories;
mod exchanged;
mod frame_words;
mod gates;
mod header;
mod kinds;
mod modes;
mod observers;
mod places;
mod refused;
mod registered;
mod shapes;
mod space;
#[cfg(target_os = "linux")]
mod storm;
#[path = "../support/mod.rs"]
mod support;
#[cfg(all(target_os = "linux", not(ringbuf_portable)))]
mod truncated;
mod users;
mod words;

/// The other processes of these tests. By itself it does nothing.
#[test]
fn role() {
    support::process::play(&[
        ("actor", actor::play),
        ("other user", users::other_user),
        ("holds a gate", gates::holds_a_gate),
        #[cfg(target_os = "linux")]
        ("intruder", storm::intruder::intruder),
        #[cfg(target_os = "linux")]
        ("looker", storm::looker::looker),
        #[cfg(all(target_os = "linux", not(ringbuf_portable)))]
        ("bus", truncated::bus),
    ]);
}
