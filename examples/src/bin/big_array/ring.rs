//! One array in a ring, written where it lies and read where it lies.

use std::time::Instant;

use examples::{Result, Ring, Worker, each_frame, go_on, proportional, rows, say};
use ndarray::{Axis, Slice};
use ringbuf_core::{
    CreateOptions, FrameInfo, FrameProducer, FrameReader, FrameRetain, ReaderOptions,
};

use crate::{Cost, Task, values};

/// Tags an array that the workers keep until they are told to go on.
const HOLD: u64 = 1;

pub fn sums(task: Task) -> Result<Cost> {
    let ring = Ring::new("big_array", "arrays");
    let options = CreateOptions::default().in_place(true);
    let retain = FrameRetain::frames(1, task.bytes());
    let mut producer = FrameProducer::create_with(ring.name(), retain, &options)?;
    let mut workers = Worker::start_all(task.workers, |index| {
        let numbers = [index, task.workers].map(|number| number.to_string());
        [["ring".to_owned(), ring.name().to_owned()], numbers].concat()
    })?;
    let mut cost = Cost::default();
    for array in 0..task.arrays {
        let is_last = array + 1 == task.arrays;
        let info = FrameInfo::array_of::<f64>(&[task.len]).tagged(if is_last { HOLD } else { 0 });
        // Waits until every worker has given the last one back.
        let mut claim = producer.claim(task.bytes() as usize)?;
        values::fill(claim.values_mut()?, array);
        let complete = Instant::now();
        claim.commit_with(info)?;
        values::check(&mut workers, task.len, array)?;
        cost.times.push(complete.elapsed());
    }
    let processes = workers.iter().map(Worker::process);
    cost.memory = proportional(processes.chain([std::process::id()]))?;
    workers.iter_mut().try_for_each(Worker::go_on)?;
    producer.close();
    workers.into_iter().try_for_each(Worker::finish)?;
    Ok(cost)
}

/// The sum of one part of every array.
pub fn worker(arguments: &[String]) -> Result<()> {
    let [name, index, workers] = arguments else {
        return Err("which ring, and which part?".into());
    };
    let (index, workers) = (index.parse()?, workers.parse()?);
    let mut reader = FrameReader::attach(name, ReaderOptions::lossless())?;
    say("ready")?;
    each_frame(&mut reader, |frame| {
        let array = frame.array::<f64>()?;
        let part = rows(array.len(), index, workers);
        say(array.slice_axis(Axis(0), Slice::from(part)).sum())?;
        if frame.tag() == HOLD {
            go_on()?;
        }
        Ok(())
    })
}
