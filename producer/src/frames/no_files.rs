//! In place of images from files, in a program that was built without what decodes them.

use std::path::Path;

use anyhow::bail;

use super::{FrameSource, Next};

/// There are none.
pub(crate) enum ImageFiles {}

impl ImageFiles {
    /// Says why there are none.
    pub(crate) fn new(path: &Path, _repeat: bool) -> anyhow::Result<ImageFiles> {
        let name = path.display();
        bail!(
            "{name} is not read as an image: this program was built without the feature images, expected one built \
             with it, as by: cargo build --release -p producer; --raw BYTES takes a file of any kind, and --test-card \
             needs none"
        );
    }
}

impl FrameSource for ImageFiles {
    fn next(&mut self) -> anyhow::Result<Next> {
        match *self {}
    }

    fn fill(&mut self, _out: &mut [u8]) -> anyhow::Result<()> {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_how_to_get_what_is_missing() {
        let error = ImageFiles::new(Path::new("a.png"), false).map(drop);
        let text = error.expect_err("none").to_string();
        for part in [
            "a.png",
            "without the feature images",
            "cargo build",
            "--raw",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
