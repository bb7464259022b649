//! Several processes on one ring: flow control, life cycle, deaths, what waiting costs.
// Miri has one process and no files to map.
#![cfg(all(target_os = "linux", not(miri)))]

mod clocks;
mod close;
mod contract;
mod deaths;
mod disk;
mod fan_out;
mod flow;
mod forks;
mod frame_copies;
mod frames;
mod idle;
mod in_place;
mod leftovers;
mod lifecycle;
mod restarts;
mod sandbox;
mod stops;
#[path = "../support/mod.rs"]
mod support;

#[path = "../../examples/fan_out/checked.rs"]
mod checked;

/// The other processes of these tests. By itself it does nothing.
#[test]
fn role() {
    support::process::play(&[
        ("items", flow::items),
        ("slow consumer", flow::slow_consumer),
        ("reads values", lifecycle::reads_values),
        ("second producer", lifecycle::second_producer),
        ("continues", lifecycle::continues),
        ("one record", lifecycle::one_record),
        ("checked reader", fan_out::checked_reader),
        ("contract reader", contract::contract_reader),
        ("obedient producer", contract::obedient_producer),
        ("stuck reader", deaths::stuck_reader),
        ("stuck holder", deaths::stuck_holder),
        ("reads a file", disk::reads_a_file),
        ("loses its disk", disk::loses_its_disk),
        ("endless producer", restarts::endless_producer),
        ("half a claim", in_place::half_a_claim),
        ("writes in place", in_place::writes_in_place),
        ("forks in a claim", in_place::forks_in_a_claim),
        ("slow reader", idle::slow_reader),
        ("silent producer", idle::silent_producer),
        ("producer that forks", forks::producers::producer_that_forks),
        ("reader that forks", forks::readers::reader_that_forks),
        ("holder that forks", forks::held::holder_that_forks),
        (
            "forks between records",
            forks::shortcuts::forks_between_records,
        ),
        ("forks with frames", forks::frames::forks_with_frames),
        ("producer of frames", frames::producer_of_frames),
        (
            "endless producer of frames",
            frame_copies::endless_producer_of_frames,
        ),
        ("spawns", forks::programs::spawns),
        ("three generations", forks::generations::three_generations),
        ("forks among threads", forks::threads::forks_among_threads),
        (
            "forks among attachers",
            forks::threads::forks_among_attachers,
        ),
        ("reader in a sandbox", sandbox::reader),
        ("producer in a sandbox", sandbox::producer),
        ("leaves a ring", leftovers::leaves_a_ring),
        ("sweeps", leftovers::sweeps),
    ]);
}
