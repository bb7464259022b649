//! `cargo run --release -p benches --bin scaling`: what does not grow.

use benches::{cores, role, scaling};
use clap::Parser;

/// What a record costs with 0 to 64 readers that do not wait, and what attaching costs after millions of records.
#[derive(Parser)]
#[command(name = "scaling")]
struct Args {
    /// Records that go through a ring before it is attached to; a fiftieth of them in each measurement of a cost.
    #[arg(long, default_value = "100000000", value_name = "N", value_parser = clap::value_parser!(u64).range(1_000_000..))]
    records: u64,
}

fn main() {
    if let Some(role) = role::mine() {
        return scaling::play(&role);
    }
    let args = Args::parse();
    // Before anybody is pinned.
    cores::pair();
    scaling::audience(args.records / 50);
    println!();
    scaling::attaching(args.records);
}
