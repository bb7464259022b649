//! The ring for Python: the native half of the package `pyringbuf`.

// What is said of classes and functions here are Python's docstrings, which know no Markdown.
#![allow(
    rustdoc::broken_intra_doc_links,
    rustdoc::invalid_html_tags,
    clippy::doc_lazy_continuation
)]

mod batch;
mod buffer;
mod claim;
mod encode;
mod errors;
mod event;
mod follow;
mod follower;
mod fork;
mod frame_header;
mod frames_in;
mod frames_out;
mod gil;
mod held;
mod job;
mod numpy;
mod options;
mod producer;
mod reader;
mod rings;
mod schema;
mod seat;

/// The native half of the package; what is for users is named by `pyringbuf` itself.
// What counts views leaves their order to the interpreter's lock.
#[pyo3::pymodule(gil_used = true)]
mod _core {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::batch::Batch;
    #[pymodule_export]
    use crate::claim::FrameClaim;
    #[pymodule_export]
    use crate::event::{Event, Ledger};
    #[pymodule_export]
    use crate::follower::Follower;
    #[pymodule_export]
    use crate::frame_header::FrameHeader;
    #[pymodule_export]
    use crate::frames_in::{Frame, FrameReader};
    #[pymodule_export]
    use crate::frames_out::FrameProducer;
    #[pymodule_export]
    use crate::producer::Producer;
    #[pymodule_export]
    use crate::reader::Reader;
    #[pymodule_export]
    use crate::rings::{directory, gc, info, path, remove, rings};
    #[pymodule_export]
    use crate::schema::check_schema;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::fork::register(module)?;
        module.add("FORMAT_VERSION", ringbuf_core::inspect::FORMAT_VERSION)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
