//! `ringctl info RING`

use jiff::Timestamp;
use ringbuf_core::inspect::{self, ReaderInfo, RingInfo};

use crate::out;
use crate::run::End;
use crate::table::{Align, Table};
use crate::text::{ago, grouped, printable, size, utc};
use crate::view::FullView;

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
    for (word, value) in summary(info, now) {
        page += &format!("  {word:9} {}\n", printable(&value));
    }
    page += &format!("\n{}\n\n", printable(&info.schema.to_string()));
    page + &readers(info)
}

fn summary(info: &RingInfo, now: Timestamp) -> [(&'static str, String); 8] {
    let created = info.created_ns;
    let mirror = match info.mirror {
        true => ", the newest record beside the indices",
        false => "",
    };
    [
        ("path", info.path.display().to_string()),
        (
            "producer",
            format!("{}, epoch {}", info.producer.name(), info.epoch),
        ),
        ("records", records(info)),
        ("capacity", format!("{} records", grouped(info.capacity))),
        (
            "record",
            format!("{} bytes{mirror}", grouped(info.schema.size() as u64)),
        ),
        (
            "memory",
            format!(
                "{} ({} bytes)",
                size(info.file_bytes),
                grouped(info.file_bytes)
            ),
        ),
        ("allows", format!("readers up to {}", info.allow)),
        (
            "created",
            format!("{} ({})", utc(created), ago(created, now)),
        ),
    ]
}

fn records(info: &RingInfo) -> String {
    let kept = info.published.saturating_sub(info.oldest);
    if info.published == 0 {
        return "none yet".to_owned();
    }
    format!(
        "{} published, {} kept: {}..{}",
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
        let number = |value: Option<u64>| value.map_or_else(|| "?".to_owned(), grouped);
        let ledger = reader.ledger;
        table.row([
            reader.slot.to_string(),
            printable(&reader.name),
            reader.delivery.name().to_owned(),
            reader.pid.to_string(),
            if reader.is_alive { "yes" } else { "no" }.to_owned(),
            number(reader.lag),
            number(ledger.map(|ledger| ledger.read)),
            number(ledger.map(|ledger| ledger.missed)),
            number(ledger.map(|ledger| ledger.skipped)),
        ]);
    }
    table.render("  ")
}
