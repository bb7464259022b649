//! The readers of the core.

use std::time::Duration;

use ringbuf_core::{
    AttachError, FrameReader, HeldBatch, HeldFrames, Next, ReadError, ReaderOptions, UntypedReader,
    Watch,
};

use super::found::Found;
use crate::held::Bytes;

/// A reader of the core's.
pub(crate) trait Source: Send + Sized {
    type Held: Bytes + Found + 'static;
    /// A look may copy so much that others should run meanwhile.
    const IS_LARGE: bool;

    fn attach(name: &str, options: ReaderOptions) -> Result<Self, AttachError>;
    fn next_held(&mut self, timeout: Duration) -> Result<Next<Self::Held>, ReadError>;
    fn is_in_the_way(&self) -> bool;
    fn check_room(&self);
    fn is_demoted(&self) -> bool;
    fn rejoin(&mut self) -> Result<(), ReadError>;
    fn watch(&self) -> Watch;
    /// Begins late, is unverified, is an observer.
    fn facts(&self) -> (bool, bool, bool);
}

macro_rules! source {
    ($reader:ty, $held:ty, $is_large:expr) => {
        impl Source for $reader {
            type Held = $held;
            const IS_LARGE: bool = $is_large;

            fn attach(name: &str, options: ReaderOptions) -> Result<Self, AttachError> {
                <$reader>::attach(name, options)
            }

            fn next_held(&mut self, timeout: Duration) -> Result<Next<$held>, ReadError> {
                self.next_held(timeout)
            }

            fn is_in_the_way(&self) -> bool {
                self.is_in_the_way()
            }

            fn check_room(&self) {
                self.check_room();
            }

            fn is_demoted(&self) -> bool {
                self.is_demoted()
            }

            fn rejoin(&mut self) -> Result<(), ReadError> {
                self.rejoin()
            }

            fn watch(&self) -> Watch {
                self.watch()
            }

            fn facts(&self) -> (bool, bool, bool) {
                (self.begins_late(), self.is_unverified(), self.is_observer())
            }
        }
    };
}

source!(UntypedReader, HeldBatch, false);
source!(FrameReader, HeldFrames, true);
