//! What a table must say beside its figures: where, when, with what, by which command.

use std::fmt::Write;

use crate::peer::Facts;

/// The versions that were built.
const LOCK: &str = include_str!("../Cargo.lock");

/// Crates whose versions matter.
const CRATES: [&str; 8] = [
    "iceoryx2",
    "shaq",
    "shmem-ipc",
    "disruptor",
    "rtrb",
    "crossbeam-channel",
    "zmq",
    "rusteron-client",
];

/// A paragraph.
pub fn describe(peers: &[Facts], command: &str) -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or("unknown", |(_, model)| model.trim());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    let mut out = format!(
        "{}, {cores} x {model}, Linux {}. Command: `{command}`.\n\nPeers: ",
        jiff::Zoned::now().date(),
        kernel.trim(),
    );
    for name in CRATES {
        // The bindings of what was not built take no part.
        let bound = match name {
            "zmq" => "zeromq",
            "rusteron-client" => "aeron",
            _ => "",
        };
        if bound.is_empty() || peers.iter().any(|facts| facts.name == bound) {
            _ = write!(out, "{name} {}, ", version(name));
        }
    }
    out.push_str("ringbuf of this tree; rows between threads have the easier task.\n");
    out
}

fn version(name: &str) -> &str {
    let entry = LOCK.split_once(&format!("name = \"{name}\"\nversion = \""));
    entry
        .and_then(|(_, rest)| rest.split('"').next())
        .unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_that_matters_is_in_the_lock_file() {
        for name in CRATES {
            assert_ne!(version(name), "unknown", "{name}");
        }
    }
}
