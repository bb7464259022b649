#!/usr/bin/env bash
# Breaks the protocol one ordering, fence and check at a time and demands that a model of it fails. Before that it
# demands that no atomic operation is without a mutant.
#
#   ci/mutants.sh            every mutant of loom-tests/mutants/*.toml
#   ci/mutants.sh --check    none: is the list complete, and the table in docs/MODELS.md the one it makes? A second
#   ci/mutants.sh --table    writes that table
#   ci/mutants.sh --quick    one of each kind, for every push
#   ci/mutants.sh ID...      these
set -euo pipefail
cd "$(dirname "$0")/.."
exec python3 loom-tests/mutants/run.py "$@"
