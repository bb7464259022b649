//! The meters over files as several machines have them.

use std::{collections::HashMap, fs, path::PathBuf, time::Duration};

use super::*;

pub(super) const SECOND: u64 = 1_000_000_000;

/// What the kernel of a small guest says.
pub(super) const GUEST: [(&str, &str); 8] = [
    (
        "proc/stat",
        "cpu  300 0 100 1500 100 0 0 0 0 0\ncpu0 100 0 50 800 50 0 0 0 0 0\ncpu1 200 0 50 700 50 0 0 0 0 0\n\
         intr 225337067 0 0 9\nctxt 654365013\nbtime 1795191315\nprocesses 5048575\nprocs_running 1\n",
    ),
    (
        "proc/meminfo",
        "MemTotal:       24684084 kB\nMemFree:        21920844 kB\nMemAvailable:   24012140 kB\n\
         Buffers:          164188 kB\nCached:          1621272 kB\nSwapCached:            0 kB\n\
         SwapTotal:       2097148 kB\nSwapFree:        2000000 kB\n",
    ),
    (
        "proc/net/dev",
        "Inter-|   Receive                                                |  Transmit\n \
         face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls\n    \
         lo:   26572     232    0    0    0     0          0         0    26572     232    0    0    0     0\n  \
         br-0:       7       0    0    0    0     0          0         0        8       0    0    0    0     0\n  \
         eth0: 1000 107283    0    0    0     0          0         0  6000   68108    0    0    0     0\n",
    ),
    (
        "proc/diskstats",
        "   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n \
         259       0 nvme0n1 10 0 1000 5 20 0 2000 7 0 300 12 0 0 0 0 0 0\n \
         259       1 nvme0n1p1 10 0 1000 5 20 0 2000 7 0 300 12 0 0 0 0 0 0\n",
    ),
    ("proc/loadavg", "0.18 0.88 2.06 1/83 24306\n"),
    (
        "proc/pressure/cpu",
        "some avg10=0.10 avg60=0.35 avg300=6.74 total=1000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
    ),
    (
        "proc/pressure/io",
        "some avg10=0.05 avg60=3.49 avg300=4.60 total=2000\nfull avg10=0.04 avg60=3.19 avg300=4.09 total=500\n",
    ),
    (
        "proc/pressure/memory",
        "some avg10=0.00 total=0\nfull avg10=0.00 total=0\n",
    ),
];

/// A directory that looks like a machine.
pub(super) struct Machine(tempfile::TempDir);

impl Machine {
    pub(super) fn guest() -> Machine {
        let machine = Machine::empty();
        GUEST
            .iter()
            .for_each(|(path, text)| machine.say(path, text));
        machine.say("sys/class/net/eth0/device/uevent", "");
        machine
    }

    pub(super) fn empty() -> Machine {
        Machine(tempfile::tempdir().expect("temporary directory"))
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// Puts this into the file, which stays the same file.
    pub(super) fn say(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        fs::write(path, text).expect("writes");
    }

    pub(super) fn options(&self) -> SystemOptions {
        SystemOptions {
            groups: Group::ALL.to_vec(),
            is_chosen: false,
            window: Duration::from_secs(1),
            rate: 10.0,
            root: self.0.path().to_path_buf(),
        }
    }

    pub(super) fn open(&self) -> SystemSource {
        SystemSource::open(&self.options()).expect("opens")
    }

    fn only(&self, group: Group) -> anyhow::Result<SystemSource> {
        let options = SystemOptions {
            groups: vec![group],
            is_chosen: true,
            ..self.options()
        };
        SystemSource::open(&options)
    }
}

fn names(source: &SystemSource) -> Vec<&str> {
    source.schema().fields().iter().map(Field::name).collect()
}

/// One sample, by the names of its fields.
pub(super) fn sample(source: &mut SystemSource, now: u64) -> HashMap<String, f64> {
    let mut record = vec![0xff; source.schema().size()];
    source.sample_at(7, now, &mut record);
    let (time, values) = record.split_first_chunk().expect("a time");
    assert_eq!(i64::from_le_bytes(*time), 7);
    let values = values
        .as_chunks()
        .0
        .iter()
        .map(|bytes| f64::from_le_bytes(*bytes));
    let names = source.schema().fields().iter().skip(1);
    names
        .map(|field| field.name().to_owned())
        .zip(values)
        .collect()
}

#[test]
fn every_figure_has_its_field_and_its_unit() {
    let source = Machine::guest().open();
    let expected = "time cpu cpu_user cpu_system cpu_iowait cpu_steal cpu0 cpu1 memory_total memory_used memory_free \
                    memory_available memory_buffers memory_cached swap_total swap_used net_eth0_rx net_eth0_tx \
                    net_br-0_rx net_br-0_tx disk_nvme0n1_read disk_nvme0n1_write disk_nvme0n1_busy load1 load5 load15 \
                    pressure_cpu_some pressure_io_some pressure_io_full pressure_memory_some pressure_memory_full";
    assert_eq!(names(&source).join(" "), expected);
    assert!(source.schema().time_field().is_some());
    let unit = |name| source.schema().field(name).and_then(Field::get_unit);
    let units = [
        "cpu1",
        "memory_used",
        "net_eth0_tx",
        "disk_nvme0n1_busy",
        "pressure_io_full",
    ]
    .map(unit);
    let expected = ["%", "B", "B/s", "%", "%"].map(Some);
    assert_eq!(units, expected);
    assert_eq!(unit("load1"), None);
    assert!(source.notes()[0].starts_with("without temperature: no sensor"));
}

#[test]
fn figures_are_what_the_files_say() {
    let machine = Machine::guest();
    let mut source = machine.open();
    let first = sample(&mut source, 5);
    assert_eq!((first["load1"], first["load15"]), (0.18, 2.06));
    assert_eq!(first["memory_total"], 24_684_084.0 * 1024.0);
    assert_eq!(first["memory_used"], 671_944.0 * 1024.0);
    assert_eq!(first["swap_used"], 97_148.0 * 1024.0);
    for rate in [
        "cpu",
        "cpu0",
        "net_eth0_rx",
        "disk_nvme0n1_busy",
        "pressure_io_some",
    ] {
        assert!(first[rate].is_nan(), "{rate} before there is a window");
    }
    machine.say(
        "proc/stat",
        "cpu  360 20 130 1560 110 0 10 10 0 0\ncpu0 180 0 50 810 60 0 0 0 0 0\ncpu1 180 20 80 750 50 0 10 10 0 0\nintr 1\n",
    );
    machine.say(
        "proc/net/dev",
        "  br-0: 7 0 0 0 0 0 0 0 8 0\n  eth0: 5000 1 0 0 0 0 0 0 6000 1\n    lo: 99999 0 0 0 0 0 0 0 9 0\n",
    );
    machine.say(
        "proc/diskstats",
        " 259 0 nvme0n1 10 0 1010 5 20 0 2100 7 0 1300 12\n",
    );
    machine.say("proc/pressure/io", "some total=502000\nfull total=20500\n");
    machine.say("proc/loadavg", "1.50 0.90 2.00 1/83 24306\n");
    let second = sample(&mut source, 2 * SECOND + 5);
    let of = |name: &str| second[name];
    assert_eq!(of("load1"), 1.5);
    // Of 200 ticks: 80 user and nice, 40 system and interrupts, 10 for disks, 10 stolen, 60 idle.
    let parts = ["cpu", "cpu_user", "cpu_system", "cpu_iowait", "cpu_steal"].map(of);
    assert_eq!(parts, [65.0, 40.0, 20.0, 5.0, 5.0]);
    // On core 1 a little of what was user became nice.
    assert_eq!((of("cpu0"), of("cpu1")), (80.0, 50.0));
    assert_eq!(
        (of("net_eth0_rx"), of("net_eth0_tx"), of("net_br-0_rx")),
        (2000.0, 0.0, 0.0)
    );
    assert_eq!(
        (of("disk_nvme0n1_read"), of("disk_nvme0n1_write")),
        (2560.0, 25_600.0)
    );
    assert_eq!(of("disk_nvme0n1_busy"), 50.0);
    assert_eq!(
        (of("pressure_io_some"), of("pressure_io_full")),
        (25.0, 1.0)
    );
    assert_eq!(of("pressure_memory_some"), 0.0);
}

#[test]
fn a_device_that_goes_is_nan_and_comes_back() {
    let machine = Machine::guest();
    let mut source = machine.only(Group::Network).expect("opens");
    let line =
        |bytes: u64| format!("  eth0: {bytes} 1 0 0 0 0 0 0 6000 1\n  new0: 1 1 1 1 1 1 1 1 1 1\n");
    let mut at = |tenth: u64, bytes: Option<u64>| {
        machine.say("proc/net/dev", bytes.map_or_else(String::new, line));
        sample(&mut source, tenth * SECOND / 10)["net_eth0_rx"]
    };
    for tenth in 0..10 {
        assert!(at(tenth, Some(1000 * tenth)).is_nan());
    }
    assert_eq!(at(10, Some(10_000)), 10_000.0);
    assert!(at(11, None).is_nan());
    // Plugged in again: it counts from nothing, and the files have one more.
    for tenth in 12..22 {
        assert!(at(tenth, Some(100 * (tenth - 12))).is_nan(), "{tenth}");
    }
    assert_eq!(at(22, Some(1000)), 1000.0);
}

#[test]
fn a_core_that_goes_to_sleep_is_nan_and_the_others_are_not() {
    let machine = Machine::guest();
    let mut source = machine.only(Group::Cpu).expect("opens");
    sample(&mut source, 0);
    machine.say(
        "proc/stat",
        "cpu 350 0 100 1550 100\ncpu1 250 0 50 750 50\n",
    );
    let values = sample(&mut source, SECOND);
    assert_eq!((values["cpu"], values["cpu1"]), (50.0, 50.0));
    assert!(values["cpu0"].is_nan());
}

#[test]
fn a_file_that_cannot_be_read_any_more_is_nan() {
    let machine = Machine::guest();
    let mut source = machine.open();
    sample(&mut source, 0);
    GUEST.iter().for_each(|(path, _)| machine.say(path, ""));
    assert!(
        sample(&mut source, SECOND)
            .values()
            .all(|value| value.is_nan())
    );
    GUEST
        .iter()
        .for_each(|(path, text)| machine.say(path, text));
    assert_eq!(sample(&mut source, 2 * SECOND)["load1"], 0.18);
    assert_eq!(sample(&mut source, 3 * SECOND)["net_eth0_rx"], 0.0);
}

#[test]
fn a_group_that_is_not_there_is_left_out_unless_it_was_asked_for() {
    let machine = Machine::guest();
    fs::remove_dir_all(machine.path("proc/pressure")).expect("removes");
    let source = machine.open();
    assert!(
        names(&source)
            .iter()
            .all(|name| !name.starts_with("pressure"))
    );
    let said = source.notes().join("\n");
    assert!(
        said.contains("without pressure: ") && said.contains("pressure/cpu: No such file"),
        "{said}"
    );
    let error = machine
        .only(Group::Pressure)
        .map(drop)
        .expect_err("none")
        .to_string();
    assert!(
        error.contains("there is no pressure to measure") && error.contains("--only"),
        "{error}"
    );
    let error = SystemSource::open(&Machine::empty().options())
        .map(drop)
        .expect_err("nothing");
    assert!(
        error.to_string().contains("nothing is found to measure"),
        "{error}"
    );
}

#[test]
fn the_largest_machines_have_an_end() {
    let machine = Machine::empty();
    let cores = |count: u64, busy: u64| {
        let core = |core: u64| format!("cpu{core} {busy} 0 0 1000 0 0 0 0 0 0\n");
        let lines: String = (0..count).map(core).collect();
        format!(
            "cpu  {} 0 0 {}\n{lines}intr 1{}\n",
            busy * count,
            1000 * count,
            " 0".repeat(30_000)
        )
    };
    machine.say("proc/stat", cores(384, 0));
    let mut source = machine.only(Group::Cpu).expect("opens");
    sample(&mut source, 0);
    machine.say("proc/stat", cores(384, 250));
    let values = sample(&mut source, SECOND);
    assert_eq!(values.len(), 5 + 384);
    assert_eq!((values["cpu383"], values["cpu"]), (100.0, 100.0));

    machine.say("proc/stat", cores(4096, 0));
    let interface = |n: u32| format!(" veth{n}: 1 0 0 0 0 0 0 0 1 0\n");
    let all: String = (0..1000).map(interface).collect();
    machine.say("proc/net/dev", all + "eth9: 1 0 0 0 0 0 0 0 1 0\n");
    machine.say("sys/class/net/eth9/device/uevent", "");
    let disk = |n: u32| format!("253 {n} dm-{n} 1 0 1 1 1 1 1 1 0 1 1\n");
    machine.say("proc/diskstats", (0..1000).map(disk).collect::<String>());
    machine.say("proc/meminfo", "MemTotal: 5 kB\n");
    for n in 0..100 {
        machine.say(&format!("sys/class/hwmon/hwmon{n}/temp1_input"), "41000");
    }
    let mut source = machine.open();
    let names = names(&source);
    assert_eq!(names.len(), 1 + 5 + 512 + 8 + 2 * 64 + 3 * 64 + 64);
    // The interface that is a device is among the first.
    assert!(
        names.contains(&"cpu511")
            && names.contains(&"net_eth9_rx")
            && names.contains(&"disk_dm-63_busy")
    );
    let said = source.notes().join("\n");
    for part in [
        "4096 cores were found: the first 512",
        "1001 network interfaces",
        "1000 disks",
        "100 temperature sensors",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(sample(&mut source, 0).len(), source.values.len());
}

#[test]
fn sensors_are_found_by_chip_and_label_in_the_order_of_their_numbers() {
    let machine = Machine::empty();
    let chip = |n: u32, file: &str, text: &str| {
        machine.say(&format!("sys/class/hwmon/hwmon{n}/{file}"), text)
    };
    chip(10, "name", "nvme\n");
    chip(10, "temp1_input", "38850\n");
    chip(10, "temp1_label", "Composite\n");
    chip(2, "name", "coretemp\n");
    for (n, label) in [(1, "Package id 0\n"), (2, "Core 0\n"), (10, "Core 8\n")] {
        chip(2, &format!("temp{n}_label"), label);
        chip(2, &format!("temp{n}_input"), &format!("{}000\n", 40 + n));
    }
    chip(3, "name", "nvme\n");
    chip(3, "temp1_input", "-5000\n");
    chip(3, "temp1_label", "Composite\n");
    chip(3, "temp2_input", "junk\n");
    chip(3, "temp3_crit", "1\n");
    chip(4, "name", "a fan\n");
    machine.say("sys/class/thermal/thermal_zone0/type", "acpitz\n");
    machine.say("sys/class/thermal/thermal_zone0/temp", "1000\n");
    let mut source = machine.only(Group::Temperature).expect("opens");
    let expected = "time temp_coretemp_package_id_0 temp_coretemp_core_0 temp_coretemp_core_8 temp_nvme_composite \
                    temp_nvme_temp2 temp_nvme_composite_2";
    assert_eq!(names(&source).join(" "), expected);
    let values = sample(&mut source, 0);
    let expected = [
        ("temp_coretemp_core_8", 50.0),
        ("temp_nvme_composite", -5.0),
        ("temp_nvme_composite_2", 38.85),
    ];
    for (name, degrees) in expected {
        assert_eq!(values[name], degrees, "{name}");
    }
    assert!(values["temp_nvme_temp2"].is_nan());
}

#[test]
fn where_no_chip_tells_the_temperature_zones_do_and_they_are_looked_up_again() {
    let machine = Machine::empty();
    machine.say("sys/class/hwmon/hwmon0/name", "a fan\n");
    machine.say("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n");
    machine.say("sys/class/thermal/thermal_zone0/temp", "51200\n");
    machine.say("sys/class/thermal/cooling_device0/type", "fan\n");
    let mut source = machine.only(Group::Temperature).expect("opens");
    assert_eq!(names(&source), ["time", "temp_cpu-thermal"]);
    assert_eq!(sample(&mut source, 0)["temp_cpu-thermal"], 51.2);
    // Another file in its place, as after a driver was loaded again.
    let file = machine.path("sys/class/thermal/thermal_zone0/temp");
    fs::write(&file, "").expect("writes");
    fs::remove_file(&file).expect("removes");
    fs::write(&file, "60000\n").expect("writes");
    let end = Instant::now() + Duration::from_secs(60);
    while sample(&mut source, 0)["temp_cpu-thermal"] != 60.0 {
        assert!(Instant::now() < end, "the new file is never read");
        std::thread::sleep(Duration::from_millis(10));
    }
}
