//! Standard input: the command line with its defaults filled in.

use ringbuf_core::Schema;

use super::{Config, SourceConfig, recorded};
use crate::{
    args::{InputFormat, StdinArgs},
    pace::Timing,
    source::options::ColumnOptions,
};

/// What comes through standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StdinOptions {
    Csv {
        delimiter: u8,
        columns: ColumnOptions,
    },
    Ndjson(ColumnOptions),
    Raw(Schema),
}

/// Decides what `producer stdin` asks for.
pub(super) fn stdin(args: StdinArgs) -> Result<Config, String> {
    let common = args.common;
    let timing = recorded(common.rate, args.speed, args.max_gap).unwrap_or(Timing::AsFast);
    if let Some(time) = common.retain
        && common.rate.is_none()
    {
        return Err(format!(
            "--retain {time:?}: records that come by themselves have no rate to count with; give --rate with how many \
             come a second, or --capacity with how many to keep"
        ));
    }
    let source = options(args.format, args.delimiter, args.columns.options())?;
    Config::of_records(SourceConfig::Stdin(source), Some(timing), common)
}

fn options(
    format: InputFormat,
    delimiter: Option<u8>,
    columns: ColumnOptions,
) -> Result<StdinOptions, String> {
    if delimiter.is_some() && format != InputFormat::Csv {
        return Err("--delimiter separates columns, and only --format csv has them".to_owned());
    }
    if format != InputFormat::Raw {
        return Ok(match format {
            InputFormat::Csv => StdinOptions::Csv {
                delimiter: delimiter.unwrap_or(b','),
                columns,
            },
            _ => StdinOptions::Ndjson(columns),
        });
    }
    let without = ColumnOptions {
        schema: None,
        ..columns.clone()
    };
    if without != ColumnOptions::default() {
        return Err(
            "--format raw takes records as they are: --schema alone says what is in them, found an option that chooses \
             columns as well"
                .to_owned(),
        );
    }
    columns.schema.map(StdinOptions::Raw).ok_or_else(|| {
        "--format raw needs --schema, which says what a record consists of, such as --schema 't:u64:ns,accel:f32[3]:g'"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser;

    use super::*;
    use crate::{args::Cli, config::tests::config};

    fn source(line: &str) -> StdinOptions {
        match config(line).source {
            SourceConfig::Stdin(options) => options,
            other => panic!("{other:?}"),
        }
    }

    fn refused(line: &str) -> String {
        let cli = Cli::try_parse_from(line.split(' ')).expect("parses");
        Config::resolve(cli).expect_err(line)
    }

    #[test]
    fn there_are_three_formats() {
        let csv = |delimiter| StdinOptions::Csv {
            delimiter,
            columns: ColumnOptions::default(),
        };
        assert_eq!(source("producer stdin --ring r"), csv(b','));
        assert_eq!(
            source("producer stdin --ring r --delimiter tab"),
            csv(b'\t')
        );
        let ndjson = "producer stdin --ring r --format ndjson --text a=3";
        let columns = ColumnOptions {
            text: vec![("a".to_owned(), 3)],
            ..ColumnOptions::default()
        };
        assert_eq!(source(ndjson), StdinOptions::Ndjson(columns));
        let StdinOptions::Raw(schema) =
            source("producer stdin --ring r --format raw --schema a:u8")
        else {
            panic!("raw");
        };
        assert_eq!(schema.size(), 1);
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let raw = "producer stdin --ring r --format raw";
        assert!(refused(raw).contains("needs --schema"));
        for more in ["--leave-out x", "--time-unit s", "--leave-out-others"] {
            let error = refused(&format!("{raw} --schema a:u8 {more}"));
            assert!(error.contains("takes records as they are"), "{error}");
        }
        let error = refused("producer stdin --ring r --format ndjson --delimiter ;");
        assert!(error.contains("only --format csv"), "{error}");
        for more in ["", " --speed 2"] {
            let error = refused(&format!("producer stdin --ring r --retain 5s{more}"));
            assert!(
                error.contains("--retain 5s: ") && error.contains("--capacity"),
                "{error}"
            );
        }
    }

    #[test]
    fn records_go_out_as_they_come_unless_told_otherwise() {
        let timing = |more: &str| config(&format!("producer stdin --ring r {more}")).timing;
        assert_eq!(timing(""), Some(Timing::AsFast));
        assert_eq!(timing("--rate 0"), Some(Timing::AsFast));
        assert_eq!(timing("--rate 5"), Some(Timing::Rate(5.0)));
        let recorded = |speed, max_gap| Some(Timing::Recorded { speed, max_gap });
        assert_eq!(timing("--speed 3"), recorded(3.0, None));
        let gap = Duration::from_secs(1);
        assert_eq!(timing("--max-gap 1s"), recorded(1.0, Some(gap)));
    }
}
