#!/usr/bin/env bash
# Miri over everything that runs without files: aliasing, bounds, alignment, data races, and stale loads as the language
# allows them.
#
#   ci/miri.sh                          every push
#   SEEDS=16 RACE_SEEDS=64 ci/miri.sh   by hand
#
# What has unsafe code or atomics and is not here, because Miri knows no such thing: mappings of files, locks, rights, forks
# and the futex (platform), and the copies in assembly (memory/copy_x86_64.rs; Miri runs copy_portable.rs in their
# place, and a test looks at every byte of the others). Two processes are the tests' business in `processes` and `mapped`.
set -euo pipefail
cd "$(dirname "$0")/.."
rustup component add --toolchain nightly miri rust-src >/dev/null 2>&1 || true
export CARGO_TARGET_DIR=target/miri

# How many of the schedules and stale loads that there may be.
seeds() {
    export MIRIFLAGS="-Zmiri-disable-isolation -Zmiri-preemption-rate=0.1 -Zmiri-many-seeds=0..$1"
}

# Real files, locks and processes are behind cfg(not(miri)) or left out here. Miri uses one core a seed: the ring over the
# heap, which takes longest, runs beside the rest.
cargo +nightly miri test -p ringbuf-core --lib --test heap --no-run
seeds "${SEEDS:-1}"
# What frames do at the edges is arithmetic: the same copies and borrows as in the tests of frames.
cargo +nightly miri test -p ringbuf-core --test heap -- --skip frame_edges &
heap=$!
cargo +nightly miri test -p ringbuf-core --lib -- --skip race_tests \
    memory:: protocol:: sequence:: cast:: slots:: record::tests:: records:: platform::clock:: \
    waiting::another_value waiting::the_expected_value waiting::no_time

# A producer and a reader at once, of every kind: small, so many times.
seeds "${RACE_SEEDS:-2}"
cargo +nightly miri test -p ringbuf-core --lib -- protocol::race_tests::
wait "$heap"
