//! Whose ring it is, and who may use it, as far as the modes of its two files say.

use std::path::Path;

use ringbuf_core::inspect::RingInfo;

/// The owner of a ring and the modes of its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) owner: u32,
    /// Of `NAME.ring`.
    pub(crate) mode: u32,
    /// Of `NAME.readers`; `None` if it cannot be looked at.
    pub(crate) readers_mode: Option<u32>,
}

impl Access {
    /// `None` where the system knows no such modes, or if the ring is gone.
    pub(crate) fn of(info: &RingInfo) -> Option<Access> {
        let (owner, mode) = owner_and_mode(&info.path)?;
        let readers = owner_and_mode(&info.path.with_extension("readers"));
        Some(Access {
            owner,
            mode,
            readers_mode: readers.map(|(_, mode)| mode),
        })
    }
}

/// A mode as people type it.
pub(crate) fn octal(mode: u32) -> String {
    format!("{mode:04o}")
}

impl std::fmt::Display for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let may_read = Who::of(self.mode, READ);
        write!(f, "{} may read ({})", may_read.name(), octal(self.mode))?;
        match self.readers_mode {
            None => write!(f, ", nobody can register: there is no readers' file"),
            Some(mode) => {
                // Who registers reads, too.
                let may_register = Who::of(mode, READ | WRITE).min(may_read);
                write!(
                    f,
                    ", {} may register ({})",
                    may_register.name(),
                    octal(mode)
                )
            }
        }
    }
}

const READ: u32 = 4;
const WRITE: u32 = 2;

/// The widest circle that has a right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Nobody,
    Owner,
    Group,
    All,
}

impl Who {
    fn of(mode: u32, right: u32) -> Who {
        let circles = [(Who::All, 0), (Who::Group, 3), (Who::Owner, 6)];
        circles
            .into_iter()
            .find(|(_, shift)| mode >> shift & right == right)
            .map_or(Who::Nobody, |(who, _)| who)
    }

    fn name(self) -> &'static str {
        match self {
            Who::Nobody => "nobody",
            Who::Owner => "owner",
            Who::Group => "group",
            Who::All => "all",
        }
    }
}

#[cfg(unix)]
fn owner_and_mode(path: &Path) -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    let found = path.metadata().ok()?;
    Some((found.uid(), found.mode() & 0o7777))
}

#[cfg(not(unix))]
fn owner_and_mode(_path: &Path) -> Option<(u32, u32)> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_told_in_words() {
        let told = |mode, readers_mode| {
            let owner = 0;
            Access {
                owner,
                mode,
                readers_mode,
            }
            .to_string()
        };
        assert_eq!(
            told(0o600, Some(0o600)),
            "owner may read (0600), owner may register (0600)"
        );
        assert_eq!(
            told(0o640, Some(0o660)),
            "group may read (0640), group may register (0660)"
        );
        assert_eq!(
            told(0o644, Some(0o640)),
            "all may read (0644), owner may register (0640)"
        );
        assert_eq!(
            told(0o640, Some(0o666)),
            "group may read (0640), group may register (0666)",
            "who registers reads"
        );
        assert_eq!(
            told(0, None),
            "nobody may read (0000), nobody can register: there is no readers' file"
        );
    }
}
