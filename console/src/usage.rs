//! The error of someone who asked for what cannot be.

use std::error::Error;
use std::fmt;

/// Wrong usage that no single argument shows, such as a field that the ring does not have.
#[derive(Debug, PartialEq, Eq)]
pub struct Usage(pub String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Usage {}
