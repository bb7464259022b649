#!/usr/bin/env bash
# Real recordings through producer, ring and analyzers. The figures are compared with those of another program, computed
# from the CSV file alone, and what was found with the labels of the recordings.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --no-default-features -p producer -p consumer
PATH="${CARGO_TARGET_DIR:-$PWD/target}/release:$PATH"
results=$(mktemp -d)
export RINGBUF_DIR="$results/rings"
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$results"' EXIT

analyzer stats machine --lossless --json >"$results/stats.json" &
stats=$!
for recording in machine=nab/machine_temperature_system_failure ambient=nab/ambient_temperature_system_failure \
    broad=broad/24_disturbed_tapping_A imu=xio-fusion/sensor_data; do
    ring=${recording%%=*}
    readers=1
    if [ "$ring" = machine ]; then readers=2; fi
    analyzer anomaly "$ring" --lossless --json >"$results/$ring.json" &
    anomaly=$!
    producer csv "data/${recording#*=}.csv" --ring "$ring" --rate 0 --wait-for-readers $readers
    wait $anomaly
done
wait $stats
python3 ci/recordings.py "$results"
python3 ci/anomalies.py "$results"
