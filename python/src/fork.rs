//! What a forked child has inherited: objects that belong to its parent.
//!
//! The core refuses them too. Here it is for the locks around them: one that a thread of the parent held at the fork is
//! held for ever in the child.

use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::prelude::*;
use pyo3::types::IntoPyDict;

use crate::errors;

/// How many forks lie between this process and the one that loaded the module.
static FORKS: AtomicU64 = AtomicU64::new(0);

/// The process that an object belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generation(u64);

impl Generation {
    /// That of this process.
    pub(crate) fn current() -> Generation {
        Generation(FORKS.load(Ordering::Relaxed))
    }

    /// Whether this is the process.
    #[inline]
    pub(crate) fn is_current(self) -> bool {
        self == Generation::current()
    }

    /// Raises `Forked` in every other process. To be called before a lock is touched.
    #[inline]
    pub(crate) fn check(self, py: Python<'_>) -> PyResult<()> {
        match self.is_current() {
            true => Ok(()),
            false => Err(errors::forked(py)),
        }
    }
}

#[pyfunction]
fn _forked() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}

/// Has every forked child counted; to be called once, when the module is loaded.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let count = wrap_pyfunction!(_forked, module)?;
    // Where processes cannot fork it is missing.
    if let Ok(register) = py.import("os")?.getattr("register_at_fork") {
        let arguments = [("after_in_child", count)].into_py_dict(py)?;
        register.call((), Some(&arguments))?;
    }
    Ok(())
}
