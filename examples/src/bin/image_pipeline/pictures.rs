//! Pictures from files, made up, and into files.

use std::path::{Path, PathBuf};

use examples::Result;
use image::{Rgb, RgbImage};

/// What `1280x720` means.
pub fn size(text: &str) -> std::result::Result<(u32, u32), String> {
    let number = |text: &str| text.parse().ok().filter(|size| (1..=20_000).contains(size));
    text.split_once('x')
        .and_then(|(width, height)| Some((number(width)?, number(height)?)))
        .ok_or_else(|| "expected two numbers from 1 to 20000, as 1280x720".to_owned())
}

pub fn load(paths: &[PathBuf]) -> Result<Vec<RgbImage>> {
    let load = |path: &PathBuf| match image::open(path) {
        Ok(picture) => Ok(picture.into_rgb8()),
        Err(error) => Err(format!("{}: {error}", path.display()).into()),
    };
    paths.iter().map(load).collect()
}

/// Circles that move from picture to picture.
pub fn made_up(number: u32, (width, height): (u32, u32)) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (dx, dy) = (x.abs_diff(width / 2), y.abs_diff(height / 2));
        let rings = (dx * dx + dy * dy) / 64 + number * 8;
        Rgb([
            rings as u8,
            (x * 255 / width) as u8,
            (y * 255 / height) as u8,
        ])
    })
}

pub fn save(pictures: &[RgbImage], directory: &Path) -> Result<()> {
    let failed = |path: &Path, error: String| format!("{}: {error}", path.display());
    std::fs::create_dir_all(directory).map_err(|error| failed(directory, error.to_string()))?;
    for (number, picture) in pictures.iter().enumerate() {
        let path = directory.join(format!("{number:04}.png"));
        let saved = picture.save(&path);
        saved.map_err(|error| failed(&path, error.to_string()))?;
    }
    Ok(())
}
