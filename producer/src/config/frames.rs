//! Frames: the command line with its defaults filled in.

use std::path::{Path, PathBuf};

use super::{Config, SourceConfig, keep, timing_of};
use crate::{
    args::{FramesArgs, LinesArgs},
    frames::CardSize,
};

/// Images a second where nothing else is said.
const DEFAULT_RATE: f64 = 30.0;

/// Frames, and the ring they need.
#[derive(Debug)]
pub(crate) struct FrameOptions {
    pub(crate) from: FrameFrom,
    pub(crate) tag: u64,
    /// Bytes to keep; absent: as many as the frames to keep have.
    pub(crate) arena: Option<u64>,
    /// Write frames where they lie.
    pub(crate) in_place: bool,
}

/// Where frames come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FrameFrom {
    Images {
        path: PathBuf,
        repeat: bool,
    },
    Raw {
        path: PathBuf,
        each: usize,
        repeat: bool,
    },
    TestCard(CardSize),
    Lines,
}

/// Decides what `producer frames` asks for.
pub(super) fn frames(args: FramesArgs) -> Result<Config, String> {
    let repeat = args.repeat;
    let from = match (args.test_card, args.path, args.raw) {
        (Some(size), ..) => FrameFrom::TestCard(size),
        (None, Some(path), None) if path == Path::new("-") => {
            return Err(
                "images are not read from standard input: found -, expected a directory or a file; --raw BYTES cuts up \
                 what comes, and ./- is a file of that name"
                    .to_owned(),
            );
        }
        (None, path, None) => FrameFrom::Images {
            path: path.unwrap_or_default(),
            repeat,
        },
        (None, path, Some(each)) => FrameFrom::Raw {
            path: path.unwrap_or_default(),
            each: usize::try_from(each).map_err(|_| format!("no memory holds {each} bytes"))?,
            repeat,
        },
    };
    let timing = Some(timing_of(args.rate.unwrap_or(DEFAULT_RATE)));
    let keep = keep(args.capacity, args.retain, timing)?;
    let source = FrameOptions {
        from,
        tag: args.tag,
        arena: args.arena,
        in_place: args.in_place,
    };
    Ok(Config::new(
        SourceConfig::Frames(source),
        timing,
        keep,
        args.run,
    ))
}

/// Decides what `producer lines` asks for.
pub(super) fn lines(args: LinesArgs) -> Result<Config, String> {
    let timing = Some(timing_of(args.rate.unwrap_or(0.0)));
    let source = FrameOptions {
        from: FrameFrom::Lines,
        tag: args.tag,
        arena: args.arena,
        in_place: false,
    };
    let keep = keep(args.capacity, None, timing)?;
    Ok(Config::new(
        SourceConfig::Frames(source),
        timing,
        keep,
        args.run,
    ))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        config::tests::config,
        keep::{Keep, Promise},
        pace::Timing,
    };

    #[test]
    fn frames_come_from_one_place() {
        let frames = |line| match config(line).source {
            SourceConfig::Frames(options) => options,
            other => panic!("{other:?}"),
        };
        let path = PathBuf::from("d");
        let images = frames("producer frames d --ring r --tag 7 --arena 1MiB --in-place");
        let expected = FrameFrom::Images {
            path: path.clone(),
            repeat: false,
        };
        assert_eq!(images.from, expected);
        assert_eq!(
            (images.tag, images.arena, images.in_place),
            (7, Some(1 << 20), true)
        );
        let raw = FrameFrom::Raw {
            path,
            each: 4096,
            repeat: true,
        };
        assert_eq!(
            frames("producer frames d --raw 4KiB --repeat --ring r").from,
            raw
        );
        let card = FrameFrom::TestCard(CardSize::parse("64x8").expect("a size"));
        assert_eq!(
            frames("producer frames --test-card 64x8 --ring r").from,
            card
        );
        assert_eq!(frames("producer lines --ring r").from, FrameFrom::Lines);
    }

    #[test]
    fn images_have_a_rate_and_lines_come_as_they_come() {
        let timing = |line| config(line).timing;
        let frames = "producer frames d --ring r";
        assert_eq!(timing(frames), Some(Timing::Rate(30.0)));
        assert_eq!(timing("producer lines --ring r"), Some(Timing::AsFast));
        let promise = Promise {
            time: Duration::from_secs(2),
            rate: 30.0,
        };
        let keep = config("producer frames d --ring r --retain 2s").ring.keep;
        assert_eq!(keep, Keep::Lasting(promise));
    }
}
