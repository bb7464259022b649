//! Who could write or replace what, for users and groups that need not exist.

use super::*;

const ME: Actor = Actor {
    user: 1000,
    group: 1000,
};

fn of(owner: u32, group: u32, mode: u32) -> Rights {
    Rights { owner, group, mode }
}

#[test]
fn others_write_what_is_writable_for_all_or_for_a_group_that_is_not_mine_alone() {
    for (rights, expected) in [
        (of(1000, 1000, 0o644), false),
        (of(1000, 1000, 0o602), true),
        (of(1000, 1000, 0o660), false),
        (of(0, 1000, 0o660), false),
        (of(1000, 50, 0o660), true),
        (of(0, 0, 0o660), true),
        (of(2000, 1000, 0o660), true),
        (of(2000, 2000, 0o644), false),
    ] {
        assert_eq!(rights.lets_others_write(ME), expected, "{rights:?}");
        assert_eq!(rights.lets_others_replace(ME), expected, "{rights:?}");
        let sticky = of(rights.owner, rights.group, rights.mode | 0o1000);
        assert!(!sticky.lets_others_replace(ME), "{sticky:?}");
        assert_eq!(sticky.lets_others_write(ME), expected, "{sticky:?}");
    }
}

#[test]
fn files_are_made_in_directories_of_mine_or_of_the_superuser() {
    for (rights, expected) in [
        (of(1000, 1000, 0o700), true),
        (of(0, 0, 0o755), true),
        (of(2000, 2000, 0o755), false),
        (of(2000, 1000, 0o775), false),
        (of(2000, 2000, 0o1777), false),
        (of(0, 0, 0o1777), true),
    ] {
        assert_eq!(rights.is_for_files_of(ME), expected, "{rights:?}");
    }
}

#[test]
fn what_is_missing_or_no_directory_is_not_refused_here() {
    let (directory, path) = one_page();
    for purpose in [Purpose::Read, Purpose::Create] {
        check_directory(&directory.path().join("missing/far"), purpose).unwrap();
        check_directory(&path, purpose).unwrap();
        check_directory(&path.join("below"), purpose).unwrap();
        check_directory(directory.path(), purpose).unwrap();
    }
}
