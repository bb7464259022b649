//! `cargo run --release -p benches --bin latency`: how long a record takes from one process to another.

use anyhow::Context;
use benches::{latency, role};
use clap::Parser;

fn main() -> anyhow::Result<()> {
    if let Some(role) = role::mine() {
        latency::play(&role);
        return Ok(());
    }
    let args = latency::Args::parse();
    if let Some(file) = &args.plot {
        // Found out before minutes of measuring, not after.
        std::fs::write(file, "").with_context(|| format!("cannot write {}", file.display()))?;
    }
    let report = latency::run(&args)?;
    if args.json {
        println!("{:#}", report.json());
    } else {
        print!("{report}");
    }
    if let Some(file) = &args.plot {
        latency::plot(&report, file)?;
    }
    Ok(())
}
