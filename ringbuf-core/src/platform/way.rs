//! The way to a directory: every directory passed on it, those of symbolic links included, must be one in
//! which others cannot put something else in the place of the next step.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

use super::directory::DirectoryError;
use super::rights::{Actor, HAS_RIGHTS, Rights};

/// As many symbolic links on one way as Linux follows.
const LINKS: usize = 40;

/// What is to be done in a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Read a ring that is there, perhaps another user's.
    Read,
    /// Make files.
    Create,
}

/// Checks the way to the directory and the directory itself. What is missing or out of reach is not
/// refused here: opening a file there says it better.
pub(crate) fn check_directory(path: &Path, purpose: Purpose) -> Result<(), DirectoryError> {
    let actor = Actor::this();
    let examine = |source| DirectoryError::Examine {
        path: path.to_path_buf(),
        source,
    };
    if !HAS_RIGHTS {
        return Ok(());
    }
    match (Walk { path, actor }).check() {
        Err(Stop::Io(error)) if is_out_of_reach(&error) => {}
        Err(Stop::Io(error)) => return Err(examine(error)),
        Err(Stop::Refused(error)) => return Err(error),
        Ok(()) => {}
    }
    // As the system finds it, too: some links, as in /proc, lead elsewhere than they say.
    let rights = match path.metadata() {
        Ok(metadata) if metadata.is_dir() => Rights::of(&metadata),
        Ok(_) => None,
        Err(error) if is_out_of_reach(&error) => None,
        Err(error) => return Err(examine(error)),
    };
    match rights {
        Some(rights) if rights.lets_others_replace(actor) => Err(replaceable(path, path, rights)),
        Some(rights) if purpose == Purpose::Create && !rights.is_for_files_of(actor) => {
            Err(DirectoryError::OthersDirectory {
                path: path.to_path_buf(),
                owner: rights.owner,
                mode: rights.mode,
                user: actor.user,
            })
        }
        _ => Ok(()),
    }
}

fn is_out_of_reach(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::NotADirectory
    )
}

fn replaceable(directory: &Path, found: &Path, rights: Rights) -> DirectoryError {
    DirectoryError::Replaceable {
        directory: directory.to_path_buf(),
        found: found.to_path_buf(),
        rights,
    }
}

enum Stop {
    Io(io::Error),
    Refused(DirectoryError),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Io(error)
    }
}

struct Walk<'a> {
    path: &'a Path,
    actor: Actor,
}

impl Walk<'_> {
    /// Goes step by step, as the system does, and looks at every directory before passing on.
    fn check(&self) -> Result<(), Stop> {
        let mut steps = VecDeque::new();
        prepend(&mut steps, &std::path::absolute(self.path)?);
        let mut at = PathBuf::from("/");
        let mut links = 0;
        self.pass(&at)?;
        while let Some(step) = steps.pop_front() {
            match step {
                Step::Root => at = PathBuf::from("/"),
                // Already passed: `at` has no links in it.
                Step::Up => drop(at.pop()),
                Step::Down(name) => {
                    let next = at.join(name);
                    if !next.symlink_metadata()?.is_symlink() {
                        self.pass(&next)?;
                        at = next;
                        continue;
                    }
                    links += 1;
                    if links > LINKS {
                        return Err(io::Error::other("too many symbolic links on the way").into());
                    }
                    prepend(&mut steps, &next.read_link()?);
                }
            }
        }
        Ok(())
    }

    fn pass(&self, step: &Path) -> Result<(), Stop> {
        let metadata = step.symlink_metadata()?;
        match Rights::of(&metadata) {
            Some(rights) if metadata.is_dir() && rights.lets_others_replace(self.actor) => {
                Err(Stop::Refused(replaceable(self.path, step, rights)))
            }
            _ => Ok(()),
        }
    }
}

enum Step {
    Root,
    Up,
    Down(OsString),
}

fn prepend(steps: &mut VecDeque<Step>, path: &Path) {
    for component in path.components().rev() {
        match component {
            Component::RootDir => steps.push_front(Step::Root),
            Component::ParentDir => steps.push_front(Step::Up),
            Component::Normal(name) => steps.push_front(Step::Down(name.to_owned())),
            Component::CurDir | Component::Prefix(_) => {}
        }
    }
}
