//! Aeron: its C client and media driver, over `aeron:ipc`; one message for each record.
//!
//! Written in place by claims, beyond a fragment (64 KiB less its header) copied by `offer` and put together again by
//! its assembler. The driver runs beside the producer.

use std::ffi::CString;
use std::sync::mpsc::{Sender as Stop, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use benches::record::{Check, fill};
use rusteron_client::{
    Aeron as Client, AeronBufferClaim, AeronExclusivePublication, AeronFragmentClosureAssembler,
    AeronHeader, AeronOfferError, AeronSubscription, Handlers,
};
use rusteron_media_driver::bindings::aeron_threading_mode_t;
use rusteron_media_driver::{IntoCString, testing::EmbeddedDriver};

use crate::control::wait;
use crate::link::{Link, Waiting, retry};
use crate::peer::{Between, Can, Facts, Peer, Receiver, Sender};

pub struct Aeron;

/// The largest message that is not copied in fragments.
const FRAGMENT: usize = 65_472;
const PATIENCE: Duration = Duration::from_secs(10);
/// Fragments of one poll.
const AT_ONCE: usize = 256;

pub struct To<const W: usize> {
    publication: AeronExclusivePublication,
    claim: AeronBufferClaim,
    record: Vec<[u64; W]>,
    waiting: Waiting,
    _client: Client,
}

pub struct From<const W: usize> {
    subscription: AeronSubscription,
    assembler: AeronFragmentClosureAssembler,
    _client: Client,
}

/// The driver in a thread that ends when this is dropped.
struct Driver {
    stop: Option<Stop<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

fn directory(link: &Link) -> String {
    link.directory.join("aeron").display().to_string()
}

/// Three terms, of which half a one may be under way: as near to the rings of the others as it comes. The largest
/// message is an eighth of one.
fn channel_of<const W: usize>() -> Result<CString> {
    let term = if W * 8 > 1 << 19 { 8 } else { 4 };
    Ok(CString::new(format!(
        "aeron:ipc?term-length={term}m|mtu=65504"
    ))?)
}

fn stream_of(link: &Link) -> i32 {
    if link.name == "back" { 1002 } else { 1001 }
}

fn failed(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("aeron: {error}")
}

impl Peer for Aeron {
    const FACTS: Facts = Facts {
        name: "aeron",
        between: Between::Processes,
        batch: 0,
        readers: usize::MAX,
        can: &[Can::PingPong, Can::Stream, Can::FanOutYield],
    };
    type Sender<const W: usize> = To<W>;
    type Receiver<const W: usize> = From<W>;

    fn prepare<const W: usize>(link: &Link) -> Result<()> {
        if link.name == "back" {
            return Ok(()); // one driver serves both ways
        }
        let directory = directory(link);
        let (stop, stopped) = channel::<()>();
        let (started, starts) = channel();
        let thread = std::thread::spawn(move || {
            let driver = EmbeddedDriver::launch_with(|context| {
                context.set_dir(&directory.into_c_string())?;
                context.set_term_buffer_sparse_file(false)?;
                // As its documentation advises where there are few cores.
                context.set_threading_mode(aeron_threading_mode_t::AERON_THREADING_MODE_SHARED)?;
                Ok(())
            });
            _ = started.send(
                driver
                    .as_ref()
                    .map(|_| ())
                    .map_err(|error| error.to_string()),
            );
            // Until the other end is dropped.
            _ = stopped.recv();
        });
        starts.recv()?.map_err(failed)?;
        link.leave(Driver {
            stop: Some(stop),
            thread: Some(thread),
        });
        Ok(())
    }

    fn sender<const W: usize>(link: &Link) -> Result<To<W>> {
        let client = retry(|| Client::connect_dir(&directory(link)).map_err(failed))?;
        let publication = client
            .async_add_exclusive_publication(&channel_of::<W>()?, stream_of(link))
            .map_err(failed)?
            .poll_blocking(PATIENCE)
            .map_err(failed)?;
        Ok(To {
            publication,
            claim: AeronBufferClaim::new_zeroed_on_stack(),
            record: vec![[0; W]],
            waiting: link.waiting,
            _client: client,
        })
    }

    fn receiver<const W: usize>(link: &Link) -> Result<From<W>> {
        let client = retry(|| Client::connect_dir(&directory(link)).map_err(failed))?;
        let subscription = client
            .async_add_subscription(
                &channel_of::<W>()?,
                stream_of(link),
                Handlers::NONE,
                Handlers::NONE,
            )
            .map_err(failed)?
            .poll_blocking(PATIENCE)
            .map_err(failed)?;
        wait("the publication", || subscription.is_connected())?;
        Ok(From {
            subscription,
            assembler: AeronFragmentClosureAssembler::new().map_err(failed)?,
            _client: client,
        })
    }
}

/// The one record of a message, `None` if it has another size or lies askew.
#[inline(always)]
fn record<const W: usize>(message: &[u8]) -> Option<&[[u64; W]]> {
    // SAFETY: any bytes are valid words.
    let (before, records, after) = unsafe { message.align_to::<[u64; W]>() };
    (before.is_empty() && after.is_empty() && records.len() == 1).then_some(records)
}

fn bytes<const W: usize>(records: &[[u64; W]]) -> &[u8] {
    // SAFETY: plain words, looked at as bytes.
    unsafe { std::slice::from_raw_parts(records.as_ptr().cast(), size_of_val(records)) }
}

impl<const W: usize> Sender<W> for To<W> {
    #[inline(always)]
    fn send(&mut self, first: u64, count: usize) -> Result<()> {
        for sequence in first..first + count as u64 {
            if W * 8 > FRAGMENT {
                fill(&mut self.record, sequence);
                let message = bytes(&self.record);
                until_taken(self.waiting, || self.publication.offer(message))?;
                continue;
            }
            until_taken(self.waiting, || {
                self.publication.try_claim(W * 8, &self.claim)
            })?;
            // SAFETY: any bytes are valid words, and the frame is this claim's.
            let (before, records, _) = unsafe { self.claim.data().align_to_mut::<[u64; W]>() };
            ensure!(before.is_empty() && records.len() == 1, "a claim askew");
            fill(records, sequence);
            self.claim.commit().map_err(failed)?;
        }
        Ok(())
    }
}

#[inline(always)]
fn until_taken(
    waiting: Waiting,
    mut send: impl FnMut() -> Result<i64, AeronOfferError>,
) -> Result<()> {
    loop {
        match send() {
            Ok(_) => return Ok(()),
            Err(error) if error.is_retryable() => waiting.idle(),
            Err(error) => return Err(failed(error)),
        }
    }
}

impl<const W: usize> Receiver<W> for From<W> {
    #[inline(always)]
    fn receive(&mut self, check: &mut Check<W>) -> Result<()> {
        if W * 8 > FRAGMENT {
            let mut found = (check, true);
            let poll =
                self.assembler
                    .poll(&self.subscription, &mut found, on_message::<W>, AT_ONCE);
            poll.map_err(failed)?;
            return found.1.then_some(()).context("a message of another size");
        }
        let mut fits = true;
        let take = |message: &[u8], _: AeronHeader| match record(message) {
            Some(records) => check.take(records),
            None => fits = false,
        };
        self.subscription.poll_fn(take, AT_ONCE).map_err(failed)?;
        fits.then_some(()).context("a message of another size")
    }
}

fn on_message<const W: usize>(
    (check, fits): &mut (&mut Check<W>, bool),
    message: &[u8],
    _: AeronHeader,
) {
    match record(message) {
        Some(records) => check.take(records),
        None => *fits = false,
    }
}
