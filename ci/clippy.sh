#!/usr/bin/env bash
# Every lint is an error, without pictures, in the models, the portable platform and the deaths too.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo clippy --workspace --all-targets -- -D warnings
cargo clippy -p producer --no-default-features --all-targets -- -D warnings
RUSTFLAGS="--cfg ringbuf_portable" CARGO_TARGET_DIR=target/portable \
    cargo clippy -p ringbuf-core --all-targets -- -D warnings
RUSTFLAGS="--cfg ringbuf_deaths" CARGO_TARGET_DIR=target/deaths \
    cargo clippy -p ringbuf-core --lib --test deaths -- -D warnings
