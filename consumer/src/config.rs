//! The command line as it was meant: every default applied, every either-or decided.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use ringbuf_core::{Delivery, Start, Until};

use crate::analysis::Kind;
use crate::args::{Analysis, Args, Common, Options, Plotting, Record};
use crate::output::Format;

/// How long to wait for a ring that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    ForEver,
    For(Duration),
    None,
}

/// Where frames are recorded, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordOptions {
    pub directory: PathBuf,
    /// There may be something in it.
    pub append: bool,
    /// Only those with this tag.
    pub tag: Option<u64>,
}

/// What to do: one analysis of every ring that was named, all at the same time.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub runs: Vec<Config>,
    /// Where a picture of it all goes.
    pub plot: Option<PathBuf>,
}

/// What to do with one ring.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub kind: Kind,
    /// The ring as it was referred to: by its name, or by the path of its data file.
    pub ring: String,
    /// What it is called in all that is said: its name, or the reference where another ring has the same name.
    called: String,
    /// The name by which this reader is listed.
    pub reader: String,
    pub delivery: Delivery,
    /// Where to begin; `None` to decide when the ring is found.
    pub from: Option<Start>,
    /// Where to end, if the ring goes on.
    pub until: Option<Until>,
    /// Also read a ring that may be damaged.
    pub unverified: bool,
    pub every: Option<Duration>,
    pub fields: Vec<String>,
    pub count: Option<u64>,
    pub duration: Option<Duration>,
    pub patience: Patience,
    pub format: Format,
    /// There are others, so whatever is said has to name the ring.
    pub is_one_of_several: bool,
    /// There will be a picture.
    pub is_plotted: bool,
}

/// The name in a reference to a ring.
fn name_in(reference: &str) -> &str {
    let file = reference.rsplit('/').next().unwrap_or_default();
    file.strip_suffix(".ring").unwrap_or(file)
}

impl From<Args> for Plan {
    fn from(args: Args) -> Plan {
        match args.analysis {
            Analysis::Stats(stats) => {
                let kind = Kind::Stats(stats.options());
                Plan::common(kind, stats.common, Some(stats.plotting))
            }
            Analysis::Tail(common) => Plan::common(Kind::Tail, common, None),
            Analysis::Record(record) => Plan::record(record),
            Analysis::Anomaly(anomaly) => {
                let rule = anomaly.rule();
                Plan::common(Kind::Anomaly(rule), anomaly.common, Some(anomaly.plotting))
            }
            Analysis::Spectrum(spectrum) => {
                let kind = Kind::Spectrum(spectrum.options());
                Plan::common(kind, spectrum.common, Some(spectrum.plotting))
            }
            Analysis::Health(health) => {
                Plan::common(Kind::Health(health.options()), health.common, None)
            }
            Analysis::Latency(latency) => {
                let kind = Kind::Latency(latency.options());
                Plan::common(kind, latency.common, Some(latency.plotting))
            }
        }
    }
}

impl Plan {
    fn common(kind: Kind, common: Common, plotting: Option<Plotting>) -> Plan {
        let plot = plotting.and_then(|plotting| plotting.plot);
        let mut rings = common.rings;
        rings.extend(common.places);
        // Twice the same ring would be the same twice.
        let mut seen = HashSet::new();
        rings.retain(|ring| seen.insert(ring.clone()));
        let one = Config::new(kind, String::new(), common.fields, common.options);
        let is_one_of_several = rings.len() > 1;
        let names: Vec<&str> = rings.iter().map(|ring| name_in(ring)).collect();
        let is_unique = |name: &str| names.iter().filter(|&&other| other == name).count() == 1;
        let called = |ring: &str| match name_in(ring) {
            name if is_unique(name) => name.to_owned(),
            _ => ring.to_owned(),
        };
        let run = |ring: &String| Config {
            ring: ring.clone(),
            called: called(ring),
            is_one_of_several,
            is_plotted: plot.is_some(),
            ..one.clone()
        };
        Plan {
            runs: rings.iter().map(run).collect(),
            plot,
        }
    }

    fn record(record: Record) -> Plan {
        // With --ring there is one place, otherwise the ring stands in front of the directory.
        let (ring, directory) = match (record.ring, record.directory) {
            (Some(ring), _) => (ring, record.place),
            (None, directory) => (record.place, directory.unwrap_or_default()),
        };
        let options = RecordOptions {
            directory: directory.into(),
            append: record.append,
            tag: record.tag,
        };
        let kind = Kind::Record(options);
        Plan {
            runs: vec![Config::new(kind, ring, Vec::new(), record.options)],
            plot: None,
        }
    }
}

impl Config {
    /// The ring's name, however it was referred to.
    pub fn ring_name(&self) -> &str {
        &self.called
    }

    fn new(kind: Kind, ring: String, fields: Vec<String>, common: Options) -> Config {
        // Someone who watches wants to see something; a program says what it wants.
        let is_watched = matches!(kind, Kind::Stats(_) | Kind::Latency(_)) && !common.json;
        let usual = is_watched.then_some(Duration::from_secs(1));
        let patience = match common.wait_for_ring {
            Some(time) => Patience::For(time),
            None if common.no_wait => Patience::None,
            None => Patience::ForEver,
        };
        let delivery = match common.bounded {
            Some(most) => Delivery::Bounded(most),
            None if common.lossless => Delivery::Lossless,
            None => Delivery::Lossy,
        };
        Config {
            called: name_in(&ring).to_owned(),
            ring,
            reader: common.name.unwrap_or_else(|| kind.name().to_owned()),
            kind,
            delivery,
            from: common.from,
            until: common.until,
            unverified: common.unverified,
            every: common.every.or(usual),
            fields,
            count: common.count,
            duration: common.duration,
            patience,
            format: if common.json {
                Format::Json
            } else {
                Format::Human
            },
            is_one_of_several: false,
            is_plotted: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::anomaly::{DEFAULT_THRESHOLD, DEFAULT_WINDOW, Rule};
    use clap::Parser;

    fn plan(line: &str) -> Plan {
        Plan::from(Args::try_parse_from(line.split(' ')).unwrap())
    }

    fn config(line: &str) -> Config {
        let mut runs = plan(line).runs;
        assert_eq!(runs.len(), 1);
        runs.remove(0)
    }

    #[test]
    fn several_rings_are_each_named_once() {
        for line in [
            "analyzer stats imu cam imu",
            "analyzer stats --ring imu --ring cam",
        ] {
            let plan = plan(line);
            let rings: Vec<&str> = plan.runs.iter().map(Config::ring_name).collect();
            assert_eq!(rings, ["imu", "cam"]);
            assert!(
                plan.runs
                    .iter()
                    .all(|run| run.is_one_of_several && !run.is_plotted)
            );
        }
        assert!(!config("analyzer stats imu").is_one_of_several);
        // Two of one name are told apart.
        let plan = plan("analyzer stats a/imu b/imu.ring cam");
        let rings: Vec<&str> = plan.runs.iter().map(Config::ring_name).collect();
        assert_eq!(rings, ["a/imu", "b/imu.ring", "cam"]);
    }

    #[test]
    fn a_picture_is_for_all_of_them() {
        let plan = plan("analyzer latency imu cam --plot a/b.SVG");
        assert_eq!(plan.plot, Some("a/b.SVG".into()));
        assert!(plan.runs.iter().all(|run| run.is_plotted));
    }

    #[test]
    fn the_ring_is_named_either_way() {
        assert_eq!(config("analyzer stats imu").ring, "imu");
        assert_eq!(config("analyzer stats --ring imu").ring, "imu");
        assert_eq!(
            config("analyzer stats --ring imu"),
            config("analyzer stats imu")
        );
    }

    #[test]
    fn what_to_record_is_said_either_way() {
        let either = [
            config("analyzer record cam there --tag 7"),
            config("analyzer record there --ring cam --tag 7"),
        ];
        assert_eq!(either[0], either[1]);
        let expected = RecordOptions {
            directory: "there".into(),
            append: false,
            tag: Some(7),
        };
        assert_eq!(
            (either[0].ring.as_str(), &either[0].kind),
            ("cam", &Kind::Record(expected))
        );
        assert_eq!(either[0].reader, "record");
    }

    #[test]
    fn a_path_names_a_ring_too() {
        assert_eq!(config("analyzer stats imu").ring_name(), "imu");
        assert_eq!(config("analyzer stats ./imu").ring_name(), "imu");
        assert_eq!(config("analyzer stats /tmp/a/imu.ring").ring_name(), "imu");
    }

    #[test]
    fn defaults_are_applied() {
        let stats = config("analyzer stats imu");
        assert_eq!(stats.reader, "stats");
        assert_eq!(stats.every, Some(Duration::from_secs(1)));
        assert_eq!((stats.from, stats.patience), (None, Patience::ForEver));
        assert_eq!(
            config("analyzer latency imu").every,
            Some(Duration::from_secs(1))
        );
        assert_eq!(
            config("analyzer latency imu --every 5s").every,
            Some(Duration::from_secs(5))
        );
        assert_eq!(config("analyzer stats imu --json").every, None);
        assert_eq!(config("analyzer tail imu").every, None);
        assert_eq!(config("analyzer tail imu --name me").reader, "me");
    }

    #[test]
    fn delivery_has_three_kinds() {
        let delivery = |options: &str| config(&format!("analyzer tail imu{options}")).delivery;
        assert_eq!(delivery(""), Delivery::Lossy);
        assert_eq!(delivery(" --lossless"), Delivery::Lossless);
        let bounded = Delivery::Bounded(Duration::from_millis(50));
        assert_eq!(delivery(" --bounded 50ms"), bounded);
    }

    #[test]
    fn a_beginning_may_look_like_an_option() {
        let from = |options: &str| config(&format!("analyzer tail imu {options}")).from;
        let last = Some(Start::LastFor(Duration::from_secs(5)));
        assert_eq!(from("--from -5s"), last);
        assert_eq!(from("--from=-5s"), last);
        assert_eq!(from("--from -5s --json"), last);
        assert_eq!(from("--from last:7"), Some(Start::Last(7)));
        assert_eq!(config("analyzer tail --from -5s imu").ring, "imu");
        let until = config("analyzer tail imu --until 7 --unverified");
        assert_eq!(
            (until.until, until.unverified),
            (Some(Until::Sequence(7)), true)
        );
    }

    #[test]
    fn the_rule_is_decided() {
        let rule = |line: &str| match config(line).kind {
            Kind::Anomaly(rule) => rule,
            kind => panic!("expected an anomaly rule, found {kind:?}"),
        };
        let learned = |robust, change| Rule::Learned {
            window: DEFAULT_WINDOW,
            threshold: DEFAULT_THRESHOLD,
            robust,
            change,
        };
        assert_eq!(rule("analyzer anomaly imu"), learned(true, true));
        let only = |which: &str| rule(&format!("analyzer anomaly imu --rule {which}"));
        assert_eq!(only("robust"), learned(true, false));
        assert_eq!(only("change"), learned(false, true));
        assert_eq!(only("change,robust"), learned(true, true));
        assert_eq!(only("change --rule robust"), learned(true, true));
        let band = Rule::Band {
            center: 50.0,
            band: 25.0,
        };
        assert_eq!(rule("analyzer anomaly imu --center 50 --band 25"), band);
    }

    #[test]
    fn patience_has_three_kinds() {
        let patience = |options: &str| config(&format!("analyzer tail imu{options}")).patience;
        assert_eq!(patience(""), Patience::ForEver);
        assert_eq!(patience(" --no-wait"), Patience::None);
        let ten = Patience::For(Duration::from_secs(10));
        assert_eq!(patience(" --wait-for-ring 10s"), ten);
    }
}
