//! What programs are told about a ring.

use std::time::Duration;

use ringbuf_core::inspect::{ReaderInfo, RingInfo};
use ringbuf_core::{Delivery, Ledger};
use serde::Serialize;
use serde_json::Value;

use crate::access::{Access, octal};
use ringbuf_console::text;

/// What `list` and `info` tell.
#[derive(Debug, Serialize)]
pub(crate) struct RingView<'a> {
    ring: &'a str,
    path: String,
    ring_id: String,
    producer: &'static str,
    epoch: u64,
    capacity: u64,
    published: u64,
    oldest: u64,
    /// `None` without publication times.
    kept_s: Option<f64>,
    stamped: bool,
    /// Of a ring of frames, those of what it notes of each.
    record_bytes: usize,
    /// `None` for a ring of records.
    frames: Option<FramesView>,
    file_bytes: u64,
    on_disk: bool,
    unverified: bool,
    allow: &'static str,
    allow_bound_s: Option<f64>,
    when_full: &'static str,
    refused: u64,
    in_place: bool,
    mirror: bool,
    created: Option<String>,
    /// `None`, as the modes, where the system knows no such thing.
    owner_uid: Option<u32>,
    mode: Option<String>,
    readers_mode: Option<String>,
    /// `None` if this user may not see them.
    living_readers: Option<usize>,
}

#[derive(Debug, Serialize)]
struct FramesView {
    arena_bytes: u64,
    kept: u64,
    kept_bytes: u64,
}

/// What only `info` tells.
#[derive(Debug, Serialize)]
pub(crate) struct FullView<'a> {
    #[serde(flatten)]
    ring: RingView<'a>,
    schema: Value,
    readers: Option<Vec<ReaderView<'a>>>,
}

#[derive(Debug, Serialize)]
struct ReaderView<'a> {
    slot: usize,
    name: &'a str,
    delivery: &'static str,
    bound_s: Option<f64>,
    demoted: bool,
    pid: u64,
    alive: bool,
    attached: Option<String>,
    /// `None` if it changed too fast to be read.
    ledger: Option<LedgerView>,
}

#[derive(Debug, Serialize)]
struct LedgerView {
    joined: u64,
    cursor: u64,
    read: u64,
    missed: u64,
    skipped: u64,
    lag: u64,
    /// `None` without publication times, or if the record it will read next is not kept any more.
    lag_s: Option<f64>,
}

impl<'a> RingView<'a> {
    pub(crate) fn new(info: &'a RingInfo) -> RingView<'a> {
        let access = Access::of(info);
        RingView {
            ring: &info.name,
            path: info.path.display().to_string(),
            ring_id: hex(&info.ring_id),
            producer: info.producer.name(),
            epoch: info.epoch,
            capacity: info.capacity,
            published: info.published,
            oldest: info.oldest,
            kept_s: seconds(info.kept),
            stamped: info.stamped,
            record_bytes: info.schema.size(),
            frames: info.frames.map(|frames| FramesView {
                arena_bytes: frames.arena_bytes,
                kept: frames.kept_frames,
                kept_bytes: frames.kept_bytes,
            }),
            file_bytes: info.file_bytes,
            on_disk: info.is_on_disk,
            unverified: info.is_unverified,
            allow: info.allow.name(),
            allow_bound_s: seconds(bound(info.allow)),
            when_full: info.when_full.name(),
            refused: info.refused,
            in_place: info.in_place,
            mirror: info.mirror,
            created: text::rfc3339(info.created_ns),
            owner_uid: access.map(|access| access.owner),
            mode: access.map(|access| octal(access.mode)),
            readers_mode: access.and_then(|access| access.readers_mode).map(octal),
            living_readers: living_readers(info),
        }
    }
}

impl<'a> FullView<'a> {
    pub(crate) fn new(info: &'a RingInfo) -> serde_json::Result<FullView<'a>> {
        let readers = info.readers.as_ref();
        Ok(FullView {
            ring: RingView::new(info),
            schema: serde_json::from_str(&info.schema.to_json())?,
            readers: readers.map(|readers| readers.iter().map(ReaderView::new).collect()),
        })
    }
}

impl<'a> ReaderView<'a> {
    fn new(reader: &'a ReaderInfo) -> ReaderView<'a> {
        let ledger = reader.ledger.zip(reader.lag);
        ReaderView {
            slot: reader.slot,
            name: &reader.name,
            delivery: reader.delivery.name(),
            bound_s: seconds(bound(reader.delivery)),
            demoted: reader.is_demoted,
            pid: reader.pid,
            alive: reader.is_alive,
            attached: text::rfc3339(reader.attached_ns),
            ledger: ledger.map(|(ledger, lag)| LedgerView::new(ledger, lag, reader.lag_time)),
        }
    }
}

impl LedgerView {
    fn new(ledger: Ledger, lag: u64, lag_time: Option<Duration>) -> LedgerView {
        LedgerView {
            joined: ledger.joined,
            cursor: ledger.cursor,
            read: ledger.read,
            missed: ledger.missed,
            skipped: ledger.skipped,
            lag,
            lag_s: seconds(lag_time),
        }
    }
}

/// How many registered readers live; `None` if this user may not see them.
pub(crate) fn living_readers(info: &RingInfo) -> Option<usize> {
    let readers = info.readers.as_ref()?;
    Some(readers.iter().filter(|reader| reader.is_alive).count())
}

/// How long a bounded reader may hold its producer.
fn bound(delivery: Delivery) -> Option<Duration> {
    match delivery {
        Delivery::Bounded(most) => Some(most),
        _ => None,
    }
}

fn seconds(time: Option<Duration>) -> Option<f64> {
    time.map(|time| time.as_secs_f64())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
