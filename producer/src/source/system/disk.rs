//! What disks do, from `/proc/diskstats`.

use ringbuf_core::Field;

use super::{
    Meter, Setting,
    devices::{Devices, too_many},
    kept::{Form, Kept},
    number, percent,
    text::{self, lines, words},
    window::Window,
};

/// Counters of a disk: sectors read, sectors written, milliseconds busy.
const EACH: usize = 3;

/// The kernel's sectors have so many bytes, whatever the disk's have.
const SECTOR: f64 = 512.0;

pub(super) struct Disk {
    diskstats: Kept,
    disks: Devices,
    found: usize,
    window: Window,
}

impl Disk {
    pub(super) fn open(setting: &Setting<'_>) -> Result<Disk, String> {
        let path = setting.root.join("proc/diskstats");
        let mut diskstats = Kept::open(&path, Form::List)?;
        let names: Vec<&[u8]> = lines(diskstats.read()).filter_map(name).collect();
        let (disks, found) = Devices::first_of(whole(&names).into_iter());
        if found == 0 {
            return Err(format!("{} has no disk", path.display()));
        }
        Ok(Disk {
            window: Window::new(setting.span, disks.len() * EACH),
            diskstats,
            disks,
            found,
        })
    }
}

impl Meter for Disk {
    fn fields(&self) -> Vec<Field> {
        let each = |label: &String| {
            let field = |what: &str, unit| number(format!("disk_{label}_{what}"), unit);
            [
                field("read", "B/s"),
                field("write", "B/s"),
                field("busy", "%"),
            ]
        };
        self.disks.labels().iter().flat_map(each).collect()
    }

    fn read(&mut self, now: u64, values: &mut [f64]) {
        for (name, counters) in lines(self.diskstats.read()).filter_map(disk) {
            if let Some(place) = self.disks.find(name) {
                self.window.set(place * EACH, counters);
            }
        }
        self.window.advance(now);
        for (counter, value) in values.iter_mut().enumerate() {
            let rate = self.window.rate(counter).unwrap_or(f64::NAN);
            *value = match counter % EACH {
                2 => percent(rate, 1000.0),
                _ => rate * SECTOR,
            };
        }
    }

    fn note(&self) -> Option<String> {
        too_many("disks", self.found, Devices::MOST)
    }
}

/// `254 0 vda READS MERGED SECTORS MS WRITES MERGED SECTORS MS RUNNING BUSY_MS ...`, of which newer kernels have more.
fn disk(line: &[u8]) -> Option<(&[u8], [u64; EACH])> {
    let mut words = words(line);
    let name = words.nth(2)?;
    let read = text::number(words.nth(2)?)?;
    let written = text::number(words.nth(3)?)?;
    let busy = text::number(words.nth(2)?)?;
    Some((name, [read, written, busy]))
}

/// The name in a line, also in one about a partition, which had only four numbers once.
fn name(line: &[u8]) -> Option<&[u8]> {
    words(line).nth(2)
}

/// Those that are neither part of another nor made of memory or of a file, nor with a drive that may be empty.
fn whole<'a>(names: &[&'a [u8]]) -> Vec<&'a [u8]> {
    const OTHERS: [&[u8]; 5] = [b"loop", b"ram", b"zram", b"fd", b"sr"];
    let is_other = |name: &[u8]| {
        OTHERS
            .iter()
            .any(|other| name.strip_prefix(*other).is_some_and(is_digits))
    };
    let is_part = |name: &[u8]| names.iter().any(|disk| is_partition(name, disk));
    let is_whole = |name: &&[u8]| !is_other(name) && !is_part(name);
    names.iter().copied().filter(is_whole).collect()
}

/// `sda1` of `sda`; after a name that ends in a digit there is a `p`: `nvme0n1p1` of `nvme0n1`, but not `dm-10` of `dm-1`.
fn is_partition(name: &[u8], disk: &[u8]) -> bool {
    let Some(rest) = name.strip_prefix(disk) else {
        return false;
    };
    match disk.last() {
        Some(last) if last.is_ascii_digit() => rest.strip_prefix(b"p").is_some_and(is_digits),
        Some(_) => is_digits(rest),
        None => false,
    }
}

fn is_digits(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_disk_and_what_it_did() {
        let line = b" 254       0 vda 6823919 277616 392041618 15917504 3075699 2388012 985458824 4755203 0 1162996 \
                     21120689 2681860 538 918696336 345725 631302 102255";
        let counters = [392_041_618, 985_458_824, 1_162_996];
        assert_eq!(disk(line), Some((&b"vda"[..], counters)));
        // Before 4.18 there was nothing about discards.
        let old = b"   8       0 sda 18158 25 853396 40128 107534 30434 29160913 6722712 0 152920 6762306";
        assert_eq!(
            disk(old),
            Some((&b"sda"[..], [853_396, 29_160_913, 152_920]))
        );
        // In 2.6.24 and before, a partition had four numbers.
        assert_eq!(disk(b"   8    1 sda1 35486 38030 38030 38030"), None);
    }

    #[test]
    fn junk_is_no_disk() {
        for junk in [
            "",
            "8 0",
            "8 0 sda",
            "8 0 sda 1 2 x 4 5 6 7 8 9 10",
            "8 0 sda 1 2 3 4 5 6 7 8 9 -1",
        ] {
            assert_eq!(disk(junk.as_bytes()), None, "{junk}");
        }
    }

    #[test]
    fn whole_disks_are_told_from_their_parts() {
        let whole_of = |names: &[&'static str]| {
            let names: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
            let whole = whole(&names).into_iter();
            whole
                .map(|name| String::from_utf8_lossy(name).into_owned())
                .collect::<Vec<_>>()
        };
        let server = [
            "loop0",
            "loop10",
            "ram0",
            "nvme0n1",
            "nvme0n1p1",
            "nvme0n1p15",
            "nvme1n1",
            "sda",
            "sda1",
            "sda12",
            "sdaa",
            "sdaa1",
            "sr0",
            "dm-0",
            "dm-1",
            "dm-10",
            "md127",
            "md127p1",
        ];
        let whole = [
            "nvme0n1", "nvme1n1", "sda", "sdaa", "dm-0", "dm-1", "dm-10", "md127",
        ];
        assert_eq!(whole_of(&server), whole);
        let small = [
            "mmcblk0",
            "mmcblk0p1",
            "mmcblk0boot0",
            "mmcblk0rpmb",
            "zram0",
            "fd0",
            "mtdblock0",
            "nbd1",
            "nbd10",
        ];
        let whole = [
            "mmcblk0",
            "mmcblk0boot0",
            "mmcblk0rpmb",
            "mtdblock0",
            "nbd1",
            "nbd10",
        ];
        assert_eq!(whole_of(&small), whole);
        // A storage box, and a guest that sees only a partition.
        assert_eq!(
            whole_of(&["sata1", "sata1p1", "sata10", "xvda1"]),
            ["sata1", "sata10", "xvda1"]
        );
        assert_eq!(whole_of(&[]), [""; 0]);
    }
}
