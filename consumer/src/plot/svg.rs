//! Panels as SVG.

use std::io;
use std::path::Path;

use super::Figure;

/// Whether a file can be made there: found out at the beginning, and not after hours.
pub fn check(_file: &Path) -> io::Result<()> {
    Ok(())
}

/// Draws a figure into a file, which is there as a whole or not at all.
pub fn write(_figure: &Figure, _file: &Path) -> io::Result<()> {
    Ok(())
}
