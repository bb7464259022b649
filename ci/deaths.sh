#!/usr/bin/env bash
# Kills producers, readers and tools before every store to shared memory and every system call that others could see,
# one after the other, and looks each time whether everybody else goes on as docs/CONTRACT.md says.
#
#   ci/deaths.sh                               every death of every scenario: about a minute
#   RINGBUF_DEATHS=publishing ci/deaths.sh     scenarios whose names contain this
set -euo pipefail
cd "$(dirname "$0")/.."
export RUSTFLAGS="--cfg ringbuf_deaths"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/deaths"
# The failures say what is wrong and where its victim died.
export RUST_BACKTRACE=0
exec cargo test -p ringbuf-core --test deaths -- --nocapture "$@"
