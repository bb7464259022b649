#!/usr/bin/env bash
# Sleeps and wake-ups between processes, with a detector for those that are lost; ends with a table.
#
#   ci/wakes.sh                            at least 100,000 real sleeps
#   ci/wakes.sh --sleeps N --seed N        so many, with other delays
#   ci/wakes.sh --only TEXT                the rows whose names contain this; all sleeps are theirs
set -euo pipefail
cd "$(dirname "$0")/.."
export RINGBUF_WAKES_SLEEPS=100000 RINGBUF_WAKES_SEED=1 RINGBUF_WAKES_ONLY=
while [ $# -gt 0 ]; do
    case $1 in
        --sleeps) RINGBUF_WAKES_SLEEPS=${2:?"$1 needs a number"} ;;
        --seed) RINGBUF_WAKES_SEED=${2:?"$1 needs a number"} ;;
        --only) RINGBUF_WAKES_ONLY=${2:?"$1 needs a part of a name"} ;;
        *) sed -n '2,/^set/s/^# \?//p' "$0" >&2; exit 2 ;;
    esac
    shift 2
done
cargo test --release -p ringbuf-core --test wakes every_sleeper_is_woken -- --nocapture
