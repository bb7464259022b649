//! Pictures through worker processes: each reads its rows of every picture where it lies and publishes what it made of them
//! on a ring of its own; the first process joins the parts.

mod filters;
mod pictures;
mod stages;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use examples::{Result, play};
use image::RgbImage;
use ndarray::ArrayView3;

/// Inverts, blurs and sharpens pictures in several worker processes, and saves them as PNG.
///
/// A picture is one frame of one ring. Every worker reads its rows of it, and two more on either side, where they lie, and
/// publishes its part on a ring of its own. The parts are joined, and compared with what one process makes of the picture.
#[derive(Debug, Parser)]
struct Options {
    /// PNG or JPEG files; pictures are made up if none is given
    #[arg(value_name = "PICTURE")]
    pictures: Vec<PathBuf>,
    /// Where the results are saved, as 0000.png and so on
    #[arg(long, value_name = "DIRECTORY", default_value = "pictures")]
    out: PathBuf,
    /// How many workers
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=32))]
    workers: u16,
    /// How many pictures to make up
    #[arg(long, value_name = "N", default_value_t = 8)]
    count: u32,
    /// Size of those
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "1280x720", value_parser = pictures::size)]
    size: (u32, u32),
}

fn main() -> ExitCode {
    play("image_pipeline", pipeline, stages::worker)
}

fn pipeline() -> Result<()> {
    let options = Options::parse();
    let pictures = if options.pictures.is_empty() {
        (0..options.count)
            .map(|number| pictures::made_up(number, options.size))
            .collect()
    } else {
        pictures::load(&options.pictures)?
    };
    let workers = options.workers.into();
    println!("{} pictures, {workers} workers", pictures.len());

    let started = stages::start(&pictures, workers)?;
    let begin = Instant::now();
    let joined = stages::run(&pictures, started)?;
    println!("in {workers} processes: {} ms", begin.elapsed().as_millis());

    let begin = Instant::now();
    let alone: Vec<_> = pictures
        .iter()
        .map(|picture| filters::all(pixels(picture)))
        .collect();
    println!("in one process: {} ms", begin.elapsed().as_millis());

    for (number, (joined, alone)) in joined.iter().zip(&alone).enumerate() {
        if pixels(joined) != alone {
            return Err(format!("picture {number} is not what one process makes of it").into());
        }
    }
    println!("the same, to the pixel");
    pictures::save(&joined, &options.out)?;
    println!("saved in {}", options.out.display());
    Ok(())
}

/// Height × width × 3.
fn pixels(picture: &RgbImage) -> ArrayView3<'_, u8> {
    let (width, height) = picture.dimensions();
    let shape = (height as usize, width as usize, 3);
    ArrayView3::from_shape(shape, picture.as_raw()).expect("three bytes a pixel")
}
