//! Where a ring lies: names, paths and the directory of this user.

use std::path::{Path, PathBuf};

use crate::platform::{self, DirectoryError, Purpose};

/// A reference that names no ring.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Not a name.
    #[error(
        "{found:?} is not the name of a ring: expected 1 to 100 letters, digits, '.', '_' or '-', not beginning \
         with '.'; to give a path, write it with a '/'"
    )]
    Name {
        /// What was given.
        found: String,
    },
    /// A path without a file name.
    #[error(
        "{found:?} is not the path of a ring: expected the path of a data file, as in ./imu.ring"
    )]
    Path {
        /// What was given.
        found: PathBuf,
    },
}

/// The two files of a ring, and the name under which people know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) directory: PathBuf,
    /// `NAME.ring`
    pub(crate) data: PathBuf,
    /// `NAME.readers`
    pub(crate) readers: PathBuf,
    pub(crate) given: Given,
}

/// Who chose the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// Nobody: it is the default one, which must be this user's own.
    Default,
    /// `RINGBUF_DIR`.
    Environment,
    /// The reference itself was a path.
    Path,
}

impl Place {
    /// A name in the directory of this user, or, with a '/' in it, the path of a data file.
    pub(crate) fn resolve(reference: &str) -> Result<Place, NameError> {
        if reference.contains(std::path::is_separator) {
            let path = Path::new(reference);
            let bad = || NameError::Path {
                found: path.to_path_buf(),
            };
            let file = path
                .file_name()
                .and_then(|name| name.to_str())
                .ok_or_else(bad)?;
            // A path leaves "/" and "/." at its end out.
            if !reference.ends_with(file) {
                return Err(bad());
            }
            let name = file.strip_suffix(".ring").unwrap_or(file);
            let directory = match path.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent,
                _ => Path::new("."),
            };
            check_name(name)?;
            return Ok(Place::within(directory.to_path_buf(), name, Given::Path));
        }
        let name = reference.strip_suffix(".ring").unwrap_or(reference);
        check_name(name)?;
        let (directory, given) = directory();
        Ok(Place::within(directory, name, given))
    }

    pub(crate) fn within(directory: PathBuf, name: &str, given: Given) -> Place {
        Place {
            name: name.to_owned(),
            data: directory.join(format!("{name}.ring")),
            readers: directory.join(format!("{name}.readers")),
            directory,
            given,
        }
    }

    /// Checks that nobody can put other files in the place of the ring's.
    pub(crate) fn check(&self) -> Result<(), DirectoryError> {
        check(&self.directory, self.given)
    }

    /// Makes the directory if it is ours to make, and checks that a ring can be made in it.
    pub(crate) fn prepare(&self) -> Result<(), DirectoryError> {
        match self.given {
            Given::Default => return platform::ensure_private_directory(&self.directory),
            Given::Environment if !self.directory.is_dir() => {
                platform::check_directory(&self.directory, Purpose::Create)?;
                platform::ensure_private_directory(&self.directory)?;
            }
            Given::Environment | Given::Path => {}
        }
        platform::check_directory(&self.directory, Purpose::Create)
    }
}

/// Checks that nobody can put other files in the place of those in the directory.
pub(crate) fn check(directory: &Path, given: Given) -> Result<(), DirectoryError> {
    match given {
        Given::Default => platform::check_private_directory(directory),
        Given::Environment | Given::Path => platform::check_directory(directory, Purpose::Read),
    }
}

/// The directory in which names are resolved, and who chose it.
pub(crate) fn directory() -> (PathBuf, Given) {
    match std::env::var_os("RINGBUF_DIR") {
        Some(given) if !given.is_empty() => (PathBuf::from(given), Given::Environment),
        _ => (platform::default_directory(), Given::Default),
    }
}

fn check_name(name: &str) -> Result<(), NameError> {
    if is_name(name) {
        Ok(())
    } else {
        Err(NameError::Name {
            found: name.to_owned(),
        })
    }
}

/// Whether a ring can be called so.
pub(crate) fn is_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    (1..=100).contains(&name.len()) && name.chars().all(allowed) && !name.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_makes_it_a_path() {
        let place = Place::resolve("./some/imu.ring").unwrap();
        assert_eq!(place.name, "imu");
        assert_eq!(place.data, Path::new("./some/imu.ring"));
        assert_eq!(place.readers, Path::new("./some/imu.readers"));
        assert_eq!(
            Place::resolve("/dev/shm/imu").unwrap().data,
            Path::new("/dev/shm/imu.ring")
        );
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for bad in [
            "",
            ".",
            "..",
            ".hidden",
            "a b",
            "ä",
            "a\0",
            "a/",
            "a/.",
            "a./.",
            "/",
            "./..",
            &"x".repeat(101),
        ] {
            assert!(Place::resolve(bad).is_err(), "{bad:?}");
        }
        for good in ["imu", "imu.v2", "a-b_C9", &"x".repeat(100)] {
            assert!(Place::resolve(good).is_ok(), "{good:?}");
        }
    }
}
