//! The producer's side.

use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use ringbuf_core::{FrameInfo, FrameProducer, FrameRetain};

use super::{Content, Fault, Got, Kind, Part, READERS, Report, Task};
use crate::rings;
use crate::role::Role;

/// Between two words about how far it is.
const NEWS: Duration = Duration::from_secs(1);
/// Some claims are so much too large, and cut to size.
const TOO_MUCH: usize = 1000;

/// Publishes the frames and hears from all readers what they got.
///
/// # Errors
///
/// The ring cannot be made, or what a reader got is not what was published. A reader that finds something wrong itself ends this
/// program with an error.
pub fn run(task: &Task) -> Result<Report> {
    let memory = task.memory << 20;
    ensure!(
        memory >= (task.most + TOO_MUCH) as u64,
        "a ring of {memory} bytes has no room for frames of {}, more memory is needed",
        task.most
    );
    let directory = rings::directory().context("a directory for the ring")?;
    let path = directory.path().join("mixed.ring");
    let content = Content::new(task.seed, task.most, task.uniform);
    let retain = FrameRetain::bytes(memory);
    let mut producer = FrameProducer::create(&path.display().to_string(), retain)?;
    let readers = READERS.map(|kind| {
        let part = Part {
            kind,
            content,
            frames: task.frames,
            memory,
            path: path.clone(),
            fault: task.fault,
        };
        anyhow::Ok(Role::start(&serde_json::to_string(&part)?))
    });
    while producer.registered_readers() < READERS.len() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let begin = Instant::now();
    let bytes = publish_all(&mut producer, content, task)?;
    producer.close();
    let mut gots = Vec::new();
    for (kind, reader) in READERS.into_iter().zip(readers) {
        let got: Got = serde_json::from_str(&reader?.finish()).context("what a reader got")?;
        ensure!(
            got.read + got.missed == task.frames,
            "the {} reader got {got:?} of {} frames",
            kind.name(),
            task.frames
        );
        ensure!(
            kind != Kind::Lossless || got.bytes == bytes,
            "a lossless reader got {} bytes of {bytes}",
            got.bytes
        );
        gots.push((kind, got));
    }
    Ok(Report {
        frames: task.frames,
        bytes,
        took: begin.elapsed(),
        gots,
    })
}

/// How many bytes these were.
fn publish_all(producer: &mut FrameProducer, content: Content, task: &Task) -> Result<u64> {
    let mut room = vec![0; task.most];
    let mut bytes = 0;
    let mut due = NEWS;
    let begin = Instant::now();
    let mut fault = task.fault;
    // Who leaves one out, or sends one twice, is one ahead or behind from there on.
    let mut shift = 0;
    for sequence in 0..task.frames {
        let halfway = sequence >= task.frames / 2 && content.len(sequence) > 0;
        let now = if halfway { fault.take() } else { None };
        shift += match now {
            Some(Fault::Lost) => 1,
            Some(Fault::Twice) => -1,
            _ => 0,
        };
        let of = sequence.wrapping_add_signed(shift);
        let frame = &mut room[..content.len(of)];
        content.fill(of, frame);
        let frame = match now {
            Some(Fault::Short) => &frame[1..],
            Some(Fault::Byte) => {
                frame[frame.len() / 2] ^= 1;
                frame
            }
            _ => frame,
        };
        publish(producer, frame, content.tag(of))?;
        bytes += frame.len() as u64;
        if sequence % 1024 == 0 && begin.elapsed() >= due {
            due += NEWS;
            tell(sequence, task.frames, bytes, begin.elapsed());
        }
    }
    Ok(bytes)
}

/// In one of the ways there are, one after the other.
fn publish(producer: &mut FrameProducer, frame: &[u8], tag: u64) -> Result<()> {
    let info = FrameInfo::tag(tag);
    match producer.published() % 4 {
        0 | 1 => _ = producer.publish_with(frame, info)?,
        2 => {
            let (front, back) = frame.split_at(frame.len() / 3);
            let mut claim = producer.claim(frame.len())?;
            claim.write(front.len(), back);
            claim.write(0, front);
            claim.commit_with(info)?;
        }
        _ => {
            let mut claim = producer.claim(frame.len() + TOO_MUCH)?;
            claim.write(0, frame);
            claim.truncate(frame.len());
            claim.commit_with(info)?;
        }
    }
    Ok(())
}

fn tell(published: u64, frames: u64, bytes: u64, elapsed: Duration) {
    let share = published as f64 / frames as f64 * 1e2;
    let rate = bytes as f64 / elapsed.as_nanos() as f64;
    let left = elapsed.as_secs_f64() * (frames - published) as f64 / published.max(1) as f64;
    // Nobody may be listening.
    _ = write!(
        std::io::stderr(),
        "\r{published} of {frames} frames, {share:.1} %, {rate:.1} GB/s, {left:.0} s to go\x1b[K"
    );
}
