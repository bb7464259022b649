#!/usr/bin/env bash
# A machine's own telemetry at 1 kHz and a made-up sensor at 100 kHz, four analyzers on each: nothing is missed, memory
# stays flat, and what every process costs is printed.
#
#   ci/soak.sh                every push: 20 seconds
#   ci/soak.sh --for 10m      by hand
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --no-default-features -p producer -p consumer
python3 ci/soak.py --programs "${CARGO_TARGET_DIR:-target}/release" "$@"
