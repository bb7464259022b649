//! The directory that frames are recorded into: a file for each, and `frames.csv`, which lists them.
//!
//! A file has its name when all of it is there, and is listed after that.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::describe::{Shape, time};
use super::{FrameView, files};
use crate::config::RecordOptions;
use ringbuf_console::times::Time;

const INDEX: &str = "frames.csv";
/// What a file is called until all of it is there.
const UNFINISHED: &str = ".unfinished";
const COLUMNS: [&str; 7] = ["sequence", "time", "tag", "len", "element", "shape", "file"];

/// Frames as files.
pub struct Directory {
    path: PathBuf,
    index: csv::Writer<File>,
    written: u64,
    bytes: u64,
}

impl Directory {
    /// Says early what [`Directory::open`] would say late: the ring may not be there for hours.
    pub fn check(options: &RecordOptions) -> anyhow::Result<()> {
        let path = &options.directory;
        let name = path.display();
        let mut entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error).with_context(|| format!("cannot record into {name}")),
        };
        if !options.append && entries.next().is_some() {
            bail!("{name} is not empty: give another directory, or --append to add to it");
        }
        Ok(())
    }

    /// Makes the directory, or goes on with it.
    pub fn open(options: &RecordOptions) -> anyhow::Result<Directory> {
        Directory::check(options)?;
        let path = options.directory.clone();
        let name = path.display().to_string();
        fs::create_dir_all(&path).with_context(|| format!("cannot make {name}"))?;
        let mut open = OpenOptions::new();
        let index = open.read(true).append(true).create(true);
        let index_path = path.join(INDEX);
        let index = index
            .open(&index_path)
            .with_context(|| format!("cannot write {}", index_path.display()))?;
        match index.try_lock() {
            Err(TryLockError::WouldBlock) => bail!("another analyzer is recording into {name}"),
            // Where there are no locks, there is no harm in it either.
            Err(TryLockError::Error(_)) | Ok(()) => {}
        }
        let is_new = index.metadata().is_ok_and(|found| found.len() == 0);
        let mut index = csv::Writer::from_writer(index);
        if is_new {
            index
                .write_record(COLUMNS)
                .map_err(io::Error::from)
                .and_then(|()| index.flush())
                .with_context(|| format!("cannot write {}", index_path.display()))?;
        }
        Ok(Directory {
            path,
            index,
            written: 0,
            bytes: 0,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Files written.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Bytes of the frames in them.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Writes a frame and lists it.
    pub fn write(&mut self, frame: &FrameView<'_>) -> io::Result<()> {
        let content = frame.content();
        let name = format!("{:012}.{}", frame.sequence, files::ending(&content));
        let (path, unfinished) = (self.path.join(&name), self.path.join(UNFINISHED));
        let named = |error: io::Error| {
            let text = format!("cannot write {}: {error}", path.display());
            io::Error::new(error.kind(), text)
        };
        if path.try_exists().map_err(named)? {
            let text =
                "it is there already, of an earlier recording; record into another directory";
            return Err(named(io::Error::new(ErrorKind::AlreadyExists, text)));
        }
        let written = File::create(&unfinished)
            .and_then(|file| files::write(&content, BufWriter::new(file)))
            .and_then(|()| fs::rename(&unfinished, &path));
        if let Err(error) = written {
            let _ = fs::remove_file(&unfinished);
            return Err(named(error));
        }
        self.list(frame, &name).map_err(named)?;
        self.written += 1;
        self.bytes += frame.bytes.len() as u64;
        Ok(())
    }

    fn list(&mut self, frame: &FrameView<'_>, file: &str) -> io::Result<()> {
        let time = match time(frame) {
            Time::Missing => String::new(),
            time => time.to_string(),
        };
        let (element, shape) = frame
            .array
            .map_or_else(Default::default, |(element, shape)| {
                (element.to_string(), Shape(shape, "x").to_string())
            });
        let [sequence, tag] = [frame.sequence, frame.tag].map(|number| number.to_string());
        let len = frame.bytes.len().to_string();
        let row = [&sequence, &time, &tag, &len, &element, &shape, file];
        self.index.write_record(row)?;
        self.index.flush()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Of one that was killed before.
        let _ = fs::remove_file(self.path.join(UNFINISHED));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::frame;
    use super::*;
    use ringbuf_core::Element;

    fn options(path: &Path, append: bool) -> RecordOptions {
        RecordOptions {
            directory: path.to_owned(),
            append,
            tag: None,
        }
    }

    fn names(path: &Path) -> Vec<String> {
        let entries = fs::read_dir(path).unwrap();
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string();
        let mut names: Vec<_> = entries.map(|entry| name(entry).unwrap()).collect();
        names.sort();
        names
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told_with_the_name_of_the_file() {
        let directory = tempfile::tempdir().expect("a directory");
        let index = directory.path().join(INDEX);
        std::os::unix::fs::symlink("/dev/full", &index).expect("a link");
        let error = Directory::open(&options(directory.path(), true))
            .map(drop)
            .expect_err("no room");
        let (text, name) = (format!("{error:#}"), index.display().to_string());
        assert!(
            text.starts_with("cannot write ") && text.contains(&name),
            "{text}"
        );
    }

    #[test]
    fn files_are_named_by_sequence_and_listed() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("new/deep");
        let mut directory = Directory::open(&options(&path, false)).unwrap();
        directory.write(&frame(b"text", None)).unwrap();
        let mut image = frame(&[1, 2, 3], Some((Element::U8, &[1, 1, 3])));
        (image.sequence, image.published_ns) = (1_234_567_890_123, None);
        directory.write(&image).unwrap();
        assert_eq!((directory.written(), directory.bytes()), (2, 7));
        drop(directory);
        let expected = ["000000000042.txt", "1234567890123.png", "frames.csv"];
        assert_eq!(names(&path), expected);
        let index = fs::read_to_string(path.join(INDEX)).unwrap();
        let expected = "sequence,time,tag,len,element,shape,file\n\
                        42,1970-01-01T00:00:01.5Z,7,4,,,000000000042.txt\n\
                        1234567890123,,7,3,u8,1x1x3,1234567890123.png\n";
        assert_eq!(index, expected);
    }

    #[test]
    fn what_is_there_is_never_written_over() {
        let home = tempfile::tempdir().unwrap();
        let refused = |append| {
            let opened = Directory::open(&options(home.path(), append));
            format!("{:#}", opened.map(drop).unwrap_err())
        };
        let mut first = Directory::open(&options(home.path(), false)).unwrap();
        first.write(&frame(b"first", None)).unwrap();
        assert!(refused(false).contains("not empty"), "{}", refused(false));
        assert!(
            refused(true).contains("another analyzer"),
            "{}",
            refused(true)
        );
        drop(first);
        fs::write(home.path().join(UNFINISHED), "of one that was killed").unwrap();
        let mut second = Directory::open(&options(home.path(), true)).unwrap();
        let error = second
            .write(&frame(b"again", None))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("000000000042.txt") && error.contains("there already"),
            "{error}"
        );
        let mut next = frame(b"next", None);
        next.sequence = 43;
        second.write(&next).unwrap();
        drop(second);
        let expected = ["000000000042.txt", "000000000043.txt", "frames.csv"];
        assert_eq!(names(home.path()), expected);
        assert_eq!(
            fs::read(home.path().join("000000000042.txt")).unwrap(),
            b"first"
        );
        let index = fs::read_to_string(home.path().join(INDEX)).unwrap();
        assert_eq!(index.lines().count(), 3, "{index}");
    }

    #[test]
    fn a_file_is_no_directory() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Directory::check(&options(file.path(), true)).unwrap_err();
        assert!(
            format!("{error:#}").contains("cannot record into"),
            "{error:#}"
        );
    }
}
