//! A file of the kernel that stays open: read again from its beginning, it says how things are now.

use std::{fs::File, io, os::unix::fs::FileExt, path::Path};

/// A file that is open, and room for what is in it.
pub(super) struct Kept {
    file: File,
    form: Form,
    bytes: Vec<u8>,
}

/// How the kernel hands out what a file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// All of it at once.
    Whole,
    /// A list: some of it at a time, until there is no more.
    List,
}

impl Kept {
    /// Enough for most files, so that the room for them has to grow only once or twice.
    const LEAST: usize = 4 * 1024;
    /// What a file says beyond this is not read.
    const MOST: usize = 1024 * 1024;

    /// Opens a file, and reads it to see that it can be read.
    ///
    /// # Errors
    ///
    /// What cannot be done with which file, in words.
    pub(super) fn open(path: &Path, form: Form) -> Result<Kept, String> {
        let file = path.metadata().and_then(|found| match found.is_file() {
            true => File::open(path),
            // To open a pipe may take for ever.
            false => Err(io::Error::other("found no file there, expected one")),
        });
        let kept = file.and_then(|file| {
            let bytes = vec![0; Kept::LEAST];
            let mut kept = Kept { file, form, bytes };
            kept.try_read()?;
            Ok(kept)
        });
        kept.map_err(|error| format!("{}: {error}", path.display()))
    }

    /// What the file says now; nothing when it cannot be read.
    pub(super) fn read(&mut self) -> &[u8] {
        self.try_read().unwrap_or_default()
    }

    fn try_read(&mut self) -> io::Result<&[u8]> {
        let mut len = 0;
        while len < Kept::MOST {
            if len == self.bytes.len() {
                self.bytes.resize(len * 2, 0);
            }
            match self.file.read_at(&mut self.bytes[len..], len as u64) {
                Ok(0) => break,
                Ok(some) => len += some,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            if self.form == Form::Whole && len < self.bytes.len() {
                break;
            }
        }
        let text = &self.bytes[..len];
        if len < Kept::MOST {
            return Ok(text);
        }
        // Half a number is a wrong number.
        let end = text.iter().rposition(|&byte| byte == b'\n');
        Ok(&text[..end.unwrap_or(0)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_says_now_is_read_however_long_it_is() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let path = directory.path().join("f");
        for form in [Form::Whole, Form::List] {
            std::fs::write(&path, "one\n").expect("writes");
            let mut kept = Kept::open(&path, form).expect("opens");
            assert_eq!(kept.read(), b"one\n");
            let long = "a line\n".repeat(10_000);
            std::fs::write(&path, &long).expect("writes");
            assert_eq!(kept.read(), long.as_bytes());
            std::fs::write(&path, "").expect("writes");
            assert_eq!(kept.read(), b"");
        }
    }

    #[test]
    fn a_file_without_end_is_cut_after_a_line() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let path = directory.path().join("f");
        std::fs::write(&path, "1234567890\n".repeat(200_000)).expect("writes");
        for form in [Form::Whole, Form::List] {
            let mut kept = Kept::open(&path, form).expect("opens");
            let text = kept.read();
            assert!((Kept::MOST - 11..=Kept::MOST).contains(&text.len()));
            assert!(text.ends_with(b"\n1234567890"));
        }
        std::fs::write(&path, "1".repeat(2_000_000)).expect("writes");
        let mut kept = Kept::open(&path, Form::Whole).expect("opens");
        assert_eq!(kept.read(), b"");
    }

    #[test]
    fn what_cannot_be_read_is_nothing() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let missing = directory.path().join("missing");
        let error = Kept::open(&missing, Form::Whole).map(drop);
        assert!(error.expect_err("none").contains("missing: No such file"));
        // Devices and pipes are no files of the kernel.
        for other in [directory.path(), Path::new("/dev/null")] {
            let error = Kept::open(other, Form::List).map(drop);
            assert!(error.expect_err("none").contains("expected one"));
        }
    }

    #[test]
    fn the_kernel_says_something_new_through_the_same_file() {
        let mut kept = Kept::open(Path::new("/proc/self/stat"), Form::Whole).expect("Linux");
        let mut list = Kept::open(Path::new("/proc/self/maps"), Form::List).expect("Linux");
        assert!(
            kept.read()
                .starts_with(std::process::id().to_string().as_bytes())
        );
        // More than a page: it comes in pieces.
        let maps = std::fs::read("/proc/self/maps").expect("reads");
        let stack = |text: &[u8]| text.windows(7).any(|part| part == b"[stack]");
        assert!(stack(&maps) && stack(list.read()));
        assert!(list.read().len() > 4096);
    }
}
