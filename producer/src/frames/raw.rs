//! Any bytes, cut into frames of one length; the last one may be shorter.

use std::{
    fs::File,
    io::{self, Read, Seek},
    path::Path,
};

use anyhow::Context;

use super::{FrameSource, Next, Outline};
use crate::inlet::{Blocks, Came, Inlet};

/// Frames of so many bytes.
#[derive(Debug)]
pub(crate) struct Raw {
    from: From,
    /// Bytes of every frame but the last.
    each: usize,
    /// Bytes of the frame that was announced and not asked for.
    announced: usize,
}

#[derive(Debug)]
enum From {
    /// Read where the frame is wanted.
    File {
        file: File,
        path: String,
        len: u64,
        left: u64,
        repeat: bool,
    },
    /// What comes is kept until it is a frame.
    Pipe { inlet: Inlet, bytes: Vec<u8> },
}

impl Raw {
    /// Cuts up a file; what is no file, such as a pipe, is read as it comes. `-` is standard input.
    pub(crate) fn open(path: &Path, each: usize, repeat: bool) -> anyhow::Result<Raw> {
        let name = path.display().to_string();
        if name == "-" {
            return Raw::pipe(io::stdin(), each);
        }
        let file = File::open(path).with_context(|| format!("cannot read {name}"))?;
        let metadata = file
            .metadata()
            .with_context(|| format!("cannot read {name}"))?;
        anyhow::ensure!(
            !metadata.is_dir(),
            "{name} is a directory; --raw cuts up one file"
        );
        if !metadata.is_file() {
            return Raw::pipe(file, each);
        }
        let len = metadata.len();
        let from = From::File {
            file,
            path: name,
            len,
            left: len,
            repeat,
        };
        Ok(Raw {
            from,
            each,
            announced: 0,
        })
    }

    fn pipe(from: impl Read + Send + 'static, each: usize) -> anyhow::Result<Raw> {
        let from = From::Pipe {
            inlet: Inlet::new(from).context("cannot read beside the other work")?,
            bytes: Vec::new(),
        };
        Ok(Raw {
            from,
            each,
            announced: 0,
        })
    }
}

impl Raw {
    /// Bytes of the next frame; `None` while they have not come.
    fn len(&mut self) -> anyhow::Result<Option<usize>> {
        let each = self.each;
        match &mut self.from {
            From::File {
                file,
                path,
                len,
                left,
                repeat,
            } => {
                if *left == 0 && *repeat {
                    file.rewind()
                        .with_context(|| format!("cannot read {path} again"))?;
                    *left = *len;
                }
                Ok(Some(
                    usize::try_from(*left).map_or(each, |left| left.min(each)),
                ))
            }
            From::Pipe { inlet, bytes } => loop {
                if bytes.len() >= each {
                    return Ok(Some(each));
                }
                match inlet.take().context("cannot read")? {
                    Came::Bytes(more) => bytes.extend_from_slice(&more),
                    Came::Nothing => return Ok(None),
                    Came::End => return Ok(Some(bytes.len())),
                }
            },
        }
    }

    /// Leaves out what was announced and nobody wanted.
    fn pass_over(&mut self) -> anyhow::Result<()> {
        let len = std::mem::take(&mut self.announced);
        match &mut self.from {
            From::File {
                file, path, left, ..
            } => {
                *left -= len as u64;
                file.seek_relative(len as i64)
                    .with_context(|| format!("cannot go on in {path}"))?;
            }
            From::Pipe { bytes, .. } => drop(bytes.drain(..len)),
        }
        Ok(())
    }
}

impl FrameSource for Raw {
    fn next(&mut self) -> anyhow::Result<Next> {
        if self.announced > 0 {
            self.pass_over()?;
        }
        let Some(len) = self.len()? else {
            return Ok(Next::Waiting);
        };
        self.announced = len;
        Ok(match len {
            0 => Next::End,
            len => Next::Frame(Outline::bytes(len)),
        })
    }

    fn largest(&self) -> Option<usize> {
        Some(match self.from {
            From::File { len, .. } => {
                usize::try_from(len).map_or(self.each, |len| len.clamp(1, self.each))
            }
            From::Pipe { .. } => self.each,
        })
    }

    fn fill(&mut self, out: &mut [u8]) -> anyhow::Result<()> {
        self.announced = 0;
        match &mut self.from {
            From::File {
                file, path, left, ..
            } => {
                file.read_exact(out)
                    .with_context(|| format!("{path} became shorter while it was read"))?;
                *left -= out.len() as u64;
            }
            From::Pipe { bytes, .. } => {
                out.copy_from_slice(&bytes[..out.len()]);
                bytes.drain(..out.len());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write, thread, time::Duration};

    use super::*;

    fn next(raw: &mut Raw) -> Option<Vec<u8>> {
        loop {
            match raw.next().expect("no fault") {
                Next::Frame(outline) => {
                    let mut out = vec![0; outline.len];
                    raw.fill(&mut out).expect("reads");
                    return Some(out);
                }
                Next::Waiting => thread::park_timeout(Duration::from_secs(60)),
                Next::End => return None,
            }
        }
    }

    #[test]
    fn no_piece_of_a_file_is_longer_than_the_file() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let largest = |each| Raw::open(file.path(), each, false).map(|raw| raw.largest());
        assert_eq!(largest(2).expect("opens"), Some(1));
        file.as_file().write_all(b"aabbc").expect("writes");
        assert_eq!(largest(2).expect("opens"), Some(2));
        assert_eq!(largest(1 << 30).expect("opens"), Some(5));
        let pipe = Raw::pipe(io::empty(), 7).expect("opens");
        assert_eq!(pipe.largest(), Some(7));
    }

    #[test]
    fn a_file_is_cut_up_and_its_last_piece_is_shorter() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        file.as_file().write_all(b"aabbc").expect("writes");
        let mut raw = Raw::open(file.path(), 2, false).expect("opens");
        let pieces: Vec<_> = std::iter::from_fn(|| next(&mut raw)).collect();
        assert_eq!(pieces, [&b"aa"[..], b"bb", b"c"]);
        let mut again = Raw::open(file.path(), 3, true).expect("opens");
        let pieces: Vec<_> = std::iter::from_fn(|| next(&mut again)).take(5).collect();
        assert_eq!(pieces, [&b"aab"[..], b"bc", b"aab", b"bc", b"aab"]);
    }

    #[test]
    fn a_piece_that_nobody_wants_is_passed_over() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        file.as_file().write_all(b"aabbc").expect("writes");
        let (reader, mut writer) = io::pipe().expect("a pipe");
        writer.write_all(b"aabbc").expect("writes");
        drop(writer);
        let pipe = Raw::pipe(reader, 2).expect("opens");
        for mut raw in [Raw::open(file.path(), 2, false).expect("opens"), pipe] {
            while raw.next().expect("no fault") == Next::Waiting {
                thread::park_timeout(Duration::from_secs(60));
            }
            let pieces: Vec<_> = std::iter::from_fn(|| next(&mut raw)).collect();
            assert_eq!(pieces, [&b"bb"[..], b"c"]);
        }
    }

    #[test]
    fn nothing_is_no_frame_however_often() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        for repeat in [false, true] {
            let mut raw = Raw::open(file.path(), 2, repeat).expect("opens");
            assert_eq!(next(&mut raw), None);
        }
    }

    #[test]
    fn a_pipe_is_cut_up_in_whatever_pieces_it_comes() {
        let (reader, mut writer) = io::pipe().expect("a pipe");
        let mut raw = Raw::pipe(reader, 4).expect("opens");
        let writing = thread::spawn(move || {
            for piece in [&b"a"[..], b"aaabbbbcc", b"ccd"] {
                writer.write_all(piece).expect("writes");
            }
        });
        let pieces: Vec<_> = std::iter::from_fn(|| next(&mut raw)).collect();
        assert_eq!(pieces, [&b"aaaa"[..], b"bbbb", b"cccc", b"d"]);
        writing.join().expect("writes");
    }

    #[test]
    fn a_file_that_shrinks_is_told() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        file.as_file().set_len(10).expect("grows");
        let mut raw = Raw::open(file.path(), 10, false).expect("opens");
        assert_eq!(
            raw.next().expect("no fault"),
            Next::Frame(Outline::bytes(10))
        );
        file.as_file().set_len(3).expect("shrinks");
        let error = raw.fill(&mut [0; 10]).expect_err("a fault").to_string();
        assert!(error.contains("became shorter"), "{error}");
    }
}
