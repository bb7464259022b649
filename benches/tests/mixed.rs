//! Frames of mixed sizes to four processes: a short run of `mixed`, and runs that do something wrong.

use std::process::{Command, Output, Stdio};

fn mixed(arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mixed"))
        .args(arguments.split(' '))
        .stdin(Stdio::null())
        .output()
        .expect("the program that was built")
}

fn comes_through(arguments: &str) {
    let output = mixed(arguments);
    let told = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments}: {complaint}");
    assert!(told.contains("lossless 0, lossless 0, bounded "), "{told}");
    assert!(told.trim_end().ends_with("every byte right"), "{told}");
}

#[test]
fn twenty_thousand_frames_reach_four_processes_with_every_byte_right() {
    comes_through("--frames 20000 --most 65536 --memory 1");
}

#[test]
fn frames_of_up_to_a_mebibyte_reach_four_processes() {
    comes_through("--frames 2000 --memory 4");
    comes_through("--frames 200 --memory 3 --uniform --seed 5");
}

#[test]
fn whatever_goes_wrong_is_noticed_and_told() {
    for (fault, complaint) in [
        ("byte", "byte "),
        ("lost", "expected"),
        ("twice", "expected"),
        ("short", "bytes, expected"),
        ("skipped", "one was lost and not counted"),
        ("miscounted", "together"),
    ] {
        let output = mixed(&format!("--frames 400 --most 4096 --fault {fault}"));
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{fault}: {told}");
        assert!(told.contains(complaint), "{fault}: {told}");
    }
}
