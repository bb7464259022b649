//! Pictures through the pipeline, pixel by pixel.

use image::{Rgb, RgbImage};

use crate::support::Numbers;
use crate::{IMAGE_PIPELINE, Scene};

fn any_picture(width: u32, height: u32, seed: u64) -> RgbImage {
    let mut numbers = Numbers::new(seed);
    RgbImage::from_fn(width, height, |_, _| {
        Rgb(std::array::from_fn(|_| numbers.next() as u8))
    })
}

/// Inverted, blurred and sharpened, each value from its definition, without any split.
fn defined(picture: &RgbImage) -> RgbImage {
    let (width, height) = (i64::from(picture.width()), i64::from(picture.height()));
    let inside = |x: i64, y: i64| (x.clamp(0, width - 1), y.clamp(0, height - 1));
    let inverted = |x: i64, y: i64, channel: usize| {
        let (x, y) = inside(x, y);
        255 - i32::from(picture.get_pixel(x as u32, y as u32).0[channel])
    };
    let blurred = |x: i64, y: i64, channel: usize| {
        let (x, y) = inside(x, y);
        let near = (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| (x + dx, y + dy)));
        near.map(|(x, y)| inverted(x, y, channel)).sum::<i32>() / 9
    };
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let (x, y) = (i64::from(x), i64::from(y));
        Rgb(std::array::from_fn(|channel| {
            let around = [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)];
            let around = around.map(|(x, y)| blurred(x, y, channel));
            let value = 5 * blurred(x, y, channel) - around.iter().sum::<i32>();
            value.clamp(0, 255) as u8
        }))
    })
}

/// A stream of pictures of any size: heights that four workers cannot share evenly, and fewer rows than workers.
#[test]
fn joined_pictures_are_as_defined() {
    let scene = Scene::new();
    let files = tempfile::tempdir().unwrap();
    let sizes = [
        (37, 29),
        (8, 8),
        (5, 1),
        (1, 1),
        (1, 7),
        (33, 3),
        (2, 2),
        (16, 30),
    ];
    let mut paths = Vec::new();
    let mut expected = Vec::new();
    for (seed, (width, height)) in sizes.into_iter().enumerate() {
        let picture = any_picture(width, height, seed as u64);
        let path = files.path().join(format!("{seed}.png"));
        picture.save(&path).unwrap();
        paths.push(path.display().to_string());
        expected.push(defined(&picture));
    }
    for workers in ["1", "3", "4", "7"] {
        let out = files.path().join(workers);
        let options = ["--workers", workers, "--out", out.to_str().unwrap()];
        let arguments: Vec<&str> = paths.iter().map(String::as_str).chain(options).collect();
        let said = scene.run(IMAGE_PIPELINE, &arguments);
        assert!(said.contains("the same, to the pixel"), "{said}");
        for (number, expected) in expected.iter().enumerate() {
            let found = image::open(out.join(format!("{number:04}.png"))).unwrap();
            assert!(
                found.into_rgb8() == *expected,
                "picture {number}, {workers} workers"
            );
        }
    }
}

#[test]
fn pictures_are_made_up_where_none_are_given() {
    let scene = Scene::new();
    let out = tempfile::tempdir().unwrap();
    let directory = out.path().join("made");
    let directory = directory.to_str().unwrap();
    let arguments = ["--count", "5", "--size", "31x18", "--out", directory];
    scene.run(IMAGE_PIPELINE, &arguments);
    for number in 0..5 {
        let picture = image::open(format!("{directory}/{number:04}.png")).unwrap();
        assert_eq!((picture.width(), picture.height()), (31, 18));
    }
}

#[test]
fn what_is_no_picture_is_named() {
    let scene = Scene::new();
    let output = scene.command(IMAGE_PIPELINE, &["/dev/null"]).output();
    let output = output.unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.starts_with("image_pipeline: /dev/null: "), "{said}");
}
