//! How the analyzer gets its reader: waits for the ring, and says in its own words why it may not read it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use ringbuf_core::inspect::{self, ProducerState};
use ringbuf_core::{AttachError, Delivery, FrameReader, ReaderOptions, Start, UntypedReader};

use crate::config::{Config, Patience};
use crate::output::talk;
use crate::reader::RingReader;

/// How often to look whether a ring has come.
const LOOK_FOR_RING: Duration = Duration::from_millis(20);

/// A reader of what the ring holds.
pub enum Attached {
    Records(UntypedReader),
    Frames(FrameReader),
}

impl Attached {
    fn to(config: &Config, from: Start) -> Result<Attached, AttachError> {
        match FrameReader::attach(&config.ring, options(config, from)) {
            Ok(reader) => Ok(Attached::Frames(reader)),
            Err(AttachError::NotFrames { .. }) => {
                UntypedReader::attach(&config.ring, options(config, from)).map(Attached::Records)
            }
            Err(error) => Err(error),
        }
    }
}

/// Whether every record of the ring has the time of its publication.
pub fn is_stamped(config: &Config) -> bool {
    inspect::info(&config.ring).is_ok_and(|info| info.stamped)
}

/// The reader, and a moment before it was there; `None` when stopped before there was a ring.
pub fn attach(config: &Config, stop: &AtomicBool) -> anyhow::Result<Option<(Attached, Instant)>> {
    let began = Instant::now();
    let mut waited = false;
    while !stop.load(Ordering::Relaxed) {
        let producer = inspect::info(&config.ring).map(|info| info.producer).ok();
        let is_past = matches!(producer, Some(ProducerState::Died | ProducerState::Closed));
        // Who came first wants all of it, and of a ring without a producer there is only the past.
        let usual = if waited || is_past {
            Start::Oldest
        } else {
            Start::Now
        };
        let from = config.from.unwrap_or(usual);
        let before = Instant::now();
        let missing = match Attached::to(config, from) {
            Ok(attached) => {
                match &attached {
                    Attached::Records(reader) => tell(config, reader, producer),
                    Attached::Frames(reader) => tell(config, reader, producer),
                }
                return Ok(Some((attached, before)));
            }
            Err(error @ AttachError::NotFound { .. }) => error,
            Err(error) => return Err(explained(config, error)),
        };
        match config.patience {
            Patience::None => return Err(missing.into()),
            Patience::For(time) if began.elapsed() >= time => {
                return Err(missing).with_context(|| format!("waited {time:?}"));
            }
            Patience::For(_) | Patience::ForEver => {}
        }
        if !waited {
            talk(format_args!("waiting for ring {}", config.ring));
            waited = true;
        }
        thread::sleep(LOOK_FOR_RING);
    }
    Ok(None)
}

fn options(config: &Config, from: Start) -> ReaderOptions {
    let mut options = match config.delivery {
        Delivery::Lossless => ReaderOptions::lossless(),
        Delivery::Bounded(most) => ReaderOptions::bounded(most),
        _ => ReaderOptions::lossy(),
    };
    options = options.named(&config.reader).start(from);
    if let Some(until) = config.until {
        options = options.until(until);
    }
    if config.unverified {
        options = options.unverified();
    }
    options
}

/// What there is to know about the ring before its first record.
fn tell(config: &Config, reader: &impl RingReader, producer: Option<ProducerState>) {
    if reader.is_unverified() {
        talk(format_args!(
            "ring {} is unverified: the system stopped before all of it was on the disk, so records may be damaged",
            config.ring_name()
        ));
    }
    match producer {
        Some(ProducerState::Closed) => {
            talk("the producer has closed the ring; reading what it left");
        }
        // Nobody continues an unverified ring.
        Some(ProducerState::Died) if reader.is_unverified() => {
            talk("the producer died; reading what it left");
        }
        Some(ProducerState::Died) => {
            talk("the producer died; reading what it left, then waiting for the next one");
        }
        _ => {}
    }
    if reader.is_observer() {
        talk(
            "only observing: all slots are taken, or this user may not register; tools will not list this reader, \
             and it looks for records every 10 to 20 ms",
        );
    }
}

/// The error in the words of the command line, where the library speaks of its own options.
fn explained(config: &Config, error: AttachError) -> anyhow::Error {
    let option = match config.delivery {
        Delivery::Lossless => "--lossless",
        _ => "--bounded",
    };
    match error {
        AttachError::NotAllowed {
            name,
            wanted,
            allowed,
        } => {
            let instead = match allowed {
                Delivery::Bounded(most) => format!("--bounded {most:?} at most"),
                _ => format!("this without {option}"),
            };
            anyhow!(
                "ring {name} does not allow {wanted} readers, only {allowed} ones: use {instead}, or start its \
                 producer with --allow {wanted}"
            )
        }
        AttachError::InPlace { name, wanted } => anyhow!(
            "ring {name} is written in place, so only lossless readers may look, who never see what is being written, \
             not {wanted} ones: use this with --lossless"
        ),
        // What follows from it would be to read without registering.
        error @ (AttachError::MayNotRegister { in_place: true, .. }
        | AttachError::TooManyReaders { in_place: true, .. }) => error.into(),
        AttachError::MayNotRegister {
            name, path, source, ..
        } => anyhow!(
            "this user may read ring {name}, but only observe it ({}: {source}), and {option} needs to register: \
             use this without {option}, or ask the ring's owner",
            path.display()
        ),
        AttachError::TooManyReaders {
            name, registered, ..
        } => anyhow!(
            "ring {name} has {registered} registered readers, which is the most: stop another, or use this without \
             {option}, which then observes without being listed"
        ),
        AttachError::NotYet {
            name,
            found,
            published,
        } => anyhow!(
            "ring {name} has not come to --from {found} yet: the next record to be published is {published}; begin \
             with it (--from now), or earlier"
        ),
        AttachError::TimeNotYet { name, ahead } => anyhow!(
            "ring {name} cannot be read from a time that is {ahead:.1?} ahead: begin with the next record (--from now), \
             or start this then"
        ),
        AttachError::NoTimes { name } => anyhow!(
            "ring {name} has no publication times, so no record can be found by its time: give a sequence (--from \
             1_000 or last:1_000, --until 2_000), or have its producer create it with such times"
        ),
        AttachError::Unverified { name, path } => anyhow!(
            "ring {name} ({}) is unverified: the system stopped before its last producer had closed it and all of \
             it was on the disk, so records may be damaged; read it all the same with --unverified",
            path.display()
        ),
        error => error.into(),
    }
}
