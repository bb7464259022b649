//! Who may read a ring and who may register on it: the modes of its two files, and whose they must be.

use std::fs::File;
use std::path::Path;

use super::open::{Opened, Registrar};
use super::place::Place;
use crate::error::{AttachError, CreateError};
use crate::options::{CreateOptions, Register};
use crate::platform::{self, Actor, Rights};

/// Permission bits that a file of data may have.
const READ_WRITE: u32 = 0o666;
/// Permission bits that let others write.
const OTHERS_WRITE: u32 = 0o022;
/// What its owner needs.
const OWNER: u32 = 0o600;

/// What was chosen; `None` is no choice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    mode: Option<u32>,
    register: Option<Register>,
}

impl Register {
    fn readers_mode(self) -> u32 {
        match self {
            Register::Owner => 0o600,
            Register::Group => 0o660,
            Register::All => 0o666,
        }
    }

    /// The bits of the data file without which those who may register could not read.
    fn data_mode(self) -> u32 {
        self.readers_mode() & !OTHERS_WRITE
    }

    /// Who may register on a ring whose readers' file has this mode.
    fn of(readers_mode: u32) -> Register {
        match (readers_mode & 0o006, readers_mode & 0o060) {
            (0, 0) => Register::Owner,
            (0, _) => Register::Group,
            _ => Register::All,
        }
    }
}

impl Access {
    /// What the options choose, if it can be had.
    pub(crate) fn of(options: &CreateOptions) -> Result<Access, CreateError> {
        let access = Access {
            mode: options.mode,
            register: options.register,
        };
        access.check(access.register.unwrap_or_default())?;
        Ok(access)
    }

    fn check(self, register: Register) -> Result<(), CreateError> {
        let Some(found) = self.mode else {
            return Ok(());
        };
        let problem = if found & !READ_WRITE != 0 {
            "expected read and write permissions alone, as in 0644: leave the others out"
        } else if found & OTHERS_WRITE != 0 {
            "expected 0600, 0640 or 0644: NAME.ring is never writable by others; to let them register, choose \
             who may register"
        } else if found & OWNER != OWNER {
            "expected 0600 at least: its owner reads and writes it"
        } else if found & register.data_mode() != register.data_mode() {
            "expected one that lets everybody read who may register (0640 for the group, 0644 for all): choose \
             that mode, or let fewer register"
        } else {
            return Ok(());
        };
        Err(CreateError::Mode { found, problem })
    }

    /// The mode of a new data file.
    pub(crate) fn data_mode(self) -> u32 {
        let needed = self.register.unwrap_or_default().data_mode();
        self.mode.unwrap_or(needed)
    }

    /// The mode of a new readers' file.
    pub(crate) fn readers_mode(self) -> u32 {
        self.register.unwrap_or_default().readers_mode()
    }

    /// Changes the files of a ring that is continued, as far as something was chosen.
    pub(crate) fn change(
        self,
        opened: &Opened,
        registrar: &Registrar,
        place: &Place,
    ) -> Result<(), CreateError> {
        if self.mode.is_none() && self.register.is_none() {
            return Ok(());
        }
        if self.register.is_none() {
            // Who may register stays: they must go on being able to read.
            if let Some(found) = rights(registrar.file.file(), &place.readers)? {
                self.check(Register::of(found.mode))?;
            }
        } else {
            set_mode(registrar.file.file(), self.readers_mode(), &place.readers)?;
        }
        set_mode(&opened.data, self.data_mode(), &place.data)
    }
}

impl Opened {
    /// Checks that only the owner of the data writes them.
    pub(crate) fn check_writers(&self) -> Result<(), AttachError> {
        let path = &self.place.data;
        let found = platform::rights(&self.data).map_err(|source| AttachError::Io {
            action: "examining",
            path: path.clone(),
            source,
        })?;
        match found {
            Some(Rights { mode, .. }) if found.is_some_and(others_write) => {
                Err(AttachError::WritableByOthers {
                    path: path.clone(),
                    mode,
                })
            }
            _ => Ok(()),
        }
    }

    /// Checks that the readers' file is of the same user as the data file: in a directory where everybody can
    /// make files, it could be anybody's.
    pub(super) fn check_owner_of(&self, readers: &File) -> Result<(), AttachError> {
        let path = &self.place.readers;
        let rights = |file| {
            platform::rights(file).map_err(|source| AttachError::Io {
                action: "examining",
                path: path.clone(),
                source,
            })
        };
        let expected = rights(&self.data)?.map(|rights| rights.owner);
        let found = rights(readers)?.map(|rights| rights.owner);
        match (found, expected) {
            (Some(found), Some(expected)) if found != expected => Err(AttachError::OtherOwner {
                path: path.clone(),
                found,
                expected,
            }),
            _ => Ok(()),
        }
    }
}

fn others_write(rights: Rights) -> bool {
    rights.lets_others_write(Actor::this())
}

/// Sets the mode of a ring's file through its opening.
pub(super) fn set_mode(file: &File, mode: u32, path: &Path) -> Result<(), CreateError> {
    platform::set_mode(file, mode).map_err(|source| CreateError::Io {
        action: "setting the mode of",
        path: path.to_path_buf(),
        source,
    })
}

/// Checks that an open file of the ring is this user's.
pub(super) fn check_owner(file: &File, path: &Path) -> Result<(), CreateError> {
    check(rights(file, path)?, path)
}

/// Checks that the files at the ring's paths, if there are any, are this user's, for an error that says so
/// before opening them fails. Other things than files are refused when they are opened.
pub(super) fn check_owners(place: &Place) -> Result<(), CreateError> {
    for path in [&place.data, &place.readers] {
        match path.symlink_metadata() {
            Ok(metadata) if metadata.is_file() => check(Rights::of(&metadata), path)?,
            _ => {}
        }
    }
    Ok(())
}

fn check(rights: Option<Rights>, path: &Path) -> Result<(), CreateError> {
    let user = Actor::this().user;
    match rights {
        Some(Rights { owner, .. }) if owner != user => Err(CreateError::OtherOwner {
            path: path.to_path_buf(),
            owner,
            user,
        }),
        _ => Ok(()),
    }
}

fn rights(file: &File, path: &Path) -> Result<Option<Rights>, CreateError> {
    platform::rights(file).map_err(|source| CreateError::Io {
        action: "examining",
        path: path.to_path_buf(),
        source,
    })
}
