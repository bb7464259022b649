#!/usr/bin/env bash
# Producers and readers of every kind on one ring, started, stopped and killed at random: ci/chaos.sh [--for 60s]
# [--seed N]. Ends with a summary and a line of JSON; a failure names its seed, with which the same is tried again.
set -euo pipefail
cd "$(dirname "$0")/.."
usage() {
    echo "usage: ci/chaos.sh [--for 60s|5m|1h] [--seed N]" >&2
    exit 2
}
time=60s
seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
while [ $# -gt 0 ]; do
    case "$1 ${2-}" in
        "--for "[0-9]*) time=$2 ;;
        "--seed "[0-9]*) seed=$2 ;;
        *) usage ;;
    esac
    shift 2
done
case $time in
    *[!0-9smh]*) usage ;;
    *s) seconds=${time%s} ;;
    *m) seconds=$((${time%m} * 60)) ;;
    *h) seconds=$((${time%h} * 3600)) ;;
    *) seconds=$time ;;
esac

program=$(cargo test --release -p ringbuf-core --test chaos --no-run 2>&1 |
    tee /dev/stderr | sed -n 's/.*Executable.*(\(.*\))$/\1/p')
# Everything lies in one directory, which goes whatever ends this. Those the driver started end with it.
directory=$(mktemp -d /dev/shm/ringbuf-chaos.XXXXXX)
chmod 0755 "$directory"
driver=
finish() {
    [ -z "$driver" ] || kill -KILL "$driver" 2>/dev/null || true
    rm -rf "$directory"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
RINGBUF_CHAOS_SECONDS=$seconds RINGBUF_CHAOS_SEED=$seed RINGBUF_CHAOS_DIR=$directory \
    "$program" chaos --exact --nocapture &
driver=$!
ended=0
wait "$driver" || ended=$?
driver=
exit "$ended"
