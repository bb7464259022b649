//! What goes through the network, from `/proc/net/dev`.

use ringbuf_core::Field;

use super::{
    Meter, Setting,
    devices::{Devices, too_many},
    kept::{Form, Kept},
    number,
    text::{self, lines, words},
    window::Window,
};

/// Counters of an interface: bytes received, bytes sent.
const EACH: usize = 2;

pub(super) struct Network {
    dev: Kept,
    interfaces: Devices,
    found: usize,
    window: Window,
}

impl Network {
    pub(super) fn open(setting: &Setting<'_>) -> Result<Network, String> {
        let path = setting.root.join("proc/net/dev");
        let mut dev = Kept::open(&path, Form::List)?;
        // What goes through `lo` never leaves the machine.
        let names = lines(dev.read())
            .filter_map(interface)
            .map(|(name, _)| name);
        let mut names: Vec<&[u8]> = names.filter(|name| *name != b"lo").collect();
        // Those with a device behind them come first: a host of containers has hundreds without.
        let class = setting.root.join("sys/class/net");
        let is_virtual = |name: &&[u8]| {
            let name = std::str::from_utf8(name).unwrap_or_default();
            !class.join(name).join("device").exists()
        };
        names.sort_by_cached_key(is_virtual);
        let (interfaces, found) = Devices::first_of(names.into_iter());
        if found == 0 {
            return Err(format!("{} has no interface but lo", path.display()));
        }
        Ok(Network {
            window: Window::new(setting.span, interfaces.len() * EACH),
            dev,
            interfaces,
            found,
        })
    }
}

impl Meter for Network {
    fn fields(&self) -> Vec<Field> {
        let labels = self.interfaces.labels();
        let fields = labels
            .iter()
            .flat_map(|label| ["rx", "tx"].map(|way| format!("net_{label}_{way}")));
        fields.map(|name| number(name, "B/s")).collect()
    }

    fn read(&mut self, now: u64, values: &mut [f64]) {
        for (name, bytes) in lines(self.dev.read()).filter_map(interface) {
            if let Some(place) = self.interfaces.find(name) {
                self.window.set(place * EACH, bytes);
            }
        }
        self.window.advance(now);
        for (counter, value) in values.iter_mut().enumerate() {
            *value = self.window.rate(counter).unwrap_or(f64::NAN);
        }
    }

    fn note(&self) -> Option<String> {
        too_many("network interfaces", self.found, Devices::MOST)
    }
}

/// `  eth0: RX_BYTES and seven more, TX_BYTES and seven more`; kernels before 2.6.39 leave out the blank after the colon,
/// and the name of an address of its own may have a colon in it.
fn interface(line: &[u8]) -> Option<(&[u8], [u64; EACH])> {
    let colon = line.iter().rposition(|&byte| byte == b':')?;
    let (name, rest) = line.split_at_checked(colon)?;
    let mut columns = words(rest.get(1..)?);
    let received = text::number(columns.next()?)?;
    let sent = text::number(columns.nth(7)?)?;
    let name = name.trim_ascii();
    (!name.is_empty()).then_some((name, [received, sent]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_interface_and_its_bytes() {
        let line = b"  eth0: 3636091113  107283    0    0    0     0          0         0  6040072   68108    0 0 0 0 0 0";
        assert_eq!(
            interface(line),
            Some((&b"eth0"[..], [3_636_091_113, 6_040_072]))
        );
        let old = b"eth0:1234567 1 2 3 4 5 6 7 89 1 2 3 4 5 6 7";
        assert_eq!(interface(old), Some((&b"eth0"[..], [1_234_567, 89])));
        let alias = b"eth0:1: 12 1 2 3 4 5 6 7 34 1 2 3 4 5 6 7";
        assert_eq!(interface(alias), Some((&b"eth0:1"[..], [12, 34])));
    }

    #[test]
    fn headers_and_junk_are_none() {
        for junk in [
            "",
            "Inter-|   Receive                           |  Transmit",
            " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs",
            "eth0:",
            "eth0: 1 2 3",
            ": 1 2 3 4 5 6 7 8 9",
            "eth0: x 2 3 4 5 6 7 8 9",
            "eth0: 1 2 3 4 5 6 7 8 x",
        ] {
            assert_eq!(interface(junk.as_bytes()), None, "{junk}");
        }
    }
}
