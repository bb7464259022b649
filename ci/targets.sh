#!/usr/bin/env bash
# Other systems must compile. Nothing is run there: see the README for what that means.
set -euo pipefail
cd "$(dirname "$0")/.."
targets="aarch64-unknown-linux-gnu aarch64-apple-darwin x86_64-pc-windows-gnu"
rustup target add $targets >/dev/null 2>&1 || true
for target in $targets; do
    cargo check --target "$target" -p ringbuf-core -p producer -p consumer -p ringctl
done
