//! The ring for Python: the native half of the package `pyringbuf`.

mod batch;
mod buffer;
mod errors;
mod event;
mod follow;
mod follower;
mod fork;
mod frames_in;
mod gil;
mod held;
mod numpy;
mod options;
mod reader;

#[pyo3::pymodule]
mod _core {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::batch::Batch;
    #[pymodule_export]
    use crate::event::{Event, Ledger};
    #[pymodule_export]
    use crate::follower::Follower;
    #[pymodule_export]
    use crate::frames_in::{Frame, FrameReader};
    #[pymodule_export]
    use crate::reader::Reader;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        crate::fork::register(module)
    }
}
