#!/usr/bin/env bash
# Instructions of the calls that programs make all the time, counted by callgrind: the same numbers on a quiet and on a
# busy machine. More than 2 % (and one instruction) above what benches/instructions.txt says is an error.
#
#   ci/instructions.sh             counts, compares, prints a table
#   ci/instructions.sh --record    writes benches/instructions.txt anew
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "$(uname -m)" != x86_64 ]; then
    echo "what is recorded was counted on x86_64, this is $(uname -m): nothing to compare" >&2
    exit 0
fi
if ! command -v valgrind >/dev/null; then
    as_root=$([ "$(id -u)" = 0 ] || echo sudo)
    $as_root apt-get update -qq
    $as_root apt-get install -qq -y --no-install-recommends valgrind
fi
cargo build --release -p benches --bin calls
exec python3 ci/instructions.py "${CARGO_TARGET_DIR:-target}/release/calls" "$@"
