//! Somebody is killed in the middle: nobody hangs, and nothing stays behind that could be cleaned up.

use std::fs;
use std::process::Child;

use ringbuf_core::inspect;

use crate::support::{eventually, system};
use crate::{BIG_ARRAY, IMAGE_PIPELINE, MATRIX, Scene};

const PROGRAMS: [(&str, &str, &[&str]); 3] = [
    (
        BIG_ARRAY,
        "big_array-PID-arrays",
        &["--mb", "0.8", "--arrays", "1000000"],
    ),
    (
        MATRIX,
        "matrix-PID-factor",
        &["--size", "64", "--times", "1000000"],
    ),
    (
        IMAGE_PIPELINE,
        "image_pipeline-PID-pictures",
        &["--size", "64x48", "--count", "500", "--out", "/dev/null"],
    ),
];

/// A program at work, whose workers have seen some frames, and these workers.
fn at_work(scene: &Scene, (program, ring, arguments): (&str, &str, &[&str])) -> (Child, Vec<u32>) {
    let mut program = scene.command(program, arguments).spawn().unwrap();
    let process = program.id();
    let ring = scene
        .rings
        .reference(&ring.replace("PID", &process.to_string()));
    eventually("some frames are published", || {
        assert_eq!(program.try_wait().unwrap(), None, "it ended early");
        inspect::info(&ring).is_ok_and(|info| info.published > 4)
    });
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
    let workers = children.unwrap();
    let workers = workers.split_whitespace();
    (program, workers.map(|id| id.parse().unwrap()).collect())
}

#[test]
fn a_worker_that_dies_ends_the_program_with_an_error() {
    for program in PROGRAMS {
        let scene = Scene::new();
        let (running, workers) = at_work(&scene, program);
        assert_eq!(workers.len(), 4);
        system::signal(workers[2], system::KILL);
        let output = running.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        let is_said = [
            "worker 2 ended early",
            "a ring was left without being closed",
        ];
        assert!(is_said.iter().any(|text| said.contains(text)), "{said}");
        assert!(scene.rings.names().is_empty(), "{:?}", scene.rings.names());
    }
}

#[test]
fn workers_end_when_the_first_process_dies() {
    for program in PROGRAMS {
        let scene = Scene::new();
        let (mut running, workers) = at_work(&scene, program);
        running.kill().unwrap();
        running.wait().unwrap();
        for worker in workers {
            // A zombie, if nobody here waits for orphans.
            eventually("the worker has ended", || {
                let stat = fs::read_to_string(format!("/proc/{worker}/stat"));
                stat.map_or(true, |stat| stat.contains(") Z "))
            });
        }
    }
}
