//! `record`: every frame as a file.

use std::io;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::{Directory, FrameAnalysis, FrameView};
use crate::output::{Format, Output, status, talk, wipe_status};
use crate::progress::{Report, Summary};
use crate::reporter::Reporter;
use ringbuf_console::text::grouped;

/// How often somebody who watches is told how far it is.
const EVERY: Duration = Duration::from_secs(1);

/// Frames as files.
pub struct Recorder {
    directory: Directory,
    told: Instant,
}

#[derive(Serialize)]
struct Own {
    directory: String,
    files: u64,
    bytes: u64,
}

impl Recorder {
    pub fn to(directory: Directory) -> Recorder {
        Recorder {
            directory,
            told: Instant::now(),
        }
    }
}

impl FrameAnalysis for Recorder {
    fn frame(&mut self, frame: &FrameView<'_>, _: &mut Output) -> io::Result<()> {
        self.directory.write(frame)?;
        if self.told.elapsed() >= EVERY {
            self.told = Instant::now();
            let (files, bytes) = (self.directory.written(), self.directory.bytes());
            status(format_args!("{files} files, {} bytes", grouped(bytes)));
        }
        Ok(())
    }
}

impl Reporter for Recorder {
    fn report(&mut self, summary: &Summary, output: &mut Output) -> io::Result<()> {
        let own = Own {
            directory: self.directory.path().display().to_string(),
            files: self.directory.written(),
            bytes: self.directory.bytes(),
        };
        match output.format() {
            Format::Json => {
                wipe_status();
                output.object(&Report { summary, own })
            }
            Format::Human => {
                let (files, bytes) = (own.files, grouped(own.bytes));
                let s = if files == 1 { "" } else { "s" };
                talk(format_args!(
                    "{summary}: {files} file{s} of {bytes} bytes in {}",
                    own.directory
                ));
                Ok(())
            }
        }
    }
}
