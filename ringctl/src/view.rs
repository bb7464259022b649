//! What programs are told about a ring.

use ringbuf_core::Ledger;
use ringbuf_core::inspect::{ReaderInfo, RingInfo};
use serde::Serialize;
use serde_json::Value;

use crate::text;

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
    record_bytes: usize,
    file_bytes: u64,
    allow: &'static str,
    mirror: bool,
    created: Option<String>,
    /// `None` if this user may not see them.
    living_readers: Option<usize>,
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
}

impl<'a> RingView<'a> {
    pub(crate) fn new(info: &'a RingInfo) -> RingView<'a> {
        RingView {
            ring: &info.name,
            path: info.path.display().to_string(),
            ring_id: hex(&info.ring_id),
            producer: info.producer.name(),
            epoch: info.epoch,
            capacity: info.capacity,
            published: info.published,
            oldest: info.oldest,
            record_bytes: info.schema.size(),
            file_bytes: info.file_bytes,
            allow: info.allow.name(),
            mirror: info.mirror,
            created: text::rfc3339(info.created_ns),
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
            pid: reader.pid,
            alive: reader.is_alive,
            attached: text::rfc3339(reader.attached_ns),
            ledger: ledger.map(|(ledger, lag)| LedgerView::new(ledger, lag)),
        }
    }
}

impl LedgerView {
    fn new(ledger: Ledger, lag: u64) -> LedgerView {
        LedgerView {
            joined: ledger.joined,
            cursor: ledger.cursor,
            read: ledger.read,
            missed: ledger.missed,
            skipped: ledger.skipped,
            lag,
        }
    }
}

/// How many registered readers live; `None` if this user may not see them.
pub(crate) fn living_readers(info: &RingInfo) -> Option<usize> {
    let readers = info.readers.as_ref()?;
    Some(readers.iter().filter(|reader| reader.is_alive).count())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
