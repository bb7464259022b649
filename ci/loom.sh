#!/usr/bin/env bash
# Runs every model of the protocol under loom; docs/MODELS.md says what each shows.
#
#   ci/loom.sh                           all, each with its own bound on preemptions
#   ci/loom.sh join::                    those whose names contain this
#   LOOM_MAX_PREEMPTIONS=3 ci/loom.sh    all with this bound instead: many minutes
set -euo pipefail
cd "$(dirname "$0")/.."
# Without debug assertions the models check less than they say: loom-tests refuses to build then.
export RUSTFLAGS="--cfg loom -C debug_assertions -A missing_docs"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/loom"
# The guards panic on purpose: keep that short.
export RUST_BACKTRACE=0
exec cargo test -p loom-tests --release --test models -- --nocapture "$@"
