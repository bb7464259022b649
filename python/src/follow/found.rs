//! What a reader waits for, and what it finds.

use ringbuf_core::{HeldBatch, HeldFrames, ReadError};

use crate::event::Event;

/// What is new.
pub(crate) struct News<T> {
    pub(crate) found: T,
    /// All that was missed since the last one that brought something.
    pub(crate) missed: u64,
    /// What happened since then.
    pub(crate) events: Vec<Event>,
}

/// Why a look brings nothing.
pub(crate) enum Failure {
    Read(ReadError),
    /// What was fetched for another read does not fit into the caller's memory.
    TooLong {
        found: String,
        room: String,
    },
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Failure {
        Failure::Read(error)
    }
}

/// What a look has found.
pub(crate) trait Found: Send {
    fn missed(&self) -> u64;
    fn event(&self) -> Option<ringbuf_core::Event>;
    /// It only brings an event, or only says what was missed.
    fn is_nothing(&self) -> bool;
}

macro_rules! found {
    ($found:ty, $missed:expr, $event:expr, $is_nothing:expr) => {
        impl Found for $found {
            fn missed(&self) -> u64 {
                $missed(self)
            }

            fn event(&self) -> Option<ringbuf_core::Event> {
                $event(self)
            }

            fn is_nothing(&self) -> bool {
                $is_nothing(self)
            }
        }
    };
}

found!(
    HeldBatch,
    HeldBatch::missed,
    HeldBatch::event,
    HeldBatch::is_empty
);
found!(
    HeldFrames,
    HeldFrames::missed,
    HeldFrames::event,
    HeldFrames::is_empty
);
/// There is something, of which all is told when it is handed out.
pub(super) struct Fetched;

found!(
    Fetched,
    |_: &Fetched| 0,
    |_: &Fetched| None,
    |_: &Fetched| false
);

/// What was copied into memory of the caller's: nothing where there is only something to tell.
pub(crate) struct Copied<T> {
    pub(crate) what: Option<T>,
    pub(crate) missed: u64,
    pub(crate) event: Option<ringbuf_core::Event>,
}

impl<T: Send> Found for Copied<T> {
    fn missed(&self) -> u64 {
        self.missed
    }

    fn event(&self) -> Option<ringbuf_core::Event> {
        self.event
    }

    fn is_nothing(&self) -> bool {
        self.what.is_none()
    }
}

/// What a reader waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wants {
    Anything,
    /// News that bring nothing are told with the next that do.
    Something,
    /// To know that there is something.
    Word,
}
