//! The stages: a source, the workers, and who joins their parts.

use std::sync::atomic::{AtomicBool, Ordering};

use examples::{Result, Ring, Worker, each_frame, one_frame, rows, say};
use image::RgbImage;
use ndarray::Ix3;
use ringbuf_core::{FrameInfo, FrameProducer, FrameReader, FrameRetain, ReaderOptions};

use crate::filters;

/// Pictures that the source may be ahead of the slowest worker.
const AHEAD: u64 = 2;

/// Everything that waits for the first picture.
pub struct Stages {
    source: FrameProducer,
    parts: Vec<FrameReader>,
    workers: Vec<Worker>,
    /// Dropped last: rings are removed when nobody uses them.
    _rings: Vec<Ring>,
}

/// Starts the workers, with rings as large as the largest picture needs.
pub fn start(pictures: &[RgbImage], workers: usize) -> Result<Stages> {
    let largest = pictures.iter().map(|picture| picture.as_raw().len()).max();
    let largest = largest.ok_or("no picture")? as u64;
    let input = Ring::new("image_pipeline", "pictures");
    let output = |index| Ring::new("image_pipeline", &format!("part-{index}"));
    let outputs: Vec<Ring> = (0..workers).map(output).collect();
    let source = FrameProducer::create(input.name(), FrameRetain::frames(AHEAD, largest))?;
    // A part is no larger than a picture, and memory is taken only where something is written.
    let started = Worker::start_all(workers, |index| {
        let numbers = [index as u64, workers as u64, largest].map(|number| number.to_string());
        let names = [input.name(), outputs[index].name()].map(str::to_owned);
        [names.to_vec(), numbers.to_vec()].concat()
    })?;
    let parts = outputs
        .iter()
        .map(|ring| FrameReader::attach(ring.name(), ReaderOptions::lossless()))
        .collect::<std::result::Result<_, _>>()?;
    Ok(Stages {
        source,
        parts,
        workers: started,
        _rings: outputs.into_iter().chain([input]).collect(),
    })
}

/// Publishes the pictures, and joins what comes back.
pub fn run(pictures: &[RgbImage], stages: Stages) -> Result<Vec<RgbImage>> {
    // What is named first is dropped last.
    let Stages {
        _rings,
        source,
        parts,
        workers,
    } = stages;
    let is_over = AtomicBool::new(false);
    let joined = std::thread::scope(|scope| {
        let source = scope.spawn(|| publish(source, pictures, &is_over));
        let joined = join(parts, pictures);
        // With an error there may be pictures left, and workers that never take them.
        is_over.store(true, Ordering::Relaxed);
        let published = source.join().map_err(|_| "the source panicked")?;
        let joined = joined?;
        published.map(|()| joined)
    })?;
    workers.into_iter().try_for_each(Worker::finish)?;
    Ok(joined)
}

fn publish(mut source: FrameProducer, pictures: &[RgbImage], is_over: &AtomicBool) -> Result<()> {
    for (number, picture) in pictures.iter().enumerate() {
        let (width, height) = picture.dimensions();
        let info = FrameInfo::image(height as usize, width as usize, 3).tagged(number as u64);
        let stop = || is_over.load(Ordering::Relaxed);
        if source
            .publish_until(picture.as_raw(), info, &stop)?
            .is_none()
        {
            break;
        }
    }
    Ok(())
}

fn join(mut parts: Vec<FrameReader>, pictures: &[RgbImage]) -> Result<Vec<RgbImage>> {
    let mut joined = Vec::with_capacity(pictures.len());
    for (number, picture) in pictures.iter().enumerate() {
        let mut bytes = Vec::with_capacity(picture.as_raw().len());
        for part in &mut parts {
            one_frame(part, |frame| {
                if frame.tag() != number as u64 {
                    let tag = frame.tag();
                    return Err(format!("a part of picture {tag}, expected {number}").into());
                }
                bytes.extend_from_slice(frame.bytes());
                Ok(())
            })?;
        }
        let (width, height) = picture.dimensions();
        let picture = RgbImage::from_raw(width, height, bytes);
        joined.push(picture.ok_or("parts that do not make a picture")?);
    }
    Ok(joined)
}

/// Its rows of every picture.
pub fn worker(arguments: &[String]) -> Result<()> {
    let [input, output, index, workers, largest] = arguments else {
        return Err("which rings, which part, how much?".into());
    };
    let (index, workers) = (index.parse()?, workers.parse()?);
    let mut reader = FrameReader::attach(input, ReaderOptions::lossless())?;
    // One part is kept: the next one is made while that is joined.
    let retain = FrameRetain::frames(1, largest.parse()?);
    let mut producer = FrameProducer::create(output, retain)?;
    say("ready")?;
    each_frame(&mut reader, |frame| {
        let picture = frame.array::<u8>()?.into_dimensionality::<Ix3>()?;
        let rows = rows(picture.dim().0, index, workers);
        let part = filters::part(picture, rows);
        producer.publish_array(&part, frame.tag())?;
        Ok(())
    })
}
