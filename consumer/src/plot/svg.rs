//! A figure as a file.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::Figure;
use super::canvas;
use super::cut::cut;
use super::layout::{Layout, WIDTH};

/// In bytes: larger pictures are made coarser.
const LARGE: usize = 1_500_000;
/// Columns that lines and areas are thinned out to: about one a pixel, or what is left to recognize.
const FINEST: usize = 1200;
const COARSEST: usize = 20;

/// Whether a file can be made there: found out at the beginning, and not after hours. Leaves nothing behind.
pub fn check(file: &Path) -> io::Result<()> {
    beside(&place(file)?).map(drop)
}

/// Draws a figure into a file, which is there as a whole or not at all.
pub fn write(figure: &Figure, file: &Path) -> io::Result<()> {
    let place = place(file)?;
    let mut unfinished = beside(&place)?;
    unfinished.write_all(document(figure)?.as_bytes())?;
    unfinished.as_file().sync_all()?;
    unfinished.persist(&place)?;
    Ok(())
}

/// The document that shows a figure: as fine as can be told apart, unless it would be too large to be handed on.
pub fn document(figure: &Figure) -> io::Result<String> {
    let cut = cut(figure);
    let figure = cut.as_ref().unwrap_or(figure);
    let mut columns = FINEST;
    loop {
        let layout = Layout::of(figure, columns);
        let document = canvas::document(WIDTH, layout.height, |canvas| layout.draw(canvas))?;
        if document.len() <= LARGE || columns <= COARSEST {
            return Ok(document);
        }
        columns /= 2;
    }
}

/// Where the file is, or will be.
fn place(file: &Path) -> io::Result<PathBuf> {
    match fs::metadata(file) {
        Ok(known) if known.is_file() => {
            // What may not be written to may not be replaced either.
            OpenOptions::new().append(true).open(file)?;
            // A link stays a link.
            fs::canonicalize(file)
        }
        Ok(_) => Err(io::Error::other(
            "found something there that is not a file, expected a file or none: give another name",
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(file.to_owned()),
        Err(error) => Err(error),
    }
}

/// A file in the same directory, so that renaming is all that is left to do.
fn beside(place: &Path) -> io::Result<NamedTempFile> {
    let directory = match place.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".plot-").suffix(".svg");
    allow(&mut builder).tempfile_in(directory).map_err(|error| {
        let what = format!("no file can be made in {}: {}", directory.display(), error);
        io::Error::new(error.kind(), what)
    })
}

/// Readable for those for whom other files are: temporary files usually are not.
#[cfg(unix)]
fn allow<'a, 'b, 'c>(
    builder: &'a mut tempfile::Builder<'b, 'c>,
) -> &'a mut tempfile::Builder<'b, 'c> {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(fs::Permissions::from_mode(0o666))
}

#[cfg(not(unix))]
fn allow<'a, 'b, 'c>(
    builder: &'a mut tempfile::Builder<'b, 'c>,
) -> &'a mut tempfile::Builder<'b, 'c> {
    builder
}

#[cfg(test)]
#[path = "svg_tests.rs"]
mod tests;
