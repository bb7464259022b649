//! Images from files, in the order of their names.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

use super::{
    FrameSource, Next,
    image::{self, ImageFile},
};
use crate::report::say;

/// So many names of files that are no images are told.
const TELL: usize = 3;

/// One frame a file.
pub(crate) struct ImageFiles {
    files: Vec<PathBuf>,
    at: usize,
    repeat: bool,
    opened: Option<ImageFile>,
}

impl ImageFiles {
    /// The images of a directory, or the one file; round and round if asked to.
    pub(crate) fn new(path: &Path, repeat: bool) -> anyhow::Result<ImageFiles> {
        let files = match path.is_dir() {
            true => images_in(path)?,
            false => vec![path.to_owned()],
        };
        Ok(ImageFiles {
            files,
            at: 0,
            repeat,
            opened: None,
        })
    }
}

impl FrameSource for ImageFiles {
    fn next(&mut self) -> anyhow::Result<Next> {
        if self.at == self.files.len() && self.repeat {
            self.at = 0;
        }
        let Some(path) = self.files.get(self.at) else {
            return Ok(Next::End);
        };
        self.at += 1;
        let file = ImageFile::open(path)?;
        let outline = file.outline();
        self.opened = Some(file);
        Ok(Next::Frame(outline))
    }

    fn name(&self) -> String {
        let path = self.at.checked_sub(1).and_then(|at| self.files.get(at));
        path.map_or_else(String::new, |path| path.display().to_string())
    }

    fn fill(&mut self, out: &mut [u8]) -> anyhow::Result<()> {
        let opened = self.opened.take().zip(self.files.get(self.at - 1));
        let (file, path) = opened.context("no image was opened")?;
        file.decode(path, out)
    }
}

fn images_in(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let name = directory.display();
    let entries = fs::read_dir(directory).with_context(|| format!("cannot read {name}"))?;
    let paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .with_context(|| format!("cannot read {name}"))?;
    let (mut images, mut others): (Vec<_>, Vec<_>) = paths
        .into_iter()
        .partition(|path| image::is_named_so(path) && path.is_file());
    images.sort();
    others.sort();
    if images.is_empty() {
        let found = others.len();
        bail!(
            "there is no image in {name}: found {found} others, expected files called {}; --raw BYTES takes a file of \
             any kind",
            image::names()
        );
    }
    if !others.is_empty() {
        say(&skipped(&others));
    }
    Ok(images)
}

fn skipped(others: &[PathBuf]) -> String {
    let names: Vec<_> = others
        .iter()
        .filter_map(|path| Some(format!("{:?}", path.file_name()?)))
        .take(TELL)
        .collect();
    let more = if others.len() > TELL { ", ..." } else { "" };
    let (count, names) = (others.len(), names.join(", "));
    let expected = image::names();
    format!("{count} skipped, for not being files called {expected}: {names}{more}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(directory: &Path, name: &str, grey: u8) {
        let file = fs::File::create(directory.join(name)).expect("a file");
        let mut writer = png::Encoder::new(file, 1, 1)
            .write_header()
            .expect("a header");
        writer.write_image_data(&[grey]).expect("data");
    }

    fn next(files: &mut ImageFiles) -> Option<u8> {
        let Next::Frame(outline) = files.next().expect("no fault") else {
            return None;
        };
        let mut out = vec![0; outline.len];
        files.fill(&mut out).expect("decodes");
        Some(out[0])
    }

    #[test]
    fn images_come_in_the_order_of_their_names() {
        let directory = tempfile::tempdir().expect("a directory");
        for (name, grey) in [("c.png", 3), ("a.png", 1), ("b.PNG", 2)] {
            file(directory.path(), name, grey);
        }
        fs::write(directory.path().join("readme.txt"), "no").expect("writes");
        fs::create_dir(directory.path().join("d.png")).expect("a directory");
        let mut files = ImageFiles::new(directory.path(), false).expect("opens");
        let found: Vec<_> = std::iter::from_fn(|| next(&mut files)).collect();
        assert_eq!(found, [1, 2, 3]);
        let mut files = ImageFiles::new(directory.path(), true).expect("opens");
        let found: Vec<_> = std::iter::from_fn(|| next(&mut files)).take(7).collect();
        assert_eq!(found, [1, 2, 3, 1, 2, 3, 1]);
    }

    #[test]
    fn one_file_may_be_called_anything() {
        let directory = tempfile::tempdir().expect("a directory");
        file(directory.path(), "picture", 9);
        let mut files = ImageFiles::new(&directory.path().join("picture"), false).expect("opens");
        assert_eq!((next(&mut files), next(&mut files)), (Some(9), None));
    }

    #[test]
    fn what_is_missing_or_broken_is_named() {
        let directory = tempfile::tempdir().expect("a directory");
        let error = |path: &Path| {
            let error = ImageFiles::new(path, false).and_then(|mut files| files.next());
            format!("{:#}", error.map(drop).expect_err("a fault"))
        };
        fs::write(directory.path().join("a.txt"), "no").expect("writes");
        assert!(error(directory.path()).contains("found 1 others, expected files called *.png"));
        assert!(error(&directory.path().join("nowhere.png")).contains("cannot read"));
        fs::write(directory.path().join("b.png"), "no").expect("writes");
        let text = error(directory.path());
        assert!(
            text.contains("b.png cannot be decoded: it is none of PNG, JPEG,"),
            "{text}"
        );
    }

    #[test]
    fn few_names_are_told() {
        let paths = ["a/x", "a/y\n", "a/z", "a/w"].map(PathBuf::from);
        assert!(skipped(&paths[..2]).ends_with(r#": "x", "y\n""#));
        assert!(
            skipped(&paths).starts_with("4 skipped") && skipped(&paths).ends_with(r#""z", ..."#)
        );
    }
}
