//! What was found wrong, for people.

use std::fmt::Display;

pub type Verdict<T = ()> = Result<T, String>;

pub fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Verdict {
    match holds {
        true => Ok(()),
        false => Err(otherwise()),
    }
}

/// For a call that must not fail.
pub fn fails<E: Display>(what: &str) -> impl FnOnce(E) -> String {
    move |error| format!("{what}: {error}")
}
