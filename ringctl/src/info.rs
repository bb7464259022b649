//! `ringctl info RING`

use jiff::Timestamp;
use ringbuf_core::inspect::{self, FramesInfo, ReaderInfo, RingInfo};
use ringbuf_core::{Delivery, WhenFull};

use crate::access::Access;
use crate::out;
use crate::run::End;
use crate::table::{Align, Table};
use crate::view::FullView;
use ringbuf_console::text::{ago, grouped, printable, size, span, utc};

pub(crate) fn run(ring: &str, json: bool) -> anyhow::Result<End> {
    let info = inspect::info(ring).map_err(anyhow::Error::msg)?;
    let text = match json {
        true => out::json_line(&FullView::new(&info)?)?,
        false => page(&info, Timestamp::now()),
    };
    out::print(&text)?;
    Ok(End::Done)
}

fn page(info: &RingInfo, now: Timestamp) -> String {
    let mut page = format!("{}\n", info.name);
    if info.is_unverified {
        page += UNVERIFIED;
    }
    for (word, value) in summary(info, now) {
        page += &format!("  {word:9} {}\n", printable(&value));
    }
    page += &match info.frames {
        // The fields are those of the ring's own notes about frames.
        Some(_) => "\n".to_owned(),
        None => format!("\n{}\n\n", printable(&info.schema.to_string())),
    };
    page + &readers(info)
}

const UNVERIFIED: &str = "  \
  UNVERIFIED: the system stopped before the last producer had closed the ring and all was on the disk,
  so records may be damaged or of different times. Readers and producers refuse it. Save what you need
  (`analyzer tail RING --from oldest --unverified`), then `ringctl rm` it or have it replaced.
";

fn summary(info: &RingInfo, now: Timestamp) -> Vec<(&'static str, String)> {
    let created = info.created_ns;
    let mirror = match info.mirror {
        true => ", the newest record beside the indices",
        false => "",
    };
    let noun = match info.frames {
        Some(_) => "frames",
        None => "records",
    };
    let place = match info.is_on_disk {
        true => "on disk",
        false => "memory",
    };
    let mut summary = vec![
        ("path", info.path.display().to_string()),
        (
            "producer",
            format!("{}, epoch {}", info.producer.name(), info.epoch),
        ),
        (noun, contents(info)),
        ("capacity", format!("{} {noun}", grouped(info.capacity))),
        match &info.frames {
            Some(frames) => ("arena", arena(frames)),
            None => (
                "record",
                format!("{} bytes{mirror}", grouped(info.schema.size() as u64)),
            ),
        },
        (
            place,
            format!(
                "{} ({} bytes)",
                size(info.file_bytes),
                grouped(info.file_bytes)
            ),
        ),
        ("allows", allows(info)),
        ("when full", when_full(info)),
        (
            "created",
            format!("{} ({})", utc(created), ago(created, now)),
        ),
    ];
    if let Some(access) = Access::of(info) {
        summary.push(("owner", format!("user {}", access.owner)));
        summary.push(("access", access.to_string()));
    }
    summary
}

fn allows(info: &RingInfo) -> String {
    match info.in_place {
        true => "lossless readers alone: it is written in place".to_owned(),
        false => format!("readers up to {}", info.allow),
    }
}

fn when_full(info: &RingInfo) -> String {
    match (info.when_full, info.allow) {
        (WhenFull::Drop, _) => format!("drops, {} refused", grouped(info.refused)),
        (_, Delivery::Lossy) => "overwrites: no reader can hold it up".to_owned(),
        _ => "waits".to_owned(),
    }
}

/// The room for the bytes of frames, and what is in use of it.
fn arena(frames: &FramesInfo) -> String {
    let (room, kept) = (frames.arena_bytes, frames.kept_bytes);
    let (whole, bytes) = (size(room), grouped(room));
    format!("{whole} ({bytes} bytes), {} in use", size(kept))
}

fn contents(info: &RingInfo) -> String {
    let kept = info.published.saturating_sub(info.oldest);
    let time = match info.kept {
        _ if !info.stamped => ", no publication times".to_owned(),
        Some(time) => format!(", {}", span(time)),
        None => String::new(),
    };
    if info.published == 0 {
        return format!("none yet{time}");
    }
    format!(
        "{} published, {} kept: {}..{}{time}",
        grouped(info.published),
        grouped(kept),
        grouped(info.oldest),
        grouped(info.published)
    )
}

fn readers(info: &RingInfo) -> String {
    match &info.readers {
        None => "readers: you may not see them\n".to_owned(),
        Some(readers) if readers.is_empty() => "no registered readers\n".to_owned(),
        Some(readers) => format!("readers:\n{}", table(readers)),
    }
}

fn table(readers: &[ReaderInfo]) -> String {
    let mut table = Table::new([
        ("SLOT", Align::Right),
        ("NAME", Align::Left),
        ("DELIVERY", Align::Left),
        ("PID", Align::Right),
        ("ALIVE", Align::Left),
        ("LAG", Align::Right),
        ("READ", Align::Right),
        ("MISSED", Align::Right),
        ("SKIPPED", Align::Right),
    ]);
    for reader in readers {
        let ledger = reader.ledger;
        table.row([
            reader.slot.to_string(),
            printable(&reader.name),
            delivery(reader),
            reader.pid.to_string(),
            if reader.is_alive { "yes" } else { "no" }.to_owned(),
            lag(reader),
            number(ledger.map(|ledger| ledger.read)),
            number(ledger.map(|ledger| ledger.missed)),
            number(ledger.map(|ledger| ledger.skipped)),
        ]);
    }
    table.render("  ")
}

fn delivery(reader: &ReaderInfo) -> String {
    match reader.is_demoted {
        true => format!("{}, demoted", reader.delivery),
        false => reader.delivery.to_string(),
    }
}

/// In records, and in time where it is known.
fn lag(reader: &ReaderInfo) -> String {
    match reader.lag_time {
        Some(time) => format!("{} ({})", number(reader.lag), span(time)),
        None => number(reader.lag),
    }
}

fn number(value: Option<u64>) -> String {
    value.map_or_else(|| "?".to_owned(), grouped)
}
