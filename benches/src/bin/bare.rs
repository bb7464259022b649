//! `cargo run --release -p benches --bin bare`: what the bare machine can do at this moment, as one JSON object.

use std::process::ExitCode;

use benches::bare::Bare;

fn main() -> ExitCode {
    let Some(bare) = Bare::measure() else {
        eprintln!("bare: found one core, expected two");
        return ExitCode::FAILURE;
    };
    let object = serde_json::json!({
        "placement": bare.placement().to_string(),
        "line_ns": bare.line_ns,
        "stream_64k_gbps": bare.stream_64k,
        "stream_64_gbps": bare.stream_64,
        "wake_ns": bare.wake_ns,
    });
    println!("{object}");
    ExitCode::SUCCESS
}
