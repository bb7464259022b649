#!/usr/bin/env bash
# Another processor, emulated: the tests built for aarch64 and run by qemu-user, and both kinds of program on
# one ring.
#
# This shows portability: word sizes and alignment, the bytes of the files, system calls, the copies that are not
# x86_64's own. It shows nothing about memory ordering: the emulator runs on a machine that orders strongly.
# The models and Miri are for that.
set -euo pipefail
cd "$(dirname "$0")/.."

libraries=/usr/aarch64-linux-gnu
compiler=aarch64-linux-gnu-gcc
emulator=qemu-aarch64
if ! { command -v $compiler && command -v $emulator && [ -e $libraries/lib/libc.so.6 ]; } >/dev/null; then
    as_root=$([ "$(id -u)" = 0 ] || echo sudo)
    $as_root apt-get update -qq
    $as_root apt-get install -qq -y --no-install-recommends gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
fi
target=aarch64-unknown-linux-gnu
rustup target add $target
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=$compiler
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER=$emulator
export QEMU_LD_PREFIX=$libraries
# The tests that start themselves again do it through this.
export RINGBUF_TEST_EMULATOR=$emulator

# Always the same packages: others would be built with other features, and so again.
emulated() {
    cargo test --target $target -p ringbuf-core -p ringbuf-derive -p producer -p consumer -p ringctl "$@"
}

# Nothing else is run here, and building all there is would take a minute more. The programs themselves come with tests
# that start them: these two of them.
emulated --no-run --lib --test mapped --test golden --test hostile --test processes --test derive \
    --test pages --test analyzer
# An emulated case takes ten times as long, and shows what a few show.
export PROPTEST_CASES=16

# qemu-user takes any advice about memory, answers that it is done, and does nothing: no page is kept from
# a child, emptied in it (MADV_DONTFORK, MADV_WIPEONFORK) or prepared for writing (MADV_POPULATE_WRITE).
no_advice=(
    --skip platform::linux::tests::a_child_knows_that_it_is_one
    --skip platform::linux::tests::locks::a_child_
    --skip platform::linux::tests::locks::a_dropped_lock_is_free_though_a_forked_child_lives
    --skip platform::linux::tests::locks::a_killed_holder_frees_the_lock_though_its_forked_child_lives
    --skip platform::linux::tests::memory::a_prefaulted_page_does_not_fault
)
# These start this program without the emulator, which the system cannot do. Locks and wake-ups between
# processes are in ringbuf-core/tests/processes too.
no_emulator=(
    --skip platform::linux::tests::memory::a_full_file_system_says_so
    --skip platform::linux::tests::waiting::waking_ends_a_wait_in_another_process
    --skip platform::tests::locks::a_kill_frees_the_lock
    --skip platform::tests::locks::a_lock_is_seen_from_another_process
    --skip platform::tests::waiting::a_change_is_noticed_in_another_process
)
# What something costs, in time or in system calls, would be the emulator's.
no_cost=(
    --skip schema::json::tests::many_brackets_cost_no_time
    --skip idle::
)
emulated --lib -- "${no_advice[@]}" "${no_emulator[@]}" "${no_cost[@]}"
# The golden files were written on x86_64.
# The ring over the heap is the one in a file without the file.
emulated --test mapped --test golden --test hostile
# Forks need the advice.
emulated --test processes -- --skip forks:: --skip sandbox:: "${no_cost[@]}"
# The messages of the compiler have nothing to do with the processor.
emulated --test derive

# One ring, programs of both kinds: a producer of one kind is killed, one of the other kind goes on, and an
# analyzer of each kind gets every record of both. The ring is so small that all wait for each other all the time.
cargo build -p producer -p consumer -p ringctl
results=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$results"' EXIT
programs=$(realpath "${CARGO_TARGET_DIR:-target}")
mkdir "$results/native" "$results/emulated"
for program in producer analyzer ringctl; do
    ln -s "$programs/debug/$program" "$results/native/$program"
    printf '#!/bin/sh\nexec %s %s "$@"\n' $emulator "$programs/$target/debug/$program" >"$results/emulated/$program"
    chmod +x "$results/emulated/$program"
done

mixed() {
    local first="$results/$1" second="$results/$2" ring="$results/mixed.ring" kind
    local recording=(csv data/nab/machine_temperature_system_failure.csv --ring "$ring" --capacity 100)
    local analyzers=()
    for kind in native emulated; do
        : >"$results/$kind.json"
        timeout 60 "$results/$kind/analyzer" tail --ring "$ring" --lossless --json >>"$results/$kind.json" &
        analyzers+=($!)
    done
    "$first/producer" "${recording[@]}" --rate 2000 --wait-for-readers 2 &
    local producer=$!
    until [ "$(wc -l <"$results/native.json")" -gt 2000 ]; do
        kill -0 "${analyzers[@]}"
        sleep 0.1
    done
    kill -KILL $producer
    wait $producer || true
    "$second/ringctl" info "$ring" | grep -w died
    "$second/producer" "${recording[@]}" --rate 0
    wait "${analyzers[0]}"
    wait "${analyzers[1]}"
    for kind in native emulated; do
        tail -n 1 "$results/$kind.json" | tee "$results/last"
        grep '"missed":0,"skipped":0,"first_sequence":0,' "$results/last" >/dev/null
        # What is left are the records. The whole recording is among them, after the beginning of another.
        head -n -1 "$results/$kind.json" >"$results/$kind.records"
        [ "$(wc -l <"$results/$kind.records")" -gt $((22695 + 2000)) ]
    done
    cmp "$results/native.records" "$results/emulated.records"
    "$first/ringctl" rm "$ring"
}
mixed emulated native
mixed native emulated
