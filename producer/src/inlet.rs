//! Bytes, a block at a time. Those from a pipe are read by a thread of its own: who waits for more of them can still be
//! told to stop.

use std::{
    fs::File,
    io::{self, Read},
    sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel},
    thread,
};

/// Where bytes come from.
pub(crate) trait Blocks {
    /// What has come since the last time.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn take(&mut self) -> io::Result<Came>;
}

/// Bytes asked for in one go.
const BLOCK: usize = 64 * 1024;

/// Blocks that may lie ready; then the pipe fills up, and who writes into it waits.
const AHEAD: usize = 4;

/// Reads ahead.
#[derive(Debug)]
pub(crate) struct Inlet {
    blocks: Receiver<io::Result<Vec<u8>>>,
}

/// What has come.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Came {
    Bytes(Vec<u8>),
    /// Nothing yet: this thread is unparked when that changes.
    Nothing,
    End,
}

impl Inlet {
    /// Begins to read, for the calling thread.
    pub(crate) fn new(from: impl Read + Send + 'static) -> io::Result<Inlet> {
        let (blocks_in, blocks) = sync_channel(AHEAD);
        let waiting = thread::current();
        thread::Builder::new()
            .name("input".to_owned())
            .spawn(move || {
                read_all(from, &blocks_in, || waiting.unpark());
                // The end is seen when the channel is closed, so that has to come before.
                drop(blocks_in);
                waiting.unpark();
            })?;
        Ok(Inlet { blocks })
    }
}

impl Blocks for Inlet {
    fn take(&mut self) -> io::Result<Came> {
        match self.blocks.try_recv() {
            Ok(block) => block.map(Came::Bytes),
            Err(TryRecvError::Empty) => Ok(Came::Nothing),
            Err(TryRecvError::Disconnected) => Ok(Came::End),
        }
    }
}

/// A file that has all its bytes.
#[derive(Debug)]
pub(crate) struct FileBlocks(File);

impl FileBlocks {
    /// What lies in this file, from where it is at.
    pub(crate) fn new(file: File) -> FileBlocks {
        FileBlocks(file)
    }
}

impl Blocks for FileBlocks {
    fn take(&mut self) -> io::Result<Came> {
        let block = read_block(&mut self.0)?;
        Ok(if block.is_empty() {
            Came::End
        } else {
            Came::Bytes(block)
        })
    }
}

fn read_all(mut from: impl Read, blocks: &SyncSender<io::Result<Vec<u8>>>, has_come: impl Fn()) {
    loop {
        let block = read_block(&mut from);
        if block.as_ref().is_ok_and(Vec::is_empty) {
            return;
        }
        let failed = block.is_err();
        let sent = blocks.send(block);
        has_come();
        if failed || sent.is_err() {
            return;
        }
    }
}

/// The next bytes; none at the end.
fn read_block(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut block = vec![0; BLOCK];
    loop {
        match from.read(&mut block) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => {
                block.truncate(read?);
                return Ok(block);
            }
        }
    }
}

/// Bytes that are there already, in pieces of one size, with a pause after each.
#[derive(Debug)]
pub(crate) struct Pieces {
    blocks: Receiver<Vec<u8>>,
    pauses: bool,
    paused: bool,
}

impl Pieces {
    /// These bytes.
    pub(crate) fn new(bytes: &[u8], piece: usize) -> Pieces {
        let (sender, blocks) = std::sync::mpsc::channel();
        for piece in bytes.chunks(piece.max(1)) {
            let _ = sender.send(piece.to_vec());
        }
        Pieces {
            blocks,
            pauses: true,
            paused: false,
        }
    }

    /// Those that are sent.
    #[cfg(test)]
    pub(crate) fn by_hand() -> (Pieces, std::sync::mpsc::Sender<Vec<u8>>) {
        let (sender, blocks) = std::sync::mpsc::channel();
        let pieces = Pieces {
            blocks,
            pauses: false,
            paused: false,
        };
        (pieces, sender)
    }
}

impl Blocks for Pieces {
    fn take(&mut self) -> io::Result<Came> {
        self.paused = self.pauses && !self.paused;
        if self.paused {
            return Ok(Came::Nothing);
        }
        Ok(match self.blocks.try_recv() {
            Ok(block) => Came::Bytes(block),
            Err(TryRecvError::Empty) => Came::Nothing,
            Err(TryRecvError::Disconnected) => Came::End,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        time::{Duration, Instant},
    };

    use super::*;

    /// The next block, slept for as a run does.
    fn next(inlet: &mut Inlet) -> Came {
        loop {
            match inlet.take().expect("no fault") {
                Came::Nothing => {
                    let hangs = Duration::from_secs(60);
                    let began = Instant::now();
                    thread::park_timeout(hangs);
                    assert!(began.elapsed() < hangs, "nobody said that it had come");
                }
                came => return came,
            }
        }
    }

    #[test]
    fn what_is_written_comes_and_then_the_end() {
        let (reader, mut writer) = io::pipe().expect("a pipe");
        let mut inlet = Inlet::new(reader).expect("a thread");
        assert_eq!(inlet.take().expect("no fault"), Came::Nothing);
        let writing = thread::spawn(move || {
            // Somebody sleeps by then.
            thread::sleep(Duration::from_millis(50));
            writer.write_all(b"one").expect("writes");
            writer
        });
        assert_eq!(next(&mut inlet), Came::Bytes(b"one".to_vec()));
        assert_eq!(inlet.take().expect("no fault"), Came::Nothing);
        let writer = writing.join().expect("writes");
        let writing = thread::spawn(move || {
            thread::sleep(Duration::from_millis(50));
            drop(writer);
        });
        assert_eq!(next(&mut inlet), Came::End);
        assert_eq!(next(&mut inlet), Came::End);
        writing.join().expect("closes");
    }

    #[test]
    fn a_fault_is_told_after_what_came_before_it() {
        struct Breaks(bool);
        impl Read for Breaks {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                if std::mem::replace(&mut self.0, true) {
                    return Err(io::Error::other("gone"));
                }
                out[0] = 7;
                Ok(1)
            }
        }
        let mut inlet = Inlet::new(Breaks(false)).expect("a thread");
        assert_eq!(next(&mut inlet), Came::Bytes(vec![7]));
        let error = loop {
            match inlet.take() {
                Ok(Came::Nothing) => thread::yield_now(),
                Ok(came) => panic!("{came:?}"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.to_string(), "gone");
    }
}
