use super::*;
use crate::sync::Ordering;
use std::io::{ErrorKind, Read, Write};

#[test]
fn allocating_keeps_what_is_there_and_fills_the_rest() {
    let directory = tempfile::tempdir().unwrap();
    let mut file = create_new(&directory.path().join("a"), 0o600).unwrap();
    file.write_all(b"kept").unwrap();
    allocate(&file, 5_000_000).unwrap();
    allocate(&file, 1_000).unwrap();
    let mut bytes = Vec::new();
    let path = directory.path().join("a");
    open_read(&path).unwrap().read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes.len(), 5_000_000);
    assert!(bytes.starts_with(b"kept"));
    assert!(bytes[4..].iter().all(|&byte| byte == 0));
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        assert!(file.metadata().unwrap().blocks() * 512 >= 5_000_000);
    }
}

#[test]
fn a_mapping_is_shared() {
    let (_directory, path) = one_page();
    let file = open_read_write(&path).unwrap();
    let ours = Mapping::read_write(&file, 4096).unwrap();
    let theirs = Mapping::read_only(&file, 100).unwrap();
    assert_eq!((ours.len(), theirs.len()), (4096, 100));
    assert_eq!(ours.as_ptr().addr() % 4096, 0);
    assert_eq!(theirs.as_ptr().addr() % 4096, 0);
    ours.prefault();
    theirs.prefault();
    first_word(&ours).store(77, Ordering::Relaxed);
    let seen = first_word(&theirs).load(Ordering::Relaxed);
    assert_eq!(seen, 77);
    let mut bytes = [0; 4];
    open_read(&path).unwrap().read_exact(&mut bytes).unwrap();
    assert_eq!(u32::from_ne_bytes(bytes), 77);
}

#[test]
fn more_than_the_file_is_not_mapped() {
    let (_directory, path) = one_page();
    let file = open_read_write(&path).unwrap();
    for len in [4097, usize::MAX] {
        let error = Mapping::read_write(&file, len).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{error}");
        let error = Mapping::read_only(&file, len).unwrap_err();
        assert!(error.to_string().contains("4096 bytes"), "{error}");
    }
    let error = Mapping::read_only(&file, 0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_taken_name_is_not_created() {
    let (_directory, path) = one_page();
    let error = create_new(&path, 0o600).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(path.metadata().unwrap().len(), 4096);
}

#[test]
fn a_missing_file_is_missing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("missing");
    for result in [open_read(&path), open_read_write(&path)] {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::NotFound);
    }
    assert_eq!(path_id(&path).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn a_local_file_system_is_accepted() {
    let (_directory, path) = one_page();
    check_file_system(&open_read(&path).unwrap()).unwrap();
}

#[test]
fn the_default_directory_is_named_after_the_user() {
    let name = default_directory();
    let name = name.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("ringbuf-"), "{name}");
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;
    use std::time::{Duration, Instant};

    fn mode(path: &Path) -> u32 {
        path.symlink_metadata().unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn the_mode_is_exact() {
        let directory = tempfile::tempdir().unwrap();
        for wanted in [0o600, 0o640, 0o666, 0o622] {
            let path = directory.path().join(format!("{wanted:o}"));
            create_new(&path, wanted).unwrap();
            assert_eq!(mode(&path), wanted);
        }
    }

    #[test]
    fn what_is_no_file_is_refused_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        create_new(&at("file"), 0o600).unwrap();
        symlink(at("file"), at("link")).unwrap();
        symlink(at("nowhere"), at("dangling")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        let status = std::process::Command::new("mkfifo")
            .arg(at("pipe"))
            .status();
        assert!(status.unwrap().success());
        let begin = Instant::now();
        for (name, found) in [
            ("link", "symbolic link"),
            ("dangling", "symbolic link"),
            ("pipe", "pipe"),
            ("socket", "socket"),
            (".", "directory"),
        ] {
            for result in [open_read(&at(name)), open_read_write(&at(name))] {
                let error = result.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name}: {error}");
                assert!(error.to_string().contains(found), "{name}: {error}");
            }
        }
        assert!(begin.elapsed() < Duration::from_secs(2));
        assert!(create_new(&at("dangling"), 0o600).is_err());
        assert!(!at("nowhere").exists());
    }

    #[test]
    fn a_private_directory_is_made_and_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("rings");
        ensure_private_directory(&path).unwrap();
        assert_eq!(mode(&path), 0o700);
        ensure_private_directory(&path).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        ensure_private_directory(&path).unwrap();
    }

    #[test]
    fn a_directory_others_may_write_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        for open_to in [0o720, 0o702, 0o1777] {
            std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(open_to)).unwrap();
            let error = ensure_private_directory(directory.path()).unwrap_err();
            let text = error.to_string();
            assert!(matches!(error, DirectoryError::WritableByOthers { .. }));
            assert!(text.contains(&format!("mode {open_to:04o}")), "{text}");
            let advice = format!("`chmod go-w {}`", directory.path().display());
            assert!(text.contains(&advice), "{text}");
        }
    }

    #[test]
    fn what_is_no_directory_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        create_new(&at("file"), 0o600).unwrap();
        ensure_private_directory(&at("real")).unwrap();
        symlink(at("real"), at("link")).unwrap();
        for name in ["file", "link"] {
            let error = ensure_private_directory(&at(name)).unwrap_err();
            assert!(matches!(error, DirectoryError::NotADirectory { .. }));
            assert!(error.to_string().contains(at(name).to_str().unwrap()));
        }
        let error = ensure_private_directory(&at("no/where")).unwrap_err();
        assert!(matches!(error, DirectoryError::Create { .. }), "{error}");
    }

    #[test]
    fn a_directory_of_another_user_is_refused() {
        let above = tempfile::tempdir().unwrap();
        let path = above.path().join("rings");
        ensure_private_directory(&path).unwrap();
        let other = Actor::this().user + 1;
        if std::os::unix::fs::chown(&path, Some(other), None).is_err() {
            eprintln!("skipped: only root can give a directory to another user");
            return;
        }
        let error = ensure_private_directory(&path).unwrap_err();
        assert!(
            matches!(error, DirectoryError::OtherOwner { .. }),
            "{error}"
        );
    }
}
