#!/usr/bin/env bash
# Draws the pictures of this folder anew, from recordings that come with the project and from a made-up signal.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build --release --no-default-features -p producer -p consumer
PATH="${CARGO_TARGET_DIR:-$PWD/target}/release:$PATH"
RINGBUF_DIR=$(mktemp -d)
export RINGBUF_DIR
trap 'rm -rf "$RINGBUF_DIR"' EXIT

draw() {
    local picture=$1 analysis=$2 ring=$3
    shift 3
    analyzer "$analysis" "$ring" --lossless --plot "docs/pictures/$picture.svg" >/dev/null &
    producer "$@" --ring "$ring" --rate 0 --wait-for-readers 1
    wait $!
}
draw anomaly anomaly machine csv data/nab/machine_temperature_system_failure.csv
