//! What the kernel has: a pipe and a Unix stream, 64 KiB for each call. Polled, they are set not to block.

use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::{self, UnixListener};

use anyhow::{Context, Result, ensure};
use benches::record::{Check, fill};

use crate::link::{Link, Waiting, retry};
use crate::peer::{Between, Can, Facts, Peer, Receiver, Sender};

/// Bytes for each call.
const CALL: usize = 65_536;

const CAN: &[Can] = &[Can::PingPong, Can::Stream, Can::FanOutBlock, Can::Wake];

/// A stream of bytes that is written.
pub struct To<const W: usize, S> {
    stream: S,
    records: Vec<[u64; W]>,
    waiting: Waiting,
}

/// A stream of bytes that is read.
pub struct From<const W: usize, S> {
    stream: S,
    records: Vec<[u64; W]>,
    /// Bytes in front that are already there: a record may come in pieces.
    filled: usize,
}

fn buffer<const W: usize>() -> Vec<[u64; W]> {
    vec![[0; W]; (CALL / (W * 8)).max(1)]
}

fn bytes<const W: usize>(records: &mut [[u64; W]]) -> &mut [u8] {
    // SAFETY: plain words, looked at as bytes.
    unsafe { std::slice::from_raw_parts_mut(records.as_mut_ptr().cast(), size_of_val(records)) }
}

impl<const W: usize, S: Write> Sender<W> for To<W, S> {
    #[inline(always)]
    fn send(&mut self, first: u64, count: usize) -> Result<()> {
        let records = &mut self.records[..count];
        fill(records, first);
        let mut rest = &*bytes(records);
        while !rest.is_empty() {
            match self.stream.write(rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.waiting.idle(),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

impl<const W: usize, S: Read> Receiver<W> for From<W, S> {
    #[inline(always)]
    fn receive(&mut self, check: &mut Check<W>) -> Result<()> {
        let read = match self
            .stream
            .read(&mut bytes(&mut self.records)[self.filled..])
        {
            Ok(0) => anyhow::bail!("the other side is gone"),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        self.filled += read;
        let whole = self.filled / (W * 8);
        check.take(&self.records[..whole]);
        let rest = whole * W * 8..self.filled;
        self.filled = rest.len();
        bytes(&mut self.records).copy_within(rest, 0);
        Ok(())
    }
}

/// A named pipe, with the largest buffer that needs no privileges.
pub struct Pipe;

impl Peer for Pipe {
    const FACTS: Facts = Facts {
        name: "pipe",
        between: Between::Processes,
        batch: CALL,
        readers: 1,
        can: CAN,
    };
    type Sender<const W: usize> = To<W, File>;
    type Receiver<const W: usize> = From<W, File>;

    fn prepare<const W: usize>(link: &Link) -> Result<()> {
        let path = CString::new(link.path().as_os_str().as_bytes())?;
        // SAFETY: a string that ends with zero.
        let made = unsafe { libc::mkfifo(path.as_ptr(), 0o600) };
        ensure!(made == 0, std::io::Error::last_os_error());
        Ok(())
    }

    fn sender<const W: usize>(link: &Link) -> Result<To<W, File>> {
        let stream = OpenOptions::new().write(true).open(link.path())?;
        // SAFETY: changes an open pipe; if the system refuses, the pipe stays as it was.
        unsafe { libc::fcntl(stream.as_raw_fd(), libc::F_SETPIPE_SZ, 1 << 20) };
        unblock(&stream, link)?;
        Ok(To {
            stream,
            records: buffer(),
            waiting: link.waiting,
        })
    }

    fn receiver<const W: usize>(link: &Link) -> Result<From<W, File>> {
        let stream = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_CLOEXEC)
            .open(link.path())?;
        unblock(&stream, link)?;
        Ok(From {
            stream,
            records: buffer(),
            filled: 0,
        })
    }
}

fn unblock(stream: &impl AsRawFd, link: &Link) -> Result<()> {
    if link.waiting == Waiting::Block {
        return Ok(());
    }
    // SAFETY: changes an open descriptor.
    let set = unsafe { libc::fcntl(stream.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
    ensure!(set == 0, std::io::Error::last_os_error());
    Ok(())
}

/// A Unix stream socket.
pub struct UnixStream;

impl Peer for UnixStream {
    const FACTS: Facts = Facts {
        name: "unix-stream",
        between: Between::Processes,
        batch: CALL,
        readers: 1,
        can: CAN,
    };
    type Sender<const W: usize> = To<W, net::UnixStream>;
    type Receiver<const W: usize> = From<W, net::UnixStream>;

    fn sender<const W: usize>(link: &Link) -> Result<Self::Sender<W>> {
        let stream = retry(|| net::UnixStream::connect(link.path())).context("connecting")?;
        unblock(&stream, link)?;
        Ok(To {
            stream,
            records: buffer(),
            waiting: link.waiting,
        })
    }

    fn receiver<const W: usize>(link: &Link) -> Result<Self::Receiver<W>> {
        let (stream, _) = UnixListener::bind(link.path())?.accept()?;
        unblock(&stream, link)?;
        Ok(From {
            stream,
            records: buffer(),
            filled: 0,
        })
    }
}
