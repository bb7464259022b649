//! The command line.

use std::time::Duration;

use ringbuf_core::Wait;

pub struct Options {
    pub records: u64,
    pub readers: usize,
    pub capacity: u64,
    /// Records published by one call.
    pub at_once: usize,
    pub is_lossy: bool,
    pub slow_down: Duration,
    pub pause: Duration,
    pub wait: Wait,
}

impl Options {
    pub fn parse(arguments: &[String]) -> Result<Options, String> {
        let mut options = Options {
            records: 10_000_000,
            readers: 4,
            capacity: 65_536,
            at_once: 256,
            is_lossy: false,
            slow_down: Duration::ZERO,
            pause: Duration::ZERO,
            wait: Wait::Sleep,
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            if argument == "--lossy" {
                options.is_lossy = true;
                continue;
            }
            let value = arguments
                .next()
                .ok_or_else(|| format!("{argument} needs a value"))?;
            let number = || {
                value
                    .parse()
                    .map_err(|_| format!("{argument} {value}: expected a whole number"))
            };
            match argument.as_str() {
                "--records" => options.records = number()?,
                "--readers" => options.readers = number()? as usize,
                "--capacity" => options.capacity = number()?.max(1),
                "--at-once" => options.at_once = number()?.max(1) as usize,
                "--slow-down" => options.slow_down = Duration::from_micros(number()?),
                "--pause" => options.pause = Duration::from_micros(number()?),
                "--wait" => options.wait = wait(value)?,
                _ => return Err(format!("{argument} is not an option")),
            }
        }
        Ok(options)
    }

    /// What a reader has to know.
    pub fn for_reader(&self) -> Vec<String> {
        let mut arguments = vec![
            "--slow-down".to_owned(),
            self.slow_down.as_micros().to_string(),
            "--wait".to_owned(),
            format!("{:?}", self.wait).to_lowercase(),
        ];
        if self.is_lossy {
            arguments.push("--lossy".to_owned());
        }
        arguments
    }
}

fn wait(word: &str) -> Result<Wait, String> {
    match word {
        "spin" => Ok(Wait::Spin),
        "yield" => Ok(Wait::Yield),
        "sleep" => Ok(Wait::Sleep),
        _ => Err(format!("--wait {word}: expected spin, yield or sleep")),
    }
}
