//! `analyzer completions`, `analyzer man`, `analyzer --version`.

#[path = "../../../console/tests/support/pages.rs"]
mod support;

const PROGRAM: &str = env!("CARGO_BIN_EXE_analyzer");

#[test]
fn the_version_is_told() {
    support::version(PROGRAM, "analyzer");
}

#[test]
fn shells_complete_it() {
    let options = [("stats", "--lossless"), ("tail", "--until")];
    support::completions(PROGRAM, "analyzer", &options);
}

#[test]
fn it_has_manual_pages() {
    support::manual(PROGRAM, "analyzer");
}
