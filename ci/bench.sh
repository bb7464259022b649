#!/usr/bin/env bash
# Runs every benchmark once, to see that it still checks what it measures. The figures mean nothing here.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo bench throughput -- --test
picture=$(mktemp)
trap 'rm -f "$picture"' EXIT
cargo run --release -p benches --bin latency -- --rounds 1 --round-trips 1000 --wakes 50 --plot "$picture"
grep -q '</svg>' "$picture"
cargo run --release -p benches --bin scaling -- --records 1000000
cargo run --release -p benches --bin mixed -- --frames 20000
