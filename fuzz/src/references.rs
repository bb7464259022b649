//! References to rings: names and paths.

use std::path::{Component, Path};

use ringbuf_core::inspect;

use crate::{assert_is_message, home};

/// A name never leads out of the directory of names, nor a path out of its own directory.
pub(crate) fn references(input: &[u8]) {
    let Ok(reference) = std::str::from_utf8(input) else {
        return;
    };
    home::with_names(|directory| match inspect::path(reference) {
        Ok(path) => assert_is_inside(&path, reference, directory),
        Err(error) => {
            assert_is_message(&error.to_string());
            assert!(inspect::info(reference).is_err());
        }
    });
}

fn assert_is_inside(path: &Path, reference: &str, directory: &Path) {
    let file = path.file_name().and_then(|name| name.to_str());
    let file = file.expect("a file's name");
    let name = file.strip_suffix(".ring").expect("a ring's data file");
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    assert!(
        name.chars().all(is_plain) && !name.starts_with('.'),
        "{name:?}"
    );
    assert!((1..=100).contains(&name.len()));
    assert_eq!(
        path.components().next_back(),
        Some(Component::Normal(file.as_ref()))
    );
    let expected = match reference.rsplit_once('/') {
        None => directory.to_path_buf(),
        Some((parent, _)) if Path::new(reference).is_absolute() => Path::new("/").join(parent),
        Some(("", _)) => Path::new(".").to_path_buf(),
        Some((parent, _)) => Path::new(parent).to_path_buf(),
    };
    assert_eq!(path.parent(), Some(expected.as_path()), "{reference:?}");
    let last = reference.rsplit('/').next().unwrap_or(reference);
    assert_eq!(last.strip_suffix(".ring").unwrap_or(last), name);
    assert_eq!(
        inspect::path(path.to_str().expect("UTF-8")).as_deref(),
        Ok(path)
    );
}
