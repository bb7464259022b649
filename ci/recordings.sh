#!/usr/bin/env bash
# A real recording through producer, ring and analyzers; the figures are compared with those of another
# program, computed from the CSV file alone.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --no-default-features -p producer -p consumer
PATH="$PWD/target/release:$PATH"
results=$(mktemp -d)
export RINGBUF_DIR="$results/rings"
trap 'rm -rf "$results"' EXIT

analyzer stats temperature --lossless --json >"$results/stats.json" &
analyzer anomaly temperature --lossless --json >"$results/anomaly.json" &
producer csv data/nab/machine_temperature_system_failure.csv --ring temperature --rate 0 --wait-for-readers 2
wait %1
wait %2
python3 ci/recordings.py "$results"
