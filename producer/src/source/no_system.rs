//! In place of this machine's own figures, where there is no Linux to ask for them.

use std::time::Duration;

use anyhow::bail;
use ringbuf_core::Schema;

use super::Sensor;
use crate::config::SystemOptions;

/// There are none.
pub(crate) enum SystemSource {}

impl SystemSource {
    /// Says why there are none.
    pub(crate) fn open(_options: &SystemOptions) -> anyhow::Result<SystemSource> {
        bail!(
            "producer system reads files of the Linux kernel, and this is {}, expected Linux; synth, csv, frames and \
             lines work here as well",
            std::env::consts::OS
        );
    }
}

impl Sensor for SystemSource {
    fn schema(&self) -> &Schema {
        match *self {}
    }

    fn settles(&self) -> Duration {
        match *self {}
    }

    fn notes(&self) -> &[String] {
        match *self {}
    }

    fn sample(&mut self, _record: &mut [u8]) {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use std::{path::PathBuf, time::Duration};

    use super::*;

    #[test]
    fn it_is_said_what_is_expected() {
        let options = SystemOptions {
            groups: Vec::new(),
            is_chosen: false,
            window: Duration::from_secs(1),
            rate: 10.0,
            root: PathBuf::from("/"),
        };
        let error = SystemSource::open(&options).map(drop);
        let text = error.expect_err("none").to_string();
        assert!(text.contains("expected Linux"), "{text}");
    }
}
