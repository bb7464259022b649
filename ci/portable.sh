#!/usr/bin/env bash
# The platform for every system but Linux, run on Linux.
set -euo pipefail
cd "$(dirname "$0")/.."
RUSTFLAGS="--cfg ringbuf_portable" CARGO_TARGET_DIR=target/portable cargo test -p ringbuf-core --lib
