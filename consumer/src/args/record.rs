//! `analyzer record`, as it is typed.

use clap::Args;

use super::{Options, values};

pub const HELP: &str = "\
A file is called by the sequence of its frame: 000000000042.png. Images (8 or 16 bits, height x
width x 1 to 4 channels) become PNG, other arrays .npy, text .txt, other bytes .bin. A file has
its name when all of it is there; frames.csv lists them, with the time, the tag, the length and
the shape of each frame.

Examples:
  analyzer record cam pictures/ --lossless             the producer waits while the disk is behind
  analyzer record pictures/ --ring cam --count 10      the next ten
  analyzer record cam left/ --tag 1 --from oldest      only what is tagged with 1";

#[derive(Debug, Args)]
pub struct Record {
    /// Name of the ring, or the path of its data file; the directory if the ring is given with --ring
    #[arg(value_name = "RING")]
    pub place: String,

    /// Where the files go; it is made if there is none
    #[arg(
        value_name = "DIR",
        required_unless_present = "ring",
        conflicts_with = "ring"
    )]
    pub directory: Option<String>,

    /// The ring, as an option
    #[arg(long, value_name = "RING")]
    pub ring: Option<String>,

    /// Add to a directory with something in it
    #[arg(long)]
    pub append: bool,

    /// Only frames with this tag; the others count as skipped
    #[arg(long, value_name = "N", value_parser = values::tag)]
    pub tag: Option<u64>,

    #[command(flatten)]
    pub options: Options,
}
