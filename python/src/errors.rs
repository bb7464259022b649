//! The errors of the core as the exceptions of `pyringbuf.errors`, with its words where they are those of Python, too.

use std::fmt::Display;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use ringbuf_core::{
    AttachError, CreateError, InspectError, NameError, PublishError, ReadError, SchemaError,
    TryPublishError,
};

/// What is said of a ring to a child that has inherited it.
const FORKED: &str = "this process was forked from the one that has it: create or attach in this one (with \
                      multiprocessing: start processes by \"spawn\", and attach by name in each)";

/// An exception of this package.
fn error(py: Python<'_>, class: &str, message: impl Display) -> PyErr {
    let make = || {
        let class = py.import("pyringbuf.errors")?.getattr(class)?;
        class.call1((message.to_string(),))
    };
    match make() {
        Ok(value) => PyErr::from_value(value),
        Err(error) => error,
    }
}

/// The same with something to look at.
fn with<'py, T: IntoPyObject<'py>>(py: Python<'py>, error: PyErr, name: &str, value: T) -> PyErr {
    // Who cannot read the attribute still has the message.
    let _ = error.value(py).setattr(name, value);
    error
}

/// An error of the system, with its number.
fn io(py: Python<'_>, class: &str, message: impl Display, source: &std::io::Error) -> PyErr {
    with(
        py,
        error(py, class, message),
        "errno",
        source.raw_os_error(),
    )
}

/// What was found, in a few words, for the text of an error.
pub(crate) fn excerpt(found: &Bound<'_, PyAny>) -> String {
    const MOST: usize = 60;
    let kind = found
        .get_type()
        .name()
        .map_or_else(|_| "object".into(), |name| name.to_string());
    let text = match found.repr() {
        Ok(text) => text.to_string(),
        Err(_) => return format!("a value of type {kind}"),
    };
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}... ({kind})", &text[..end]),
        None => format!("{text} ({kind})"),
    }
}

pub(crate) fn forked(py: Python<'_>) -> PyErr {
    error(py, "Forked", FORKED)
}

/// What is done with a producer or a reader after it was closed.
pub(crate) fn closed(py: Python<'_>, what: &str, name: &str) -> PyErr {
    let message = format!("the {what} of ring {name} was closed: make another one");
    let class = match what {
        "reader" => "ReadError",
        _ => "PublishError",
    };
    error(py, class, message)
}

/// For who would send it to another process.
pub(crate) fn unpicklable() -> PyErr {
    let message = "a producer belongs to one process: attach readers by its name in others";
    PyTypeError::new_err(message)
}

/// While a claim has the producer.
pub(crate) fn claimed(py: Python<'_>, name: &str) -> PyErr {
    let message = format!("a frame of ring {name} is claimed: commit it or give it up first");
    error(py, "PublishError", message)
}

/// When a claim has ended.
pub(crate) fn not_claimed(py: Python<'_>, name: &str) -> PyErr {
    let message = format!("the claim of a frame of ring {name} has ended: claim the next one");
    error(py, "PublishError", message)
}

/// When the time is over and another thread still publishes.
pub(crate) fn busy(py: Python<'_>, name: &str) -> PyErr {
    let message = format!(
        "another thread of this process is publishing to ring {name}: wait for it, or give more time"
    );
    full(py, message, None, None)
}

pub(crate) fn reader_closed(py: Python<'_>, name: &str) -> PyErr {
    let message = format!("the reader of ring {name} was closed: attach another one");
    error(py, "ReadError", message)
}

pub(crate) fn died(py: Python<'_>, name: &str) -> PyErr {
    let message = format!(
        "the producer of ring {name} is gone without closing it, and everything was read: start it again, and attach \
         again; or wait for it, on_death=\"wait\""
    );
    error(py, "ProducerDied", message)
}

pub(crate) fn name(error: NameError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

pub(crate) fn schema(error: SchemaError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

pub(crate) fn create(py: Python<'_>, found: CreateError) -> PyErr {
    let text = found.to_string();
    match found {
        CreateError::Name(found) => name(found),
        CreateError::Capacity { .. }
        | CreateError::Frames { .. }
        | CreateError::InPlace { .. }
        | CreateError::SchemaTooLong { .. }
        | CreateError::Mode { .. } => PyValueError::new_err(text),
        CreateError::InUse { .. } => error(py, "InUse", text),
        CreateError::Different { .. } => {
            let text = text.replace("or replace it (", "or replace=True (");
            error(py, "Different", text)
        }
        CreateError::Unverified { .. } => {
            let text = text.replace("`unverified`", "unverified=True");
            let text = text.replace("then replace it", "then give replace=True");
            error(py, "CreateError", text)
        }
        CreateError::Io { source, .. } => io(py, "CreateError", text, &source),
        _ => error(py, "CreateError", text),
    }
}

pub(crate) fn attach(py: Python<'_>, found: AttachError) -> PyErr {
    let text = found.to_string();
    match found {
        AttachError::Name(found) => name(found),
        AttachError::NotFound { .. } => {
            let text = text.replace("`ringctl list`", "pyringbuf.rings()");
            error(py, "NotFound", text)
        }
        AttachError::SchemaMismatch { .. } | AttachError::NotFrames { .. } => {
            error(py, "SchemaMismatch", text)
        }
        AttachError::NotAllowed { .. } | AttachError::InPlace { .. } => {
            error(py, "NotAllowed", text)
        }
        AttachError::MayNotRegister { source, .. } => io(py, "NotAllowed", text, &source),
        AttachError::NotYet { .. }
        | AttachError::TimeNotYet { .. }
        | AttachError::NoTimes { .. } => {
            error(py, "AttachError", text.replace("`stamp`", "stamp=True"))
        }
        AttachError::Unverified { .. } => {
            let text = text.replace("`unverified`", "unverified=True");
            error(py, "AttachError", text)
        }
        AttachError::Io { source, .. } => io(py, "AttachError", text, &source),
        _ => error(py, "AttachError", text),
    }
}

pub(crate) fn read(py: Python<'_>, found: ReadError) -> PyErr {
    let text = found.to_string();
    match found {
        ReadError::NoRoom { .. } | ReadError::FrameTooLong { .. } => PyValueError::new_err(text),
        ReadError::Damaged(_) => error(py, "Damaged", text),
        ReadError::Removed => error(py, "Removed", text),
        ReadError::Replaced => error(py, "Replaced", text),
        ReadError::Forked => forked(py),
        ReadError::Wait(source) => io(py, "ReadError", text, &source),
        _ => error(py, "ReadError", text),
    }
}

pub(crate) fn publish(py: Python<'_>, found: PublishError) -> PyErr {
    let text = found.to_string();
    match found {
        PublishError::Claim { .. }
        | PublishError::Bytes { .. }
        | PublishError::TooLong { .. }
        | PublishError::Shape { .. } => PyValueError::new_err(text),
        PublishError::Full { reader, lag } => {
            let text = format!("no room: {}; wait, or stop it", in_the_way(&reader, lag));
            full(py, text, Some(reader), Some(lag))
        }
        PublishError::NotInPlace { .. } => {
            let text = text.replace("`in_place`", "in_place=True");
            let text = text.replace("write the claim with `write`", "give the array to publish");
            error(py, "PublishError", text)
        }
        PublishError::Forked => forked(py),
        PublishError::Wait(source) => io(py, "PublishError", text, &source),
        _ => error(py, "PublishError", text),
    }
}

/// As [`publish`].
pub(crate) fn try_publish(py: Python<'_>, found: TryPublishError) -> PyErr {
    let text = found.to_string();
    match found {
        TryPublishError::Full { reader, lag } => {
            let text = format!("no room: {}; wait, or stop it", in_the_way(&reader, lag));
            full(py, text, Some(reader), Some(lag))
        }
        TryPublishError::Publish(found) => publish(py, found),
        _ => error(py, "PublishError", text),
    }
}

/// Who leaves no room, and by how much.
pub(crate) fn in_the_way(reader: &str, lag: u64) -> String {
    format!(
        "reader {reader:?}, which is {lag} behind, or has arrays of them still (a closed reader's arrays hold on, too)"
    )
}

/// `Full`, with who is in the way.
pub(crate) fn full(
    py: Python<'_>,
    text: String,
    reader: Option<String>,
    lag: Option<u64>,
) -> PyErr {
    let full = error(py, "Full", text);
    let full = with(py, full, "reader", reader);
    with(py, full, "lag", lag)
}

/// Of `Full`: that so many records of the call were published before.
pub(crate) fn after(py: Python<'_>, error: PyErr, published: usize) -> PyErr {
    let is_full = py
        .import("pyringbuf.errors")
        .and_then(|errors| errors.getattr("Full"))
        .is_ok_and(|full| error.matches(py, full).unwrap_or(false));
    match is_full {
        true => with(py, error, "published", published),
        false => error,
    }
}

pub(crate) fn inspect(py: Python<'_>, found: InspectError) -> PyErr {
    let text = found.to_string();
    match found {
        InspectError::Attach(found) => attach(py, found),
        InspectError::InUse { .. } => error(py, "InUse", text),
        InspectError::Io { source, .. } => io(py, "InspectError", text, &source),
        _ => error(py, "InspectError", text),
    }
}
