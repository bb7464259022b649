//! Other users who may register, because the ring's owner lets the group or everybody.

use std::path::Path;

use ringbuf_core::inspect;

use crate::actor::{Actor, As, GROUP, OTHER, Stage, THIRD, mode};
use crate::support::{eventually, limit};

/// A ring of the group's: the files have the group of the process that makes them.
fn group_ring(stage: &Stage, choices: &str) -> Actor {
    let mut owner = stage.enter(As::Member(0, GROUP, GROUP));
    let ring = stage.rings.reference("imu");
    owner.says(&format!("create {ring} {choices}"), "publishes from 0");
    owner.says("publish 10 11", "done");
    owner
}

fn modes(stage: &Stage) -> [u32; 2] {
    ["imu.ring", "imu.readers"].map(|name| mode(&stage.rings.file(name)))
}

/// A registered reader of another user holds the producer, is listed, and is noticed when it dies.
fn is_a_full_reader(stage: &Stage, owner: &mut Actor, mut reader: Actor) {
    let ring = &stage.rings.reference("imu");
    reader.says(&format!("attach lossless {ring}"), "registered");
    owner.says("count", "1");
    owner.says(&format!("info {ring}"), "live readers 1 alive");
    reader.says(&format!("info {ring}"), "live readers 1 alive");
    reader.says("next", "[10] missed 0");
    reader.says("next", "[11] missed 0");
    owner.says("publish 12", "done");
    reader.says("next", "[12] missed 0");
    // A ring full and more: the producer waits, until its reader is dead.
    owner.tell("publish 0 1 2 3 4 5 6 7 8 9");
    let published = || inspect::info(ring).unwrap().published;
    eventually("the ring is full", || published() >= 7);
    assert!(published() <= 8 && owner.unheard().is_empty());
    reader.says(&format!("attach lossy {ring}"), "registered");
    assert_eq!(owner.said(), "done");
    reader.says(&format!("attach lossless {ring}"), "registered");
    owner.tell("publish 0 1 2 3 4 5 6 7 8 9");
    reader.kill();
    assert_eq!(owner.said(), "done");
    eventually("the death is noticed", || owner.asked("count") == "0");
    owner.says(&format!("info {ring}"), "live readers 0 alive");
}

#[test]
fn everybody_registers_where_everybody_may() {
    let _limit = limit();
    let Some(stage) = Stage::for_users() else {
        return;
    };
    let ring = &stage.rings.reference("imu");
    let mut owner = stage.enter(As::Self_);
    owner.says(&format!("create {ring} all"), "publishes from 0");
    owner.says("publish 10 11", "done");
    assert_eq!(modes(&stage), [0o644, 0o666]);
    let reader = stage.enter(As::User(OTHER));
    is_a_full_reader(&stage, &mut owner, reader);
    // Registering gives no right to the data or to the name.
    owner.says("close", "done");
    let mut reader = stage.enter(As::User(OTHER));
    for command in ["create", "remove", "open"] {
        reader.mentions(&format!("{command} {ring}"), &["error"]);
    }
    owner.says(&format!("create {ring}"), "publishes from 23");
}

#[test]
fn the_group_registers_where_it_may_and_others_do_not_even_read() {
    let _limit = limit();
    let Some(stage) = Stage::for_users() else {
        return;
    };
    let ring = &stage.rings.reference("imu");
    let mut owner = group_ring(&stage, "group");
    assert_eq!(modes(&stage), [0o640, 0o660]);
    let mut stranger = stage.enter(As::User(THIRD));
    for delivery in ["lossy", "lossless"] {
        stranger.mentions(
            &format!("attach {delivery} {ring}"),
            &["error", "Permission denied"],
        );
    }
    let by_first_group = stage.enter(As::Member(OTHER, GROUP, OTHER));
    is_a_full_reader(&stage, &mut owner, by_first_group);
}

#[test]
fn the_group_registers_and_others_look() {
    let _limit = limit();
    let Some(stage) = Stage::for_users() else {
        return;
    };
    let ring = &stage.rings.reference("imu");
    let mut owner = group_ring(&stage, "group 644");
    assert_eq!(modes(&stage), [0o644, 0o660]);
    let by_another_group = stage.enter(As::Member(OTHER, OTHER, GROUP));
    is_a_full_reader(&stage, &mut owner, by_another_group);
    let mut stranger = stage.enter(As::User(THIRD));
    stranger.says(&format!("attach lossy {ring}"), "observes");
    stranger.mentions(
        &format!("attach lossless {ring}"),
        &["error", "attach as a lossy reader"],
    );
    stranger.says(&format!("info {ring}"), "live readers hidden");
}

/// A ring that is continued can be opened to others and closed to them again.
#[test]
fn who_may_register_can_be_changed_when_a_ring_is_continued() {
    let _limit = limit();
    let Some(stage) = Stage::for_users() else {
        return;
    };
    let ring = &stage.rings.reference("imu");
    let mut owner = stage.enter(As::Self_);
    let mut other = stage.enter(As::User(OTHER));
    let attach = &format!("attach lossy {ring}");
    for (choices, expected) in [
        ("", "error"),
        (" 644", "observes"),
        (" all", "registered"),
        ("", "registered"),
        (" owner 644", "observes"),
        (" owner", "error"),
    ] {
        owner.says(&format!("create {ring}{choices}"), "publishes from 0");
        other.mentions(attach, &[expected]);
        owner.says("close", "done");
    }
    assert!(Path::new(ring).exists());
}
