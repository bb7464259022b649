//! Directories in which others could exchange a ring's files, on the way to them too.

use std::fs;
use std::os::unix::fs::{chown, symlink};
use std::path::Path;

use crate::actor::{Actor, As, OTHER, Stage, THIRD, mode, set_mode};
use crate::refused::contents;
use crate::support::{Rings, limit};

/// All that can be done with a ring is refused, with `parts` in every text.
#[track_caller]
fn all_refused(actor: &mut Actor, ring: &str, parts: &[&str]) {
    for command in [
        "create",
        "attach lossy",
        "attach lossless",
        "info",
        "remove",
    ] {
        let said = actor.asked(&format!("{command} {ring}"));
        for part in ["error"].iter().chain(parts) {
            assert!(said.contains(part), "{command}: {part:?} not in {said:?}");
        }
    }
}

#[track_caller]
fn all_allowed(actor: &mut Actor, ring: &str) {
    actor.says(&format!("create {ring}"), "publishes from 0");
    actor.says("publish 7", "done");
    actor.says(&format!("attach lossless {ring}"), "registered");
    actor.says("next", "[7] missed 0");
    actor.says("close", "done");
    actor.says("next", "closed");
    actor.says(&format!("info {ring}"), "closed readers 1 alive");
    actor.says(&format!("remove {ring}"), "done");
}

#[test]
fn a_directory_that_everybody_may_write_is_refused_unless_it_is_sticky() {
    let _limit = limit();
    let stage = Stage::new();
    let rings = &stage.rings;
    let mut actor = stage.enter(As::Self_);
    fs::create_dir(rings.file("open")).unwrap();
    let ring = rings.reference("open/imu");
    actor.says(&format!("create {ring}"), "publishes from 0");
    actor.says("close", "done");
    set_mode(&rings.file("open"), 0o777);
    let before = contents(&rings.file("open"));
    let directory = rings.file("open").display().to_string();
    let advice = format!("chmod go-w {directory}");
    all_refused(&mut actor, &ring, &[&directory, "mode 0777", &advice, "+t"]);
    assert!(contents(&rings.file("open")) == before);
    set_mode(&rings.file("open"), 0o1777);
    actor.says(&format!("remove {ring}"), "done");
    all_allowed(&mut actor, &ring);
}

#[test]
fn a_directory_above_counts_as_well() {
    let _limit = limit();
    let stage = Stage::new();
    let rings = &stage.rings;
    let mut actor = stage.enter(As::Self_);
    fs::create_dir_all(rings.file("open/mine/deep")).unwrap();
    let ring = rings.reference("open/mine/deep/imu");
    all_allowed(&mut actor, &ring);
    set_mode(&rings.file("open"), 0o757);
    let open = rings.file("open").display().to_string();
    all_refused(
        &mut actor,
        &ring,
        &["deep", &format!("{open} (user"), "0757"],
    );
    // By whatever way one comes.
    actor.says(&format!("go {}", rings.file("open/mine").display()), "done");
    all_refused(&mut actor, "./deep/imu", &["0757"]);
    all_refused(&mut actor, "../mine/deep/imu", &["0757"]);
}

#[test]
fn relative_paths_and_links_to_good_directories_will_do() {
    let _limit = limit();
    let stage = Stage::new();
    let rings = &stage.rings;
    let mut actor = stage.enter(As::Self_);
    fs::create_dir_all(rings.file("a/b")).unwrap();
    symlink("a/../a/b", rings.file("link")).unwrap();
    symlink("./link", rings.file("again")).unwrap();
    symlink(rings.file("again"), rings.file("absolute")).unwrap();
    for link in ["link", "again", "absolute"] {
        all_allowed(&mut actor, &rings.reference(&format!("{link}/imu")));
    }
    actor.says(&format!("go {}", rings.file("a").display()), "done");
    for ring in ["./imu", "b/imu", "../link/imu.ring", ".//b/../imu"] {
        all_allowed(&mut actor, ring);
    }
    symlink("loop", rings.file("loop")).unwrap();
    actor.mentions(
        &format!("create {}", rings.reference("loop/imu")),
        &["error", "loop"],
    );
}

#[test]
fn a_link_that_others_could_turn_elsewhere_is_refused() {
    let _limit = limit();
    let stage = Stage::new();
    let rings = &stage.rings;
    let mut actor = stage.enter(As::Self_);
    for directory in ["good", "open"] {
        fs::create_dir(rings.file(directory)).unwrap();
    }
    set_mode(&rings.file("open"), 0o777);
    symlink(rings.file("good"), rings.file("open/link")).unwrap();
    // Two links on, so that neither the path given nor what it stands for has the bad one in it.
    symlink(rings.file("open/link"), rings.file("first")).unwrap();
    let open = rings.file("open").display().to_string();
    for link in ["open/link/imu", "first/imu"] {
        all_refused(&mut actor, &rings.reference(link), &[&open, "0777"]);
    }
    assert!(contents(&rings.file("good")).is_empty());
}

#[test]
fn the_directory_of_names_is_checked_too() {
    let _limit = limit();
    let stage = Stage::new();
    let rings = &stage.rings;
    fs::create_dir(rings.file("open")).unwrap();
    let enter = |directory: &str| {
        let directory = rings.file(directory);
        stage.enter_with(As::Self_, &[("RINGBUF_DIR", &directory)])
    };
    let mut actor = enter("open");
    all_allowed(&mut actor, "imu");
    actor.says("create imu", "publishes from 0");
    actor.says("close", "done");
    set_mode(&rings.file("open"), 0o777);
    all_refused(&mut actor, "imu", &["0777", "another directory"]);
    for command in ["list", "gc"] {
        actor.mentions(command, &["0777", "chmod go-w"]);
    }
    // One that is missing is made, for this user alone, but not just anywhere.
    enter("open/new").mentions("create imu", &["error", "0777"]);
    assert!(!rings.file("open/new").exists());
    set_mode(&rings.file("open"), 0o755);
    all_allowed(&mut enter("open/new"), "imu");
    assert_eq!(mode(&rings.file("open/new")), 0o700);
}

#[test]
fn nobody_makes_rings_in_another_users_directory_but_everybody_may_read_there() {
    let _limit = limit();
    let Some(stage) = Stage::for_users() else {
        return;
    };
    let theirs = stage.rings.file("theirs");
    fs::create_dir(&theirs).unwrap();
    chown(&theirs, Some(OTHER), Some(OTHER)).unwrap();
    let ring = &stage.rings.reference("theirs/imu");
    let mut other = stage.enter(As::User(OTHER));
    other.says(&format!("create {ring} 644"), "publishes from 0");
    other.says("publish 7", "done");
    let beside = stage.rings.reference("theirs/beside");
    let mut root = stage.enter(As::Self_);
    root.mentions(
        &format!("create {beside}"),
        &["error", "belongs to user 65534", "user 0", "of your own"],
    );
    assert!(!Path::new(&beside).exists());
    let mut third = stage.enter(As::User(THIRD));
    third.says(&format!("attach lossy {ring}"), "observes");
    third.says("next", "[7] missed 0");
    // Theirs by the mode, too, if theirs is the only group.
    set_mode(&theirs, 0o775);
    other.says(&format!("info {ring}"), "live readers 0 alive");
    third.mentions(&format!("attach lossy {ring}"), &["error", "0775"]);
    chown(&theirs, Some(OTHER), Some(THIRD)).unwrap();
    other.mentions(&format!("info {ring}"), &["error", "0775", "group 65533"]);
}

#[test]
fn in_a_sticky_directory_a_name_may_be_taken_by_anybody() {
    let _limit = limit();
    let Some(stage) = Stage::for_users() else {
        return;
    };
    set_mode(stage.rings.path(), 0o1777);
    let ring = &stage.rings.reference("imu");
    let mut other = stage.enter(As::User(OTHER));
    let mut third = stage.enter(As::User(THIRD));
    let mut root = stage.enter(As::Self_);
    // Each file by itself, and a whole ring that looks right.
    for file in ["imu.ring", "imu.readers"] {
        let path = stage.rings.file(file).display().to_string();
        other.says(&format!("write {path}"), "done");
        for choices in ["", " replace", " all"] {
            for actor in [&mut third, &mut root] {
                actor.mentions(
                    &format!("create {ring}{choices}"),
                    &["error", &path, "belongs to user 65534"],
                );
            }
        }
        other.says(&format!("delete {path}"), "done");
    }
    other.says(&format!("create {ring} all"), "publishes from 0");
    other.says("publish 7", "done");
    other.says("close", "done");
    let before = contents(stage.rings.path());
    for choices in ["", " replace"] {
        for actor in [&mut third, &mut root] {
            actor.mentions(
                &format!("create {ring}{choices}"),
                &["error", "imu.ring", "belongs to user 65534"],
            );
        }
    }
    third.mentions(&format!("remove {ring}"), &["error"]);
    // Reading another user's ring there is what such directories are for.
    third.says(&format!("attach lossless {ring}"), "registered");
    third.says("next", "[7] missed 0");
    third.says("next", "closed");
    assert!(stage.rings.names() == before.iter().map(|f| f.0.clone()).collect::<Vec<_>>());
    // A link is not followed, whoever made it.
    other.says(&format!("remove {ring}"), "done");
    let elsewhere = stage.rings.file("elsewhere").display().to_string();
    for file in ["imu.ring", "imu.readers"] {
        let path = stage.rings.file(file).display().to_string();
        other.says(&format!("link {elsewhere} {path}"), "done");
        third.mentions(
            &format!("create {ring}"),
            &["error", &path, "a symbolic link"],
        );
        other.says(&format!("delete {path}"), "done");
    }
    assert!(stage.rings.names().is_empty());
}

/// Two files of different users are not one ring, even if they say they are.
#[test]
fn a_readers_file_of_another_user_is_not_registered_in() {
    let _limit = limit();
    let Some(stage) = Stage::for_users() else {
        return;
    };
    let ring = &stage.rings.reference("imu");
    let mut root = stage.enter(As::Self_);
    root.says(&format!("create {ring} all"), "publishes from 0");
    root.says("close", "done");
    chown(stage.rings.file("imu.readers"), Some(OTHER), None).unwrap();
    let parts = &["error", "imu.readers", "belongs to user 65534"];
    let mut third = stage.enter(As::User(THIRD));
    third.mentions(&format!("attach lossless {ring}"), parts);
    root.mentions(&format!("create {ring}"), parts);
}

/// What belongs to other users is passed over, also by the superuser.
#[test]
fn other_users_leftovers_are_theirs() {
    let _limit = limit();
    let Some(stage) = Stage::for_users() else {
        return;
    };
    set_mode(stage.rings.path(), 0o1777);
    let environment: &[(&str, &Path)] = &[("RINGBUF_DIR", stage.rings.path())];
    let enter = |who| stage.enter_with(who, environment);
    let mut other = enter(As::User(OTHER));
    other.says("create imu all", "publishes from 0");
    other.says("close", "done");
    for who in [As::User(THIRD), As::Self_] {
        enter(who).says("gc", "swept 0");
    }
    other.says("gc", "swept 1");
    assert!(stage.rings.names().is_empty());
}

/// Temporary directories, shared memory and the like.
#[test]
fn the_usual_places_will_do() {
    let _limit = limit();
    for rings in [Rings::new(), Rings::on_disk()] {
        let stage = Stage::new();
        let mut actor = stage.enter(As::Self_);
        all_allowed(&mut actor, &rings.reference("imu"));
    }
}
