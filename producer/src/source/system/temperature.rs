//! How warm it is, from `/sys/class/hwmon` or else `/sys/class/thermal`.
//!
//! Some sensors take milliseconds to answer, and none changes as fast as samples are taken: a thread of their own looks
//! them up once a second, and samples have what it found last.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use ringbuf_core::Field;

use super::{
    Meter, Setting,
    devices::{Devices, distinct, label, too_many},
    kept::{Form, Kept},
    number,
    text::signed,
};

/// How often they are looked up.
const EVERY: Duration = Duration::from_secs(1);

pub(super) struct Temperature {
    names: Vec<String>,
    found: usize,
    /// Of each, the bits of the last value.
    values: Arc<[AtomicU64]>,
    /// The thread ends when this is gone.
    _end: mpsc::Sender<()>,
}

/// A sensor.
struct Sensor {
    path: PathBuf,
    /// Absent after it could not be read: a driver that was loaded again has another file.
    file: Option<Kept>,
}

impl Temperature {
    pub(super) fn open(setting: &Setting<'_>) -> Result<Temperature, String> {
        let class = setting.root.join("sys/class");
        let mut found = chips(&class.join("hwmon"));
        if found.is_empty() {
            found = zones(&class.join("thermal"));
        }
        let count = found.len();
        if count == 0 {
            return Err(format!(
                "no sensor in {0}/hwmon or {0}/thermal",
                class.display()
            ));
        }
        found.truncate(Devices::MOST);
        let (names, sensors): (Vec<String>, Vec<Sensor>) = found.into_iter().unzip();
        let values = look_up(sensors)
            .map_err(|error| format!("cannot look them up beside the other work: {error}"))?;
        Ok(Temperature {
            names: distinct(names.into_iter()),
            found: count,
            values: values.0,
            _end: values.1,
        })
    }
}

impl Meter for Temperature {
    fn fields(&self) -> Vec<Field> {
        self.names.iter().map(|name| number(name, "°C")).collect()
    }

    fn read(&mut self, _now: u64, values: &mut [f64]) {
        for (value, found) in values.iter_mut().zip(self.values.iter()) {
            *value = f64::from_bits(found.load(Ordering::Relaxed));
        }
    }

    fn note(&self) -> Option<String> {
        too_many("temperature sensors", self.found, Devices::MOST)
    }
}

impl Sensor {
    fn new(path: PathBuf) -> Sensor {
        let file = Kept::open(&path, Form::Whole).ok();
        Sensor { path, file }
    }

    fn read(&mut self) -> f64 {
        let file = self.file.as_mut();
        let found = file.and_then(|file| celsius(file.read()));
        let again = || {
            self.file = Kept::open(&self.path, Form::Whole).ok();
            celsius(self.file.as_mut()?.read())
        };
        found.or_else(again).unwrap_or(f64::NAN)
    }
}

/// Reads them all now, and again and again in a thread, until what is returned is gone.
fn look_up(mut sensors: Vec<Sensor>) -> io::Result<(Arc<[AtomicU64]>, mpsc::Sender<()>)> {
    let first = sensors
        .iter_mut()
        .map(|sensor| AtomicU64::new(sensor.read().to_bits()));
    let values: Arc<[AtomicU64]> = first.collect();
    let (end, ended) = mpsc::channel();
    let written = Arc::clone(&values);
    let work = move || {
        while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(EVERY) {
            for (value, sensor) in written.iter().zip(&mut sensors) {
                value.store(sensor.read().to_bits(), Ordering::Relaxed);
            }
        }
    };
    let thread = thread::Builder::new().name("temperatures".to_owned());
    thread.spawn(work)?;
    Ok((values, end))
}

/// `hwmon0/name`, and `temp1_input` with `temp1_label` if it has one.
fn chips(directory: &Path) -> Vec<(String, Sensor)> {
    let mut found = Vec::new();
    for chip in entries(directory, "hwmon", "") {
        let name = first_line(&chip.join("name")).unwrap_or_else(|| "hwmon".to_owned());
        for input in entries(&chip, "temp", "_input") {
            let file = input.file_name().unwrap_or_default().to_string_lossy();
            let channel = file.trim_end_matches("_input");
            let sensor = first_line(&chip.join(format!("{channel}_label")));
            let sensor = sensor.unwrap_or_else(|| channel.to_owned());
            found.push((format!("temp_{name}_{sensor}"), Sensor::new(input)));
        }
    }
    found
}

/// `thermal_zone0/type` and `thermal_zone0/temp`.
fn zones(directory: &Path) -> Vec<(String, Sensor)> {
    let zone = |zone: PathBuf| {
        let temperature = zone.join("temp");
        let kind = first_line(&zone.join("type")).unwrap_or_else(|| "zone".to_owned());
        let is_there = temperature.exists();
        is_there.then(|| (format!("temp_{kind}"), Sensor::new(temperature)))
    };
    let zones = entries(directory, "thermal_zone", "").into_iter();
    zones.filter_map(zone).collect()
}

/// What is in a directory and called so, `temp2_input` before `temp10_input`.
fn entries(directory: &Path, prefix: &str, suffix: &str) -> Vec<PathBuf> {
    let number = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        let number = name.to_str()?.strip_prefix(prefix)?.strip_suffix(suffix)?;
        number.parse::<u32>().ok()
    };
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .filter_map(|entry| Some((number(&entry)?, entry.path())))
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, path)| path).collect()
}

/// A name that a driver has given, as part of the name of a field.
fn first_line(path: &Path) -> Option<String> {
    let mut file = Kept::open(path, Form::Whole).ok()?;
    let line = file.read().trim_ascii();
    let name = label(line).to_ascii_lowercase();
    (!line.is_empty()).then_some(name)
}

/// `41000`: thousandths of a degree. What no machine survives is what a sensor says that is not connected.
fn celsius(text: &[u8]) -> Option<f64> {
    let degrees = signed(text.trim_ascii())? as f64 / 1000.0;
    (-150.0..=1000.0).contains(&degrees).then_some(degrees)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousandths_become_degrees() {
        assert_eq!(celsius(b"41000\n"), Some(41.0));
        assert_eq!(celsius(b"-5500\n"), Some(-5.5));
        for junk in [
            "",
            "x",
            "4.1",
            "-274000",
            "9999999999",
            "99999999999999999999",
        ] {
            assert_eq!(celsius(junk.as_bytes()), None, "{junk}");
        }
    }
}
