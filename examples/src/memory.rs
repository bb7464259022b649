//! What processes take.

use crate::Result;

/// Bytes of memory that these processes take together: what several of them share counts once.
///
/// That is the sum of what Linux calls their proportional set sizes (`Pss`): each page counts for a process as its share
/// among those that have it mapped. What a kernel keeps for them, as the contents of pipes, is not in it.
///
/// # Errors
///
/// A process is gone, or the system does not say (`/proc/PID/smaps_rollup`, Linux 4.14).
pub fn proportional(processes: impl IntoIterator<Item = u32>) -> Result<u64> {
    processes.into_iter().map(of).sum()
}

fn of(process: u32) -> Result<u64> {
    let path = format!("/proc/{process}/smaps_rollup");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let kib = text
        .lines()
        .find_map(|line| line.strip_prefix("Pss:")?.strip_suffix("kB"))
        .ok_or_else(|| format!("{path}: no line Pss"))?;
    Ok(kib.trim().parse::<u64>()? * 1024)
}
