//! Whose a file or directory is, and who else can change it, where the system knows such things.
#![allow(unsafe_code)]

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

/// Whether files have owners and modes on this system.
pub(super) const HAS_RIGHTS: bool = cfg!(unix);

/// Makes the entries of a directory belong to their owners: nobody else can remove or rename them.
const STICKY: u32 = 0o1000;

/// Owner, group and permission bits of a file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rights {
    pub(crate) owner: u32,
    pub(crate) group: u32,
    /// Permission bits, with those above them.
    pub(crate) mode: u32,
}

/// For whom this program acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Actor {
    pub(crate) user: u32,
    pub(crate) group: u32,
}

impl Rights {
    /// `None` where files have neither owner nor mode.
    #[cfg(unix)]
    pub(crate) fn of(metadata: &Metadata) -> Option<Rights> {
        use std::os::unix::fs::MetadataExt;
        Some(Rights {
            owner: metadata.uid(),
            group: metadata.gid(),
            mode: metadata.mode() & 0o7777,
        })
    }

    /// `None` where files have neither owner nor mode.
    #[cfg(not(unix))]
    pub(crate) fn of(_metadata: &Metadata) -> Option<Rights> {
        None
    }

    /// Whether somebody can write it whom its owner may not mean. The group is believed to be nobody else
    /// where it is the actor's own and the file is the actor's or the superuser's: systems that give every
    /// user a group of the same name make everything writable by it.
    pub(crate) fn lets_others_write(self, actor: Actor) -> bool {
        let is_own_group =
            self.group == actor.group && (self.owner == actor.user || self.owner == 0);
        self.mode & 0o002 != 0 || self.mode & 0o020 != 0 && !is_own_group
    }

    /// For a directory: whether others can put something else in the place of what is in it.
    pub(crate) fn lets_others_replace(self, actor: Actor) -> bool {
        !self.is_sticky() && self.lets_others_write(actor)
    }

    /// For a directory: whether the actor can make files in it that its owner will not exchange. The owner of a
    /// sticky one can, as everywhere.
    pub(crate) fn is_for_files_of(self, actor: Actor) -> bool {
        self.owner == actor.user || self.owner == 0
    }

    pub(crate) fn is_sticky(self) -> bool {
        self.mode & STICKY != 0
    }
}

impl Actor {
    #[cfg(unix)]
    pub(crate) fn this() -> Actor {
        // SAFETY: geteuid(2) takes nothing, touches no memory of ours and always succeeds.
        let user = unsafe { libc::geteuid() };
        // SAFETY: getegid(2), as geteuid(2).
        let group = unsafe { libc::getegid() };
        Actor { user, group }
    }

    #[cfg(not(unix))]
    pub(crate) fn this() -> Actor {
        Actor { user: 0, group: 0 }
    }
}

/// Owner, group and mode of an open file; `None` where files have none.
pub(crate) fn rights(file: &File) -> io::Result<Option<Rights>> {
    Ok(Rights::of(&file.metadata()?))
}

/// Whether the file at this path is this user's, as far as files have owners. One that is gone is nobody's
/// else.
pub(crate) fn is_of_this_user(path: &Path) -> bool {
    let rights = path
        .symlink_metadata()
        .map_or(None, |found| Rights::of(&found));
    rights.is_none_or(|rights| rights.owner == Actor::this().user)
}

/// Gives an open file exactly these permission bits. Does nothing where files have none.
#[cfg(unix)]
pub(crate) fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(mode))
}

/// Gives an open file exactly these permission bits. Does nothing where files have none.
#[cfg(not(unix))]
pub(crate) fn set_mode(_file: &File, _mode: u32) -> io::Result<()> {
    Ok(())
}
