//! `producer completions`, `producer man`, `producer --version`.

#[path = "../../console/tests/support/pages.rs"]
mod support;

const PROGRAM: &str = env!("CARGO_BIN_EXE_producer");

#[test]
fn the_version_is_told() {
    support::version(PROGRAM, "producer");
}

#[test]
fn shells_complete_it() {
    let options = [("synth", "--channel"), ("csv", "--leave-out")];
    support::completions(PROGRAM, "producer", &options);
}

#[test]
fn it_has_manual_pages() {
    support::manual(PROGRAM, "producer");
}
