//! What memory is used for, from `/proc/meminfo`.

use ringbuf_core::Field;

use super::{
    Meter, Setting,
    kept::{Form, Kept},
    number,
    text::{self, lines, words},
};

pub(super) struct Memory(Kept);

/// What the kernel says, in bytes; NaN where it does not.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Amounts {
    total: f64,
    free: f64,
    available: f64,
    buffers: f64,
    cached: f64,
    swap_total: f64,
    swap_free: f64,
}

impl Memory {
    pub(super) fn open(setting: &Setting<'_>) -> Result<Memory, String> {
        let path = setting.root.join("proc/meminfo");
        let mut meminfo = Kept::open(&path, Form::Whole)?;
        match amounts(meminfo.read()).total.is_nan() {
            true => Err(format!("{} has no line MemTotal", path.display())),
            false => Ok(Memory(meminfo)),
        }
    }
}

impl Meter for Memory {
    fn fields(&self) -> Vec<Field> {
        let names = [
            "memory_total",
            "memory_used",
            "memory_free",
            "memory_available",
            "memory_buffers",
            "memory_cached",
            "swap_total",
            "swap_used",
        ];
        names.map(|name| number(name, "B")).to_vec()
    }

    fn read(&mut self, _now: u64, values: &mut [f64]) {
        let found = amounts(self.0.read());
        let found = [
            found.total,
            found.used(),
            found.free,
            found.available,
            found.buffers,
            found.cached,
            found.swap_total,
            found.swap_total - found.swap_free,
        ];
        for (value, found) in values.iter_mut().zip(found) {
            *value = found;
        }
    }
}

impl Amounts {
    /// What programs could not have. Kernels before 3.14 do not say what is available.
    fn used(self) -> f64 {
        let available = match self.available.is_nan() {
            true => self.free + self.buffers + self.cached,
            false => self.available,
        };
        self.total - available
    }
}

/// Lines such as `MemTotal:       24684084 kB`.
fn amounts(text: &[u8]) -> Amounts {
    let mut found = Amounts {
        total: f64::NAN,
        free: f64::NAN,
        available: f64::NAN,
        buffers: f64::NAN,
        cached: f64::NAN,
        swap_total: f64::NAN,
        swap_free: f64::NAN,
    };
    let mut missing = 7;
    for line in lines(text) {
        let mut words = words(line);
        let place = match words.next() {
            Some(b"MemTotal:") => &mut found.total,
            Some(b"MemFree:") => &mut found.free,
            Some(b"MemAvailable:") => &mut found.available,
            Some(b"Buffers:") => &mut found.buffers,
            Some(b"Cached:") => &mut found.cached,
            Some(b"SwapTotal:") => &mut found.swap_total,
            Some(b"SwapFree:") => &mut found.swap_free,
            _ => continue,
        };
        let kilobytes = words.next().and_then(text::number);
        *place = kilobytes.map_or(f64::NAN, |kilobytes| kilobytes as f64 * 1024.0);
        missing -= 1;
        if missing == 0 {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kilobytes_become_bytes() {
        let text = b"MemTotal:       24684084 kB\nMemFree:        21920844 kB\nMemAvailable:   24012140 kB\n\
                     Buffers:          164188 kB\nCached:          1621272 kB\nSwapCached:            7 kB\n\
                     SwapTotal:          2048 kB\nSwapFree:           1024 kB\nZswap: 9 kB\n";
        let found = amounts(text);
        assert_eq!(found.total, 24_684_084.0 * 1024.0);
        assert_eq!(found.cached, 1_621_272.0 * 1024.0);
        assert_eq!(found.used(), (24_684_084.0 - 24_012_140.0) * 1024.0);
        assert_eq!(found.swap_free, 1024.0 * 1024.0);
    }

    #[test]
    fn an_old_kernel_does_not_say_what_is_available() {
        let found = amounts(b"MemTotal: 100 kB\nMemFree: 10 kB\nBuffers: 5 kB\nCached: 20 kB\n");
        assert!(found.available.is_nan() && found.swap_total.is_nan());
        assert_eq!(found.used(), 65.0 * 1024.0);
    }

    #[test]
    fn junk_is_nothing() {
        for junk in [
            "",
            "MemTotal:",
            "MemTotal: x kB",
            "MemTotal: -5 kB",
            "memtotal: 5 kB",
            "MemTotal 5",
        ] {
            assert!(amounts(junk.as_bytes()).total.is_nan(), "{junk}");
        }
    }
}
