//! The two cores that measurements run on.

use std::sync::OnceLock;

use core_affinity::CoreId;
use rustix::thread::{CpuSet, sched_setaffinity};

/// Two cores, `None` where there is one. Asked once, before anybody is pinned: who is pinned sees only its own.
///
/// ```
/// assert_eq!(benches::cores::pair(), benches::cores::pair());
/// ```
pub fn pair() -> Option<[CoreId; 2]> {
    static CORES: OnceLock<Option<[CoreId; 2]>> = OnceLock::new();
    *CORES.get_or_init(|| core_affinity::get_core_ids()?.first_chunk().copied())
}

/// Keeps this thread on the first core (0) or the second (1): false if it may not, or there is one.
///
/// ```
/// benches::cores::pin(0);
/// ```
pub fn pin(which: usize) -> bool {
    pair().is_some_and(|cores| core_affinity::set_for_current(cores[which]))
}

/// Runs `work` on a thread of its own on the first core, so that nobody else here is pinned by it.
///
/// ```
/// assert_eq!(benches::cores::on_first(|| 7), 7);
/// ```
///
/// # Panics
///
/// `work` does.
pub fn on_first<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    apart(|| {
        pin(0);
        work()
    })
}

/// Runs `work` on a thread of its own that may run on either core, as those that it starts may.
///
/// ```
/// assert_eq!(benches::cores::on_either(|| 7), 7);
/// ```
///
/// # Panics
///
/// `work` does.
pub fn on_either<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    apart(|| {
        let mut either = CpuSet::new();
        for core in pair().into_iter().flatten() {
            either.set(core.id);
        }
        // Where it may not, it stays where it is.
        _ = sched_setaffinity(None, &either);
        work()
    })
}

fn apart<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    std::thread::scope(|scope| {
        let thread = scope.spawn(work);
        thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
