//! `health`: sensors that stop, die or misbehave, and some that do not.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use crate::common::{Finished, HANGS, Place, eventually, finish, joined, records, suspend};
use crate::frames::produce;
use ringbuf_core::{CreateOptions, Retain, UntypedProducer, inspect};
use serde_json::Value;

/// What an analyzer says, as it says it.
struct Said(Receiver<Value>);

impl Said {
    fn by(analyzer: &mut Child) -> Said {
        let out = BufReader::new(analyzer.stdout.take().unwrap());
        let (line, lines) = mpsc::channel();
        // Ends with the analyzer.
        thread::spawn(move || {
            for said in out.lines().map_while(Result::ok) {
                let _ = line.send(serde_json::from_str(&said).unwrap());
            }
        });
        Said(lines)
    }

    /// Waits for a line of this kind; what else is said before is passed over.
    #[track_caller]
    fn wait_for(&self, check: &str, state: &str) -> Value {
        let [line] = self.wait_for_all([(check, state)]);
        line
    }

    /// The same for several, in any order.
    #[track_caller]
    fn wait_for_all<const N: usize>(&self, kinds: [(&str, &str); N]) -> [Value; N] {
        let mut lines = kinds.map(|_| Value::Null);
        while lines.iter().any(Value::is_null) {
            let said = self.0.recv_timeout(HANGS);
            let said = said.unwrap_or_else(|error| panic!("not all of {kinds:?}: {error}"));
            let is_kind =
                |(check, state): &(&str, &str)| said["check"] == *check && said["state"] == *state;
            if let Some(place) = kinds.iter().position(is_kind) {
                lines[place] = said;
            }
        }
        lines
    }

    fn last(&self) -> Value {
        self.0.iter().last().unwrap()
    }
}

/// A made-up sensor with one channel, as a process.
fn sensor(place: &Place, options: &[&str]) -> Child {
    let ring = place.ring();
    let start = [
        "synth",
        "--ring",
        &ring,
        "--channel",
        "value=gaussian:50,10",
    ];
    produce(&[&start, options].concat())
}

/// What health says of this recording, played as fast as it goes.
fn of_recording(file: &str) -> (Vec<Value>, Value) {
    let place = Place::new();
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../data")
        .join(file);
    let path = path.display().to_string();
    let ring = place.ring();
    let mut producer = produce(&["csv", &path, "--ring", &ring, "--rate", "0"]);
    assert!(producer.wait().unwrap().success());
    told(&place.run("health --json"))
}

/// What was found, and the last report.
fn told(finished: &Finished) -> (Vec<Value>, Value) {
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    let mut found = finished.objects();
    found.pop();
    (found, finished.last())
}

fn sequences(found: &[Value], check: &str) -> Vec<u64> {
    let of_check = found.iter().filter(|line| line["check"] == check);
    of_check
        .map(|line| line["sequence"].as_u64().unwrap())
        .collect()
}

/// The sum of all findings, and those of one check.
fn counts(report: &Value, check: &str) -> (u64, u64) {
    let count = |value: &Value| value.as_u64().unwrap();
    (count(&report["findings"]), count(&report["checks"][check]))
}

#[test]
fn a_producer_that_stops_and_dies_is_told_at_once() {
    let place = Place::new();
    let mut producer = sensor(&place, &["--rate", "200", "--capacity", "1000"]);
    let mut analyzer = place.start("health --json --expect 500ms");
    let said = Said::by(&mut analyzer);
    eventually("the analyzer reads", || {
        let is_there = inspect::info(&place.ring()).is_ok();
        is_there
            && place
                .reader()
                .and_then(|reader| reader.ledger)
                .is_some_and(|ledger| ledger.cursor > 10)
    });
    let stopped = suspend(&producer);
    let begin = said.wait_for("silence", "begin");
    assert!(begin["silent_s"].as_f64().unwrap() >= 0.5, "{begin}");
    assert_eq!(begin["producer"], "running");
    drop(stopped);
    let end = said.wait_for("silence", "end");
    assert!(end["silent_s"].as_f64().unwrap() >= 0.5, "{end}");
    producer.kill().unwrap();
    producer.wait().unwrap();
    // Which comes first is for the system to decide.
    let [died, _] = said.wait_for_all([("died", "begin"), ("silence", "begin")]);
    assert!(
        died["sequence"].as_u64() >= end["sequence"].as_u64(),
        "{died}"
    );
    let mut next = sensor(
        &place,
        &["--rate", "0", "--count", "100", "--capacity", "1000"],
    );
    let [_, end] = said.wait_for_all([("died", "end"), ("silence", "end")]);
    assert_eq!(end["producer"], "died");
    assert!(next.wait().unwrap().success());
    assert_eq!(finish(analyzer).code(), 0);
    let last = said.last();
    assert_eq!(
        (&last["ok"], &last["ended"]),
        (&false.into(), &"closed".into())
    );
    assert_eq!(last["checks"]["died"], 1);
    assert!(last["checks"]["silence"].as_u64() >= Some(2), "{last}");
}

#[test]
fn of_two_rings_the_silent_one_is_named() {
    let place = Place::new();
    let ring = |name: &str| place.path().join(name).display().to_string();
    let create = |name: &str| {
        let options = CreateOptions::default().stamp(true);
        let schema = crate::common::schema();
        UntypedProducer::create_with(&ring(name), schema, Retain::records(100), &options).unwrap()
    };
    let mut busy = create("busy");
    busy.publish_bytes(&records(0..10)).unwrap();
    busy.close();
    let quiet = create("quiet");
    let mut analyzer = Command::new(env!("CARGO_BIN_EXE_analyzer"))
        .args(["health", &ring("busy"), &ring("quiet")])
        .args(["--json", "--expect", "1s"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let said = Said::by(&mut analyzer);
    let begin = said.wait_for("silence", "begin");
    assert_eq!(
        (&begin["ring"], &begin["sequence"]),
        (&"quiet".into(), &0.into())
    );
    quiet.close();
    let end = said.wait_for("silence", "end");
    assert_eq!(
        (&end["ring"], &end["producer"]),
        (&"quiet".into(), &"closed".into())
    );
    assert_eq!(said.last()["ring"], "quiet");
    assert_eq!(finish(analyzer).code(), 0);
}

#[test]
fn a_ring_of_frames_is_listened_to() {
    let place = Place::new();
    let mut producer = place.frames(1 << 16);
    let mut analyzer = place.start("health --json --expect 300ms");
    let said = Said::by(&mut analyzer);
    eventually("the analyzer attaches", || place.reader().is_some());
    for _ in 0..3 {
        producer.publish(b"frame").unwrap();
    }
    said.wait_for("silence", "begin");
    producer.publish(b"frame").unwrap();
    said.wait_for("silence", "end");
    producer.close();
    let last = said.last();
    assert_eq!(
        (&last["read"], &last["clock"]),
        (&4.into(), &"publication".into())
    );
    assert_eq!(last.get("fields"), None);
    assert_eq!(finish(analyzer).code(), 0);
    let refused = place.run("health --stuck 5");
    assert_eq!(refused.code(), 2);
    assert!(
        refused.stderr.contains("holds frames"),
        "{}",
        refused.stderr
    );
}

#[test]
fn what_was_missed_is_not_the_sensors_fault() {
    let place = Place::new();
    let mut producer = place.producer_with(100, &CreateOptions::default().stamp(true));
    let analyzer = place.start("health --json");
    joined(&producer, 1);
    producer.publish_bytes(&records(0..100)).unwrap();
    place.read_up_to(100);
    let stopped = suspend(&analyzer);
    for n in 1..20 {
        producer
            .publish_bytes(&records(n * 100..(n + 1) * 100))
            .unwrap();
    }
    drop(stopped);
    producer.close();
    let finished = finish(analyzer);
    assert_eq!(finished.code(), 3, "{}", finished.stderr);
    let last = finished.last();
    assert_eq!(
        (&last["ok"], &last["findings"]),
        (&true.into(), &0.into()),
        "{last}"
    );
    assert!(last["missing"].as_f64().unwrap() > 0.5, "{last}");
}

#[test]
fn made_up_sensors_lack_what_they_lack() {
    let place = Place::new();
    let ring = place.ring();
    let channels = "--channel value=gaussian:50,10 --channel wave=sine:10,1+gaussian:0,0.5 --channel \
                    level=steps:0.05,20,30,25 --channel flaky=gaussian:20,2+dropout:0.01";
    let start = [
        "synth", "--ring", &ring, "--rate", "20000", "--count", "20000",
    ];
    let channels: Vec<&str> = channels.split_whitespace().collect();
    let mut producer = produce(&[&start, channels.as_slice()].concat());
    assert!(producer.wait().unwrap().success());
    let (found, report) = told(&place.run("health --json"));
    let (findings, nan) = counts(&report, "nan");
    assert!(findings == nan && nan > 0, "{report}");
    assert!(
        found.iter().all(|line| line["field"] == "flaky"),
        "{found:?}"
    );
    assert_eq!(report["fields"]["level"]["kind"], "states");
    let (_, clean) = told(&place.run("health --json --field value --field wave --field level"));
    assert_eq!(
        (&clean["ok"], &clean["findings"]),
        (&true.into(), &0.into())
    );
}

#[test]
fn the_clock_of_the_machine_was_set_back_once() {
    let (found, report) = of_recording("nab/machine_temperature_system_failure.csv");
    assert_eq!(counts(&report, "clock_step"), (1, 1));
    assert_eq!(sequences(&found, "clock_step"), [10_149]);
    assert_eq!(found[0]["step_s"], -3300.0);
}

#[test]
fn the_office_was_not_measured_ten_times() {
    let (found, report) = of_recording("nab/ambient_temperature_system_failure.csv");
    assert_eq!(counts(&report, "hole"), (10, 10));
    let told = [578, 580, 1276, 1550, 1815, 2064, 5385, 5739, 6114];
    assert_eq!(sequences(&found, "hole"), told);
    let longest = found.last().unwrap();
    assert_eq!(
        (&longest["step_s"], &longest["untold"]),
        (&626_400.0.into(), &1.into())
    );
}

#[test]
fn the_imu_left_out_two_samples_ten_times() {
    let (found, report) = of_recording("xio-fusion/sensor_data.csv");
    assert_eq!(counts(&report, "hole"), (10, 10));
    assert_eq!(sequences(&found, "hole").len(), 10);
    let field = &report["fields"]["Magnetometer X (uT)"];
    assert_eq!(field["unit"], "uT");
    assert_eq!(
        (&field["kind"], &field["longest_run"]),
        (&"measured".into(), &15.into())
    );
}

#[test]
fn the_other_imu_is_well() {
    let (found, report) = of_recording("broad/24_disturbed_tapping_A.csv");
    assert_eq!((found.len(), &report["ok"]), (0, &true.into()));
    assert_eq!(report["fields"]["movement"]["kind"], "states");
    let hz = report["rate_hz"].as_f64().unwrap();
    assert!((hz - 285.714).abs() < 0.001, "{hz}");
}
