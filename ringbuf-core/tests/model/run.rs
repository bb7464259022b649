//! Does one case, on the heap or in files, and compares what comes with the model.

use std::collections::BTreeMap;

use ringbuf_core::{
    AttachError, CreateError, InspectError, Producer, Record, Retain, UntypedProducer, inspect,
};

use crate::handles::{AnyProducer, AnyReader};
use crate::holding::Holding;
use crate::model::Model;
use crate::ops::{Case, Op, READERS};
use crate::ring::{Phase, Ring};
use crate::support::Rings;
use crate::value::Row;

/// What is different, if anything.
pub type Outcome = Result<(), String>;

/// Returns from the function if what was found is not what was expected.
#[macro_export]
macro_rules! same {
    ($what:expr, $found:expr, $expected:expr) => {{
        let (found, expected) = ($found, $expected);
        if found != expected {
            return Err(format!("{}: {found:?}, expected {expected:?}", $what));
        }
    }};
}

/// A ring and its readers, and what they should be.
pub struct Run {
    pub case: Case,
    pub model: Model,
    pub held: Vec<Holding>,
    pub producer: Option<AnyProducer>,
    pub readers: [Option<AnyReader>; READERS],
    /// None on the heap.
    pub reference: Option<String>,
    /// Records made so far.
    pub numbers: u32,
    /// Readers so far.
    pub names: u32,
    counts: Counts,
}

/// How often something happened.
pub type Counts = BTreeMap<&'static str, u64>;

/// Does everything; the error says where it differs. Counts what happened.
pub fn case(case: &Case, is_heap: bool, counts: &mut Counts) -> Outcome {
    let rings = (!is_heap).then(Rings::new);
    let mut run = Run {
        case: case.clone(),
        model: Model::new(Ring::new(&case.setup)),
        held: Vec::new(),
        producer: None,
        readers: Default::default(),
        reference: rings.as_ref().map(|rings| rings.reference("ring")),
        numbers: 0,
        names: 0,
        counts: std::mem::take(counts),
    };
    run.producer = Some(run.create(case.setup.capacity, false).map_err(text)?);
    for (at, op) in case.ops.iter().enumerate() {
        let done = run.step(op).and_then(|()| run.check());
        done.map_err(|why| format!("operation {at}, {op:?}: {why}"))?;
        run.count("operations");
    }
    run.count("cases");
    *counts = run.counts;
    Ok(())
}

pub fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl Run {
    pub fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    fn create(&self, capacity: u64, replace: bool) -> Result<AnyProducer, CreateError> {
        let setup = &self.case.setup;
        let retain = Retain::records(capacity);
        let options = setup.options().replace(replace);
        let schema = Row::schema();
        Ok(match (setup.untyped, &self.reference) {
            (false, None) => AnyProducer::Typed(Producer::heap_with(retain, &options)?),
            (false, Some(reference)) => {
                AnyProducer::Typed(Producer::create_with(reference, retain, &options)?)
            }
            (true, None) => {
                AnyProducer::Untyped(UntypedProducer::heap_with(schema, retain, &options)?)
            }
            (true, Some(reference)) => {
                let made = UntypedProducer::create_with(reference, schema, retain, &options);
                AnyProducer::Untyped(made?)
            }
        })
    }

    fn step(&mut self, op: &Op) -> Outcome {
        match *op {
            Op::Publish
            | Op::TryPublish
            | Op::PublishTimeout
            | Op::Slice(_)
            | Op::SliceTimeout(_)
            | Op::Claim { .. } => self.publishes(op),
            Op::Attach {
                reader,
                kind,
                begin,
                until,
                untyped,
            } => self.attach(reader, kind, begin, until, untyped),
            Op::Poll(reader) => self.look(self.next_reader(reader), false, 0),
            Op::Next(reader) => self.look(self.next_reader(reader), true, 0),
            Op::Hold { reader, publish } => self.look(self.next_reader(reader), false, publish),
            Op::HoldOn(reader) => self.hold_on(self.next_reader(reader)),
            Op::GiveBack(number) => {
                self.give_back(number);
                Ok(())
            }
            Op::ReadInto { reader, room } => self.read_into(self.next_reader(reader), room),
            Op::Rejoin(reader) => self.rejoin(self.next_reader(reader)),
            Op::Detach(reader) => {
                self.detach(reader);
                Ok(())
            }
            Op::Close => {
                if let Some(producer) = self.producer.take() {
                    producer.close();
                    self.model.ring_mut().phase = Phase::Closed;
                }
                Ok(())
            }
            // A ring on the heap ends with its producer.
            _ if self.reference.is_none() => Ok(()),
            Op::Create { replace } => self.create_again(replace),
            Op::CreateOther => self.create_other(),
            Op::Restart(times) => (0..times).try_for_each(|_| self.create_again(false)),
            Op::Remove => self.remove(),
        }
    }

    /// Who has this number, or the next that somebody has.
    fn next_reader(&self, number: usize) -> usize {
        (number..number + READERS)
            .map(|number| number % READERS)
            .find(|&number| self.readers[number].is_some())
            .unwrap_or(number)
    }

    fn close(&mut self) {
        if self.producer.take().is_some() {
            self.count("closed by its end");
            self.model.ring_mut().phase = Phase::Closed;
        }
    }

    fn create_again(&mut self, replace: bool) -> Outcome {
        self.close();
        let created = self.create(self.case.setup.capacity, replace);
        self.producer = Some(created.map_err(text)?);
        if self.model.is_present && !replace {
            self.count("continued");
            self.model.ring_mut().restart();
        } else {
            self.count("created anew");
            self.model.ring_mut().phase = Phase::Gone;
            self.model.rings.push(Ring::new(&self.case.setup));
            self.model.is_present = true;
        }
        Ok(())
    }

    fn create_other(&mut self) -> Outcome {
        if !self.model.is_present {
            return Ok(());
        }
        self.close();
        let created = self.create(self.case.setup.capacity + 1, false);
        let is_refused = matches!(created, Err(CreateError::Different { .. }));
        same!("another capacity: refused", is_refused, true);
        Ok(())
    }

    fn remove(&mut self) -> Outcome {
        let reference = self.reference.as_ref().expect("it is in files");
        let is_right = match inspect::remove(reference) {
            Err(InspectError::InUse { .. }) => self.producer.is_some(),
            Err(InspectError::Attach(AttachError::NotFound { .. })) => !self.model.is_present,
            Ok(()) => {
                let is_right = self.producer.is_none() && self.model.is_present;
                self.model.ring_mut().phase = Phase::Gone;
                self.model.is_present = false;
                is_right
            }
            Err(_) => false,
        };
        same!("removed if nobody has it", is_right, true);
        Ok(())
    }

    pub fn detach(&mut self, at: usize) {
        self.readers[at] = None;
        self.model.goes(at);
    }
}
