//! How busy the processors are, from `/proc/stat`.

use ringbuf_core::Field;

use super::{
    Meter, Setting,
    devices::too_many,
    kept::{Form, Kept},
    number, percent,
    text::{self, lines, words},
    window::Window,
};

/// Cores, at most.
const MOST: usize = 512;

/// The counters of all processors together: user, system, waiting for disks, taken by other guests, idle.
const TOTAL: usize = 5;

/// Counters of a core: busy, idle.
const EACH: usize = 2;

/// The kernel's idle times may go back now and then by a few hundredths of a second.
const SLACK: u64 = 100;

pub(super) struct Cpu {
    stat: Kept,
    /// The numbers of the cores, the lowest first.
    cores: Vec<u32>,
    found: usize,
    window: Window,
}

/// Who a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    All,
    Core(u32),
}

/// What processors have spent their time on, in hundredths of a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Times {
    user: u64,
    system: u64,
    waiting: u64,
    stolen: u64,
    idle: u64,
}

impl Cpu {
    pub(super) fn open(setting: &Setting<'_>) -> Result<Cpu, String> {
        let path = setting.root.join("proc/stat");
        let mut stat = Kept::open(&path, Form::Whole)?;
        let core = |(which, _)| match which {
            Which::Core(number) => Some(number),
            Which::All => None,
        };
        let mut cores: Vec<u32> = processors(stat.read()).filter_map(core).collect();
        cores.sort_unstable();
        cores.dedup();
        let found = cores.len();
        cores.truncate(MOST);
        if found == 0 {
            return Err(format!("{} has no line of a processor", path.display()));
        }
        let counters = TOTAL + cores.len() * EACH;
        Ok(Cpu {
            stat,
            cores,
            found,
            window: Window::new(setting.span, counters).with_slack(SLACK),
        })
    }

    fn share(&self, parts: &[usize], all: std::ops::Range<usize>) -> Option<f64> {
        let whole: f64 = all
            .map(|counter| self.window.growth(counter))
            .sum::<Option<_>>()?;
        let part: f64 = parts
            .iter()
            .map(|&counter| self.window.growth(counter))
            .sum::<Option<_>>()?;
        // Of no time at all, as in a window shorter than a tick, there is no share: 0 / 0 is NaN.
        Some(percent(part, whole))
    }
}

impl Meter for Cpu {
    fn fields(&self) -> Vec<Field> {
        let all = ["cpu", "cpu_user", "cpu_system", "cpu_iowait", "cpu_steal"].map(str::to_owned);
        let cores = self.cores.iter().map(|core| format!("cpu{core}"));
        let names = all.into_iter().chain(cores);
        names.map(|name| number(name, "%")).collect()
    }

    fn read(&mut self, now: u64, values: &mut [f64]) {
        for (which, times) in processors(self.stat.read()) {
            match which {
                Which::All => self.window.set(0, times.parts()),
                Which::Core(core) => {
                    if let Ok(place) = self.cores.binary_search(&core) {
                        self.window.set(TOTAL + place * EACH, times.busy_and_idle());
                    }
                }
            }
        }
        self.window.advance(now);
        const PARTS: [&[usize]; TOTAL] = [&[0, 1, 3], &[0], &[1], &[2], &[3]];
        let (all, cores) = values.split_at_mut(TOTAL.min(values.len()));
        for (value, parts) in all.iter_mut().zip(PARTS) {
            *value = self.share(parts, 0..TOTAL).unwrap_or(f64::NAN);
        }
        for (value, first) in cores.iter_mut().zip((TOTAL..).step_by(EACH)) {
            *value = self
                .share(&[first], first..first + EACH)
                .unwrap_or(f64::NAN);
        }
    }

    fn note(&self) -> Option<String> {
        too_many("cores", self.found, MOST)
    }
}

impl Times {
    fn parts(self) -> [u64; TOTAL] {
        [self.user, self.system, self.waiting, self.stolen, self.idle]
    }

    fn busy_and_idle(self) -> [u64; EACH] {
        let busy = self
            .user
            .saturating_add(self.system)
            .saturating_add(self.stolen);
        [busy, self.idle.saturating_add(self.waiting)]
    }
}

/// The lines about processors, which come first.
fn processors(text: &[u8]) -> impl Iterator<Item = (Which, Times)> {
    lines(text)
        .take_while(|line| line.starts_with(b"cpu"))
        .filter_map(processor)
}

/// `cpu3 USER NICE SYSTEM IDLE IOWAIT IRQ SOFTIRQ STEAL GUEST GUEST_NICE`; the oldest kernels end after IDLE. What
/// guests have got is part of USER and NICE.
fn processor(line: &[u8]) -> Option<(Which, Times)> {
    let mut words = words(line);
    let which = match words.next()?.strip_prefix(b"cpu")? {
        b"" => Which::All,
        digits => Which::Core(text::number(digits)?.try_into().ok()?),
    };
    let mut columns = [0; 8];
    for (place, column) in columns.iter_mut().enumerate() {
        *column = match words.next() {
            Some(word) => text::number(word)?,
            None if place < 4 => return None,
            None => 0,
        };
    }
    let [user, nice, system, idle, waiting, irq, softirq, stolen] = columns;
    let times = Times {
        user: user.saturating_add(nice),
        system: system.saturating_add(irq).saturating_add(softirq),
        waiting,
        stolen,
        idle,
    };
    Some((which, times))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_processor_and_its_times() {
        let line = b"cpu  9432712 75327 2099296 4586341 32124 1 7983 4106 5 6";
        let times = Times {
            user: 9_508_039,
            system: 2_107_280,
            waiting: 32_124,
            stolen: 4106,
            idle: 4_586_341,
        };
        assert_eq!(processor(line), Some((Which::All, times)));
        // As in Linux 2.4.
        let old = processor(b"cpu1 12 3 4 5");
        let times = Times {
            user: 15,
            system: 4,
            waiting: 0,
            stolen: 0,
            idle: 5,
        };
        assert_eq!(old, Some((Which::Core(1), times)));
    }

    #[test]
    fn junk_is_no_processor() {
        for junk in [
            "",
            "cpu",
            "cpu0",
            "cpu0 1 2 3",
            "cpu0 1 2 3 x",
            "cpu0 1 2 3 4 -5",
            "cpux 1 2 3 4",
            "cpu99999999999 1 2 3 4",
            "cpu0 1 2 3 99999999999999999999",
            "intr 1 2 3 4",
        ] {
            assert_eq!(processor(junk.as_bytes()), None, "{junk}");
        }
        let most = u64::MAX;
        let (_, times) = processor(
            format!("cpu0 {most} {most} {most} {most} {most} {most} {most} {most}").as_bytes(),
        )
        .expect("numbers");
        assert_eq!(times.busy_and_idle(), [most, most]);
    }

    #[test]
    fn only_the_lines_at_the_beginning_are_read() {
        let text = b"cpu 1 1 1 1\ncpu0 1 1 1 1\nbad\ncpu1 1 1 1 1\n";
        assert_eq!(processors(text).count(), 2);
        assert_eq!(processors(b"").count(), 0);
    }
}
