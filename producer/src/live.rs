//! A sensor that is read when its time has come: one record at a time, and none for times that have passed.

use std::time::{Duration, Instant};

use crate::{
    asleep::Asleep,
    pace::Schedule,
    source::Sensor,
    stop::Stop,
    stream::Stream,
    supply::{Due, Held, Kind, Sent, Supply},
};

/// Who has to be watched for longer does not keep everybody waiting.
const LONGEST_SETTLING: Duration = Duration::from_secs(2);

/// A sensor and its ring.
pub(crate) struct Live {
    sensor: Box<dyn Sensor>,
    stream: Stream,
    record: Vec<u8>,
    due: Option<u64>,
    /// The time when it was last asked what is due.
    asked: u64,
    asleep: Asleep,
    skipped: u64,
}

impl Live {
    /// What this sensor says goes to this ring.
    pub(crate) fn new(sensor: Box<dyn Sensor>, stream: Stream) -> Live {
        Live {
            record: vec![0; sensor.schema().size()],
            sensor,
            stream,
            due: None,
            asked: 0,
            asleep: Asleep::new(),
            skipped: 0,
        }
    }
}

impl Live {
    /// When the next record is due, having passed over what cannot be made any more.
    fn catch_up(&mut self, schedule: &mut Schedule, now: u64, slept: u64) -> u64 {
        let due = self.due.unwrap_or_else(|| schedule.due(&[]));
        let (due, skipped) = schedule.catch_up(due, now);
        // The clock of the schedule stands still while the machine sleeps.
        self.skipped += skipped + schedule.ticks_in(slept);
        self.asked = now;
        self.due = Some(due);
        due
    }
}

impl Supply for Live {
    fn kind(&self) -> Kind {
        Kind::Records
    }

    fn settle(&mut self, stop: &Stop) {
        let settled = Instant::now() + self.sensor.settles().min(LONGEST_SETTLING);
        self.sensor.sample(&mut self.record);
        while Instant::now() < settled && !stop.is_asked() {
            stop.sleep_until(settled);
        }
        // Nothing was due meanwhile.
        self.asleep.since();
    }

    fn next_due(&mut self, schedule: &mut Schedule, most: u64, now: u64) -> anyhow::Result<Due> {
        if most == 0 {
            return Ok(Due::Never);
        }
        let slept = self.asleep.since();
        Ok(Due::At(self.catch_up(schedule, now, slept)))
    }

    fn publish_due(&mut self, now: u64, end: u64, stop: &dyn Fn() -> bool) -> anyhow::Result<Sent> {
        if self.due.take_if(|due| *due <= now && *due < end).is_none() {
            return Ok(Sent::default());
        }
        self.sensor.sample(&mut self.record);
        Ok(Sent {
            made: 1,
            published: self.stream.publish(&self.record, stop)?,
        })
    }

    fn refused(&self) -> u64 {
        self.stream.refused()
    }

    fn skipped(&self) -> Option<u64> {
        // One that was due when the run ended was not taken either.
        let left = self.due.is_some_and(|due| due <= self.asked);
        Some(self.skipped + u64::from(left))
    }

    fn kept(&self) -> Option<Duration> {
        self.stream.kept()
    }

    fn held(&self, published: u64) -> Option<Held> {
        self.stream.held(published)
    }

    fn readers(&self) -> u64 {
        self.stream.readers()
    }

    fn close(self: Box<Self>) {
        self.stream.close();
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use ringbuf_core::{Element, Field, ReaderOptions, Schema, UntypedReader};

    use super::*;
    use crate::{args::Cli, config::Config};

    const MS: u64 = 1_000_000;

    /// Says how often it was asked.
    struct Asked(Schema, u64);

    impl Sensor for Asked {
        fn schema(&self) -> &Schema {
            &self.0
        }

        fn settles(&self) -> Duration {
            Duration::ZERO
        }

        fn notes(&self) -> &[String] {
            &[]
        }

        fn sample(&mut self, record: &mut [u8]) {
            self.1 += 1;
            record.copy_from_slice(&self.1.to_le_bytes());
        }
    }

    #[test]
    fn a_sensor_is_read_when_due_and_never_for_a_time_that_has_passed() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let ring = directory.path().join("r").display().to_string();
        let cli = Cli::try_parse_from(["producer", "synth", "--ring", &ring]).expect("parses");
        let config = Config::resolve(cli).expect("can be");
        let schema = Schema::packed([Field::new("n", Element::U64)]).expect("a schema");
        let stream = Stream::create(&config.ring, &schema).expect("a ring");
        let mut live = Live::new(Box::new(Asked(schema, 0)), stream);
        let mut schedule = Schedule::live(1000.0);
        let mut due =
            |live: &mut Live, most, now| live.next_due(&mut schedule, most, now).expect("goes on");
        let publish = |live: &mut Live, now, end| {
            let sent = live.publish_due(now, end, &|| false).expect("publishes");
            assert_eq!(sent.made, sent.published);
            sent.made
        };
        let end = u64::MAX;
        assert_eq!(due(&mut live, 9, 0), Due::At(0));
        assert_eq!(publish(&mut live, 10, end), 1);
        assert_eq!(publish(&mut live, 10, end), 0, "not twice");
        assert_eq!(due(&mut live, 8, 20), Due::At(MS));
        assert_eq!(due(&mut live, 8, 30), Due::At(MS), "asked again");
        assert_eq!(publish(&mut live, MS - 1, end), 0, "too early");
        // Stopped for a while: ticks 1 to 4 have passed, and the fifth is due.
        assert_eq!(due(&mut live, 8, 5 * MS + 7), Due::At(5 * MS));
        assert_eq!(live.skipped(), Some(5), "the fifth may never be taken");
        assert_eq!(publish(&mut live, 5 * MS + 8, end), 1);
        assert_eq!(live.skipped(), Some(4));
        assert_eq!(due(&mut live, 7, 5 * MS + 9), Due::At(6 * MS));
        assert_eq!(live.skipped(), Some(4));
        assert_eq!(publish(&mut live, 6 * MS, 6 * MS), 0, "after the end");
        assert_eq!(due(&mut live, 0, 7 * MS), Due::Never);
        assert_eq!(live.catch_up(&mut schedule, 6 * MS, 3 * MS), 6 * MS);
        assert_eq!(live.skipped(), Some(4 + 3 + 1), "asleep, and the sixth");

        let options = ReaderOptions::lossy().from_oldest();
        let mut reader = UntypedReader::attach(&ring, options).expect("attaches");
        let batch = reader.next().expect("reads").expect("some");
        let values = [1_u64.to_le_bytes(), 2_u64.to_le_bytes()];
        assert_eq!(batch.records().bytes(), values.as_flattened());
    }
}
