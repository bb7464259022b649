//! How many tasks want to run, from `/proc/loadavg`.

use ringbuf_core::Field;

use super::{
    Meter, Setting,
    kept::{Form, Kept},
    number,
    text::{decimal, words},
};

pub(super) struct Load(Kept);

impl Load {
    pub(super) fn open(setting: &Setting<'_>) -> Result<Load, String> {
        let path = setting.root.join("proc/loadavg");
        let mut loadavg = Kept::open(&path, Form::Whole)?;
        match loads(loadavg.read()) {
            Some(_) => Ok(Load(loadavg)),
            None => Err(format!(
                "{} does not begin with three numbers",
                path.display()
            )),
        }
    }
}

impl Meter for Load {
    fn fields(&self) -> Vec<Field> {
        ["load1", "load5", "load15"]
            .map(|name| number(name, ""))
            .to_vec()
    }

    fn read(&mut self, _now: u64, values: &mut [f64]) {
        let loads = loads(self.0.read()).into_iter().flatten();
        for (value, load) in values.iter_mut().zip(loads) {
            *value = load;
        }
    }
}

/// `0.18 0.88 2.06 1/83 24306`: over one, five and fifteen minutes.
fn loads(text: &[u8]) -> Option<[f64; 3]> {
    let mut words = words(text).map(decimal);
    Some([words.next()??, words.next()??, words.next()??])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_three_words_are_loads() {
        assert_eq!(
            loads(b"0.18 0.88 2.06 1/83 24306\n"),
            Some([0.18, 0.88, 2.06])
        );
        for junk in ["", "0.18 0.88", "a b c", "nan inf 1", "-1 0 0", "1/83 2 3"] {
            assert_eq!(loads(junk.as_bytes()), None, "{junk}");
        }
    }
}
