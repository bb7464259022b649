#!/usr/bin/env bash
# The main job on real data: a producer and two analyzers, three processes on one ring.
# 79 days of a machine's temperature, one reading every 5 minutes, in about 15 seconds.
set -euo pipefail
cd "$(dirname "$0")"
# Without pictures: what reads them takes long to build.
cargo build --release --no-default-features -p producer -p consumer -p ringctl

# A directory of its own, so that it meets nobody else's rings.
RINGBUF_DIR=$(mktemp -d)
export RINGBUF_DIR PATH="${CARGO_TARGET_DIR:-$PWD/target}/release:$PATH"
trap '{ set +x; } 2>/dev/null; kill $(jobs -p) 2>/dev/null || true; wait; ringctl rm temperature 2>/dev/null || true; rm -rf "$RINGBUF_DIR"' EXIT

set -x
analyzer stats temperature --lossless --every 3s &
analyzer anomaly temperature --lossless &
producer csv data/nab/machine_temperature_system_failure.csv --ring temperature \
    --rate 1500 --wait-for-readers 2
wait
