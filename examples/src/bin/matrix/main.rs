//! A matrix squared by worker processes: each reads it where it lies and writes its rows of the product into a ring of its
//! own.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use examples::{Result, Ring, Worker, each_frame, one_frame, play, rows, say};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, Ix2, s};
use ringbuf_core::{
    CreateOptions, FrameInfo, FrameProducer, FrameReader, FrameRetain, ReaderOptions,
};

/// Squares a matrix of f64 by blocks of rows, one for each worker process.
///
/// The matrix is one frame, which all workers read where it lies. Each computes its rows of the product straight into a ring
/// of its own. They are joined, and must be exactly what one process computes.
///
/// Time: from the publication of the matrix until the product is complete, the shortest of all times.
#[derive(Debug, Parser)]
struct Options {
    /// Rows and columns of the matrix
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    size: u32,
    /// How many workers
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=32))]
    workers: u16,
    /// How many times, each with another matrix
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    times: u64,
}

fn main() -> ExitCode {
    play("matrix", square_all, worker)
}

fn square_all() -> Result<()> {
    let options = Options::parse();
    let (size, workers) = (options.size as usize, usize::from(options.workers));
    println!("{size} x {size} f64 squared, {} times", options.times);
    let input = Ring::new("matrix", "factor");
    let output = |index| Ring::new("matrix", &format!("rows-{index}"));
    let outputs: Vec<Ring> = (0..workers).map(output).collect();
    let retain = FrameRetain::frames(1, bytes(size, size));
    let mut factor = FrameProducer::create(input.name(), retain)?;
    let started = Worker::start_all(workers, |index| {
        let numbers = [index, workers, size].map(|number| number.to_string());
        let names = [input.name(), outputs[index].name()].map(str::to_owned);
        [names.to_vec(), numbers.to_vec()].concat()
    })?;
    let mut blocks = outputs
        .iter()
        .map(|ring| FrameReader::attach(ring.name(), ReaderOptions::lossless()))
        .collect::<std::result::Result<Vec<_>, _>>()?;

    let (mut together, mut alone) = (Duration::MAX, Duration::MAX);
    for time in 0..options.times {
        let matrix = made_up(size, time);
        let begin = Instant::now();
        factor.publish_array(&matrix, time)?;
        let joined = join(&mut blocks, size, time)?;
        together = together.min(begin.elapsed());

        let begin = Instant::now();
        let expected = matrix.dot(&matrix);
        alone = alone.min(begin.elapsed());
        if joined != expected {
            return Err(format!("product {time} is not what one process computes").into());
        }
    }
    factor.close();
    started.into_iter().try_for_each(Worker::finish)?;
    println!(
        "in {workers} processes: {:.1} ms",
        together.as_secs_f64() * 1e3
    );
    println!("in one process: {:.1} ms", alone.as_secs_f64() * 1e3);
    println!("the same, to the bit");
    Ok(())
}

/// Different everywhere and each time, and of no round numbers: sums in another order would differ.
fn made_up(size: usize, time: u64) -> Array2<f64> {
    Array2::from_shape_fn((size, size), |(row, column)| {
        (row as f64 * 0.7 + column as f64 * 1.3 + time as f64).sin()
    })
}

/// The product from the rows of every worker.
fn join(blocks: &mut [FrameReader], size: usize, time: u64) -> Result<Array2<f64>> {
    let mut joined = Array2::zeros((size, size));
    let workers = blocks.len();
    for (index, block) in blocks.iter_mut().enumerate() {
        one_frame(block, |frame| {
            if frame.tag() != time {
                return Err(format!("rows of product {}, expected {time}", frame.tag()).into());
            }
            let rows = rows(size, index, workers);
            let block = frame.array::<f64>()?.into_dimensionality::<Ix2>()?;
            if block.dim() != (rows.len(), size) {
                return Err(format!("{:?} of the product, expected {rows:?}", block.dim()).into());
            }
            joined.slice_mut(s![rows, ..]).assign(&block);
            Ok(())
        })?;
    }
    Ok(joined)
}

/// Its rows of every product.
fn worker(arguments: &[String]) -> Result<()> {
    let [input, output, index, workers, size] = arguments else {
        return Err("which rings, which rows, how large?".into());
    };
    let rows = rows(size.parse()?, index.parse()?, workers.parse()?);
    let mut reader = FrameReader::attach(input, ReaderOptions::lossless())?;
    let options = CreateOptions::default().in_place(true);
    let retain = FrameRetain::frames(1, bytes(rows.len(), size.parse()?));
    let mut producer = FrameProducer::create_with(output, retain, &options)?;
    say("ready")?;
    each_frame(&mut reader, |frame| {
        let matrix: ArrayView2<f64> = frame.array()?.into_dimensionality()?;
        let shape = [rows.len(), matrix.ncols()];
        let mut claim = producer.claim(bytes(shape[0], shape[1]) as usize)?;
        let mut product = claim.array_mut(&shape)?.into_dimensionality::<Ix2>()?;
        let block = matrix.slice(s![rows.clone(), ..]);
        general_mat_mul(1.0, &block, &matrix, 0.0, &mut product);
        claim.commit_with(FrameInfo::array_of::<f64>(&shape).tagged(frame.tag()))?;
        Ok(())
    })
}

/// Bytes of a matrix.
fn bytes(rows: usize, columns: usize) -> u64 {
    (rows * columns * size_of::<f64>()) as u64
}
