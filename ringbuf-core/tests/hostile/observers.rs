//! Another user who may read and nothing else: gets every record, and is in nobody's way whatever it does.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::Command;

use crate::actor::{Actor, As, OTHER, Stage};
use crate::refused::contents;
use crate::support::{Rings, limit, system};

fn producing(stage: &Stage, ring: &str, from: u64) -> Actor {
    let mut owner = stage.enter(As::Self_);
    owner.says(
        &format!("create {ring} 644"),
        &format!("publishes from {from}"),
    );
    owner
}

/// Everything there is to follow, through `seen`, a path of the observer's.
fn follows_to_the_end(stage: &Stage, ring: &str, seen: &str) {
    let mut owner = producing(stage, ring, 0);
    owner.says("publish 10 11", "done");
    let mut observer = stage.enter(As::User(OTHER));
    let before = contents(stage.rings.path());
    observer.says(&format!("attach lossy {seen}"), "observes");
    observer.says("next", "[10, 11] missed 0");
    observer.says(&format!("info {seen}"), "live readers hidden");
    assert!(contents(stage.rings.path()) == before);
    owner.says("count", "0");

    observer.tell("next");
    owner.says("publish 12", "done");
    assert_eq!(observer.said(), "[12] missed 0");
    observer.tell("next");
    owner.kill();
    assert_eq!(observer.said(), "ProducerDied");
    observer.says(&format!("info {seen}"), "died readers hidden");

    observer.tell("next");
    let mut owner = producing(stage, ring, 3);
    assert_eq!(
        observer.said(),
        "Restarted { epoch: 2, first_sequence: Some(3) }"
    );
    owner.says("publish 13", "done");
    observer.says("next", "[13] missed 0");
    observer.tell("next");
    owner.says("close", "done");
    assert_eq!(observer.said(), "closed");
}

#[test]
fn an_observer_sees_records_death_restart_and_close() {
    let _limit = limit();
    let Some(stage) = Stage::for_users() else {
        return;
    };
    let ring = stage.rings.reference("imu");
    follows_to_the_end(&stage, &ring, &ring);
}

/// A second way to a directory, on which nothing can be written; gone when dropped.
struct ReadOnly<'a>(&'a Path);

impl ReadOnly<'_> {
    /// `None`, with the reason printed, where this user may not mount.
    fn mount<'a>(directory: &Path, path: &'a Path) -> Option<ReadOnly<'a>> {
        let mount = |options: &str| {
            let output = Command::new("mount")
                .args(["-o", options])
                .args([directory, path])
                .output();
            match output {
                Ok(output) if output.status.success() => true,
                failed => {
                    println!("skipped: cannot mount: {failed:?}");
                    false
                }
            }
        };
        if !mount("bind") {
            return None;
        }
        let mounted = ReadOnly(path);
        mount("remount,bind,ro").then_some(mounted)
    }
}

impl Drop for ReadOnly<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[test]
fn an_observer_needs_to_write_nothing_at_all() {
    let _limit = limit();
    let Some(stage) = Stage::for_users() else {
        return;
    };
    let window = Rings::new();
    let Some(_mounted) = ReadOnly::mount(stage.rings.path(), window.path()) else {
        return;
    };
    assert!(std::fs::write(window.file("x"), "").is_err());
    follows_to_the_end(
        &stage,
        &stage.rings.reference("imu"),
        &window.reference("imu"),
    );
}

#[test]
fn an_observer_can_only_look() {
    let _limit = limit();
    let Some(stage) = Stage::for_users() else {
        return;
    };
    let ring = &stage.rings.reference("imu");
    let beside = &stage.rings.reference("beside");
    let mut owner = producing(&stage, ring, 0);
    owner.says("publish 10", "done");
    let mut observer = stage.enter(As::User(OTHER));
    let before = contents(stage.rings.path());
    for _running_then_stopped in 0..2 {
        observer.mentions(
            &format!("attach lossless {ring}"),
            &["error", "imu.readers", "attach as a lossy reader"],
        );
        for create in ["create", "create replace"] {
            let mut words = create.split(' ');
            let command = format!("{} {ring} {}", words.next().unwrap(), "600");
            let command = match words.next() {
                Some(choice) => format!("{command} {choice}"),
                None => command,
            };
            observer.mentions(&command, &["error", "belongs to user 0", "user 65534"]);
        }
        observer.mentions(&format!("remove {ring}"), &["error", "Permission denied"]);
        observer.mentions(&format!("delete {ring}"), &["error", "Permission denied"]);
        observer.mentions(&format!("open {ring}"), &["error", "Permission denied"]);
        observer.mentions(&format!("create {beside}"), &["error", "Permission denied"]);
        observer.says(&format!("attach lossy {ring}"), "observes");
        observer.says("next", "[10] missed 0");
        assert!(contents(stage.rings.path()) == before);
        owner.signal(system::STOP);
    }
    owner.signal(system::CONTINUE);
    owner.says("close", "done");
}

#[test]
fn an_observer_with_every_lock_it_can_get_is_in_nobodys_way() {
    let _limit = limit();
    let Some(stage) = Stage::for_users() else {
        return;
    };
    let ring = &stage.rings.reference("imu");
    let owner = producing(&stage, ring, 0);
    let mut observer = stage.enter(As::User(OTHER));
    observer.says(&format!("attach lossy {ring}"), "observes");
    observer.says(
        &format!("share {ring}"),
        "error: Resource temporarily unavailable (os error 11)",
    );
    owner.kill();
    observer.says(&format!("share {ring}"), "done");
    observer.signal(system::STOP);

    let mut owner = producing(&stage, ring, 0);
    // Several rings full: nobody waits for who does not read.
    for record in 0..100 {
        owner.says(&format!("publish {record}"), "done");
    }
    let mut reader = stage.enter(As::Self_);
    reader.says(&format!("attach lossless {ring}"), "registered");
    reader.says("next", "[95] missed 0");
    reader.says(&format!("info {ring}"), "live readers 1 alive");
    let mut second = stage.enter(As::Self_);
    second.mentions(
        &format!("create {ring}"),
        &["error", "has a living producer"],
    );
    second.mentions(&format!("remove {ring}"), &["error", "its producer lives"]);
    owner.says("close", "done");
    // It can be continued, replaced and removed as if nobody held anything.
    owner.says(&format!("create {ring} 644"), "publishes from 100");
    owner.says("close", "done");
    owner.says(&format!("create {ring} 644 replace"), "publishes from 0");
    owner.says("close", "done");
    owner.says(&format!("remove {ring}"), "done");
    assert!(stage.rings.names().is_empty());
    observer.signal(system::CONTINUE);
}

#[test]
fn an_observer_cannot_make_another_believe_that_the_producer_died() {
    let _limit = limit();
    let Some(stage) = Stage::for_users() else {
        return;
    };
    let ring = &stage.rings.reference("imu");
    let owner = producing(&stage, ring, 0);
    let mut deceiver = stage.enter(As::User(OTHER));
    owner.kill();
    deceiver.says(&format!("share {ring}"), "done");
    let mut owner = producing(&stage, ring, 0);
    let mut observer = stage.enter(As::User(OTHER));
    observer.says(&format!("attach lossy {ring}"), "observes");
    observer.tell("next");
    // Several looks of an observer.
    std::thread::sleep(std::time::Duration::from_millis(200));
    owner.says("publish 10", "done");
    assert_eq!(observer.said(), "[10] missed 0");
    observer.says(&format!("info {ring}"), "live readers hidden");
    observer.tell("next");
    owner.says("close", "done");
    assert_eq!(observer.said(), "closed");
    observer.says(&format!("info {ring}"), "closed readers hidden");
}
