//! Does one case, on the heap or in files, and compares what comes with the model.

use std::time::Duration;

use ringbuf_core::inspect::{self, ProducerState};
use ringbuf_core::{
    AttachError, CreateOptions, Delivery, FrameInfo, FrameProducer, FrameReader, FrameRetain,
    Ledger, PublishError, ReaderOptions, Start, TryPublishError, UntypedReader, WhenFull,
};

use super::reader::Reader;
use super::ring::{Made, Ring};
use super::{Case, How, Op, Part};
use crate::ops::{Begin, Kind, READERS};
use crate::reader::Hold;
use crate::run::{Counts, Outcome, text};
use crate::same;
use crate::support::Rings;

/// A ring of frames and its readers, and what they should be.
pub struct Run {
    pub ring: Ring,
    pub producer: Option<FrameProducer>,
    pub readers: [Option<FrameReader>; READERS],
    pub models: [Option<Reader>; READERS],
    /// None on the heap.
    reference: Option<String>,
    names: u64,
    numbers: u64,
    counts: Counts,
}

/// Who is in the way, furthest behind, and how far that is.
type Blocked = (Vec<String>, u64);

/// Does everything; the error says where it differs. Counts what happened.
pub fn case(case: &Case, is_heap: bool, counts: &mut Counts) -> Outcome {
    let rings = (!is_heap).then(Rings::new);
    let mut run = Run {
        ring: Ring::new(case.setup),
        producer: None,
        readers: Default::default(),
        models: Default::default(),
        reference: rings.as_ref().map(|rings| rings.reference("ring")),
        names: 0,
        numbers: 0,
        counts: std::mem::take(counts),
    };
    run.producer = Some(run.create()?);
    for (at, op) in case.ops.iter().enumerate() {
        let done = run.step(op).and_then(|()| run.check());
        done.map_err(|why| format!("operation {at}, {op:?}: {why}"))?;
        run.count("operations");
    }
    run.check_descriptors()?;
    run.count("cases");
    *counts = run.counts;
    Ok(())
}

impl Run {
    pub fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    fn create(&self) -> Result<FrameProducer, String> {
        let setup = self.ring.setup;
        let retain = FrameRetain::bytes(setup.arena * 64).at_most(setup.frames);
        let options = CreateOptions::default()
            .when_full(match setup.drops {
                true => WhenFull::Drop,
                false => WhenFull::Wait,
            })
            .stamp(setup.stamped)
            .in_place(setup.in_place);
        match &self.reference {
            None => FrameProducer::heap_with(retain, &options),
            Some(reference) => FrameProducer::create_with(reference, retain, &options),
        }
        .map_err(text)
    }

    fn step(&mut self, op: &Op) -> Outcome {
        match *op {
            Op::Publish(how, part) => self.publish(how, part),
            Op::Claim {
                part,
                keep,
                piece,
                commits,
            } => self.claim(part, keep, piece, commits),
            Op::Attach {
                reader,
                kind,
                begin,
                only,
            } => self.attach(reader, kind, begin, only),
            Op::Poll(at) => self.look(at, false, None),
            Op::Next(at) => self.look(at, true, None),
            Op::Hold(at, part) => self.look(at, false, Some(part)),
            Op::Into(at) => self.look_into(at),
            Op::Drain(at) => self.drain(at),
            Op::Rejoin(at) => self.rejoin(at),
            Op::Detach(at) => {
                self.readers[at] = None;
                self.models[at] = None;
                Ok(())
            }
            Op::Close => {
                if let Some(producer) = self.producer.take() {
                    producer.close();
                    self.ring.is_closed = true;
                }
                Ok(())
            }
            Op::Restart => self.restart(),
        }
    }

    /// While the ring remembers all its epochs.
    fn restart(&mut self) -> Outcome {
        if self.reference.is_none() || self.ring.epochs.len() > 10 {
            return Ok(());
        }
        self.producer = None;
        self.producer = Some(self.create()?);
        self.ring.restart();
        self.count("continued");
        Ok(())
    }

    /// What keeps the producer from claiming so far, and how far behind that is.
    fn in_the_way(&self, claimed: u64) -> impl Iterator<Item = (u64, &Reader)> {
        let oldest = claimed.saturating_sub(self.ring.setup.frames);
        let readers = self.models.iter().flatten();
        readers.filter_map(move |reader| match reader.hold {
            Hold::From(gate) if gate < oldest => Some((gate, reader)),
            _ => None,
        })
    }

    /// Claims what a frame takes, if there is room when those are demoted whose time is over; says where it begins.
    fn model_claim(&mut self, len: u64) -> Result<u64, Blocked> {
        let (start, claimed) = self.ring.next(len);
        let over: Vec<String> = self
            .in_the_way(claimed)
            .filter(|(_, reader)| reader.kind == Kind::Brief)
            .map(|(_, reader)| reader.name.clone())
            .collect();
        for reader in self.models.iter_mut().flatten() {
            if over.contains(&reader.name) {
                reader.hold = Hold::Lost;
            }
        }
        self.ring.may_grant(start, len, claimed);
        if let Some(furthest) = self.in_the_way(claimed).map(|(gate, _)| gate).min() {
            let names = self
                .in_the_way(claimed)
                .filter(|&(gate, _)| gate == furthest);
            let names = names.map(|(_, reader)| reader.name.clone()).collect();
            return Err((names, self.ring.published() - furthest));
        }
        self.ring.claimed = self.ring.claimed.max(claimed);
        Ok(start)
    }

    /// A frame of so many bytes that is not published yet.
    fn new_frame(&mut self, len: u64) -> Made {
        self.numbers += 1;
        Made {
            number: self.numbers,
            start: 0,
            len,
            time: None,
        }
    }

    /// Whether a call that may wait is sure not to, whatever the model believes.
    fn cannot_wait(&self) -> bool {
        let mut readers = self.models.iter().flatten();
        self.ring.setup.drops || readers.all(|reader| reader.kind == Kind::Lossy)
    }

    pub fn publish(&mut self, how: How, part: Part) -> Outcome {
        let Some(mut producer) = self.producer.take() else {
            return Ok(());
        };
        let done = self.publishes(&mut producer, how, part);
        self.producer = Some(producer);
        done
    }

    fn publishes(&mut self, producer: &mut FrameProducer, how: How, part: Part) -> Outcome {
        let len = self.ring.len(part);
        let made = self.new_frame(len);
        let (bytes, info) = (made.content(), made.info());
        if len > self.ring.arena {
            let error = producer.publish_with(&bytes, info);
            let is_refused = matches!(error, Err(PublishError::TooLong { .. }));
            same!("too long: refused", is_refused, true);
            return Ok(());
        }
        let wrong = FrameInfo::image(len as usize + 1, 1, 1);
        let is_refused = matches!(
            producer.publish_with(&bytes, wrong),
            Err(PublishError::Shape { .. })
        );
        same!("a wrong shape: refused", is_refused, true);

        let sequence = self.ring.published();
        let may_wait = self.cannot_wait();
        let expected = self.model_claim(len);
        if let Ok(start) = expected {
            self.ring.publish(made.number, start, len);
        }
        self.count(if expected.is_ok() {
            "published"
        } else {
            "blocked"
        });
        let tried = match how {
            How::Try => producer.try_publish(&bytes, info),
            How::Timeout => producer.publish_timeout(&bytes, info, Duration::ZERO),
            How::Wait if may_wait => {
                let refused = u64::from(expected.is_err());
                self.ring.refused += refused;
                let found = producer.publish_with(&bytes, info).map_err(text)?;
                same!("sequence", found, sequence);
                return Ok(());
            }
            How::Until | How::Wait => {
                let found = producer.publish_until(&bytes, info, &|| true);
                let published = found.map_err(text)?;
                same!("published", published, expected.is_ok().then_some(sequence));
                let is_dropped = self.ring.setup.drops && expected.is_err();
                self.ring.refused += u64::from(is_dropped);
                return Ok(());
            }
        };
        match (tried, expected) {
            (Ok(found), Ok(_)) => same!("sequence", found, sequence),
            (Err(TryPublishError::Full { reader, lag }), Err(blocked)) => {
                return is_named(&blocked, &reader, lag);
            }
            (found, expected) => return Err(format!("{found:?}, expected {expected:?}")),
        }
        Ok(())
    }

    fn claim(&mut self, part: Part, keep: Part, piece: usize, commits: bool) -> Outcome {
        if !self.cannot_wait() {
            return Ok(());
        }
        let Some(mut producer) = self.producer.take() else {
            return Ok(());
        };
        let len = self.ring.len(part);
        let made = self.new_frame(len * keep / 1000);
        let expected = self.model_claim(len);
        match (producer.claim(len as usize), expected) {
            (Ok(mut claim), Ok(start)) => {
                same!("claimed", claim.sequence(), self.ring.published());
                same!("claimed bytes", claim.len() as u64, len);
                claim.truncate(made.len as usize);
                let bytes = made.content();
                let pieces: Vec<_> = bytes.chunks(piece).enumerate().collect();
                for (i, bytes) in pieces.into_iter().rev() {
                    claim.write(i * piece, bytes);
                }
                if self.ring.setup.in_place {
                    let place = claim.bytes_mut().map_err(text)?;
                    same!("written", place == bytes, true);
                    place.fill(0);
                    place.copy_from_slice(&bytes);
                    self.counts
                        .entry("in place")
                        .and_modify(|n| *n += 1)
                        .or_insert(1);
                } else {
                    let is_refused =
                        matches!(claim.bytes_mut(), Err(PublishError::NotInPlace { .. }));
                    same!("not in place: refused", is_refused, true);
                }
                if commits {
                    let sequence = claim.commit_with(made.info()).map_err(text)?;
                    same!("sequence", sequence, self.ring.published());
                    self.ring.publish(made.number, start, made.len);
                } else {
                    claim.abort();
                }
            }
            (Err(PublishError::Full { reader, lag }), Err(blocked)) => {
                self.ring.refused += 1;
                is_named(&blocked, &reader, lag)?;
            }
            (found, expected) => return Err(format!("{found:?}, expected {expected:?}")),
        }
        self.count(if commits { "committed" } else { "given up" });
        self.producer = Some(producer);
        Ok(())
    }

    fn attach(&mut self, at: usize, kind: Kind, begin: Begin, only: Option<u64>) -> Outcome {
        self.readers[at] = None;
        self.models[at] = None;
        let (published, oldest) = (self.ring.published(), self.ring.oldest());
        let (start, wanted) = match begin {
            Begin::Last(by) => (Start::Last(by), published.saturating_sub(by)),
            Begin::Back(by) => {
                let sequence = published.saturating_sub(by);
                (Start::Sequence(sequence), sequence)
            }
            Begin::Oldest => (Start::Oldest, oldest),
            _ => (Start::Now, published),
        };
        self.names += 1;
        let name = format!("reader {}", self.names);
        let options = match kind.delivery() {
            Delivery::Lossless => ReaderOptions::lossless(),
            Delivery::Bounded(most) => ReaderOptions::bounded(most),
            _ => ReaderOptions::lossy(),
        };
        let options = options.named(&name).start(start);
        let found = match (&self.producer, &self.reference) {
            (Some(producer), reference) if reference.is_none() || at.is_multiple_of(2) => {
                producer.reader(options)
            }
            (_, Some(reference)) => FrameReader::attach(reference, options),
            _ => return Ok(()),
        };
        let is_refused = matches!(found, Err(AttachError::InPlace { .. }));
        let copies = kind != Kind::Lossless;
        same!("in place", is_refused, copies && self.ring.setup.in_place);
        if is_refused {
            return Ok(());
        }
        let mut reader = found.map_err(text)?;
        let cursor = reader.cursor();
        let range = match kind {
            Kind::Lossy => wanted.max(oldest)..=wanted.max(oldest),
            _ => self.ring.held_from(wanted.max(oldest)),
        };
        if !range.contains(&cursor) {
            return Err(format!("begins at {cursor}, expected {range:?}"));
        }
        let joined = match begin {
            Begin::Back(_) => wanted,
            _ => cursor,
        };
        if let Some(only) = only {
            reader.only(move |frame| frame.tag() == only);
        }
        let model = Reader {
            name,
            kind,
            only,
            hold: match kind {
                Kind::Lossy => Hold::Nothing,
                _ => Hold::From(cursor),
            },
            is_demoted: false,
            epoch: self.ring.epoch_of(cursor),
            ledger: Ledger {
                joined,
                cursor,
                read: 0,
                missed: cursor - joined,
                skipped: 0,
            },
            untold: cursor - joined,
        };
        self.readers[at] = Some(reader);
        self.models[at] = Some(model);
        self.count("attached");
        Ok(())
    }

    fn rejoin(&mut self, at: usize) -> Outcome {
        let (Some(reader), Some(model)) = (&mut self.readers[at], &mut self.models[at]) else {
            return Ok(());
        };
        reader.rejoin().map_err(text)?;
        if model.is_demoted {
            let range = self.ring.held_from(model.ledger.cursor);
            let cursor = reader.cursor();
            if !range.contains(&cursor) {
                return Err(format!("joins again at {cursor}, expected {range:?}"));
            }
            model.misses(cursor);
            model.is_demoted = false;
            model.hold = Hold::From(cursor);
            self.count("joined again");
        }
        Ok(())
    }

    /// Everything that can be seen.
    pub fn check(&self) -> Outcome {
        self.check_ring()?;
        for (reader, model) in self.readers.iter().zip(&self.models) {
            let (Some(reader), Some(model)) = (reader, model) else {
                continue;
            };
            let name = &model.name;
            same!(name, reader.ledger(), model.ledger);
            let lag = self.ring.published() - model.ledger.cursor;
            same!(format!("lag of {name}"), reader.lag(), lag);
            let is_demoted = model.is_demoted;
            same!(format!("{name} demoted"), reader.is_demoted(), is_demoted);
            let newest = self.ring.newest().filter(|_| {
                let newest = self.ring.published() - 1;
                let is_held = matches!(model.hold, Hold::From(gate) if gate <= newest);
                !self.ring.setup.in_place || is_held
            });
            let latest = reader.latest().map_err(text)?;
            let latest = latest.map(|(header, bytes)| (header.sequence(), header.tag(), bytes));
            let newest = newest.map(|it| (self.ring.published() - 1, it.tag(), it.content()));
            same!("latest", latest, newest);
        }
        Ok(())
    }

    pub fn check_ring(&self) -> Outcome {
        let ring = &self.ring;
        if let Some(producer) = &self.producer {
            same!("published", producer.published(), ring.published());
            same!("refused", producer.refused(), ring.refused);
            same!("kept bytes", producer.kept_bytes(), ring.kept_bytes());
            let size = (producer.capacity(), producer.arena());
            same!("size", size, (ring.setup.frames, ring.arena));
            let has_times = ring.setup.stamped && ring.newest().is_some() && ring.oldest() > 0;
            same!("kept for some time", producer.kept().is_some(), has_times);
        }
        let Some(reference) = &self.reference else {
            return Ok(());
        };
        let info = inspect::info(reference).map_err(text)?;
        same!("info: published", info.published, ring.published());
        same!("info: oldest", info.oldest, ring.oldest());
        same!("info: epoch", info.epoch, ring.epochs.len() as u64);
        same!("info: refused", info.refused, ring.refused);
        let is_live = info.producer == ProducerState::Live;
        same!("info: live", is_live, !ring.is_closed);
        let frames = info.frames.ok_or("info: no frames")?;
        same!("info: arena", frames.arena_bytes, ring.arena);
        let kept = ring.published() - ring.oldest();
        same!("info: kept", frames.kept_frames, kept);
        same!("info: kept bytes", frames.kept_bytes, ring.kept_bytes());
        let listed = info.readers.ok_or("info: no readers")?;
        let readers = self.models.iter().flatten().count();
        same!("info: readers", listed.len(), readers);
        Ok(())
    }

    /// As records they say where the frames are.
    fn check_descriptors(&self) -> Outcome {
        let Some(reference) = self
            .reference
            .as_ref()
            .filter(|_| !self.ring.setup.in_place)
        else {
            return Ok(());
        };
        let options = ReaderOptions::lossy().from_oldest();
        let mut reader = UntypedReader::attach(reference, options).map_err(text)?;
        let [start, len] = ["start", "len"].map(|name| reader.schema().column(name).unwrap());
        let mut found = Vec::new();
        while let Some(batch) = reader.poll().map_err(text)? {
            let records = batch.records();
            let pairs = records.numbers(&start).zip(records.numbers(&len));
            found.extend(pairs.map(|(start, len)| (start as u64, len as u64)));
        }
        let kept = &self.ring.made[self.ring.oldest() as usize..];
        let expected: Vec<_> = kept.iter().map(|made| (made.start, made.len)).collect();
        same!("descriptors", found, expected);
        Ok(())
    }
}

/// The error names one of those furthest behind.
fn is_named((names, behind): &Blocked, reader: &str, lag: u64) -> Outcome {
    same!("lag of who is in the way", lag, *behind);
    match names.iter().any(|name| name == reader) {
        true => Ok(()),
        false => Err(format!("{reader} is in the way, expected one of {names:?}")),
    }
}
