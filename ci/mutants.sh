#!/usr/bin/env bash
# Breaks the protocol one ordering, fence and check at a time and demands that a model of it fails.
#
#   ci/mutants.sh            every mutant of loom-tests/mutants/*.toml
#   ci/mutants.sh --quick    one of each kind, for every push
#   ci/mutants.sh ID...      these
set -euo pipefail
cd "$(dirname "$0")/.."
exec python3 loom-tests/mutants/run.py "$@"
