//! `ringctl completions`, `ringctl man`, `ringctl --version`.

#[path = "../../console/tests/support/pages.rs"]
mod support;

const PROGRAM: &str = env!("CARGO_BIN_EXE_ringctl");

#[test]
fn the_version_is_told() {
    support::version(PROGRAM, "ringctl");
}

#[test]
fn shells_complete_it() {
    let options = [("echo", "--full-length"), ("hz", "--window")];
    support::completions(PROGRAM, "ringctl", &options);
}

#[test]
fn it_has_manual_pages() {
    support::manual(PROGRAM, "ringctl");
}
