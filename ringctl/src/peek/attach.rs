//! How a peek gets its reader: waits for the ring, and says in its own words why it may not read it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::anyhow;
use ringbuf_core::inspect::{self, ProducerState, RingInfo};
use ringbuf_core::{AttachError, FrameReader, ReaderOptions, Schema, Start, UntypedReader};

use super::Look;
use crate::args::PeekArgs;
use crate::out;

/// How often to look whether a ring has come.
const LOOK_FOR_RING: Duration = Duration::from_millis(20);

/// A reader of what the ring holds.
pub(crate) enum Attached {
    Records(UntypedReader),
    Frames(FrameReader),
}

impl Attached {
    /// Of what records consist; `None` for frames.
    pub(crate) fn schema(&self) -> Option<&Schema> {
        match self {
            Attached::Records(reader) => Some(reader.schema()),
            Attached::Frames(_) => None,
        }
    }

    fn begins_late(&self) -> bool {
        match self {
            Attached::Records(reader) => reader.begins_late(),
            Attached::Frames(reader) => reader.begins_late(),
        }
    }

    fn is_observer(&self) -> bool {
        match self {
            Attached::Records(reader) => reader.is_observer(),
            Attached::Frames(reader) => reader.is_observer(),
        }
    }
}

/// A ring that is there.
pub(crate) struct Found<'a> {
    pub(crate) info: &'a RingInfo,
    /// It was waited for.
    pub(crate) is_new: bool,
}

/// Whether something may still come.
pub(crate) fn is_alive(info: &RingInfo) -> bool {
    info.producer == ProducerState::Live
}

/// Who came first wants all of it, and of a ring without a producer there is only the past.
pub(crate) fn usual_start(found: &Found<'_>) -> Start {
    match found.is_new || !is_alive(found.info) {
        true => Start::Oldest,
        false => Start::Now,
    }
}

/// The reader, and how many records the ring keeps, 0 for frames; `None` when stopped before there was a ring.
pub(super) fn attach(
    args: &PeekArgs,
    name: &str,
    look: &mut impl Look,
    stop: &AtomicBool,
) -> anyhow::Result<Option<(Attached, u64)>> {
    let ring = args.ring.as_str();
    let mut waited = false;
    while !stop.load(Ordering::Relaxed) {
        let missing = match inspect::info(ring) {
            Ok(info) => {
                let is_new = waited;
                let found = Found {
                    info: &info,
                    is_new,
                };
                let start = look.start(&found)?;
                let options = || ReaderOptions::lossy().named(name).start(start);
                let attached = match info.frames {
                    Some(_) => FrameReader::attach(ring, options()).map(Attached::Frames),
                    None => UntypedReader::attach(ring, options()).map(Attached::Records),
                };
                match attached {
                    Ok(attached) => {
                        tell(&attached, &info);
                        let capacity = if info.frames.is_some() {
                            0
                        } else {
                            info.capacity
                        };
                        return Ok(Some((attached, capacity)));
                    }
                    Err(error @ AttachError::NotFound { .. }) => error,
                    Err(error) => return Err(explained(error)),
                }
            }
            Err(error @ AttachError::NotFound { .. }) => error,
            Err(error) => return Err(error.into()),
        };
        if args.no_wait {
            return Err(missing.into());
        }
        if !waited {
            out::say(&format!("waiting for ring {ring}{}", others()));
            waited = true;
        }
        thread::sleep(LOOK_FOR_RING);
    }
    Ok(None)
}

/// Those that are there: one of them may have been meant.
fn others() -> String {
    /// More are no help.
    const MOST: usize = 8;
    let rings = inspect::list().unwrap_or_default();
    let names: Vec<&str> = rings.iter().map(|ring| ring.name.as_str()).collect();
    match names.len() {
        0 => String::new(),
        1..=MOST => format!("; there is: {}", names.join(", ")),
        _ => "; `ringctl list` shows those there are".to_owned(),
    }
}

/// What there is to know about the ring before its first record.
fn tell(attached: &Attached, info: &RingInfo) {
    match info.producer {
        ProducerState::Closed => out::say("the producer has closed the ring"),
        ProducerState::Died => {
            out::say("the producer died; reading what it left, then waiting for the next one");
        }
        _ => {}
    }
    if attached.begins_late() {
        out::say("the ring does not reach back to that time: what came before is gone");
    }
    if attached.is_observer() {
        out::say(
            "only observing: all slots are taken, or this user may not register, so it looks for records every \
             10 to 20 ms",
        );
    }
}

/// The error in the words of the command line, where the library speaks of its own options.
fn explained(error: AttachError) -> anyhow::Error {
    match error {
        AttachError::InPlace { name, .. } => anyhow!(
            "ring {name} is written in place, so only lossless readers may look, who never see what is being \
             written: use `analyzer tail {name} --lossless`, which its producer waits for"
        ),
        AttachError::Unverified { name, path } => anyhow!(
            "ring {name} ({}) is unverified: the system stopped before its last producer had closed it, so records \
             may be damaged; `analyzer tail {name} --from oldest --unverified` reads it all the same",
            path.display()
        ),
        AttachError::NoTimes { name } => anyhow!(
            "ring {name} has no publication times, so no record can be found by its time: give a sequence (--from \
             1_000 or last:1_000)"
        ),
        error => error.into(),
    }
}
