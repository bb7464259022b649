//! The programs as they are run: what they find, what they leave behind, and what they do when somebody dies.
#![cfg(target_os = "linux")]

mod arrays;
mod deaths;
mod matrices;
mod pictures;
#[path = "../../../ringbuf-core/tests/support/mod.rs"]
mod support;

use std::process::{Command, Stdio};

use support::{Limit, Rings, limit};

const BIG_ARRAY: &str = env!("CARGO_BIN_EXE_big_array");
const IMAGE_PIPELINE: &str = env!("CARGO_BIN_EXE_image_pipeline");
const MATRIX: &str = env!("CARGO_BIN_EXE_matrix");

/// A place for the rings of programs.
struct Scene {
    rings: Rings,
    _limit: Limit,
}

impl Scene {
    fn new() -> Scene {
        Scene {
            rings: Rings::new(),
            _limit: limit(),
        }
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env("RINGBUF_DIR", self.rings.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// What a program says that ends well and leaves nothing behind.
    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.command(program, arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert!(self.rings.names().is_empty(), "{:?}", self.rings.names());
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn each_explains_itself_on_one_screen() {
    let scene = Scene::new();
    for program in [BIG_ARRAY, IMAGE_PIPELINE, MATRIX] {
        let help = scene.run(program, &["--help"]);
        assert!(help.contains("--workers"), "{help}");
        assert!(help.lines().count() <= 40, "{help}");
    }
}
