#!/usr/bin/env bash
# Miri over everything that runs without files: the heap ring, the copies, the casts, the schema.
set -euo pipefail
cd "$(dirname "$0")/.."
rustup component add --toolchain nightly miri rust-src >/dev/null 2>&1 || true
export MIRIFLAGS="-Zmiri-disable-isolation -Zmiri-many-seeds=0..${SEEDS:-2} -Zmiri-preemption-rate=0.1"
export CARGO_TARGET_DIR=target/miri
# Real files, locks and processes are outside Miri: those tests are behind cfg(not(miri)) or left out here.
cargo +nightly miri test -p ringbuf-core --lib -- memory:: protocol:: sequence:: cast:: slots:: records::
cargo +nightly miri test -p ringbuf-core --test heap
