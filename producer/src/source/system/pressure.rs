//! How long tasks were held up for want of something, from `/proc/pressure`.

use ringbuf_core::Field;

use super::{
    Meter, Setting,
    kept::{Form, Kept},
    number, percent,
    text::{self, lines, words},
    window::Window,
};

/// What can be wanting.
const WANTS: [&str; 4] = ["cpu", "io", "memory", "irq"];

/// Counters of a file: microseconds in which some tasks were held up, and all of them.
const EACH: usize = 2;

const LINES: [&str; EACH] = ["some", "full"];

pub(super) struct Pressure {
    files: Vec<Kept>,
    /// The counters that have a field, and its name.
    fields: Vec<(usize, String)>,
    window: Window,
}

impl Pressure {
    pub(super) fn open(setting: &Setting<'_>) -> Result<Pressure, String> {
        let directory = setting.root.join("proc/pressure");
        let (mut files, mut fields, mut missing) = (Vec::new(), Vec::new(), None);
        for want in WANTS {
            let mut file = match Kept::open(&directory.join(want), Form::Whole) {
                Ok(file) => file,
                Err(error) => {
                    missing.get_or_insert(error);
                    continue;
                }
            };
            let totals = totals(file.read());
            for (place, (line, total)) in LINES.iter().zip(totals).enumerate() {
                // For all tasks of a machine to want a processor is not defined: the line is there and says 0.
                let is_defined = (want, *line) != ("cpu", "full");
                if total.is_some() && is_defined {
                    fields.push((
                        files.len() * EACH + place,
                        format!("pressure_{want}_{line}"),
                    ));
                }
            }
            files.push(file);
        }
        if fields.is_empty() {
            let nothing = || format!("{} has no totals", directory.display());
            return Err(missing.unwrap_or_else(nothing));
        }
        Ok(Pressure {
            window: Window::new(setting.span, files.len() * EACH),
            files,
            fields,
        })
    }
}

impl Meter for Pressure {
    fn fields(&self) -> Vec<Field> {
        self.fields
            .iter()
            .map(|(_, name)| number(name, "%"))
            .collect()
    }

    fn read(&mut self, now: u64, values: &mut [f64]) {
        for (first, file) in (0..).step_by(EACH).zip(&mut self.files) {
            for (counter, total) in (first..).zip(totals(file.read())) {
                total
                    .into_iter()
                    .for_each(|total| self.window.set(counter, [total]));
            }
        }
        self.window.advance(now);
        for (value, (counter, _)) in values.iter_mut().zip(&self.fields) {
            let rate = self.window.rate(*counter).unwrap_or(f64::NAN);
            *value = percent(rate, 1e6);
        }
    }
}

/// `some avg10=0.10 avg60=0.35 avg300=6.74 total=28087440655`, and the same for `full`: the totals.
fn totals(text: &[u8]) -> [Option<u64>; EACH] {
    LINES.map(|wanted| {
        let line = lines(text).find(|line| words(line).next() == Some(wanted.as_bytes()))?;
        let total = words(line).find_map(|word| word.strip_prefix(b"total="))?;
        text::number(total)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_totals_are_read() {
        let text = b"some avg10=0.05 avg60=3.49 avg300=4.60 total=621535556\n\
                     full avg10=0.04 avg60=3.19 avg300=4.09 total=222767217\n";
        assert_eq!(totals(text), [Some(621_535_556), Some(222_767_217)]);
        // Before 5.13 the file for processors had one line; that for interrupts has the other.
        assert_eq!(totals(b"some avg10=0.00 total=5\n"), [Some(5), None]);
        assert_eq!(totals(b"full avg10=0.00 total=5\n"), [None, Some(5)]);
        for junk in [
            "",
            "some",
            "some total=",
            "some total=x",
            "none total=5",
            "some total=-1",
        ] {
            assert_eq!(totals(junk.as_bytes()), [None, None], "{junk}");
        }
    }
}
