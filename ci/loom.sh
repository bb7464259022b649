#!/usr/bin/env bash
# Runs every model of the protocol under loom. docs/MODELS.md says what each shows.
#
#   ci/loom.sh                           all, each with its own bound (see the models)
#   ci/loom.sh join::                    those whose name contains this
#   LOOM_MAX_PREEMPTIONS=3 ci/loom.sh    all with this bound: minutes more
set -euo pipefail
cd "$(dirname "$0")/.."
# Without debug assertions the models check less than they say; loom-tests refuses to build then.
export RUSTFLAGS="--cfg loom -C debug_assertions -A missing_docs"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/loom"
exec cargo test -p loom-tests --release --test models -- --nocapture "$@" 2> >(
    # A model that must fail says how it fails; only keep that of those that must not.
    cat >&2
)
