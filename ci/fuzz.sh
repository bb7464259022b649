#!/usr/bin/env bash
# Input from strangers.
#
#   ci/fuzz.sh                       what was found interesting once, and changes of it: on stable, for every push
#   ci/fuzz.sh --for 10m [TARGET...] the fuzzers themselves, so long for each target: needs nightly, a C++ compiler and
#                                    `cargo install cargo-fuzz`. What they find interesting goes to target/fuzz/TARGET;
#                                    `cargo +nightly fuzz cmin` makes it a corpus again, see fuzz/README.md
set -euo pipefail
cd "$(dirname "$0")/.."

if [ $# -eq 0 ]; then
    exec cargo test -p ringbuf-fuzz
fi
[ "$1" = --for ] && [ $# -ge 2 ] || { echo "usage: ci/fuzz.sh [--for TIME [TARGET...]]" >&2; exit 2; }
case $2 in
    *[0-9]m) seconds=$((${2%m} * 60)) ;;
    *[0-9]s) seconds=${2%s} ;;
    *) echo "found $2, expected a length of time such as 10m or 300s" >&2; exit 2 ;;
esac
shift 2
[ $# -gt 0 ] || set -- $(cargo +nightly fuzz list)

# Outside the corpus that is kept, and gone at the end: rings lie in memory.
TMPDIR=$(mktemp -d -p /dev/shm ringbuf-fuzz-XXXXXX 2>/dev/null || mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
for target in "$@"; do
    echo "=== $target for $seconds s"
    found=target/fuzz/$target
    mkdir -p "$found"
    cargo +nightly fuzz run --features fuzzer "$target" "$found" "fuzz/corpus/$target" -- \
        -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=64 \
        -print_final_stats=1
done
