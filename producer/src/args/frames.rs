//! The command line of the sources that make frames.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::RunArgs;
use crate::{frames::CardSize, values};

pub(super) const FRAMES_HELP: &str = "\
Images are PNG, JPEG, TIFF, GIF (the first picture of it), BMP and PNM (pbm, pgm, ppm, pam), in
the order of their names; a frame is what was decoded: height x width x channels (grey, grey and
alpha, RGB, RGB and alpha) of 8 bits, or of 16 or 32 (float) where the file has them, up to 1 GiB.
Other files of a directory are skipped; one that cannot be decoded ends the run. A program built
without the feature `images` (--no-default-features, as demo.sh does) reads none.

The test card is made of colour bars, a block that moves one step with every frame, and below
them the number of the frame in 64 bits: frame n is the same whenever it is made, so that
whoever gets it can check it.

In the ring lies room for bytes, the arena, and room for so many frames: the oldest make way
when one of the two is used up. Without an option there is room for about 64 frames like the
first, at least 16 MiB and rarely more than 256 MiB.

Examples:
  producer frames --test-card 640x480 --ring cam
  producer frames --test-card 1920x1080 --ring cam --retain 2s --in-place
  producer frames pictures/ --ring cam --rate 5 --repeat
  producer frames scan.png --ring scan --wait-for-readers 1
  producer frames /var/log/dpkg.log --raw 64KiB --rate 0 --ring pieces
  ffmpeg -i clip.mp4 -f rawvideo -pix_fmt rgb24 - | producer frames - --raw 921600 --ring cam";

#[derive(Debug, Args)]
pub(crate) struct FramesArgs {
    /// A directory of images, or one file; with --raw also a pipe, or - for standard input
    #[arg(required_unless_present = "test_card", conflicts_with = "test_card")]
    pub(crate) path: Option<PathBuf>,
    /// In place of PATH, a moving test card of so many pixels, such as 640x480
    #[arg(long, value_name = "WxH", value_parser = CardSize::parse)]
    pub(crate) test_card: Option<CardSize>,
    /// Cut the file into frames of so many bytes, whatever it is; the last one may be shorter
    #[arg(long, value_name = "BYTES", allow_negative_numbers = true, value_parser = values::size, conflicts_with = "test_card")]
    pub(crate) raw: Option<u64>,
    /// Begin again at the end, round and round
    #[arg(long, conflicts_with = "test_card")]
    pub(crate) repeat: bool,
    /// A number that goes with every frame
    #[arg(long, value_name = "N", default_value = "0", allow_negative_numbers = true, value_parser = values::count)]
    pub(crate) tag: u64,
    /// Decode and draw into the ring itself. Only lossless readers can follow then, for others could see half a frame
    #[arg(long)]
    pub(crate) in_place: bool,
    #[command(flatten, next_help_heading = "The run and the ring")]
    pub(crate) run: RunArgs,
    /// Frames a second; 0: as fast as possible [default: 30]
    #[arg(long, value_name = "HZ", allow_negative_numbers = true, value_parser = values::rate)]
    pub(crate) rate: Option<f64>,
    /// Frames the ring keeps, with room for as many like the first unless --arena says otherwise
    /// [default: as the ring of this name has it already]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = values::positive_count)]
    pub(crate) capacity: Option<u64>,
    /// Bytes the ring keeps, such as 64MiB or 1GiB; no frame can be longer
    #[arg(long, value_name = "SIZE", allow_negative_numbers = true, value_parser = values::size)]
    pub(crate) arena: Option<u64>,
    /// In place of --capacity, the frames of so much time, such as 5s, at the rate of --rate
    #[arg(long, value_name = "TIME", value_parser = values::positive_duration, conflicts_with = "capacity")]
    pub(crate) retain: Option<Duration>,
}

pub(super) const LINES_HELP: &str = "\
A frame is a line without its end (LF or CRLF): any bytes, of any length up to that of the
arena. A longer line is passed over, told, and counted at the end.

The end of standard input is the end of the run. Ctrl-C and SIGTERM end it as well.

Examples:
  journalctl -f | producer lines --ring log
  producer lines --ring log < /var/log/dpkg.log
  seq 1000000 | producer lines --ring numbers --wait-for-readers 1
  analyzer tail log                    what comes, in another terminal";

#[derive(Debug, Args)]
pub(crate) struct LinesArgs {
    /// A number that goes with every line
    #[arg(long, value_name = "N", default_value = "0", allow_negative_numbers = true, value_parser = values::count)]
    pub(crate) tag: u64,
    #[command(flatten, next_help_heading = "The run and the ring")]
    pub(crate) run: RunArgs,
    /// Lines a second at most; 0: as they come [default: 0]
    #[arg(long, value_name = "HZ", allow_negative_numbers = true, value_parser = values::rate)]
    pub(crate) rate: Option<f64>,
    /// Lines the ring keeps at most, with room for 256 bytes each unless --arena says otherwise
    /// [default: as the ring of this name has it already, else a line for each 512 bytes of --arena]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = values::positive_count)]
    pub(crate) capacity: Option<u64>,
    /// Bytes the ring keeps, such as 64MiB; no line can be longer [default: 16MiB at least]
    #[arg(long, value_name = "SIZE", allow_negative_numbers = true, value_parser = values::size)]
    pub(crate) arena: Option<u64>,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::args::Cli;

    #[test]
    fn wrong_usage_is_refused() {
        for line in [
            "producer frames",
            "producer frames d",
            "producer frames --ring r",
            "producer frames d --ring r --test-card 64x8",
            "producer frames --ring r --test-card 64",
            "producer frames --ring r --test-card 64x8 --raw 5",
            "producer frames --ring r --test-card 64x8 --repeat",
            "producer frames d --ring r --raw 0",
            "producer frames d --ring r --arena 16MB",
            "producer frames d --ring r --tag -1",
            "producer frames d --ring r --capacity 5 --retain 5s",
            "producer lines",
            "producer lines f --ring r",
            "producer lines --ring r --retain 5s",
            "producer lines --ring r --in-place",
        ] {
            let error = Cli::try_parse_from(line.split(' ')).expect_err(line);
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }
}
